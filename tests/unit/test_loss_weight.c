/* tests/unit/test_loss_weight.c - what training losses are found to say by verified rows. */
#include "must.h"

#include "base/rng.h"
#include "trust/loss_weight.h"

#include <math.h>

enum { N = 2000 };
static lqa_loss_check checks[N];

static double draw(lqa_rng *rng) {
  return (double)lqa_rng_below(rng, 1 << 20) / (1 << 20);
}

/* Predicted .1 throughout; the odds in the highest tenth are `high` times as much, elsewhere
 * `low` times. */
static void make(double high, double low) {
  lqa_rng rng;
  lqa_rng_init(&rng, 3, 1);
  for (int i = 0; i < N; i++) {
    double odds = .1 / .9 * (i % 10 == 9 ? high : low);
    checks[i] = (lqa_loss_check){(i % 10 + .5) / 10, .1, draw(&rng) < odds / (1 + odds)};
  }
}

static void test_few_rows(void **state) {
  (void)state;
  lqa_loss_weight w;
  make(8, 1);
  lqa_loss_weight_init(&w);
  lqa_loss_weight_fit(&w, checks, LQA_LOSS_MIN_ROWS - 1);
  assert_true(lqa_loss_weight_get(&w, .95) == 2 && lqa_loss_weight_get(&w, 1) == 2);
  assert_true(lqa_loss_weight_get(&w, .9) == .9 && lqa_loss_weight_get(&w, 0) == .9);
}

static void test_informative(void **state) {
  (void)state;
  lqa_loss_weight w;
  make(8, .5);
  lqa_loss_weight_init(&w);
  lqa_loss_weight_fit(&w, checks, N);
  assert_true(w.factor[9] > 5 && w.factor[9] < 12);
  assert_true(w.factor[0] > .3 && w.factor[0] < .75);
}

/* Losses that say nothing, or the contrary, end as one factor, and never fall. */
static void test_monotone(void **state) {
  (void)state;
  static const double HIGH[] = {1, .2};
  for (int c = 0; c < 2; c++) {
    lqa_loss_weight w;
    make(HIGH[c], 1);
    lqa_loss_weight_init(&w);
    lqa_loss_weight_fit(&w, checks, N);
    for (int t = 1; t < LQA_LOSS_TENTHS; t++) {
      assert_true(w.factor[t] >= w.factor[t - 1]);
    }
    assert_true(w.factor[9] < 1.5);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_few_rows),
      cmocka_unit_test(test_informative),
      cmocka_unit_test(test_monotone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
