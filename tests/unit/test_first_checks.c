/* tests/unit/test_first_checks.c - the basic checks, each on a bad and on a clean case. */
#include "audit_fixture.h"

#include "audit/provenance/length_fingerprint.h"
#include "base/rng.h"

#include <math.h>

static void finds_null_content(void **state) {
  (void)state;
  static const fixture_row rows[] = {{"a b", "x"}, {NULL, "x"}, {" \t ", "y"}, {"c", "y"}};
  lqa_dataset *d = fixture_dataset(rows, 4, NULL, 0);
  lqa_audit_run run;
  fixture_init(&run, "null-content", NULL);
  fixture_run(&run, &(lqa_audit_input){.dataset = d});
  fixture_expect_rows(fixture_find(&run, "null-content", 0), (int64_t[]){1, 2}, 2);
  assert_int_equal(run.findings.items.n, 1);
  lqa_audit_run_clear(&run);
  lqa_dataset_free(d);
}

static void finds_null_and_unknown_labels(void **state) {
  (void)state;
  static const fixture_row rows[] = {{"a", "x"},    {"b", NULL},  {"c", "MISC"},
                                     {"d", "MISC"}, {"e", "Mix"}, {"f", "y"}};
  static const char *const classes[] = {"x", "y"};
  lqa_dataset *d = fixture_dataset(rows, 6, classes, 2);
  lqa_audit_run run;
  fixture_init(&run, "basic", NULL);
  fixture_run(&run, &(lqa_audit_input){.dataset = d});
  fixture_expect_rows(fixture_find(&run, "null-label", 0), (int64_t[]){1}, 1);
  const lqa_finding *unknown = fixture_find(&run, "unknown-label", 0);
  fixture_expect_rows(unknown, (int64_t[]){2, 3, 4}, 3);
  assert_non_null(strstr(unknown->message, "\"MISC\" 2 times, \"Mix\" once"));
  assert_true(fixture_is_clean(&run, "null-content"));
  assert_true(fixture_is_clean(&run, "duplicate-conflict"));
  lqa_audit_run_clear(&run);
  lqa_dataset_free(d);
}

static void finds_conflicts_and_copies(void **state) {
  (void)state;
  static const fixture_row rows[] = {{"Same  Text", "x"}, {"other", "x"}, {"same text", "y"},
                                     {"SAME TEXT", "x"},  {"other", "x"}, {"alone", "y"},
                                     {NULL, "x"},         {NULL, "y"},    {"same text ", NULL}};
  lqa_dataset *d = fixture_dataset(rows, 9, NULL, 0);
  lqa_audit_run run;
  fixture_init(&run, "duplicate", NULL);
  fixture_run(&run, &(lqa_audit_input){.dataset = d});
  const lqa_finding *conflict = fixture_find(&run, "duplicate-conflict", 0);
  fixture_expect_rows(conflict, (int64_t[]){0, 2, 3}, 3);
  assert_int_equal(conflict->n_groups, 1);
  assert_int_equal(conflict->severity, LQA_ERROR);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(conflict->suggested_label[i], 0); /* two votes for x, one for y */
  }
  const lqa_finding *copies = fixture_find(&run, "duplicate", 0);
  fixture_expect_rows(copies, (int64_t[]){2, 3, 4, 8}, 4);
  assert_int_equal(copies->n_groups, 2);
  assert_int_equal(run.cluster[3], run.cluster[0]);
  assert_int_not_equal(run.cluster[6], run.cluster[7]);
  lqa_audit_run_clear(&run);
  lqa_dataset_free(d);
}

static void tie_suggests_nothing(void **state) {
  (void)state;
  static const fixture_row rows[] = {{"t", "x"}, {"t", "y"}};
  lqa_dataset *d = fixture_dataset(rows, 2, NULL, 0);
  lqa_audit_run run;
  fixture_init(&run, "duplicate-conflict", NULL);
  fixture_run(&run, &(lqa_audit_input){.dataset = d});
  assert_null(fixture_find(&run, "duplicate-conflict", 0)->suggested_label);
  assert_null(fixture_find(&run, "duplicate", 0)); /* only the named finding is kept */
  assert_int_equal(run.findings.items.n, 1);
  lqa_audit_run_clear(&run);
  lqa_dataset_free(d);
}

static void finds_rare_and_absent_classes(void **state) {
  (void)state;
  static const fixture_row rows[] = {{"a", "x"}, {"b", "x"}, {"c", "y"}};
  static const char *const classes[] = {"x", "y", "z"};
  lqa_dataset *d = fixture_dataset(rows, 3, classes, 3);
  lqa_audit_run run;
  fixture_init(&run, "rare-class", NULL);
  fixture_run(&run, &(lqa_audit_input){.dataset = d});
  fixture_expect_rows(fixture_find(&run, "rare-class", 0), (int64_t[]){2}, 1);
  assert_string_equal(fixture_find(&run, "rare-class", 0)->subject, "y");
  assert_string_equal(fixture_find(&run, "rare-class", 1)->subject, "z");
  assert_int_equal(fixture_find(&run, "rare-class", 1)->count, 1);
  lqa_audit_run_clear(&run);
  lqa_dataset_free(d);
}

static void reports_imbalance_beyond_the_ratio(void **state) {
  (void)state;
  fixture_row rows[60];
  for (int i = 0; i < 60; i++) {
    rows[i] = (fixture_row){"t", i < 4 ? "small" : "large"};
  }
  lqa_dataset *d = fixture_dataset(rows, 60, NULL, 0);
  lqa_audit_run run;
  fixture_init(&run, "class-imbalance", NULL);
  fixture_run(&run, &(lqa_audit_input){.dataset = d});
  assert_non_null(fixture_find(&run, "class-imbalance", 0)); /* 56 / 4 = 14 */
  lqa_audit_run_clear(&run);
  fixture_init(&run, "class-imbalance", "class-imbalance.ratio=14");
  fixture_run(&run, &(lqa_audit_input){.dataset = d});
  assert_true(fixture_is_clean(&run, "class-imbalance"));
  lqa_audit_run_clear(&run);
  lqa_dataset_free(d);
}

static void reports_a_perfect_training_score(void **state) {
  (void)state;
  static const fixture_row rows[] = {{"a", "x"}, {"b", "y"}};
  lqa_dataset *d = fixture_dataset(rows, 2, NULL, 0);
  float probs[4] = {.5f, .5f, .5f, .5f};
  lqa_audit_run run;
  fixture_init(&run, "overfit-model", NULL);
  fixture_run(&run, &(lqa_audit_input){.dataset = d,
                                       .pred_probs = probs,
                                       .train_accuracy = 1,
                                       .out_of_fold_accuracy = .5});
  assert_non_null(fixture_find(&run, "overfit-model", 0));
  lqa_audit_run_clear(&run);
  fixture_init(&run, "overfit-model", NULL);
  fixture_run(&run, &(lqa_audit_input){.dataset = d, .pred_probs = probs, .train_accuracy = .99});
  assert_true(fixture_is_clean(&run, "overfit-model"));
  lqa_audit_run_clear(&run);
  fixture_init(&run, "overfit-model", NULL);
  fixture_run(&run, &(lqa_audit_input){.dataset = d, .train_accuracy = NAN});
  assert_int_equal(run.n_skipped, 1); /* no probabilities: not listed as clean */
  assert_int_equal(run.findings.items.n, 0);
  lqa_audit_run_clear(&run);
  lqa_dataset_free(d);
}

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static double slow_median(double *values, int n) {
  qsort(values, (size_t)n, sizeof *values, compare_doubles);
  return n % 2 ? values[n / 2] : .5 * (values[n / 2 - 1] + values[n / 2]);
}

/* The obvious way: pool, sort, subtract, sort. */
static void check_class_slowly(const int *length, const char *const *label, int n,
                               const char *class, const lqa_class_length *got) {
  double own[64], others[64], deviation[64], mean = 0, squares = 0;
  int n_own = 0, n_others = 0;
  for (int i = 0; i < n; i++) {
    if (strcmp(label[i], class) == 0) {
      own[n_own++] = length[i];
    } else {
      others[n_others++] = length[i];
    }
  }
  for (int i = 0; i < n_own; i++) {
    mean += own[i] / n_own;
  }
  for (int i = 0; i < n_own; i++) {
    squares += (own[i] - mean) * (own[i] - mean);
  }
  double median = slow_median(others, n_others);
  for (int i = 0; i < n_others; i++) {
    deviation[i] = fabs(others[i] - median);
  }
  assert_int_equal(got->count, n_own);
  assert_true(fabs(got->mean - mean) < 1e-9);
  assert_true(fabs(got->std - (n_own > 1 ? sqrt(squares / (n_own - 1)) : 0)) < 1e-9);
  assert_true(got->others_median == median);
  assert_true(got->others_mad == slow_median(deviation, n_others));
}

static void fingerprint_equals_the_slow_way(void **state) {
  (void)state;
  static const char *const names[] = {"a", "b", "c"};
  char text[64][40];
  int length[64];
  const char *label[64];
  fixture_row rows[64];
  lqa_rng rng;
  lqa_rng_init(&rng, 3, 0);
  for (int round = 0; round < 200; round++) {
    int n = 6 + (int)lqa_rng_below(&rng, 50);
    for (int i = 0; i < n; i++) {
      length[i] = 1 + (int)lqa_rng_below(&rng, round % 2 ? 4 : 30);
      label[i] = names[i < 3 ? (uint64_t)i : lqa_rng_below(&rng, 3)];
      memset(text[i], 'x', sizeof text[i]);
      text[i][length[i]] = 0;
      rows[i] = (fixture_row){text[i], label[i]};
    }
    lqa_dataset *d = fixture_dataset(rows, (size_t)n, names, 3);
    lqa_class_length got[3];
    assert_int_equal(lqa_length_fingerprint(d, got, NULL), LQA_OK);
    for (int k = 0; k < 3; k++) {
      check_class_slowly(length, label, n, names[k], &got[k]);
    }
    lqa_dataset_free(d);
  }
}

static void reports_a_class_of_long_texts(void **state) {
  (void)state;
  char text[40][200];
  fixture_row rows[40];
  for (int i = 0; i < 40; i++) {
    int size = i < 30 ? 10 + i % 7 : 150 + i % 5;
    memset(text[i], 'x', sizeof text[i]);
    text[i][size] = 0;
    rows[i] = (fixture_row){text[i], i < 15 ? "a" : i < 30 ? "b" : "long"};
  }
  lqa_dataset *d = fixture_dataset(rows, 40, NULL, 0);
  lqa_audit_run run;
  fixture_init(&run, "length-fingerprint", NULL);
  fixture_run(&run, &(lqa_audit_input){.dataset = d});
  assert_string_equal(fixture_find(&run, "length-fingerprint", 0)->subject, "long");
  assert_null(fixture_find(&run, "length-fingerprint", 1));
  lqa_audit_run_clear(&run);
  lqa_dataset_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_null_content),
      cmocka_unit_test(finds_null_and_unknown_labels),
      cmocka_unit_test(finds_conflicts_and_copies),
      cmocka_unit_test(tie_suggests_nothing),
      cmocka_unit_test(finds_rare_and_absent_classes),
      cmocka_unit_test(reports_imbalance_beyond_the_ratio),
      cmocka_unit_test(reports_a_perfect_training_score),
      cmocka_unit_test(fingerprint_equals_the_slow_way),
      cmocka_unit_test(reports_a_class_of_long_texts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
