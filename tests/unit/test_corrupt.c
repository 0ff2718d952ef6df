/* Planted errors: the counts asked for, the kinds that were asked for, the truth untouched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "evaluate/corrupt.h"
#include "evaluate/demo_corpus.h"

#include <stdlib.h>

enum { ROWS = 2000, CLASSES = 4 };

static lqa_dataset *make_data(void) {
  lqa_dataset *dataset = NULL;
  assert_int_equal(lqa_demo_corpus_make(ROWS, 1, &dataset, NULL), LQA_OK);
  return dataset;
}

static lqa_corrupt_options all_kinds(const lqa_swap *swap) {
  return (lqa_corrupt_options){.off_by_one = 0.01,
                               .random_flip = 0.05,
                               .row_shift = 0.02,
                               .swaps = swap,
                               .n_swaps = 1,
                               .null_content = 3,
                               .duplicate_conflict = 3,
                               .unknown_label = 1,
                               .seed = 7};
}

static void check_row(const lqa_dataset *d, const lqa_corrupt_plan *plan, int64_t i,
                      const lqa_swap *swap) {
  int32_t truth = d->label[plan->source_row[i]], given = plan->label[i];
  switch ((lqa_corruption)plan->kind[i]) {
  case LQA_CORRUPT_OFF_BY_ONE:
    assert_int_equal(given, (truth + 1) % CLASSES);
    break;
  case LQA_CORRUPT_RANDOM_FLIP:
  case LQA_CORRUPT_STRUCTURAL_DUP:
    assert_int_not_equal(given, truth);
    assert_in_range(given, 0, CLASSES - 1);
    break;
  case LQA_CORRUPT_SYSTEMATIC:
    assert_int_equal(given + truth, swap->a + swap->b);
    assert_int_not_equal(given, truth);
    break;
  case LQA_CORRUPT_ROW_SHIFT:
    assert_int_equal(given, d->label[plan->source_row[i - 1]]);
    break;
  case LQA_CORRUPT_STRUCTURAL_ENUM:
    assert_int_equal(given, LQA_LABEL_UNKNOWN);
    break;
  default:
    assert_int_equal(given, truth);
  }
}

static void test_every_kind_is_what_it_says(void **state) {
  (void)state;
  lqa_dataset *d = make_data();
  lqa_swap swap = {1, 2, 0.03};
  lqa_corrupt_options options = all_kinds(&swap);
  lqa_corrupt_plan plan;
  const int64_t expected[LQA_CORRUPT_COUNT] = {
      2003 - 20 - 100 - 60 - 40 - 3 - 3 - 1, 20, 100, 60, 40, 3, 3, 1};
  assert_int_equal(lqa_corrupt_plan_make(d, &options, &plan, NULL), LQA_OK);
  assert_int_equal(plan.n_rows, ROWS + 3);
  for (int kind = 0; kind < LQA_CORRUPT_COUNT; kind++) {
    assert_int_equal(plan.counts[kind], expected[kind]);
  }
  int64_t first = -1, last = -1;
  for (int64_t i = 0; i < plan.n_rows; i++) {
    check_row(d, &plan, i, &swap);
    if (plan.kind[i] == LQA_CORRUPT_ROW_SHIFT) {
      first = first < 0 ? i : first;
      last = i;
    }
  }
  assert_int_equal(last - first + 1, 40); /* one contiguous block */
  lqa_corrupt_plan_clear(&plan);
  lqa_dataset_free(d);
}

static void test_partners_of_planted_duplicates_stay_clean(void **state) {
  (void)state;
  lqa_dataset *d = make_data();
  lqa_corrupt_options options = {.random_flip = 0.5, .duplicate_conflict = 50, .seed = 3};
  lqa_corrupt_plan plan;
  assert_int_equal(lqa_corrupt_plan_make(d, &options, &plan, NULL), LQA_OK);
  for (int64_t copy = ROWS; copy < plan.n_rows; copy++) {
    assert_int_equal(plan.kind[copy], LQA_CORRUPT_STRUCTURAL_DUP);
    assert_int_equal(plan.kind[plan.source_row[copy]], LQA_CORRUPT_CLEAN);
  }
  lqa_corrupt_plan_clear(&plan);
  lqa_dataset_free(d);
}

static void test_sample_keeps_source_order_and_seed_decides(void **state) {
  (void)state;
  lqa_dataset *d = make_data();
  lqa_corrupt_options options = {.sample = 500, .random_flip = 0.1, .seed = 5};
  lqa_corrupt_plan a, b, c;
  assert_int_equal(lqa_corrupt_plan_make(d, &options, &a, NULL), LQA_OK);
  assert_int_equal(lqa_corrupt_plan_make(d, &options, &b, NULL), LQA_OK);
  options.seed = 6;
  assert_int_equal(lqa_corrupt_plan_make(d, &options, &c, NULL), LQA_OK);
  assert_int_equal(a.n_rows, 500);
  for (int64_t i = 1; i < 500; i++) {
    assert_true(a.source_row[i] > a.source_row[i - 1]);
  }
  assert_memory_equal(a.label, b.label, 500 * sizeof *a.label);
  assert_memory_equal(a.source_row, b.source_row, 500 * sizeof *a.source_row);
  assert_memory_not_equal(a.source_row, c.source_row, 500 * sizeof *a.source_row);
  lqa_corrupt_plan_clear(&a);
  lqa_corrupt_plan_clear(&b);
  lqa_corrupt_plan_clear(&c);
  lqa_dataset_free(d);
}

static void test_too_few_candidates_is_a_usage_error(void **state) {
  (void)state;
  lqa_dataset *d = make_data();
  lqa_swap swap = {1, 2, 0.9};
  lqa_corrupt_options options = {.swaps = &swap, .n_swaps = 1};
  lqa_corrupt_plan plan;
  lqa_error err;
  assert_int_equal(lqa_corrupt_plan_make(d, &options, &plan, &err), LQA_BAD_USAGE);
  assert_non_null(strstr(err.message, "systematic: 1800 rows wanted"));
  options = (lqa_corrupt_options){.random_flip = 0.6, .off_by_one = 0.6};
  assert_int_equal(lqa_corrupt_plan_make(d, &options, &plan, &err), LQA_BAD_USAGE);
  options = (lqa_corrupt_options){.sample = ROWS + 1};
  assert_int_equal(lqa_corrupt_plan_make(d, &options, &plan, &err), LQA_BAD_USAGE);
  lqa_dataset_free(d);
}

static void test_names_parse_back(void **state) {
  (void)state;
  for (int kind = 0; kind < LQA_CORRUPT_COUNT; kind++) {
    assert_int_equal(lqa_corruption_parse(lqa_str_from(lqa_corruption_name((lqa_corruption)kind))),
                     kind);
  }
  assert_int_equal(lqa_corruption_parse(LQA_STR("Clean")), -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_kind_is_what_it_says),
      cmocka_unit_test(test_partners_of_planted_duplicates_stay_clean),
      cmocka_unit_test(test_sample_keeps_source_order_and_seed_decides),
      cmocka_unit_test(test_too_few_candidates_is_a_usage_error),
      cmocka_unit_test(test_names_parse_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
