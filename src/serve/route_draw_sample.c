/* POST /api/sample: draws a spot check. */
#include "serve/spot_json.h"

static void answer(lqa_server *server, const lqa_route_call *call, lqa_http_answer *out) {
  lqa_arena arena;
  lqa_spot_check drawn;
  lqa_error err;
  lqa_error_clear(&err);
  lqa_arena_init_small(&arena);
  const lqa_spot_options options = {.n = lqa_json_find_int(call->body, "n", 100),
                                    .seed = server->options.review.seed};
  lqa_status status;
  LQA_TRY_OUT(lqa_spot_draw(server->review->run, &options, &arena, &drawn, &err));
  status = lqa_spot_answer_state(server, 201, out, &err);
out:
  if (status != LQA_OK) {
    lqa_answer_error(out, status, &err);
  }
  lqa_arena_clear(&arena);
}

static const lqa_param PARAMS[] = {
    {"n", LQA_PARAM_INT, "rows to draw", .required = true, .min = 1, .max = 1e6}, {.name = NULL}};

const lqa_route lqa_route_draw_sample = {.name = "draw_sample",
                                         .method = "POST",
                                         .path = "/api/sample",
                                         .summary = "Draws a stratified spot check of n rows",
                                         .params = PARAMS,
                                         .answers = "201 422",
                                         .answer = answer};
