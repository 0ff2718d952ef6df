/* GET /api/rows: a page of rows, filtered and sorted.
 *
 * The order of the latest request is kept: scrolling through a million rows sorts them once. */
#include "base/memory.h"
#include "serve/review_server.h"

#include <stdlib.h>

/* What decides which rows come in which order. */
static char *key_of(const lqa_route_call *call) {
  static const char *const NAMES[] = {"sort",        "desc",    "action",    "label", "suggested",
                                      "predicted",   "finding", "annotator", "split", "group",
                                      "source_file", "decided", "q"};
  lqa_buf key;
  lqa_buf_init(&key, 1 << 20);
  for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
    const char *value = lqa_route_text(call, NAMES[i]);
    lqa_buf_add_text(&key, value ? value : "");
    lqa_buf_add_char(&key, '\n');
  }
  char *text = lqa_buf_take(&key, NULL);
  lqa_buf_clear(&key);
  return text;
}

static lqa_status make_view(lqa_server *server, const lqa_route_call *call, lqa_view *view,
                            lqa_error *err) {
  const lqa_view_filter filter = lqa_filter_of_query(call);
  const char *sort = lqa_route_text(call, "sort");
  LQA_TRY(lqa_view_filter_rows(server->review, &filter, view, err));
  return lqa_view_sort(server->review, sort && *sort ? sort : "p_correct",
                       lqa_route_int(call, "desc", 0) != 0, view, err);
}

static lqa_status find_view(lqa_server *server, const lqa_route_call *call, lqa_error *err) {
  char *key = key_of(call);
  if (!key) {
    return lqa_fail_memory(err, "choosing rows");
  }
  bool is_known = server->view_key && strcmp(server->view_key, key) == 0 &&
                  server->view_version == server->review->version;
  if (is_known) {
    free(key);
    return LQA_OK;
  }
  lqa_view view = {.rows = NULL};
  lqa_status status = make_view(server, call, &view, err);
  if (status != LQA_OK) {
    lqa_view_clear(&view);
    free(key);
    return status;
  }
  lqa_view_clear(&server->view);
  free(server->view_key);
  server->view = view;
  server->view_key = key;
  server->view_version = server->review->version;
  return LQA_OK;
}

lqa_status lqa_server_first_view(lqa_server *server, lqa_error *err) {
  static const lqa_http_incoming NOTHING;
  const lqa_route_call call = {.request = &NOTHING, .row = -1};
  return find_view(server, &call, err);
}

static lqa_status write_page(lqa_server *server, int64_t offset, int64_t limit, lqa_json *json,
                             lqa_error *err) {
  lqa_row_writer writer;
  lqa_status status = LQA_OK;
  lqa_row_writer_init(&writer, server->review);
  for (int64_t i = offset; i < offset + limit && i < server->view.n; i++) {
    int64_t row = server->view.rows[i];
    LQA_TRY_OUT(lqa_row_write(&writer, row, lqa_server_is_blind(server, row), json, err));
  }
out:
  lqa_row_writer_clear(&writer);
  return status;
}

static void answer(lqa_server *server, const lqa_route_call *call, lqa_http_answer *out) {
  lqa_json json;
  lqa_error err;
  lqa_error_clear(&err);
  lqa_status status = find_view(server, call, &err);
  if (status == LQA_OK) {
    lqa_answer_begin(out, &json);
    lqa_json_open_object(&json);
    lqa_json_add_int(&json, "total", server->view.n);
    lqa_json_key(&json, "rows");
    lqa_json_open_array(&json);
    status = write_page(server, lqa_route_int(call, "offset", 0), lqa_route_int(call, "limit", 50),
                        &json, &err);
    lqa_json_close_array(&json);
    lqa_json_close_object(&json);
    lqa_answer_end(out, 200);
  }
  if (status != LQA_OK) {
    lqa_answer_error(out, status, &err);
  }
}

static const lqa_param PARAMS[] = {
    {"offset", LQA_PARAM_INT, "rows to leave out at the start", .min = 0, .max = 1e12},
    {"limit", LQA_PARAM_INT, "rows wanted (default 50)", .min = 1, .max = 500},
    {"sort", LQA_PARAM_TEXT, "a column of rows.parquet (default p_correct); NULLs come last",
     .names = LQA_NAMES_SORT, .may_be_empty = true},
    {"desc", LQA_PARAM_BOOL, "largest first", .max = 0},
    LQA_FILTER_PARAMS,
    {.name = NULL}};

const lqa_route lqa_route_rows = {.name = "rows",
                                  .method = "GET",
                                  .path = "/api/rows",
                                  .summary = "A page of rows: {total, rows}",
                                  .params = PARAMS,
                                  .answers = "200 422",
                                  .answer = answer};
