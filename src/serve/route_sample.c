/* GET /api/sample: the newest spot check, what is left of it, and the error rate so far. */
#include "serve/spot_json.h"

static void answer(lqa_server *server, const lqa_route_call *call, lqa_http_answer *out) {
  (void)call;
  lqa_error err;
  lqa_error_clear(&err);
  lqa_status status = lqa_spot_answer_state(server, 200, out, &err);
  if (status != LQA_OK) {
    lqa_answer_error(out, status, &err);
  }
}

const lqa_route lqa_route_sample = {
    .name = "sample",
    .method = "GET",
    .path = "/api/sample",
    .summary = "The newest spot check: {n, drawn, checked, rows, error_rate}; its rows are blind",
    .answers = "200",
    .answer = answer};
