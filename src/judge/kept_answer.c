/* judge/kept_answer.c - the one way from a completion to an answer that is kept.
 *
 * Live replies and lines of a batch file both come through here. A server may echo the request's
 * header in any text of its reply, so every text that is kept is searched for the keys of all
 * judges of the plan: a batch may hold answers of either.
 */
#include "base/clock.h"
#include "judge/endpoint.h"
#include "judge/plan.h"

/* A copy in the plan's arena without any key; NULL when out of memory. */
static char *copy_text(lqa_judge_plan *plan, const char *text, size_t size) {
  char *copy = lqa_arena_copy(&plan->arena, text, size);
  for (int i = 0; copy && i < plan->options.n_judges; i++) {
    lqa_key_blank(plan->judges[i].key, copy, size);
  }
  return copy;
}

lqa_status lqa_plan_copy_answer(lqa_judge_plan *plan, const lqa_completion *c,
                                const lqa_charge *charge, lqa_cache_answer *out) {
  const lqa_cache_answer made = {
      .content = {copy_text(plan, c->content, c->content_size), c->content_size},
      .end = c->end,
      .finish = copy_text(plan, c->finish, strlen(c->finish)),
      .reply_model = copy_text(plan, c->model, strlen(c->model)),
      .fingerprint = copy_text(plan, c->fingerprint, strlen(c->fingerprint)),
      .tokens_in = charge->tokens_in,
      .tokens_out = charge->tokens_out,
      .cost = charge->cost,
      .asked_ms = lqa_clock_unix_ms()};
  if (!made.content.data || !made.finish || !made.reply_model || !made.fingerprint) {
    return LQA_NO_MEMORY;
  }
  *out = made;
  return LQA_OK;
}
