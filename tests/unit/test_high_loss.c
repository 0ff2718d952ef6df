/* tests/unit/test_high_loss.c - losses, mid-ranks and rows that stay in the top decile. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "audit/high_loss/high_loss.h"
#include "base/rng.h"

#include <math.h>

enum { N = 40 };

static double loss[N], percentile[N];
static uint8_t is_high[N];
static const lqa_high_loss OUT = {loss, percentile, is_high};

static void confidence_becomes_loss(void **state) {
  (void)state;
  double s[] = {1, 0, NAN, .5, .5};
  assert_int_equal(lqa_high_loss_from_confidence(5, s, &OUT, NULL), LQA_OK);
  assert_true(loss[0] == 0 && !signbit(loss[0]));
  assert_true(fabs(loss[1] - 15 * log(10)) < 1e-12);
  assert_true(isnan(loss[2]) && isnan(percentile[2]) && !is_high[2]);
  assert_true(percentile[0] == .25 && percentile[3] == .625 && percentile[4] == .625);
  assert_true(percentile[1] == 1 && is_high[1] && !is_high[3]);
}

/* Against the definition: rows below, plus half of the ties and one, over n. */
static void percentiles_equal_the_slow_way(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 1, 0);
  for (int round = 0; round < 100; round++) {
    double s[N];
    for (int i = 0; i < N; i++) {
      s[i] = (double)(1 + lqa_rng_below(&rng, 20)) / 20;
    }
    assert_int_equal(lqa_high_loss_from_confidence(N, s, &OUT, NULL), LQA_OK);
    for (int i = 0; i < N; i++) {
      int below = 0, equal = 0;
      for (int j = 0; j < N; j++) {
        below += s[j] > s[i];
        equal += s[j] == s[i];
      }
      assert_true(fabs(percentile[i] - (below + .5 * (equal + 1)) / N) < 1e-12);
      assert_int_equal(is_high[i], percentile[i] > .9);
    }
  }
}

static void staying_high_in_most_epochs_counts(void **state) {
  (void)state;
  lqa_loss_record records[3 * 20];
  size_t n = 0;
  for (int epoch = 0; epoch < 3; epoch++) {
    for (int row = 0; row < 20; row++) {
      double value = row == 4 || (row == 7 && epoch == 1) ? 9 + row : row * .1;
      records[n++] = (lqa_loss_record){row, epoch, value};
    }
  }
  assert_int_equal(lqa_high_loss_from_log(21, records, n, &OUT, NULL), LQA_OK);
  assert_true(fabs(loss[4] - 13) < 1e-12 && percentile[4] == 1);
  assert_int_equal(is_high[4], 1);
  assert_int_equal(is_high[7], 0); /* high in one epoch of three */
  assert_true(isnan(loss[20]));    /* never logged */
}

static void refuses_bad_records(void **state) {
  (void)state;
  lqa_error err;
  lqa_loss_record record = {9, 0, 1};
  assert_int_equal(lqa_high_loss_from_log(9, &record, 1, &OUT, &err), LQA_BAD_DATA);
  record = (lqa_loss_record){0, 0, NAN};
  assert_int_equal(lqa_high_loss_from_log(9, &record, 1, &OUT, &err), LQA_BAD_DATA);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(confidence_becomes_loss),
      cmocka_unit_test(percentiles_equal_the_slow_way),
      cmocka_unit_test(staying_high_in_most_epochs_counts),
      cmocka_unit_test(refuses_bad_records),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
