/* Choosing rows: order and eligibility, exact sizes, inclusion probabilities that are true. */
#include "judge/choose.h"

#include "base/memory.h"
#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

enum { ROWS = 300 };

typedef struct table {
  int32_t label[ROWS], rank[ROWS];
  uint8_t content[ROWS], suspicious[ROWS];
  double p[ROWS];
  lqa_choose_input input;
} table;

/* Rows 0..59 suspicious, 0..39 of them flagged with rank 40..1; some not eligible. */
static void make(table *t) {
  lqa_rng rng;
  lqa_rng_init(&rng, 1, 2);
  for (int i = 0; i < ROWS; i++) {
    t->label[i] = i % 50 == 49 ? -1 : i % 3;
    t->content[i] = i % 40 != 39;
    t->suspicious[i] = i < 60;
    t->rank[i] = i < 40 ? 40 - i : 0;
    t->p[i] = i % 30 == 7
                  ? NAN
                  : (i < 60 ? 0.5 + 0.5 * lqa_rng_uniform(&rng) : 0.4 * lqa_rng_uniform(&rng));
  }
  t->input = (lqa_choose_input){.n_rows = ROWS,
                                .label = t->label,
                                .has_content = t->content,
                                .is_suspicious = t->suspicious,
                                .issue_rank = t->rank,
                                .p_wrong = t->p,
                                .floor_share = .3,
                                .seed = 9};
}

static void test_top(void **state) {
  (void)state;
  table t;
  lqa_choice_list list = {0};
  make(&t);
  assert_int_equal(lqa_choose_top(&t.input, 50, 20, &list, NULL), LQA_OK);
  assert_int_equal(list.n, 70);
  uint8_t seen[ROWS] = {0};
  for (size_t i = 0; i < list.n; i++) {
    const lqa_choice *c = &list.data[i];
    assert_true(t.label[c->row] >= 0 && t.content[c->row]);
    assert_int_equal(c->kind, i < 50 ? LQA_JUDGE_SUSPICIOUS : LQA_JUDGE_RANDOM);
    assert_int_equal(t.suspicious[c->row], i < 50);
    assert_int_equal(seen[c->row]++, 0);
    assert_int_equal(c->stratum, t.label[c->row]);
  }
  assert_int_equal(list.data[0].row, 38); /* rank 2: rank 1 has no content */
  for (size_t i = 1; i < 39; i++) {
    assert_true(t.rank[list.data[i - 1].row] < t.rank[list.data[i].row]);
  }
  for (size_t i = 40; i < 50; i++) { /* behind the flagged ones: likeliest errors first */
    double before = t.p[list.data[i - 1].row], here = t.p[list.data[i].row];
    assert_true(isnan(before) || isnan(here) || before >= here);
  }
  int n_unsuspected = 0;
  for (int i = 60; i < ROWS; i++) {
    n_unsuspected += t.label[i] >= 0 && t.content[i];
  }
  assert_true(list.data[60].inclusion == 20.0 / n_unsuspected);
  lqa_vec_clear(&list);
  assert_int_equal(lqa_choose_top(&t.input, 1000, 1000, &list, NULL), LQA_OK);
  assert_true(list.data[list.n - 1].inclusion == 1);
  lqa_vec_clear(&list);
}

/* Over many seeds a row is chosen as often as its recorded probability says, and the draw has
 * always the size that was asked for. */
static void check_inclusion(lqa_choose_strategy strategy, int64_t n) {
  enum { DRAWS = 4000 };
  table t;
  make(&t);
  static double recorded[ROWS], count[ROWS];
  memset(recorded, 0, sizeof recorded);
  memset(count, 0, sizeof count);
  double n_random = 0;
  for (int d = 0; d < DRAWS; d++) {
    lqa_choice_list list = {0};
    t.input.seed = (uint64_t)d;
    assert_int_equal(lqa_choose_budget(&t.input, n, strategy, &list, NULL), LQA_OK);
    assert_true(list.n == (size_t)n || list.n == (size_t)n - 1 || list.n == (size_t)n + 1);
    for (size_t i = 0; i < list.n; i++) {
      const lqa_choice *c = &list.data[i];
      assert_true(recorded[c->row] == 0 || fabs(recorded[c->row] - c->inclusion) < 1e-12);
      recorded[c->row] = c->inclusion;
      count[c->row]++;
      n_random += c->kind == LQA_JUDGE_RANDOM;
    }
    lqa_vec_clear(&list);
  }
  double total = 0;
  for (int i = 0; i < ROWS; i++) {
    double p = recorded[i], se = sqrt(p * (1 - p) / DRAWS);
    assert_true(fabs(count[i] / DRAWS - p) <= 5 * se + 1e-3);
    total += p;
  }
  assert_true(fabs(total - (double)n) < 1e-6 || total < (double)n);
  double floor_share = strategy == LQA_CHOOSE_PHASE ? .3 * .75 : .2; /* of those not suspected */
  assert_true(n_random / DRAWS >= (floor_share - .01) * (double)n);
}

/* Rows of earlier phases are not drawn again; every class has its share of the even part. */
static void test_a_phase_leaves_out_what_is_done(void **state) {
  (void)state;
  table t;
  lqa_choice_list list = {0};
  static uint8_t is_done[ROWS];
  make(&t);
  memset(is_done, 1, ROWS / 2);
  t.input.is_done = is_done;
  assert_int_equal(lqa_choose_budget(&t.input, 40, LQA_CHOOSE_PHASE, &list, NULL), LQA_OK);
  assert_true(list.n >= 39 && list.n <= 41);
  for (size_t i = 0; i < list.n; i++) {
    assert_true(list.data[i].row >= ROWS / 2);
  }
  lqa_vec_clear(&list);
}

static void test_budget_inclusion(void **state) {
  (void)state;
  check_inclusion(LQA_CHOOSE_CORRECTIONS, 60);
  check_inclusion(LQA_CHOOSE_UNCERTAINTY, 60);
  check_inclusion(LQA_CHOOSE_RANDOM, 90);
  check_inclusion(LQA_CHOOSE_PHASE, 60);
}

/* Weighted by the inverse of their probabilities, the chosen rows give the true number of errors.
 */
static void test_budget_is_unbiased(void **state) {
  (void)state;
  table t;
  make(&t);
  double truth = 0, sum = 0;
  for (int i = 0; i < ROWS; i++) {
    truth += t.label[i] >= 0 && t.content[i] && i % 7 == 0;
  }
  for (int d = 0; d < 4000; d++) {
    lqa_choice_list list = {0};
    t.input.seed = (uint64_t)d + 99999;
    assert_int_equal(lqa_choose_budget(&t.input, 70, LQA_CHOOSE_CORRECTIONS, &list, NULL), LQA_OK);
    for (size_t i = 0; i < list.n; i++) {
      sum += list.data[i].row % 7 == 0 ? 1 / list.data[i].inclusion : 0;
    }
    lqa_vec_clear(&list);
  }
  assert_true(fabs(sum / 4000 - truth) < 0.06 * truth);
}

static void test_budget_larger_than_rows(void **state) {
  (void)state;
  table t;
  lqa_choice_list list = {0};
  make(&t);
  assert_int_equal(lqa_choose_budget(&t.input, 10000, LQA_CHOOSE_CORRECTIONS, &list, NULL), LQA_OK);
  for (size_t i = 0; i < list.n; i++) {
    assert_true(list.data[i].inclusion == 1);
  }
  assert_in_range(list.n, 280, ROWS);
  lqa_vec_clear(&list);
  t.input.n_rows = 0;
  assert_int_equal(lqa_choose_budget(&t.input, 10, LQA_CHOOSE_RANDOM, &list, NULL), LQA_OK);
  assert_int_equal(list.n, 0);
}

static void test_every(void **state) {
  (void)state;
  table t;
  lqa_choice_list list = {0};
  make(&t);
  assert_int_equal(lqa_choose_every(&t.input, &list, NULL), LQA_OK);
  assert_int_equal(list.n, ROWS - ROWS / 40);
  lqa_vec_clear(&list);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_top),
      cmocka_unit_test(test_budget_inclusion),
      cmocka_unit_test(test_a_phase_leaves_out_what_is_done),
      cmocka_unit_test(test_budget_is_unbiased),
      cmocka_unit_test(test_budget_larger_than_rows),
      cmocka_unit_test(test_every),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
