/* The simple rule against its table (docs/run-folder.md) written out literally, on every
 * combination of evidence, and the order of the review list. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/rng.h"
#include "trust/rule.h"

#include <math.h>
#include <stdlib.h>

typedef struct expected {
  double trust;
  const char *action;
} expected;

/* The table, line by line, in the words of the docs. */
static expected read_table(const lqa_evidence *e, int64_t row) {
  bool person_for_label = e->decided_label[row] >= 0 && e->decided_label[row] == e->label[row];
  bool person_for_another = e->decided_label[row] >= 0 && e->decided_label[row] != e->label[row];
  bool suspicious = e->is_label_issue[row] == 1 || e->has_error_finding[row] == 1;
  double s = isnan(e->self_confidence[row]) ? 0 : e->self_confidence[row];
  if (person_for_label)
    return (expected){1, "keep"};
  if (person_for_another)
    return (expected){0, "relabel"};
  if (e->verdict[row] == LQA_VERDICT_NO)
    return (expected){0.05, "relabel"};
  if (e->verdict[row] == LQA_VERDICT_UNKNOWN)
    return (expected){0.3, "needs_review"};
  if (e->verdict[row] == LQA_VERDICT_YES && suspicious)
    return (expected){0.6, "keep (ambiguous)"};
  if (suspicious)
    return (expected){0.3, "needs_review"};
  return (expected){0.8 + 0.2 * s, "keep"};
}

enum { N_COMBINATIONS = 5 * 4 * 4 * 2 * 2 * 3 * 4 * 3 };

static int32_t labels[N_COMBINATIONS];

static void fill_row(lqa_evidence *e, int64_t row) {
  int64_t rest = row;
  labels[row] = (int32_t)(rest % 5) - 2; /* unknown, null, 0, 1, 2 */
  rest /= 5;
  e->decided_label[row] = (int32_t)(rest % 4) - 1;
  rest /= 4;
  e->verdict[row] = (uint8_t)(rest % 4);
  e->corrected_label[row] = e->verdict[row] == LQA_VERDICT_NO ? 2 : LQA_CLASS_NONE;
  rest /= 4;
  e->is_label_issue[row] = rest % 2;
  rest /= 2;
  e->has_error_finding[row] = rest % 2;
  rest /= 2;
  e->self_confidence[row] = (const double[]){NAN, 0, .37}[rest % 3];
  rest /= 3;
  e->predicted_label[row] = (int32_t)(rest % 4) - 1;
  rest /= 4;
  e->structural_label[row] = (int32_t)(rest % 3) - 1;
}

static void outcome_follows_the_table(void **state) {
  (void)state;
  lqa_evidence e;
  lqa_error err;
  assert_int_equal(lqa_evidence_init(&e, N_COMBINATIONS, 3, labels, &err), LQA_OK);
  for (int64_t row = 0; row < N_COMBINATIONS; row++) {
    fill_row(&e, row);
  }
  lqa_rule_run(&e);
  int64_t seen[LQA_ACTION_COUNT] = {0}, count[LQA_ACTION_COUNT];
  for (int64_t row = 0; row < N_COMBINATIONS; row++) {
    expected want = read_table(&e, row);
    assert_true(e.trust_score[row] == want.trust);
    assert_string_equal(lqa_action_name(e.action[row]), want.action);
    seen[e.action[row]]++;
  }
  lqa_rule_count(&e, count);
  for (int a = 0; a < LQA_ACTION_COUNT; a++) {
    assert_true(seen[a] > 0);
    assert_int_equal(seen[a], count[a]);
  }
  lqa_evidence_clear(&e);
}

static void suggestion_follows_belief(void **state) {
  (void)state;
  lqa_evidence e;
  lqa_error err;
  assert_int_equal(lqa_evidence_init(&e, N_COMBINATIONS, 3, labels, &err), LQA_OK);
  for (int64_t row = 0; row < N_COMBINATIONS; row++) {
    fill_row(&e, row);
    int32_t got = lqa_rule_outcome(&e, row).suggested_label;
    int32_t label = labels[row] < 0 ? LQA_CLASS_NONE : labels[row];
    if (e.decided_label[row] >= 0) {
      assert_int_equal(got, e.decided_label[row]);
    } else if (e.verdict[row] == LQA_VERDICT_NO) {
      assert_int_equal(got, 2);
    } else if (e.verdict[row] == LQA_VERDICT_YES) {
      assert_int_equal(got, label);
    } else if (e.structural_label[row] >= 0) {
      assert_int_equal(got, e.structural_label[row]);
    } else if ((e.is_label_issue[row] || label < 0) && e.predicted_label[row] >= 0) {
      assert_int_equal(got, e.predicted_label[row]);
    } else {
      assert_int_equal(got, label);
    }
  }
  lqa_evidence_clear(&e);
}

/* Is row x to be shown before row y? Written as the docs say it. */
static bool comes_before(const lqa_evidence *e, int64_t x, int64_t y) {
  if (e->trust_score[x] != e->trust_score[y])
    return e->trust_score[x] < e->trust_score[y];
  int32_t rank_x = e->issue_rank[x] ? e->issue_rank[x] : INT32_MAX;
  int32_t rank_y = e->issue_rank[y] ? e->issue_rank[y] : INT32_MAX;
  return rank_x != rank_y ? rank_x < rank_y : x < y;
}

static void review_order_is_total(void **state) {
  (void)state;
  enum { N = 500 };
  static int32_t label[N];
  lqa_evidence e;
  lqa_error err;
  lqa_rng rng;
  lqa_rng_init(&rng, 7, 1);
  assert_int_equal(lqa_evidence_init(&e, N, 3, label, &err), LQA_OK);
  int32_t rank = 0;
  for (int64_t row = 0; row < N; row++) {
    e.is_label_issue[row] = lqa_rng_below(&rng, 2) == 0;
    e.issue_rank[row] = e.is_label_issue[row] ? N - rank++ : 0;
    e.has_error_finding[row] = lqa_rng_below(&rng, 8) == 0;
    e.verdict[row] = (uint8_t)lqa_rng_below(&rng, 4);
  }
  lqa_rule_run(&e);
  int64_t order[N];
  int64_t n = lqa_rule_order(&e, order), n_not_kept = 0;
  for (int64_t row = 0; row < N; row++) {
    n_not_kept += e.action[row] != LQA_ACTION_KEEP;
  }
  assert_int_equal(n, n_not_kept);
  for (int64_t i = 1; i < n; i++) {
    assert_true(comes_before(&e, order[i - 1], order[i]));
  }
  lqa_evidence_clear(&e);
}

static void names_parse_back(void **state) {
  (void)state;
  for (int a = 0; a < LQA_ACTION_COUNT; a++) {
    lqa_action action;
    assert_true(lqa_action_parse(lqa_str_from(lqa_action_name((lqa_action)a)), &action));
    assert_int_equal(action, a);
  }
  for (int v = 0; v < LQA_VERDICT_COUNT; v++) {
    lqa_verdict verdict;
    assert_true(lqa_verdict_parse(lqa_str_from(lqa_verdict_name((lqa_verdict)v)), &verdict));
    assert_int_equal(verdict, v);
  }
  lqa_verdict verdict;
  lqa_action action;
  assert_false(lqa_verdict_parse(LQA_STR("yes"), &verdict));
  assert_false(lqa_action_parse(LQA_STR("drop"), &action));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(outcome_follows_the_table),
      cmocka_unit_test(suggestion_follows_belief),
      cmocka_unit_test(review_order_is_total),
      cmocka_unit_test(names_parse_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
