/* GET /api/rows/N: one row whole. */
#include "serve/review_server.h"

static void answer(lqa_server *server, const lqa_route_call *call, lqa_http_answer *out) {
  lqa_row_writer writer;
  lqa_json json;
  lqa_error err;
  lqa_error_clear(&err);
  if (call->row >= server->review->run->rows.n_rows) {
    lqa_http_fail(out, 404, "row_number", "the run has no such row");
    return;
  }
  lqa_row_writer_init(&writer, server->review);
  writer.near = server->near;
  lqa_answer_begin(out, &json);
  lqa_status status =
      lqa_row_write_detail(&writer, call->row, lqa_server_is_blind(server, call->row), &json, &err);
  lqa_answer_end(out, 200);
  if (status != LQA_OK) {
    lqa_answer_error(out, status, &err);
  }
  lqa_row_writer_clear(&writer);
}

const lqa_route lqa_route_row = {
    .name = "row",
    .method = "GET",
    .path = "/api/rows/{row_number}",
    .summary = "One row: text, evidence by source, equal and nearest rows, verdicts, decisions",
    .answers = "200 404",
    .answer = answer};
