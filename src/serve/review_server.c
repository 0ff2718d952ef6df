/* serve/review_server.c - start, stop, and the way of a request to its route. */
#include "serve/review_server.h"
#include "versions/diff_runs.h"

#include "base/file.h"
#include "base/memory.h"
#include "store/run_name.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_REPORT = 256 << 20 };

/* ---- the page ---- */

static const lqa_page_file *find_file(const char *path) {
  const char *wanted = strcmp(path, "/") == 0 ? "/index.html" : path;
  for (const lqa_page_file *file = lqa_page_files; file->path; file++) {
    if (strcmp(file->path, wanted) == 0) {
      return file;
    }
  }
  return NULL;
}

static const char *methods_of(void *data, const char *path) {
  (void)data;
  return find_file(path) ? "GET" : lqa_route_methods(path);
}

static void send_file(const lqa_page_file *file, lqa_http_answer *answer) {
  answer->content_type = file->content_type;
  lqa_buf_add(&answer->body, file->bytes, file->size);
  lqa_answer_end(answer, 200);
}

/* ---- requests ---- */

static void call_route(lqa_server *server, const lqa_route *route, const lqa_http_incoming *request,
                       lqa_http_answer *answer) {
  lqa_arena arena;
  lqa_route_call call;
  lqa_arena_init_small(&arena);
  if (lqa_route_check(route, request, &arena, &call, answer)) {
    route->answer(server, &call, answer);
  }
  lqa_arena_clear(&arena);
}

static void handle(void *data, const lqa_http_incoming *request, lqa_http_answer *answer) {
  lqa_server *server = data;
  const lqa_page_file *file = find_file(request->path);
  lqa_error err;
  lqa_error_clear(&err);
  if (file) {
    send_file(file, answer);
    return;
  }
  if (atomic_exchange(&server->needs_reload, false)) {
    lqa_status status = lqa_server_refresh(server, &err);
    if (status != LQA_OK) {
      lqa_answer_error(answer, status, &err);
      return;
    }
  }
  const lqa_route *route = lqa_route_find(request->method, request->path);
  if (route) { /* there is one, or http.c had refused the request */
    call_route(server, route, request, answer);
  }
}

/* ---- state ---- */

static lqa_status load_report(lqa_server *server, lqa_error *err) {
  char *path = lqa_path_join(server->folder, "report.json");
  lqa_buf_reset(&server->report);
  lqa_status status =
      path ? lqa_file_load(path, &server->report, err) : lqa_fail_memory(err, "reading the report");
  free(path);
  return status;
}

/* Without an older run there is nothing to compare. */
static lqa_status load_diff(lqa_server *server, lqa_error *err) {
  lqa_diff_runs runs;
  lqa_json json;
  if (!server->options.against) {
    return LQA_OK;
  }
  lqa_status status = lqa_diff_runs_open(server->options.against, server->folder,
                                         server->options.review.observer, &runs, err);
  if (status == LQA_OK) {
    lqa_buf_reset(&server->diff);
    lqa_json_init(&json, &server->diff, 0);
    lqa_diff_json(&runs.diff, &json);
    status = lqa_buf_check(&server->diff, err);
  }
  lqa_diff_runs_close(&runs);
  return status;
}

lqa_status lqa_server_refresh(lqa_server *server, lqa_error *err) {
  LQA_TRY(lqa_review_reload(server->review, err));
  LQA_TRY(load_report(server, err));
  return load_diff(server, err);
}

void lqa_server_tell(lqa_server *server, const char *event, int64_t row) {
  lqa_buf text;
  lqa_json json;
  lqa_buf_init(&text, 1 << 12);
  lqa_json_init(&json, &text, 0);
  lqa_json_open_object(&json);
  if (row >= 0) {
    lqa_json_add_int(&json, "row_number", row);
  }
  lqa_json_add_int(&json, "to_review", server->review->to_review);
  lqa_json_add_int(&json, "decided", server->review->decided);
  lqa_json_close_object(&json);
  if (!text.failed) {
    lqa_http_publish(server->http, event, lqa_buf_str(&text));
  }
  lqa_buf_clear(&text);
}

bool lqa_server_reviewer(lqa_server *server, const lqa_json_node *body, int32_t *number,
                         lqa_http_answer *answer) {
  const char *name = lqa_json_find_text(body, "reviewer");
  name = name && *name ? name : server->options.reviewer;
  lqa_error err;
  if (!name) {
    lqa_http_fail(answer, 400, "reviewer", "the field reviewer is missing");
    return false;
  }
  lqa_status status = lqa_review_log_name(&server->review->log, lqa_str_from(name), number, &err);
  if (status != LQA_OK) {
    lqa_answer_error(answer, status, &err);
  }
  return status == LQA_OK;
}

bool lqa_server_is_blind(const lqa_server *server, int64_t row) {
  return server->options.review.blind && server->review->run->evidence.decided_label[row] < 0;
}

/* ---- filters ---- */

static lqa_str text_or_none(const char *text) {
  return text && *text ? lqa_str_from(text) : (lqa_str){NULL, 0};
}

static const char *name_or_none(const char *text) {
  return text && *text ? text : NULL;
}

static int decided_of(const char *text) {
  return !text || !*text ? -1 : strcmp(text, "yes") == 0;
}

lqa_view_filter lqa_filter_of_query(const lqa_route_call *call) {
  return (lqa_view_filter){.action = name_or_none(lqa_route_text(call, "action")),
                           .label = text_or_none(lqa_route_text(call, "label")),
                           .suggested = text_or_none(lqa_route_text(call, "suggested")),
                           .predicted = text_or_none(lqa_route_text(call, "predicted")),
                           .finding = name_or_none(lqa_route_text(call, "finding")),
                           .annotator = text_or_none(lqa_route_text(call, "annotator")),
                           .split = text_or_none(lqa_route_text(call, "split")),
                           .group = text_or_none(lqa_route_text(call, "group")),
                           .source_file = text_or_none(lqa_route_text(call, "source_file")),
                           .search = text_or_none(lqa_route_text(call, "q")),
                           .decided = decided_of(lqa_route_text(call, "decided"))};
}

lqa_view_filter lqa_filter_of_body(const lqa_json_node *o) {
  return (lqa_view_filter){.action = name_or_none(lqa_json_find_text(o, "action")),
                           .label = text_or_none(lqa_json_find_text(o, "label")),
                           .suggested = text_or_none(lqa_json_find_text(o, "suggested")),
                           .predicted = text_or_none(lqa_json_find_text(o, "predicted")),
                           .finding = name_or_none(lqa_json_find_text(o, "finding")),
                           .annotator = text_or_none(lqa_json_find_text(o, "annotator")),
                           .split = text_or_none(lqa_json_find_text(o, "split")),
                           .group = text_or_none(lqa_json_find_text(o, "group")),
                           .source_file = text_or_none(lqa_json_find_text(o, "source_file")),
                           .search = text_or_none(lqa_json_find_text(o, "q")),
                           .decided = decided_of(lqa_json_find_text(o, "decided"))};
}

/* ---- start and stop ---- */

static lqa_status open_parts(lqa_server *server, lqa_error *err) {
  LQA_TRY(lqa_review_open(server->folder, &server->options.review, &server->review, err));
  LQA_TRY(lqa_near_new(server->review, &server->near, err));
  LQA_TRY(load_report(server, err));
  LQA_TRY(load_diff(server, err));
  LQA_TRY(lqa_server_first_view(server, err));
  LQA_TRY(lqa_http_make_token(server->token, err));
  const lqa_http_options http = {.port = server->options.port,
                                 .token = server->token,
                                 .handler = handle,
                                 .methods_of = methods_of,
                                 .data = server};
  return lqa_http_start(&http, &server->http, err);
}

lqa_status lqa_server_start(const char *folder, const lqa_serve_options *options, lqa_server **out,
                            lqa_error *err) {
  lqa_server *server = lqa_calloc(1, sizeof *server);
  if (!server) {
    return lqa_fail_memory(err, "starting the server");
  }
  server->options = *options;
  server->folder = folder;
  server->name = lqa_path_name(folder);
  lqa_buf_init(&server->report, MAX_REPORT);
  lqa_buf_init(&server->diff, MAX_REPORT);
  lqa_status status = open_parts(server, err);
  if (status != LQA_OK) {
    lqa_server_stop(server);
    return status;
  }
  *out = server;
  return LQA_OK;
}

void lqa_server_address(const lqa_server *server, char *out, size_t size) {
  snprintf(out, size, "http://127.0.0.1:%d/?token=%s", lqa_http_port(server->http), server->token);
}

void lqa_server_stop(lqa_server *server) {
  if (!server) {
    return;
  }
  lqa_job_stop(server);
  lqa_job_join(server);
  lqa_http_stop(server->http);
  lqa_near_free(server->near);
  lqa_review_close(server->review);
  lqa_buf_clear(&server->report);
  lqa_buf_clear(&server->diff);
  lqa_view_clear(&server->view);
  free(server->view_key);
  free(server);
}
