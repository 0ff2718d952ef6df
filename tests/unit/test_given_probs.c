/* tests/unit/test_given_probs.c - probabilities that the user brought: rows that lack some. */
#include "must.h"

#include "confident/label_issues.h"
#include "base/rng.h"
#include "model/problem/metrics.h"

#include <math.h>

enum { N = 600, K = 3 };

static float probs[N * K];
static int32_t label[N];

/* Probabilities right in nine rows of ten. */
static void fill(void) {
  lqa_rng rng;
  lqa_rng_init(&rng, 3, 0);
  for (int i = 0; i < N; i++) {
    label[i] = (int32_t)lqa_rng_below(&rng, K);
    int32_t seen = lqa_rng_below(&rng, 10) ? label[i] : (int32_t)lqa_rng_below(&rng, K);
    for (int k = 0; k < K; k++) {
      probs[i * K + k] = k == seen ? .8f : .1f;
    }
  }
}

static lqa_label_issues find_issues(void) {
  lqa_error err;
  lqa_label_issues out;
  lqa_label_issues_input input = {
      .pred_probs = probs, .label = label, .n_rows = N, .n_classes = K, .ties = LQA_TIES_STABLE};
  MUST(lqa_label_issues_find(&input, &out, &err));
  return out;
}

static void a_row_with_any_nan_counts_nowhere(void **state) {
  (void)state;
  static const int hit[] = {7, 8, 250};
  lqa_error err = {0};
  fill();
  for (int i = 0; i < 3; i++) {
    label[hit[i]] = -1; /* what the same rows come to without a label */
  }
  lqa_label_issues want = find_issues();
  lqa_metrics want_metrics, metrics;
  lqa_scored scored = {probs, label, N, K};
  MUST(lqa_metrics_run(&scored, &want_metrics));
  for (int i = 0; i < 3; i++) {
    label[hit[i]] = i;
    probs[hit[i] * K + i] = NAN; /* the first, the middle and the last column */
  }
  lqa_label_issues got = find_issues();
  MUST(lqa_metrics_run(&scored, &metrics));
  assert_int_equal(got.n_not_scored, 3);
  assert_int_equal(got.estimated_errors, want.estimated_errors);
  assert_int_equal(got.n_flagged, want.n_flagged);
  assert_memory_equal(got.is_issue, want.is_issue, N);
  assert_memory_equal(got.per_class, want.per_class, K * sizeof *got.per_class);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(got.predicted[hit[i]], -1);
    assert_true(isnan(got.self_confidence[hit[i]]));
  }
  assert_int_equal(metrics.n_rows, N - 3);
  assert_true(metrics.log_loss == want_metrics.log_loss);
  assert_true(metrics.accuracy == want_metrics.accuracy);
  lqa_label_issues_clear(&want);
  lqa_label_issues_clear(&got);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_row_with_any_nan_counts_nowhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
