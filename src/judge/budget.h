/* judge/budget.h - calls and money: nothing starts that could pass a limit.
 *
 * Money is counted in whole pico-dollars (1e-12 USD): a price of 0.15 USD per million tokens is
 * 150,000 of them a token, exactly, so sums have no rounding to argue about. Every open request is
 * held at its upper bound until it is settled. The bound of the next request is at least what the
 * dearest one so far turned out to cost: a server that ignores the output cap can do so once per
 * open slot only.
 */
#ifndef LQA_JUDGE_BUDGET_H
#define LQA_JUDGE_BUDGET_H

#include "base/status.h"

typedef struct lqa_price {
  bool known;
  int64_t in, out; /* pico-dollars per token */
} lqa_price;

/* From USD per million tokens, rounded up; NaN = unknown. */
lqa_price lqa_price_from_usd(double in, double out);
/* Tokens at a price, saturating; 0 where the price is unknown. */
int64_t lqa_price_cost(const lqa_price *price, int64_t tokens_in, int64_t tokens_out);
double lqa_usd_from_pico(int64_t pico);

typedef struct lqa_budget {
  int64_t max_calls, calls, open_calls;
  int64_t max_cost, cost, open_cost; /* pico-dollars; max_cost < 0 = no limit */
  int64_t dearest[2];                /* of one call so far, by judge */
} lqa_budget;

/* max_cost_usd NaN = no limit; rounded down. */
void lqa_budget_init(lqa_budget *budget, int64_t max_calls, double max_cost_usd);
/* Raises *bound to the dearest call so far and holds it; false, and nothing held, if the call could
 * pass a limit. */
bool lqa_budget_hold(lqa_budget *budget, int judge, int64_t *bound);
/* The call of `bound` ended without a charge. */
void lqa_budget_free(lqa_budget *budget, int64_t bound);
/* The call of `bound` ended and is counted, at `cost`. */
void lqa_budget_spend(lqa_budget *budget, int judge, int64_t bound, int64_t cost);

#endif
