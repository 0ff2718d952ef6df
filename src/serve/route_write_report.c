/* POST /api/report: the run's files are made again from run.db. */
#include "serve/review_server.h"

static void answer(lqa_server *server, const lqa_route_call *call, lqa_http_answer *out) {
  (void)lqa_job_start(server, LQA_JOB_REPORT, NULL, NULL, call->request->ticket, out);
}

const lqa_route lqa_route_write_report = {
    .name = "write_report",
    .method = "POST",
    .path = "/api/report",
    .summary = "Makes rows.parquet, review.csv and the reports again; answers with report.json",
    .answers = "200 409",
    .answer = answer};
