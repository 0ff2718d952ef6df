/* GET /api/report: report.json, as of the last time the files were made. */
#include "serve/review_server.h"

static void answer(lqa_server *server, const lqa_route_call *call, lqa_http_answer *out) {
  (void)call;
  out->content_type = "application/json";
  lqa_buf_add_str(&out->body, lqa_buf_str(&server->report));
  lqa_answer_end(out, 200);
}

const lqa_route lqa_route_report = {.name = "report",
                                    .method = "GET",
                                    .path = "/api/report",
                                    .summary = "report.json (docs/schema/report.json.md)",
                                    .answers = "200",
                                    .answer = answer};
