/* tests/unit/test_naive_bayes.c - naive Bayes against its definition, computed the slow way. */
#include "model_fixture.h"

#include "model/linear/naive_bayes.h"

#include <math.h>

#define ALPHA 0.3

static lqa_predictions run(fixture *f, bool pairs, int n_threads) {
  lqa_predictions p = fixture_predictions(f, pairs);
  lqa_problem problem = fixture_problem(f);
  lqa_naive_bayes_options options = {(float)ALPHA, lqa_pool_new(n_threads)};
  assert_int_equal(lqa_naive_bayes_run(&problem, &options, &p), LQA_OK);
  lqa_pool_free(options.pool);
  return p;
}

/* log P(class) + sum of x log theta for one row, from the rows outside folds a and b. */
static double slow_score(const fixture *f, int64_t row, int32_t k, int a, int b) {
  int64_t n = 0, n_class = 0;
  double column[1024] = {0}, all = 0;
  for (int64_t i = 0; i < f->x.n_rows; i++) {
    if (f->fold[i] == a || f->fold[i] == b) {
      continue;
    }
    n++;
    n_class += f->label[i] == k;
    for (uint64_t at = f->x.row_start[i]; f->label[i] == k && at < f->x.row_start[i + 1]; at++) {
      column[f->x.column[at]] += (double)f->x.value[at];
      all += (double)f->x.value[at];
    }
  }
  double score = log((double)n_class / (double)n);
  for (uint64_t at = f->x.row_start[row]; at < f->x.row_start[row + 1]; at++) {
    double theta = (column[f->x.column[at]] + ALPHA) / (all + ALPHA * f->x.n_columns);
    score += (double)f->x.value[at] * log(theta);
  }
  return score;
}

static void assert_row(const fixture *f, int64_t row, int a, int b, const float *probs) {
  int32_t n_classes = f->problem.n_classes;
  double score[64], sum = 0;
  for (int32_t k = 0; k < n_classes; k++) {
    score[k] = exp(slow_score(f, row, k, a, b));
    sum += score[k];
  }
  for (int32_t k = 0; k < n_classes; k++) {
    assert_true(fabs(score[k] / sum - (double)probs[row * n_classes + k]) < 1e-4);
  }
}

static void equals_the_definition(void **state) {
  (void)state;
  static const int32_t classes[] = {2, 3, 4, 5, 9, 20};
  for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
    fixture f;
    fixture_init(&f, 40 * classes[i], classes[i], 4);
    lqa_predictions p = run(&f, true, 2);
    for (int64_t row = 0; row < f.x.n_rows; row += 13) {
      int fold = f.fold[row];
      assert_row(&f, row, fold, -1, p.outer);
      assert_row(&f, row, fold, (fold + 1) % 4, p.next);
      assert_row(&f, row, (fold + 3) % 4, fold, p.previous);
    }
    fixture_free_predictions(&p);
    fixture_clear(&f);
  }
}

static void own_label_and_threads_change_nothing(void **state) {
  (void)state;
  fixture f;
  fixture_init(&f, 150, 3, 5);
  lqa_predictions before = run(&f, true, 1);
  for (int64_t row = 0; row < 150; row += 7) {
    int32_t own = f.label[row];
    f.label[row] = (own + 1) % 3;
    lqa_predictions after = run(&f, true, 4);
    assert_memory_equal(before.outer + row * 3, after.outer + row * 3, 3 * sizeof(float));
    assert_memory_equal(before.next + row * 3, after.next + row * 3, 3 * sizeof(float));
    assert_memory_not_equal(before.outer, after.outer, f.n_values * sizeof(float));
    fixture_free_predictions(&after);
    f.label[row] = own;
  }
  lqa_predictions again = run(&f, true, 8);
  assert_memory_equal(before.previous, again.previous, f.n_values * sizeof(float));
  fixture_free_predictions(&before);
  fixture_free_predictions(&again);
  fixture_clear(&f);
}

static void absent_class_gets_its_small_share(void **state) {
  (void)state;
  fixture f;
  fixture_init(&f, 100, 4, 5);
  for (int64_t row = 0; row < 100; row++) {
    f.label[row] = f.label[row] == 3 ? 0 : f.label[row];
  }
  f.label[5] = 3; /* fold 0 alone holds class 3 */
  lqa_predictions p = run(&f, false, 2);
  assert_true(fabs((double)p.outer[3] - 1.0 / 84) < 1e-7);
  float sum = p.outer[0] + p.outer[1] + p.outer[2] + p.outer[3];
  assert_true(fabs((double)sum - 1) < 1e-5);
  fixture_free_predictions(&p);
  fixture_clear(&f);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  fixture f;
  fixture_init(&f, 60, 3, 3);
  lqa_problem problem = fixture_problem(&f);
  lqa_predictions p = fixture_predictions(&f, true);
  lqa_naive_bayes_options options = {(float)ALPHA, NULL};
  int n_failed = 0;
  for (long n = 1;; n++) {
    lqa_memory_fail_after(n);
    lqa_status status = lqa_naive_bayes_run(&problem, &options, &p);
    lqa_memory_fail_after(0);
    if (status == LQA_OK) {
      break;
    }
    assert_int_equal(status, LQA_NO_MEMORY);
    n_failed++;
  }
  assert_true(n_failed >= 5);
  fixture_free_predictions(&p);
  fixture_clear(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_the_definition),
      cmocka_unit_test(own_label_and_threads_change_nothing),
      cmocka_unit_test(absent_class_gets_its_small_share),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
