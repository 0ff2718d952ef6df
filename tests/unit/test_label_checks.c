/* tests/unit/test_label_checks.c - spellings, runs, and probabilities that the user brought. */
#include "audit_fixture.h"

#include "audit/measure/spelling.h"
#include "base/rng.h"

#include <math.h>
#include <stdio.h>

static bool same_skeleton(const char *a, const char *b) {
  lqa_buf x, y;
  lqa_buf_init(&x, 1000);
  lqa_buf_init(&y, 1000);
  lqa_spelling_skeleton(lqa_str_from(a), &x);
  lqa_spelling_skeleton(lqa_str_from(b), &y);
  bool same = lqa_str_equal(lqa_buf_str(&x), lqa_buf_str(&y));
  lqa_buf_clear(&x);
  lqa_buf_clear(&y);
  return same;
}

static void skeletons_see_through_disguise(void **state) {
  (void)state;
  assert_true(same_skeleton("Sports", " sports "));
  assert_true(same_skeleton("lost_card", "Lost-Card"));
  assert_true(same_skeleton("Sport", "Sp\xd0\xbert"));          /* Cyrillic o */
  assert_true(same_skeleton("\xef\xbc\xa1\xef\xbc\xa2", "ab")); /* full width */
  assert_false(same_skeleton("Sport", "Sports"));
  assert_false(same_skeleton("class 1", "class 2"));
  assert_false(same_skeleton("<=50K", ">50K")); /* signs mean something */
  assert_false(same_skeleton("C", "C++"));
  assert_false(same_skeleton("A-", "A+"));
  assert_false(same_skeleton("1-2", "12"));
  assert_false(same_skeleton("-1", "1"));
  assert_true(same_skeleton("sci/tech", "Sci Tech"));
}

static int distance(const char *a, const char *b, int limit) {
  return lqa_spelling_distance(lqa_str_from(a), lqa_str_from(b), limit);
}

static void distances_count_edits(void **state) {
  (void)state;
  assert_int_equal(distance("sport", "sports", 2), 1);
  assert_int_equal(distance("sprot", "sport", 2), 1); /* neighbours swapped */
  assert_int_equal(distance("business", "bussines", 2), 2);
  assert_int_equal(distance("kitten", "sitting", 5), 3);
  assert_int_equal(distance("kitten", "sitting", 2), 3); /* limit + 1 */
  assert_int_equal(distance("", "", 1), 0);
  assert_int_equal(distance("ab", "abcdef", 2), 3);
  assert_int_equal(distance("\xc3\xa4rger", "arger", 1), 1); /* one code point, two bytes */
}

/* Plain Levenshtein with swaps by definition, for short strings. */
static int slow_distance(const char *a, size_t n, const char *b, size_t m) {
  if (n == 0 || m == 0) {
    return (int)(n + m);
  }
  int best = slow_distance(a, n - 1, b, m - 1) + (a[n - 1] != b[m - 1]);
  int other = slow_distance(a, n - 1, b, m) + 1;
  best = other < best ? other : best;
  other = slow_distance(a, n, b, m - 1) + 1;
  best = other < best ? other : best;
  if (n > 1 && m > 1 && a[n - 1] == b[m - 2] && a[n - 2] == b[m - 1]) {
    other = slow_distance(a, n - 2, b, m - 2) + 1;
    best = other < best ? other : best;
  }
  return best;
}

static void distances_equal_the_definition(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 5, 0);
  for (int round = 0; round < 2000; round++) {
    char a[8], b[8];
    size_t n = lqa_rng_below(&rng, 6), m = lqa_rng_below(&rng, 6);
    for (size_t i = 0; i < 6; i++) {
      a[i] = (char)('a' + lqa_rng_below(&rng, 3));
      b[i] = (char)('a' + lqa_rng_below(&rng, 3));
    }
    assert_int_equal(lqa_spelling_distance((lqa_str){a, n}, (lqa_str){b, m}, 6),
                     slow_distance(a, n, b, m));
  }
}

static size_t add_rows(fixture_row *rows, size_t at, const char *label, int n) {
  static char text[4000][8];
  for (int i = 0; i < n; i++, at++) {
    snprintf(text[at], sizeof text[at], "t%zu", at);
    rows[at] = (fixture_row){text[at], label};
  }
  return at;
}

static void finds_misspelt_classes(void **state) {
  (void)state;
  fixture_row rows[400];
  size_t n = add_rows(rows, 0, "Sports", 100);
  n = add_rows(rows, n, "Business", 100);
  n = add_rows(rows, n, "Sport", 3);      /* one edit, rare */
  n = add_rows(rows, n, "business ", 60); /* white space and case, frequent */
  n = add_rows(rows, n, "World", 50);
  n = add_rows(rows, n, "Weather", 2); /* rare, but no near miss */
  lqa_dataset *d = fixture_dataset(rows, n, NULL, 0);
  lqa_audit_run run;
  fixture_init(&run, "label-spelling", NULL);
  fixture_run(&run, &(lqa_audit_input){.dataset = d});
  const lqa_finding *finding = fixture_find(&run, "label-spelling", 0);
  assert_non_null(finding);
  assert_int_equal(finding->n_rows, 63);
  assert_int_equal(finding->n_groups, 2);
  assert_string_equal(finding->repair, "label-spelling");
  assert_non_null(strstr(finding->details_json, "[\"Sport\",\"Sports\"]"));
  assert_non_null(strstr(finding->details_json, "[\"business \",\"Business\"]"));
  assert_true(lqa_str_equal(d->classes[finding->suggested_label[0]], LQA_STR("Sports")));
  lqa_audit_run_clear(&run);
  lqa_dataset_free(d);
}

static void similar_names_of_real_classes_are_silent(void **state) {
  (void)state;
  fixture_row rows[400];
  size_t n = add_rows(rows, 0, "card_arrival", 100);
  n = add_rows(rows, n, "card_arrivals", 90); /* both frequent: two classes */
  n = add_rows(rows, n, "class1", 100);
  n = add_rows(rows, n, "class2", 4); /* digits tell names apart */
  n = add_rows(rows, n, "no", 50);
  n = add_rows(rows, n, "on", 3); /* too short for a guess */
  lqa_dataset *d = fixture_dataset(rows, n, NULL, 0);
  lqa_audit_run run;
  fixture_init(&run, "label-spelling", NULL);
  fixture_run(&run, &(lqa_audit_input){.dataset = d});
  assert_true(fixture_is_clean(&run, "label-spelling"));
  lqa_audit_run_clear(&run);
  lqa_dataset_free(d);
}

static void a_class_list_is_the_law(void **state) {
  (void)state;
  static const char *const classes[] = {"Sports", "Sport", "World"};
  fixture_row rows[40];
  size_t n = add_rows(rows, 0, "Sports", 20);
  n = add_rows(rows, n, "Sport", 1); /* in the list: meant */
  n = add_rows(rows, n, "Wrold", 2);
  n = add_rows(rows, n, "MISC", 2);
  lqa_dataset *d = fixture_dataset(rows, n, classes, 3);
  lqa_audit_run run;
  fixture_init(&run, "label-spelling", NULL);
  fixture_run(&run, &(lqa_audit_input){.dataset = d});
  const lqa_finding *finding = fixture_find(&run, "label-spelling", 0);
  fixture_expect_rows(finding, (int64_t[]){21, 22}, 2);
  assert_int_equal(finding->suggested_label[0], 2);
  lqa_audit_run_clear(&run);
  lqa_dataset_free(d);
}

enum { N = 1000, K = 3 };

typedef struct run_world {
  fixture_row rows[N];
  float probs[N * K];
} run_world;

/* Labels a, b, c at random in runs of `habit`; predictions right in 90 %; rows from..to filled. */
static void make_runs(run_world *w, uint64_t habit, int from, int to) {
  static const char *const names[] = {"a", "b", "c"};
  lqa_rng rng;
  lqa_rng_init(&rng, 11, 0);
  uint64_t class = 0;
  add_rows(w->rows, 0, "a", N);
  for (int i = 0; i < N; i++) {
    class = (uint64_t)i % habit == 0 ? lqa_rng_below(&rng, K) : class;
    uint64_t seen = lqa_rng_below(&rng, 10) ? class : lqa_rng_below(&rng, K);
    w->rows[i].label = i >= from && i <= to ? "b" : names[class];
    for (uint64_t k = 0; k < K; k++) {
      w->probs[i * K + (int)k] = k == seen ? .8f : .1f;
    }
  }
}

static void finds_a_filled_down_label(void **state) {
  (void)state;
  static run_world w;
  make_runs(&w, 1, 500, 579);
  lqa_dataset *d = fixture_dataset(w.rows, N, NULL, 0);
  lqa_audit_run run;
  fixture_init(&run, "label-run", NULL);
  fixture_run(&run, &(lqa_audit_input){.dataset = d, .pred_probs = w.probs});
  const lqa_finding *finding = fixture_find(&run, "label-run", 0);
  assert_non_null(finding);
  assert_true(finding->is_block && finding->rows_from <= 500 && finding->rows_from > 495);
  assert_in_range(finding->rows_to, 579, 584);
  assert_null(fixture_find(&run, "label-run", 1));
  lqa_audit_run_clear(&run);
  lqa_dataset_free(d);
}

static void sorted_files_are_no_runs(void **state) {
  (void)state;
  static const char *const names[] = {"a", "b", "c"};
  static run_world w;
  for (uint64_t habit = 1; habit < 400; habit *= 7) {
    make_runs(&w, habit, -1, -1);
    lqa_dataset *d = fixture_dataset(w.rows, N, names, K);
    lqa_audit_run run;
    fixture_init(&run, "label-run", NULL);
    fixture_run(&run, &(lqa_audit_input){.dataset = d, .pred_probs = w.probs});
    assert_true(fixture_is_clean(&run, "label-run"));
    lqa_audit_run_clear(&run);
    lqa_dataset_free(d);
  }
}

/* Texts that hint at their class in about 80 % of rows; every tenth label is wrong. */
static lqa_dataset *make_texts(float *probs, int permute, bool in_sample) {
  static const char *const names[] = {"a", "b", "c"};
  static char text[N][40];
  fixture_row rows[N];
  lqa_rng rng;
  lqa_rng_init(&rng, 12, 0);
  for (int i = 0; i < N; i++) {
    int class = (int)lqa_rng_below(&rng, K), label = i % 10 == 0 ? (class + 1) % K : class;
    int hint = lqa_rng_below(&rng, 10) < 8 ? class : (int)lqa_rng_below(&rng, K);
    snprintf(text[i], sizeof text[i], "word%d other%d", hint, (int)lqa_rng_below(&rng, 50));
    rows[i] = (fixture_row){text[i], names[label]};
    int seen = ((in_sample ? label : hint) + permute) % K;
    for (int k = 0; k < K; k++) {
      probs[i * K + k] = k == seen ? .9f : .05f;
    }
  }
  return fixture_dataset(rows, N, NULL, 0);
}

static void given_probabilities(float *probs, lqa_dataset *d, lqa_audit_run *run) {
  static lqa_matrix matrix;
  matrix = (lqa_matrix){.data = probs,
                        .dtype = LQA_FLOAT32,
                        .n_rows = N,
                        .n_columns = K,
                        .row_stride = K * 4,
                        .column_stride = 4};
  d->pred_probs = &matrix;
  fixture_init(run, "given-probabilities", NULL);
  fixture_run(run, &(lqa_audit_input){.dataset = d, .pred_probs = probs});
}

static void finds_permuted_columns_and_in_sample_rows(void **state) {
  (void)state;
  static float probs[N * K];
  lqa_audit_run run;
  lqa_dataset *d = make_texts(probs, 1, false);
  given_probabilities(probs, d, &run);
  assert_non_null(fixture_find(&run, "probability-columns", 0));
  assert_string_equal(fixture_declined(&run, "in-sample-probabilities"),
                      "the columns are in another order");
  assert_false(fixture_is_clean(&run, "in-sample-probabilities")); /* nor listed as clean */
  lqa_audit_run_clear(&run);
  lqa_dataset_free(d);
  d = make_texts(probs, 0, true);
  given_probabilities(probs, d, &run);
  assert_non_null(fixture_find(&run, "in-sample-probabilities", 0));
  assert_true(fixture_is_clean(&run, "probability-columns"));
  lqa_audit_run_clear(&run);
  lqa_dataset_free(d);
  d = make_texts(probs, 0, false);
  given_probabilities(probs, d, &run);
  assert_true(fixture_is_clean(&run, "in-sample-probabilities"));
  assert_true(fixture_is_clean(&run, "probability-columns"));
  lqa_audit_run_clear(&run);
  lqa_dataset_free(d);
  d = make_texts(probs, 0, true);
  d->kind = LQA_CONTENT_NONE; /* nothing to train a quick model on */
  given_probabilities(probs, d, &run);
  assert_non_null(strstr(fixture_declined(&run, "in-sample-probabilities"), "no content"));
  assert_non_null(strstr(fixture_declined(&run, "probability-rows"), "no content"));
  assert_true(fixture_is_clean(&run, "probability-columns"));
  lqa_audit_run_clear(&run);
  lqa_dataset_free(d);
}

/* A model that remembers two thirds of the labels its words do not explain. */
static void warns_of_an_agreement_far_above_a_quick_model(void **state) {
  (void)state;
  static float seen[N * K], honest[N * K];
  lqa_audit_run run;
  lqa_dataset_free(make_texts(seen, 0, true));
  lqa_dataset *d = make_texts(honest, 0, false);
  for (int i = 0; i < N; i++) {
    if (i % 3) {
      memcpy(honest + i * K, seen + i * K, K * sizeof *seen);
    }
  }
  given_probabilities(honest, d, &run);
  const lqa_finding *finding = fixture_find(&run, "in-sample-probabilities", 0);
  assert_non_null(finding);
  assert_int_equal(finding->severity, LQA_WARN);
  assert_non_null(strstr(finding->message, "Either your model is far better"));
  lqa_audit_run_clear(&run);
  lqa_dataset_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(skeletons_see_through_disguise),
      cmocka_unit_test(distances_count_edits),
      cmocka_unit_test(distances_equal_the_definition),
      cmocka_unit_test(finds_misspelt_classes),
      cmocka_unit_test(similar_names_of_real_classes_are_silent),
      cmocka_unit_test(a_class_list_is_the_law),
      cmocka_unit_test(finds_a_filled_down_label),
      cmocka_unit_test(sorted_files_are_no_runs),
      cmocka_unit_test(finds_permuted_columns_and_in_sample_rows),
      cmocka_unit_test(warns_of_an_agreement_far_above_a_quick_model),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
