/* POST /api/queue: rows for a reviewer, leased. */
#include "base/clock.h"
#include "serve/review_server.h"

static lqa_queue_order order_of(const char *name) {
  return !name || strcmp(name, "trust") == 0 ? LQA_QUEUE_TRUST
         : strcmp(name, "value") == 0        ? LQA_QUEUE_VALUE
                                             : LQA_QUEUE_RANDOM;
}

static lqa_status write_rows(lqa_server *server, const lqa_view *view, lqa_json *json,
                             lqa_error *err) {
  lqa_row_writer writer;
  lqa_status status = LQA_OK;
  bool blind = server->options.review.blind;
  lqa_row_writer_init(&writer, server->review);
  for (int64_t i = 0; i < view->n; i++) {
    LQA_TRY_OUT(lqa_row_write(&writer, view->rows[i], blind, json, err));
  }
out:
  lqa_row_writer_clear(&writer);
  return status;
}

/* Seconds since 1970 at which the leases end. */
static double lease_end(const lqa_server *server) {
  return (double)lqa_clock_unix_ms() / 1000 + (double)server->options.review.lease_seconds;
}

static void answer(lqa_server *server, const lqa_route_call *call, lqa_http_answer *out) {
  lqa_queue_request request = {.count = lqa_json_find_int(call->body, "count", 1),
                               .order = order_of(lqa_json_find_text(call->body, "order")),
                               .filter = lqa_filter_of_body(lqa_json_find(call->body, "filter")),
                               .renew = lqa_json_find_bool(call->body, "renew", false)};
  lqa_view view = {.rows = NULL};
  lqa_json json;
  lqa_error err;
  lqa_error_clear(&err);
  if (!lqa_server_reviewer(server, call->body, &request.reviewer, out)) {
    return;
  }
  lqa_status status = lqa_queue_lease(server->review, &request, &view, &err);
  if (status == LQA_OK) {
    lqa_answer_begin(out, &json);
    lqa_json_open_object(&json);
    lqa_json_key(&json, "rows");
    lqa_json_open_array(&json);
    status = write_rows(server, &view, &json, &err);
    lqa_json_close_array(&json);
    lqa_json_add_double(&json, "lease_until", lease_end(server));
    lqa_json_close_object(&json);
    lqa_answer_end(out, 200);
  }
  if (status != LQA_OK) {
    lqa_answer_error(out, status, &err);
  }
  lqa_view_clear(&view);
}

static const lqa_param FILTER[] = {LQA_FILTER_PARAMS, {.name = NULL}};
static const lqa_param PARAMS[] = {
    {"reviewer", LQA_PARAM_TEXT, "who asks (default: the one given at the start)", .min = 1,
     .max = 200},
    {"count", LQA_PARAM_INT, "rows wanted at most (default 1)", .min = 1, .max = 500},
    {"order", LQA_PARAM_CHOICE, "most doubtful first, most useful first, or random",
     .choices = "trust|random|value"},
    {"filter", LQA_PARAM_OBJECT, "which rows", .members = FILTER},
    {"renew", LQA_PARAM_BOOL, "the reviewer's own leases come first, and are renewed", .max = 0},
    {.name = NULL}};

const lqa_route lqa_route_queue = {.name = "queue",
                                   .method = "POST",
                                   .path = "/api/queue",
                                   .summary = "Leases rows to a reviewer: {rows, lease_until}",
                                   .params = PARAMS,
                                   .answers = "200 422",
                                   .answer = answer};
