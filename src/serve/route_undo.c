/* POST /api/undo: the reviewer's latest decision is taken back, as a new record. */
#include "serve/review_server.h"

static void answer(lqa_server *server, const lqa_route_call *call, lqa_http_answer *out) {
  int32_t reviewer;
  int64_t row = -1;
  lqa_json json;
  lqa_error err;
  lqa_error_clear(&err);
  if (!lqa_server_reviewer(server, call->body, &reviewer, out)) {
    return;
  }
  lqa_status status = lqa_review_undo(server->review, reviewer, &row, &err);
  if (status != LQA_OK) {
    lqa_answer_error(out, status, &err);
    return;
  }
  if (row < 0) {
    lqa_http_fail(out, 409, NULL, "there is no decision of this reviewer to take back");
    return;
  }
  lqa_answer_begin(out, &json);
  lqa_json_open_object(&json);
  lqa_json_add_int(&json, "row_number", row);
  lqa_json_close_object(&json);
  lqa_answer_end(out, 200);
  lqa_server_tell(server, "decision", row);
}

static const lqa_param PARAMS[] = {{"reviewer", LQA_PARAM_TEXT,
                                    "whose decision (default: the one given at the start)",
                                    .min = 1, .max = 200},
                                   {.name = NULL}};

const lqa_route lqa_route_undo = {.name = "undo",
                                  .method = "POST",
                                  .path = "/api/undo",
                                  .summary = "Takes the reviewer's latest decision back",
                                  .params = PARAMS,
                                  .answers = "200 409 422",
                                  .answer = answer};
