/* tests/unit/test_permutation.c - assignments against all permutations, and cycles of codes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "audit/measure/permutation.h"
#include "base/rng.h"

static double best_of_all(int n, const double *weight, int row, unsigned used) {
  double best = row == n ? 0 : -1e300;
  for (int k = 0; row < n && k < n; k++) {
    if (!(used >> k & 1)) {
      double value = weight[row * n + k] + best_of_all(n, weight, row + 1, used | 1u << k);
      best = value > best ? value : best;
    }
  }
  return best;
}

static void assignment_equals_brute_force(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 1, 0);
  for (int round = 0; round < 300; round++) {
    int n = 1 + (int)lqa_rng_below(&rng, 6);
    double weight[36], sum = 0;
    int32_t to[6];
    unsigned seen = 0;
    for (int i = 0; i < n * n; i++) {
      weight[i] = (double)lqa_rng_below(&rng, round % 2 ? 4 : 1000);
    }
    assert_int_equal(lqa_assignment_find(n, weight, to, NULL), LQA_OK);
    for (int i = 0; i < n; i++) {
      sum += weight[i * n + to[i]];
      seen |= 1u << to[i];
    }
    assert_int_equal(seen, (1u << n) - 1);
    assert_true(sum == best_of_all(n, weight, 0, 0));
  }
}

static void keeps_what_is_certain(void **state) {
  (void)state;
  static const int64_t confusion[] = {
      5,  90, 3,  2,  0,  /* 0 and 1 swapped */
      80, 9,  5,  3,  0,  /* */
      1,  2,  95, 3,  1,  /* as it should be */
      0,  1,  2,  40, 55, /* 3 leans to 4, but 4 is itself */
      0,  0,  1,  9,  90,
  };
  lqa_permutation p;
  assert_int_equal(lqa_permutation_find(5, confusion, 1.5, 5, &p, NULL), LQA_OK);
  assert_int_equal(p.n_moved, 2);
  assert_int_equal(p.to[0], 1);
  assert_int_equal(p.to[1], 0);
  assert_int_equal(p.to[3], 3);
  assert_int_equal(p.moved, 170);
  assert_int_equal(p.kept, 14);
  lqa_permutation_clear(&p);
  assert_int_equal(lqa_permutation_find(5, confusion, 1.5, 50, &p, NULL), LQA_OK);
  assert_int_equal(p.n_moved, 0); /* not significant enough */
  lqa_permutation_clear(&p);
}

static void identity_moves_nothing(void **state) {
  (void)state;
  static const int64_t confusion[] = {9, 1, 2, 8};
  lqa_permutation p;
  assert_int_equal(lqa_permutation_find(2, confusion, 1.5, 3, &p, NULL), LQA_OK);
  assert_int_equal(p.n_moved, 0);
  assert_int_equal(p.to[1], 1);
  lqa_permutation_clear(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(assignment_equals_brute_force),
      cmocka_unit_test(keeps_what_is_certain),
      cmocka_unit_test(identity_moves_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
