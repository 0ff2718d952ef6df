/* POST /api/judge: asks a language model. Nothing is spent without `confirm` and `max_cost`. */
#include "serve/judge_params.h"
#include "serve/review_server.h"

static void answer(lqa_server *server, const lqa_route_call *call, lqa_http_answer *out) {
  static const char *const EXCEPT[] = {"confirm", NULL};
  lqa_json json;
  if (!lqa_json_find_bool(call->body, "confirm", false)) {
    lqa_http_fail(out, 422, "confirm", "confirm must be true: the judge spends money");
    return;
  }
  if (!lqa_job_start(server, LQA_JOB_JUDGE, call->body, EXCEPT, NULL, out)) {
    return;
  }
  lqa_answer_begin(out, &json);
  lqa_job_write(&server->job, &json);
  lqa_answer_end(out, 202);
}

static const lqa_param PARAMS[] = {
    LQA_JUDGE_PARAMS,
    {"max_cost", LQA_PARAM_NUMBER, "US dollars to spend at most", .required = true, .min = 0,
     .max = 1e6},
    {"confirm", LQA_PARAM_BOOL, "true: spend", .required = true, .min = 1},
    {.name = NULL}};

const lqa_route lqa_route_judge = {.name = "judge",
                                   .method = "POST",
                                   .path = "/api/judge",
                                   .summary = "Starts a judge; its progress comes as events",
                                   .params = PARAMS,
                                   .answers = "202 409 422",
                                   .answer = answer};
