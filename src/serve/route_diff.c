/* GET /api/diff: this run against the older one that was named at the start. */
#include "serve/review_server.h"

static void answer(lqa_server *server, const lqa_route_call *call, lqa_http_answer *out) {
  (void)call;
  if (!server->options.against) {
    lqa_http_fail(out, 404, NULL, "no older run was named: labelqa review RUN --against OLD");
    return;
  }
  out->content_type = "application/json";
  lqa_buf_add_str(&out->body, lqa_buf_str(&server->diff));
  lqa_answer_end(out, 200);
}

const lqa_route lqa_route_diff = {
    .name = "diff",
    .method = "GET",
    .path = "/api/diff",
    .summary = "labelqa.diff/1 (docs/versions.md) from the older run to this one, as of the last "
               "time the files were made; 404 without one",
    .answers = "200 404",
    .answer = answer};
