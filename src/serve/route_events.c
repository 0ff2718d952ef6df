/* GET /api/events: server-sent events `progress`, `verdict`, `decision`, `report`. */
#include "serve/review_server.h"

static void answer(lqa_server *server, const lqa_route_call *call, lqa_http_answer *out) {
  (void)server, (void)call;
  out->kind = LQA_HTTP_EVENTS;
}

const lqa_route lqa_route_events = {.name = "events",
                                    .method = "GET",
                                    .path = "/api/events",
                                    .summary =
                                        "Server-sent events: progress, verdict, decision, report",
                                    .answers = "200",
                                    .answer = answer};
