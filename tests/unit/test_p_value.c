/* tests/unit/test_tail.c - tails against erfc and tabled quantiles; the step-up rule by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "audit/p_value.h"

#include <math.h>

static void normal_tail_equals_erfc(void **state) {
  (void)state;
  for (double z = -8; z < 36; z += .01) {
    double want = .5 * erfc(z / sqrt(2.));
    assert_true(fabs(lqa_p_value_normal(z) - want) <= 1e-6 * want);
  }
  assert_true(lqa_p_value_normal(100) == 0);
}

static void chi_square_tail_is_close(void **state) {
  (void)state;
  static const double tabled[][3] = {{3.841, 1, .05},   {9.488, 4, .05},     {13.277, 4, .01},
                                     {18.467, 4, .001}, {124.342, 100, .05}, {149.449, 100, .001}};
  for (size_t i = 0; i < sizeof tabled / sizeof tabled[0]; i++) {
    double got = lqa_p_value_chi_square(tabled[i][0], tabled[i][1]);
    assert_true(fabs(got / tabled[i][2] - 1) < .12);
  }
}

static void discovery_limit_steps_up(void **state) {
  (void)state;
  double p[] = {.041, .001, .039, .008, .9, .042, .06, .074, .205, .212};
  assert_true(lqa_p_value_discovery_limit(p, 10, .05) == .008);
  double all[] = {.04, .03, .05};
  assert_true(lqa_p_value_discovery_limit(all, 3, .05) == .05);
  double none[] = {.5};
  assert_true(lqa_p_value_discovery_limit(none, 1, .05) == -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(normal_tail_equals_erfc),
      cmocka_unit_test(chi_square_tail_is_close),
      cmocka_unit_test(discovery_limit_steps_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
