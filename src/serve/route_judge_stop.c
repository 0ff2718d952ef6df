/* POST /api/judge/stop: the judge ends soon; what was answered is kept. */
#include "serve/review_server.h"

static void answer(lqa_server *server, const lqa_route_call *call, lqa_http_answer *out) {
  (void)call;
  lqa_json json;
  if (!atomic_load(&server->job.is_running) || server->job.kind != LQA_JOB_JUDGE) {
    lqa_http_fail(out, 409, NULL, "no judge is running");
    return;
  }
  lqa_job_stop(server);
  lqa_answer_begin(out, &json);
  lqa_job_write(&server->job, &json);
  lqa_answer_end(out, 202);
}

const lqa_route lqa_route_judge_stop = {.name = "judge_stop",
                                        .method = "POST",
                                        .path = "/api/judge/stop",
                                        .summary = "Stops the judge that runs",
                                        .answers = "202 409",
                                        .answer = answer};
