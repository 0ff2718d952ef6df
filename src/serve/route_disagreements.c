/* GET /api/disagreements: rows on which reviewers differ, and how far they agree. */
#include "review/agreement.h"
#include "serve/review_server.h"

static void write_interval(const char *key, double estimate, double low, double high, int64_t n,
                           lqa_json *json) {
  lqa_json_key(json, key);
  lqa_json_open_object(json);
  lqa_json_add_double(json, "estimate", estimate);
  lqa_json_add_double(json, "low", low);
  lqa_json_add_double(json, "high", high);
  lqa_json_add_int(json, "n", n);
  lqa_json_close_object(json);
}

static void write_agreement(const lqa_review_agreement *a, lqa_json *json) {
  if (a->n == 0) {
    lqa_json_key(json, "agreement");
    lqa_json_null(json);
  } else {
    write_interval("agreement", a->agreement.estimate, a->agreement.low, a->agreement.high, a->n,
                   json);
  }
  if (a->n == 0 || a->kappa.n_items == 0) {
    lqa_json_key(json, "kappa");
    lqa_json_null(json);
  } else {
    write_interval("kappa", a->kappa.value, a->kappa.low, a->kappa.high, a->n, json);
  }
}

static lqa_status write_all(lqa_server *server, lqa_json *json, lqa_error *err) {
  lqa_view view = {.rows = NULL};
  lqa_review_agreement agreement;
  lqa_row_writer writer;
  lqa_status status;
  lqa_row_writer_init(&writer, server->review);
  LQA_TRY_OUT(lqa_review_agreement_of(server->review, &agreement, err));
  LQA_TRY_OUT(lqa_review_disagreements(server->review, &view, err));
  write_agreement(&agreement, json);
  lqa_json_key(json, "rows");
  lqa_json_open_array(json);
  for (int64_t i = 0; i < view.n; i++) {
    LQA_TRY_OUT(lqa_row_write_disputed(&writer, view.rows[i], json, err));
  }
  lqa_json_close_array(json);
out:
  lqa_view_clear(&view);
  lqa_row_writer_clear(&writer);
  return status;
}

static void answer(lqa_server *server, const lqa_route_call *call, lqa_http_answer *out) {
  (void)call;
  lqa_json json;
  lqa_error err;
  lqa_error_clear(&err);
  lqa_answer_begin(out, &json);
  lqa_json_open_object(&json);
  lqa_status status = write_all(server, &json, &err);
  lqa_json_close_object(&json);
  lqa_answer_end(out, 200);
  if (status != LQA_OK) {
    lqa_answer_error(out, status, &err);
  }
}

const lqa_route lqa_route_disagreements = {
    .name = "disagreements",
    .method = "GET",
    .path = "/api/disagreements",
    .summary = "Rows on which reviewers disagree and no final decision exists; agreement and kappa",
    .answers = "200",
    .answer = answer};
