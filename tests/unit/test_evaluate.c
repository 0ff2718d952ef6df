/* Precision and recall on a table small enough to count by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "evaluate/evaluate.h"
#include "trust/rule.h"

#include <math.h>

/* Ten rows: 0-3 are real errors; confident learning flags 0, 1, 5; provenance marks 2; row 9 is the
 * partner of a planted duplicate and counts neither way although it is marked. */
static void fill(lqa_evidence *e) {
  static const int32_t label[10] = {0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
  assert_int_equal(lqa_evidence_init(e, 10, 2, label, NULL), LQA_OK);
  for (int i = 0; i < 10; i++) {
    e->self_confidence[i] = 0.1 * (i + 0.5);
    e->predicted_label[i] = label[i];
  }
  const int flagged[] = {0, 1, 5};
  for (int i = 0; i < 3; i++) {
    e->is_label_issue[flagged[i]] = 1;
    e->issue_rank[flagged[i]] = i + 1;
    e->predicted_label[flagged[i]] = 1 - label[flagged[i]];
  }
  e->has_error_finding[2] = e->has_error_finding[9] = 1;
  e->is_high_loss[0] = e->is_high_loss[4] = 1;
  lqa_rule_run(e);
}

static const uint8_t is_error[10] = {1, 1, 1, 1, 0, 0, 0, 0, 0, 0};
static const uint8_t left_out[10] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
static const uint8_t kind[10] = {LQA_CORRUPT_RANDOM_FLIP, LQA_CORRUPT_SYSTEMATIC,
                                 LQA_CORRUPT_STRUCTURAL_NULL, LQA_CORRUPT_OFF_BY_ONE};

static void test_counts_by_hand(void **state) {
  (void)state;
  lqa_evidence e;
  lqa_evaluation v;
  fill(&e);
  const lqa_truth truth = {is_error, left_out, kind, NULL};
  assert_int_equal(lqa_evaluate_rows(&e, &truth, &v, NULL), LQA_OK);
  assert_int_equal(v.n_rows, 9);
  assert_int_equal(v.n_errors, 4);
  const lqa_score *cl = &v.scores[LQA_EVALUATED_CONFIDENT_LEARNING];
  assert_int_equal(cl->n_flagged, 3);
  assert_float_equal(cl->precision, 2.0 / 3, 1e-12);
  assert_float_equal(cl->recall, 0.5, 1e-12);
  assert_int_equal(cl->kind_true[LQA_CORRUPT_SYSTEMATIC], 1);
  assert_float_equal(v.scores[LQA_EVALUATED_PROVENANCE].precision, 1, 1e-12);
  assert_float_equal(v.scores[LQA_EVALUATED_PROVENANCE].recall, 0.25, 1e-12);
  assert_float_equal(v.scores[LQA_EVALUATED_HIGH_LOSS].precision, 0.5, 1e-12);
  assert_int_equal(v.scores[LQA_EVALUATED_COMBINED].n_flagged, 4);
  assert_float_equal(v.scores[LQA_EVALUATED_COMBINED].recall, 0.75, 1e-12);
  assert_true(isnan(v.scores[LQA_EVALUATED_JUDGE].precision));
  assert_false(v.has_judge);
  /* Order: rows 0, 1, 2, 5 (trust .3 by confidence), then 3, 4, ...: hits at 1, 2, 3, 5. */
  assert_float_equal(v.average_precision, (1 + 1 + 1 + 4.0 / 5) / 4, 1e-12);
  lqa_evidence_clear(&e);
}

/* Judged: rows 0 to 2 (wrong labels: NO, NO, UNKNOWN), 4 and 5 (right ones: YES, NO), and 9, which
 * counts neither way. */
static void test_the_judge_alone(void **state) {
  (void)state;
  lqa_evidence e;
  lqa_evaluation v;
  lqa_buf out;
  fill(&e);
  e.verdict[0] = e.verdict[1] = e.verdict[5] = e.verdict[9] = LQA_VERDICT_NO;
  e.verdict[2] = LQA_VERDICT_UNKNOWN;
  e.verdict[4] = LQA_VERDICT_YES;
  const lqa_truth truth = {is_error, left_out, kind, NULL};
  assert_int_equal(lqa_evaluate_rows(&e, &truth, &v, NULL), LQA_OK);
  assert_int_equal(v.judge.n_wrong, 3);
  assert_int_equal(v.judge.n_wrong_doubted, 2);
  assert_int_equal(v.judge.n_right, 2);
  assert_int_equal(v.judge.n_right_doubted, 1);
  lqa_buf_init(&out, 1 << 20);
  lqa_evaluation_print(&v, 100, &out);
  assert_non_null(strstr(out.data, "on the 5 rows that it judged"));
  assert_non_null(strstr(out.data, "(sensitivity)   66.7 % (2 of 3, 95 %: 20.8 to 93.9)"));
  assert_non_null(strstr(out.data, "(false alarms)  50.0 % (1 of 2"));
  lqa_buf_clear(&out);
  lqa_evidence_clear(&e);
}

static void test_curve_ends_at_full_recall_of_its_budget(void **state) {
  (void)state;
  lqa_evidence e;
  lqa_evaluation v;
  fill(&e);
  const lqa_truth truth = {is_error, left_out, NULL, NULL};
  assert_int_equal(lqa_evaluate_rows(&e, &truth, &v, NULL), LQA_OK);
  assert_true(v.n_points > 0);
  for (int i = 1; i < v.n_points; i++) {
    assert_true(v.curve[i].budget >= v.curve[i - 1].budget);
    assert_true(v.curve[i].recall >= v.curve[i - 1].recall);
  }
  assert_float_equal(v.curve[v.n_points - 1].recall, 1, 1e-12);
  assert_int_equal(v.confident_budget, 3);
  lqa_evidence_clear(&e);
}

static void test_it_prints_and_is_json(void **state) {
  (void)state;
  lqa_evidence e;
  lqa_evaluation v;
  lqa_buf out;
  lqa_json json;
  fill(&e);
  const lqa_truth truth = {is_error, left_out, kind, NULL};
  assert_int_equal(lqa_evaluate_rows(&e, &truth, &v, NULL), LQA_OK);
  lqa_buf_init(&out, 1 << 20);
  lqa_evaluation_print(&v, 100, &out);
  assert_non_null(strstr(out.data, "confident learning"));
  assert_non_null(strstr(out.data, "random_flip"));
  assert_null(strstr(out.data, "judge-confirmed"));
  lqa_buf_reset(&out);
  lqa_json_init(&json, &out, 0);
  lqa_evaluation_json(&v, &json);
  assert_non_null(strstr(out.data, "\"average_precision\":0.95"));
  lqa_buf_clear(&out);
  lqa_evidence_clear(&e);
}

/* Rows 0-3 are wrong (their truth is the other class), row 9 is left out, row 8 has no p_correct.
 * The posterior doubts 0, 1, 4, 2, 3 in this order, and changes 0, 1, 4. */
static void test_the_posterior(void **state) {
  (void)state;
  static const double right[10] = {.1, .2, .4, .5, .3, .9, .9, .9, NAN, .1};
  int32_t true_label[10];
  lqa_evidence e;
  lqa_evaluation v;
  fill(&e);
  for (int i = 0; i < 10; i++) {
    true_label[i] = is_error[i] ? 1 - e.label[i] : e.label[i];
    e.p_correct[i] = right[i];
    e.suggested_label[i] = i == 0 || i == 1 || i == 4 ? 1 - e.label[i] : e.label[i];
  }
  const lqa_truth truth = {is_error, left_out, NULL, true_label};
  assert_int_equal(lqa_evaluate_rows(&e, &truth, &v, NULL), LQA_OK);
  const lqa_posterior_measure *m = &v.posterior;
  assert_int_equal(m->n_rows, 8);
  assert_int_equal(m->n_wrong, 4);
  assert_int_equal(m->n_changed, 3);
  assert_int_equal(m->n_changed_right, 2);
  assert_int_equal(m->n_right_after, 5); /* 0, 1, 5, 6, 7 */
  assert_float_equal(m->average_precision, (1 + 1 + 3.0 / 4 + 4.0 / 5) / 4, 1e-12);
  assert_float_equal(m->self_confidence_precision, 1, 1e-12);
  /* Bins of one row each: the distances of 1 - p_correct from 0 or 1. */
  assert_float_equal(m->calibration_error, (.1 + .2 + .4 + .5 + .7 + .1 + .1 + .1) / 8, 1e-12);
  lqa_evidence_clear(&e);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_counts_by_hand),
      cmocka_unit_test(test_the_judge_alone),
      cmocka_unit_test(test_curve_ends_at_full_recall_of_its_budget),
      cmocka_unit_test(test_it_prints_and_is_json),
      cmocka_unit_test(test_the_posterior),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
