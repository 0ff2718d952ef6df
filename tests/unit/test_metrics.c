/* tests/unit/test_metrics.c - what counts as better than label frequencies. */
#include "must.h"

#include "model/problem/metrics.h"

#include <math.h>

enum { ROWS = 400 };

typedef struct table {
  float p[ROWS * 2];
  int32_t label[ROWS];
} table;

/* Labels of two classes, one in `every` of the second; p(label) = right(row). */
static lqa_metrics measure(table *t, int every, double (*right)(int row)) {
  lqa_metrics m;
  for (int row = 0; row < ROWS; row++) {
    int32_t label = row % every == 0;
    t->label[row] = label;
    t->p[row * 2 + label] = (float)right(row);
    t->p[row * 2 + 1 - label] = (float)(1 - right(row));
  }
  assert_int_equal(lqa_metrics_run(&(lqa_scored){t->p, t->label, ROWS, 2}, &m), LQA_OK);
  return m;
}

static double often_right(int row) {
  return row % 3 ? .8 : .3;
}
static double coin(int row) {
  return row / 2 % 2 ? .7 : .3;
}
static double sure_and_mostly_right(int row) {
  return row % 8 < 6 ? 1 : 1e-12;
}
static double mild_rank(int row) {
  return row % 10 == 0 ? .3 : .93;
}

static void skill_is_a_clear_gain(void **state) {
  (void)state;
  table t;
  lqa_metrics m = measure(&t, 2, often_right);
  assert_true(m.log_loss_bound > 0 && m.accuracy_bound > 0 && lqa_metrics_has_skill(&m));
  m = measure(&t, 2, coin);
  assert_true(m.log_loss > m.prior_log_loss && !lqa_metrics_has_skill(&m));
}

/* Log-loss is ruined by a few certainties, accuracy tells; and the other way round for rare labels.
 */
static void either_measure_will_do(void **state) {
  (void)state;
  table t;
  lqa_metrics m = measure(&t, 2, sure_and_mostly_right);
  assert_true(m.log_loss_bound < 0 && lqa_metrics_has_skill(&m));
  m = measure(&t, 10, mild_rank);
  assert_true(m.accuracy_bound <= 0 && lqa_metrics_has_skill(&m));
}

/* Against the definition: the mean of differences and its standard error, row by row. */
static void bounds_are_those_of_paired_differences(void **state) {
  (void)state;
  table t;
  lqa_metrics m = measure(&t, 3, often_right);
  double share[2] = {0}, sum[2] = {0}, squares[2] = {0};
  for (int row = 0; row < ROWS; row++) {
    share[t.label[row]] += 1.0 / ROWS;
  }
  for (int row = 0; row < ROWS; row++) {
    int32_t label = t.label[row];
    bool right = t.p[row * 2 + label] > .5f;
    double d[2] = {log((double)t.p[row * 2 + label]) - log(share[label]),
                   (double)right - (label == 0)};
    for (int i = 0; i < 2; i++) {
      sum[i] += d[i];
      squares[i] += d[i] * d[i];
    }
  }
  for (int i = 0; i < 2; i++) {
    double mean = sum[i] / ROWS, bound = i ? m.accuracy_bound : m.log_loss_bound;
    double error = sqrt((squares[i] / ROWS - mean * mean) / ROWS);
    assert_true(fabs(bound - (mean - 2 * error)) < 1e-9);
  }
  assert_true(fabs(m.prior_accuracy - share[0]) < 1e-12);
}

static void rows_without_label_or_score_do_not_count(void **state) {
  (void)state;
  float p[] = {.9f, .1f, NAN, NAN, .2f, .8f, .1f, .9f};
  int32_t label[] = {0, 0, -1, 1};
  lqa_metrics m;
  assert_int_equal(lqa_metrics_run(&(lqa_scored){p, label, 4, 2}, &m), LQA_OK);
  assert_int_equal(m.n_rows, 2);
  assert_true(m.accuracy == 1 && lqa_metrics_has_skill(&m));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(skill_is_a_clear_gain),
      cmocka_unit_test(either_measure_will_do),
      cmocka_unit_test(bounds_are_those_of_paired_differences),
      cmocka_unit_test(rows_without_label_or_score_do_not_count),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
