/* tests/unit/test_entropy_terms.c - many at a time are the same bits as one by one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/explog.h"
#include "base/rng.h"
#include "confident/entropy_terms.h"

#include <math.h>
#include <string.h>

enum { MAX_VALUES = 200 };

static void test_the_same_bits_at_every_length(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 3, 1);
  for (size_t n = 0; n <= MAX_VALUES; n++) {
    double together[MAX_VALUES], alone[MAX_VALUES];
    for (size_t i = 0; i < n; i++) {
      double p = lqa_rng_uniform(&rng);
      together[i] = i % 7 == 0 ? 0 : i % 7 == 1 ? 1 : i % 7 == 2 ? p * 1e-310 : p;
      alone[i] = together[i] == 0 ? 0 : together[i] * lqa_log(together[i]);
    }
    assert_true(lqa_entropy_terms(together, n));
    assert_memory_equal(together, alone, n * sizeof *alone);
  }
}

static void test_values_outside(void **state) {
  (void)state;
  const double bad[] = {-1e-300, 1 + 0x1p-52, -1, 2, (double)INFINITY, -(double)INFINITY};
  for (size_t b = 0; b < sizeof bad / sizeof bad[0]; b++) {
    for (size_t at = 0; at < 19; at++) {
      double values[19];
      for (size_t i = 0; i < 19; i++) {
        values[i] = i == at ? bad[b] : 0.5;
      }
      assert_false(lqa_entropy_terms(values, 19));
    }
  }
  double values[] = {0.5, (double)NAN, -0.0};
  assert_true(lqa_entropy_terms(values, 3));
  assert_true(isnan(values[1]) && values[2] == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_same_bits_at_every_length),
      cmocka_unit_test(test_values_outside),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
