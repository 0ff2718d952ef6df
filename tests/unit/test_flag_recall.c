/* Recall of the suspected rows against numpy (numbers made by tests/reference/flag_recall.py) and
 * by simulation. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/rng.h"
#include "trust/flag_recall.h"

#include <math.h>
#include <stdbool.h>

static void assert_near(double got, double want) {
  if (!(fabs(got - want) <= 1e-9)) {
    print_error("got %.17g, want %.17g\n", got, want);
  }
  assert_true(fabs(got - want) <= 1e-9);
}

static void limits_match_numpy(void **state) {
  (void)state;
  static const struct {
    lqa_stratum strata[2];
    double want[3];
  } cases[] = {
      {{{1000, 60, 45}, {9000, 200, 6}}, {0.735294117647059, 0.562052107814102, 0.857492648836124}},
      {{{300, 40, 30}, {5000, 100, 0}}, {1, 0.549139372027256, 1}},
      {{{500, 50, 0}, {4000, 80, 5}}, {0, 0, 0.135714721565799}},
      {{{200, 200, 120}, {1800, 150, 3}},
       {0.769230769230769, 0.548329456557565, 0.903544129648811}},
      {{{800, 30, 29}, {200, 200, 10}}, {0.987234042553191, 0.985283272263906, 0.987579946008002}},
      {{{2000, 20, 1}, {2000, 20, 1}}, {0.5, 0.0907079956407002, 0.9092920043593}}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    lqa_interval got = lqa_flag_recall(cases[i].strata, 2, 1, .95);
    assert_near(got.estimate, cases[i].want[0]);
    assert_near(got.low, cases[i].want[1]);
    assert_near(got.high, cases[i].want[2]);
    assert_int_equal(got.n, cases[i].strata[0].n + cases[i].strata[1].n);
  }
}

static void assert_unknown(lqa_interval got, int64_t n) {
  assert_true(isnan(got.estimate) && got.low == 0 && got.high == 1);
  assert_int_equal(got.n, n);
}

/* Nothing checked on one side, no wrong label at all, no suspected row, no other row. */
static void edges_say_what_is_known(void **state) {
  (void)state;
  const lqa_stratum unchecked[] = {{100, 0, 0}, {900, 50, 4}},
                    clean[] = {{100, 20, 0}, {900, 50, 0}};
  assert_unknown(lqa_flag_recall(unchecked, 2, 1, .95), 0);
  assert_unknown(lqa_flag_recall(clean, 2, 1, .95), 70);
  lqa_interval none = lqa_flag_recall(unchecked + 1, 1, 0, .95);
  assert_true(none.estimate == 0 && none.low == 0 && none.high == 0 && none.n == 50);
  lqa_interval all = lqa_flag_recall(unchecked + 1, 1, 1, .95);
  assert_true(all.estimate == 1 && all.low == 1 && all.high == 1 && all.n == 50);
}

/* Rows of a stratum that are drawn without replacement: hypergeometric hits. */
static int64_t draw_hits(lqa_rng *rng, const int64_t design[3]) {
  int64_t hits = 0;
  for (int64_t i = 0; i < design[2]; i++) {
    hits += (int64_t)lqa_rng_below(rng, (uint64_t)(design[0] - i)) < design[1] - hits;
  }
  return hits;
}

/* How often, of 4000 spot checks, the interval holds the true share. Two strata are suspected. */
static double measure_coverage(const int64_t design[4][3]) {
  enum { ROUNDS = 4000 };
  double flagged = (double)(design[0][1] + design[1][1]);
  double truth = flagged / (flagged + (double)(design[2][1] + design[3][1]));
  int covered = 0;
  lqa_rng rng;
  lqa_rng_init(&rng, 12, 4);
  for (int round = 0; round < ROUNDS; round++) {
    lqa_stratum strata[4];
    for (int h = 0; h < 4; h++) {
      strata[h] = (lqa_stratum){design[h][0], design[h][2], draw_hits(&rng, design[h])};
    }
    lqa_interval got = lqa_flag_recall(strata, 4, 2, .95);
    covered += got.low <= truth && truth <= got.high;
  }
  return (double)covered / ROUNDS;
}

static void interval_covers_the_truth(void **state) {
  (void)state;
  static const int64_t designs[][4][3] = {
      /* population, wrong, drawn: many wrong labels, few, hardly any outside, half of them outside
       */
      {{400, 220, 60}, {200, 150, 40}, {4000, 120, 150}, {5000, 100, 150}},
      {{200, 60, 20}, {100, 40, 20}, {4000, 20, 80}, {5000, 20, 80}},
      {{300, 200, 40}, {200, 100, 30}, {4000, 4, 100}, {5000, 2, 100}},
      {{100, 40, 20}, {100, 60, 20}, {4000, 60, 100}, {5000, 60, 100}}};
  for (size_t i = 0; i < 4; i++) {
    double coverage = measure_coverage(designs[i]);
    print_message("design %d: 95 %% interval covered %.1f %%\n", (int)i, 100 * coverage);
    assert_true(coverage > .93);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(limits_match_numpy),
                                     cmocka_unit_test(edges_say_what_is_known),
                                     cmocka_unit_test(interval_covers_the_truth)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
