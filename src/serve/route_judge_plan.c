/* GET /api/judge/plan: what a judge would be asked, and the price. Nothing is sent. */
#include "base/memory.h"
#include "serve/judge_params.h"
#include "serve/review_server.h"

/* The query as an object of texts, as a body would be. */
static const lqa_json_node *make_object(const lqa_route_call *call) {
  size_t n = call->request->n_params;
  lqa_json_node *nodes = lqa_arena_alloc(call->arena, n + 1, sizeof *nodes);
  if (!nodes) {
    return NULL;
  }
  nodes[n] = (lqa_json_node){.kind = LQA_JSON_OBJECT, .n = n, .first = n ? nodes : NULL};
  for (size_t i = 0; i < n; i++) {
    nodes[i] = (lqa_json_node){.kind = LQA_JSON_TEXT,
                               .key = lqa_str_from(call->request->params[i].name),
                               .text = lqa_str_from(call->request->params[i].value),
                               .next = i + 1 < n ? &nodes[i + 1] : NULL};
  }
  return &nodes[n];
}

static void answer(lqa_server *server, const lqa_route_call *call, lqa_http_answer *out) {
  const lqa_json_node *options = make_object(call);
  if (!options) {
    lqa_http_fail(out, 500, NULL, "out of memory");
    return;
  }
  (void)lqa_job_start(server, LQA_JOB_PLAN, options, NULL, call->request->ticket, out);
}

static const lqa_param PARAMS[] = {LQA_JUDGE_PARAMS, {.name = NULL}};

const lqa_route lqa_route_judge_plan = {
    .name = "judge_plan",
    .method = "GET",
    .path = "/api/judge/plan",
    .summary = "The judge's plan and price; no request is sent to the model",
    .params = PARAMS,
    .answers = "200 409 422 502",
    .answer = answer};
