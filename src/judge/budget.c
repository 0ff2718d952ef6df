/* judge/budget.c - see budget.h. */
#include "judge/budget.h"

#include <math.h>

#define PICO_PER_USD 1e12
#define MAX_PICO (INT64_MAX / 4)

static int64_t saturate(double value) {
  return value >= (double)MAX_PICO ? MAX_PICO : value <= 0 ? 0 : (int64_t)value;
}

lqa_price lqa_price_from_usd(double in, double out) {
  if (!(in >= 0) || !(out >= 0)) {
    return (lqa_price){0};
  }
  /* USD per million tokens x 1e12 / 1e6; the small step back keeps 0.15 at 150,000. */
  return (lqa_price){true, saturate(ceil(in * 1e6 - 1e-6)), saturate(ceil(out * 1e6 - 1e-6))};
}

static int64_t add(int64_t a, int64_t b) {
  return a > MAX_PICO - b ? MAX_PICO : a + b;
}

static int64_t multiply(int64_t a, int64_t b) {
  int64_t product;
  return a <= 0 || b <= 0                         ? 0
         : __builtin_mul_overflow(a, b, &product) ? MAX_PICO
         : product > MAX_PICO                     ? MAX_PICO
                                                  : product;
}

int64_t lqa_price_cost(const lqa_price *price, int64_t tokens_in, int64_t tokens_out) {
  return add(multiply(price->in, tokens_in), multiply(price->out, tokens_out));
}

double lqa_usd_from_pico(int64_t pico) {
  return (double)pico / PICO_PER_USD;
}

void lqa_budget_init(lqa_budget *budget, int64_t max_calls, double max_cost_usd) {
  *budget = (lqa_budget){.max_calls = max_calls, .max_cost = -1};
  if (!isnan(max_cost_usd)) {
    budget->max_cost = saturate(floor(max_cost_usd * PICO_PER_USD + 0.5));
  }
}

bool lqa_budget_hold(lqa_budget *budget, int judge, int64_t *bound) {
  int64_t dearest = budget->dearest[judge];
  int64_t held = *bound > dearest ? *bound : dearest;
  if (budget->calls + budget->open_calls >= budget->max_calls) {
    return false;
  }
  if (budget->max_cost >= 0 && add(add(budget->cost, budget->open_cost), held) > budget->max_cost) {
    return false;
  }
  *bound = held;
  budget->open_calls++;
  budget->open_cost = add(budget->open_cost, held);
  return true;
}

void lqa_budget_free(lqa_budget *budget, int64_t bound) {
  budget->open_calls--;
  budget->open_cost -= bound;
}

void lqa_budget_spend(lqa_budget *budget, int judge, int64_t bound, int64_t cost) {
  lqa_budget_free(budget, bound);
  budget->calls++;
  budget->cost = add(budget->cost, cost);
  if (cost > budget->dearest[judge]) {
    budget->dearest[judge] = cost;
  }
}
