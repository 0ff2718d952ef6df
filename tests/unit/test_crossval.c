/* tests/unit/test_crossval.c - out-of-fold probabilities of whole data sets: no leak, clear errors.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "trained.h"

#include "base/buf.h"
#include "base/rng.h"
#include "model/out_of_fold/crossval.h"
#include "model/problem/row_partition.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Rows of made-up text: ten words, most of them from the class's own forty. */
typedef struct corpus {
  int64_t n;
  char (*text)[160];
  lqa_str *content, *label;
} corpus;

static const char *const class_names[] = {"a", "b", "c", "d", "e", "f"};

static corpus make(int64_t n, int n_classes, uint64_t seed) {
  corpus c = {n, calloc((size_t)n, sizeof *c.text), calloc((size_t)n, sizeof(lqa_str)),
              calloc((size_t)n, sizeof(lqa_str))};
  lqa_rng rng;
  lqa_rng_init(&rng, seed, 1);
  for (int64_t i = 0; i < n; i++) {
    uint64_t k = lqa_rng_below(&rng, (uint64_t)n_classes);
    int size = 0;
    for (int w = 0; w < 10; w++) {
      uint64_t word = w < 6 ? 100 * (k + 1) + lqa_rng_below(&rng, 40) : lqa_rng_below(&rng, 60);
      size += snprintf(c.text[i] + size, 160 - (size_t)size, "word%llu ", (unsigned long long)word);
    }
    c.content[i] = (lqa_str){c.text[i], (size_t)size};
    c.label[i] = lqa_str_from(class_names[k]);
  }
  return c;
}

static void clear(corpus *c) {
  free(c->text);
  free(c->content);
  free(c->label);
}

static lqa_dataset *dataset_of(const corpus *c) {
  lqa_dataset *dataset = NULL;
  assert_int_equal(lqa_dataset_from_arrays(c->n, c->content, c->label, NULL, 0, &dataset, NULL),
                   LQA_OK);
  return dataset;
}

static lqa_crossval_result run_corpus(const corpus *c, const lqa_crossval_options *options) {
  lqa_dataset *d = dataset_of(c);
  lqa_crossval_result result = train(d, options);
  lqa_dataset_free(d);
  return result;
}

static void learns_what_there_is(void **state) {
  (void)state;
  corpus c = make(600, 4, 1);
  lqa_crossval_options options = defaults(LQA_MODEL_AUTO);
  lqa_crossval_result r = run_corpus(&c, &options);
  assert_true(r.out_of_fold_accuracy > 0.95);
  assert_true(r.train_accuracy >= r.out_of_fold_accuracy - 0.01);
  assert_true(r.log_loss < r.prior_log_loss / 2);
  assert_int_equal(r.n_folds, 5);
  assert_non_null(r.model);
  assert_non_null(r.description);
  lqa_crossval_clear(&r);
  clear(&c);
}

/* On labels that mean nothing a leak shows as a log-loss below the labels' entropy. */
static void permuted_labels_teach_nothing(void **state) {
  (void)state;
  static const lqa_model_kind kinds[] = {LQA_MODEL_AUTO, LQA_MODEL_LOGISTIC, LQA_MODEL_NAIVE_BAYES};
  for (size_t kind = 0; kind < 3; kind++) {
    corpus c = make(900, 3, 2);
    for (int64_t i = 0; i + 1 < c.n; i += 3) { /* duplicates would tell, were they split */
      memcpy(c.text[i], c.text[i + 1], sizeof c.text[i]);
      c.content[i].size = c.content[i + 1].size;
    }
    lqa_rng rng;
    lqa_rng_init(&rng, 9, 1);
    for (int64_t i = c.n - 1; i > 0; i--) {
      int64_t j = (int64_t)lqa_rng_below(&rng, (uint64_t)i + 1);
      lqa_str other = c.label[i];
      c.label[i] = c.label[j];
      c.label[j] = other;
    }
    lqa_crossval_options options = defaults(kinds[kind]);
    lqa_crossval_result r = run_corpus(&c, &options);
    assert_true(r.log_loss > r.prior_log_loss);
    assert_true(r.out_of_fold_accuracy < 0.42);
    lqa_crossval_clear(&r);
    clear(&c);
  }
}

/* Folds are stratified by label, so a changed label may move rows between folds; where it moves
 * none, the row's own prediction must not change by a bit. */
static void own_label_changes_nothing(void **state) {
  (void)state;
  static const lqa_model_kind kinds[] = {LQA_MODEL_AUTO, LQA_MODEL_LOGISTIC, LQA_MODEL_NAIVE_BAYES};
  for (size_t kind = 0; kind < 3; kind++) {
    corpus c = make(200, 3, 3);
    lqa_crossval_options options = defaults(kinds[kind]);
    lqa_crossval_result dealt = run_corpus(&c, &options);
    options.fixed_fold = dealt.fold;
    lqa_crossval_result before = run_corpus(&c, &options);
    int n_checked = 0;
    for (int64_t row = 0; row < c.n; row += 17) {
      lqa_str own = c.label[row];
      c.label[row] = lqa_str_from(lqa_str_equal(own, LQA_STR("a")) ? "b" : "a");
      lqa_crossval_result after = run_corpus(&c, &options);
      assert_memory_equal(before.fold, after.fold, (size_t)c.n);
      assert_memory_equal(before.pred_probs + row * 3, after.pred_probs + row * 3,
                          3 * sizeof(float));
      assert_memory_not_equal(before.pred_probs, after.pred_probs, 600 * sizeof(float));
      lqa_crossval_clear(&after);
      c.label[row] = own;
      n_checked++;
    }
    assert_int_equal(n_checked, 12);
    lqa_crossval_clear(&before);
    lqa_crossval_clear(&dealt);
    clear(&c);
  }
}

/* Few rows: the mean over five deals of the folds, the first of which is reported. */
static void few_rows_are_repeated(void **state) {
  (void)state;
  corpus c = make(200, 3, 3);
  lqa_crossval_options options = defaults(LQA_MODEL_AUTO);
  lqa_crossval_result repeated = run_corpus(&c, &options);
  assert_non_null(strstr(repeated.description, "mean of 5 repeats"));
  options.fixed_fold = repeated.fold;
  lqa_crossval_result once = run_corpus(&c, &options);
  assert_null(strstr(once.description, "repeats"));
  assert_memory_equal(repeated.fold, once.fold, 200);
  assert_memory_not_equal(repeated.pred_probs, once.pred_probs, 600 * sizeof(float));
  assert_true(repeated.log_loss < once.log_loss);
  for (int64_t i = 0; i < 200; i++) {
    const float *p = repeated.pred_probs + i * 3;
    assert_true(fabsf(p[0] + p[1] + p[2] - 1) < 1e-5f);
  }
  lqa_crossval_clear(&repeated);
  lqa_crossval_clear(&once);
  clear(&c);
}

static void threads_change_nothing(void **state) {
  (void)state;
  corpus c = make(700, 5, 4);
  lqa_crossval_options options = defaults(LQA_MODEL_AUTO);
  lqa_crossval_result one = run_corpus(&c, &options);
  for (int n_threads = 2; n_threads <= 8; n_threads *= 2) {
    options.pool = lqa_pool_new(n_threads);
    lqa_crossval_result many = run_corpus(&c, &options);
    assert_memory_equal(one.pred_probs, many.pred_probs, 3500 * sizeof(float));
    assert_memory_equal(one.fold, many.fold, 700);
    lqa_crossval_clear(&many);
    lqa_pool_free(options.pool);
  }
  lqa_crossval_clear(&one);
  clear(&c);
}

static void equal_contents_share_a_fold(void **state) {
  (void)state;
  corpus c = make(300, 3, 5);
  for (int64_t i = 0; i + 150 < c.n; i++) { /* equal but for case */
    memcpy(c.text[i + 150], c.text[i], sizeof c.text[i]);
    c.text[i + 150][0] = 'W';
    c.content[i + 150].size = c.content[i].size;
  }
  lqa_crossval_options options = defaults(LQA_MODEL_LOGISTIC);
  lqa_crossval_result r = run_corpus(&c, &options);
  for (int64_t i = 0; i + 150 < c.n; i++) {
    assert_int_equal(r.fold[i], r.fold[i + 150]);
  }
  lqa_crossval_clear(&r);
  clear(&c);
}

static void clusters_share_a_fold(void **state) {
  (void)state;
  corpus c = make(300, 3, 6);
  uint32_t cluster[300];
  for (uint32_t i = 0; i < 300; i++) {
    cluster[i] = i / 10 * 10;
  }
  lqa_crossval_options options = defaults(LQA_MODEL_LOGISTIC);
  options.cluster = cluster;
  lqa_crossval_result r = run_corpus(&c, &options);
  for (uint32_t i = 0; i < 300; i++) {
    assert_int_equal(r.fold[i], r.fold[cluster[i]]);
  }
  lqa_crossval_clear(&r);
  clear(&c);
}

/* The partition joins whatever is connected by content or cluster, however indirectly. */
static void partition_is_transitive(void **state) {
  (void)state;
  static const char *const text[] = {"one", "two", "One ", "three", "two", "four"};
  static const uint32_t cluster[] = {0, 1, 2, 2, 4, 5};
  lqa_str content[6], label[6];
  for (int i = 0; i < 6; i++) {
    content[i] = lqa_str_from(text[i]);
    label[i] = lqa_str_from(i % 2 ? "x" : "y");
  }
  lqa_dataset *d = NULL;
  assert_int_equal(lqa_dataset_from_arrays(6, content, label, NULL, 0, &d, NULL), LQA_OK);
  uint32_t group[6];
  int64_t n_groups;
  lqa_partition_rules rules = {.cluster = cluster};
  assert_int_equal(lqa_row_partition(d, &rules, group, &n_groups), LQA_OK);
  static const uint32_t expected[] = {0, 1, 0, 0, 1, 5};
  assert_memory_equal(group, expected, sizeof expected);
  assert_int_equal(n_groups, 3);
  rules.alone = (const uint8_t[]){1, 1, 1, 1, 1, 1}; /* equal content counts all the same */
  assert_int_equal(lqa_row_partition(d, &rules, group, &n_groups), LQA_OK);
  assert_int_equal(n_groups, 4);
  assert_int_equal(group[2], 0);
  lqa_dataset_free(d);
}

static bool has_note(const lqa_crossval_result *r, const char *part) {
  for (size_t i = 0; i < r->notes.n; i++) {
    if (strstr(r->notes.data[i], part)) {
      return true;
    }
  }
  return false;
}

/* Each class one cluster: held out as a whole it would be unknown, and wrong throughout. */
static void classes_of_near_duplicates_are_parted(void **state) {
  (void)state;
  corpus c = make(120, 2, 8);
  uint32_t cluster[120];
  for (int i = 0; i < 120; i++) {
    cluster[i] = c.label[i].data[0] == 'a' ? 0 : 1;
  }
  lqa_crossval_options options = defaults(LQA_MODEL_LOGISTIC);
  options.cluster = cluster;
  lqa_crossval_result r = run_corpus(&c, &options);
  assert_true(r.out_of_fold_accuracy > .9);
  assert_int_equal(r.n_folds, 5);
  assert_true(has_note(&r, "2 classes consist of near duplicates throughout"));
  lqa_crossval_clear(&r);
  for (uint32_t i = 0; i < 120; i++) { /* classes mixed in each cluster */
    cluster[i] = i % 2;
  }
  r = run_corpus(&c, &options);
  assert_false(has_note(&r, "near duplicates throughout"));
  lqa_crossval_clear(&r);
  clear(&c);
}

/* Row i of 200 is in group value[i]: one letter each. */
static lqa_crossval_result run_grouped(const corpus *c, const char *value) {
  static uint64_t offsets[201];
  for (uint64_t i = 0; i <= 200; i++) {
    offsets[i] = i;
  }
  lqa_crossval_options options = defaults(LQA_MODEL_LOGISTIC);
  lqa_dataset *d = dataset_of(c);
  d->roles[LQA_ROLE_GROUP] = (lqa_column){"part", 200, (char *)(uintptr_t)value, offsets, NULL};
  lqa_crossval_result r = train(d, &options);
  d->roles[LQA_ROLE_GROUP] = (lqa_column){0};
  lqa_dataset_free(d);
  return r;
}

static void groups_that_leave_nothing_are_told(void **state) {
  (void)state;
  corpus c = make(200, 2, 9);
  char value[201];
  memset(value, 'x', 200);
  lqa_crossval_result r = run_grouped(&c, value);
  assert_true(r.out_of_fold_accuracy > .9);
  assert_true(has_note(&r, "column part") && has_note(&r, LQA_OPTION("group") " is ignored"));
  assert_false(has_note(&r, "class frequencies"));
  lqa_crossval_clear(&r);
  memcpy(value, "abcd", 4); /* all but four rows in one group */
  r = run_grouped(&c, value);
  assert_true(has_note(&r, "very unequal (196, 1, 1, 1, 1 rows)") ||
              has_note(&r, "196 rows are predicted by a model of 4"));
  lqa_crossval_clear(&r);
  for (int i = 0; i < 200; i++) {
    value[i] = (char)('a' + i % 20);
  }
  r = run_grouped(&c, value);
  assert_int_equal(r.notes.n, 0);
  lqa_crossval_clear(&r);
  clear(&c);
}

/* Without a term the hashed characters still know the classes. */
static void a_blend_without_terms_is_no_prior(void **state) {
  (void)state;
  corpus c = make(200, 2, 11);
  lqa_crossval_options options = defaults(LQA_MODEL_AUTO);
  options.min_df = 100000;
  lqa_crossval_result r = run_corpus(&c, &options);
  assert_true(r.out_of_fold_accuracy > .9);
  assert_true(has_note(&r, "hashed characters") && !has_note(&r, "class frequencies"));
  assert_string_equal(r.trained_member, "logistic regression");
  lqa_crossval_clear(&r);
  options.kind = LQA_MODEL_LOGISTIC;
  r = run_corpus(&c, &options);
  assert_true(has_note(&r, "class frequencies"));
  assert_null(r.trained_member);
  lqa_crossval_clear(&r);
  clear(&c);
}

static void unscorable_rows_are_left_out(void **state) {
  (void)state;
  corpus c = make(100, 2, 7);
  c.label[3] = (lqa_str){NULL, 0};
  c.content[5] = (lqa_str){NULL, 0};
  c.content[8] = lqa_str_from("  ");
  lqa_crossval_options options = defaults(LQA_MODEL_LOGISTIC);
  lqa_crossval_result r = run_corpus(&c, &options);
  for (int64_t i = 0; i < 100; i++) {
    bool out = i == 3 || i == 5 || i == 8;
    assert_int_equal(isnan(r.pred_probs[i * 2]) != 0, out);
    assert_int_equal(isnan(r.pred_probs[i * 2 + 1]) != 0, out);
    assert_int_equal(r.fold[i] == 255, out);
  }
  lqa_crossval_clear(&r);
  clear(&c);
}

static void assert_refused(const corpus *c, const lqa_crossval_options *options, lqa_status status,
                           const char *word) {
  lqa_dataset *d = dataset_of(c);
  lqa_crossval_result r;
  lqa_error err;
  assert_int_equal(lqa_crossval_run(d, options, &r, &err), status);
  assert_non_null(strstr(err.message, word));
  assert_null(r.pred_probs);
  lqa_dataset_free(d);
}

static void refuses_what_cannot_work(void **state) {
  (void)state;
  lqa_crossval_options options = defaults(LQA_MODEL_LOGISTIC);
  corpus few = make(4, 2, 8);
  assert_refused(&few, &options, LQA_BAD_DATA, "5");
  clear(&few);
  corpus single = make(30, 1, 8);
  assert_refused(&single, &options, LQA_BAD_DATA, "\"a\"");
  options.n_folds = 65;
  assert_refused(&single, &options, LQA_BAD_USAGE, "65");
  options.n_folds = 5;
  options.C = 0;
  assert_refused(&single, &options, LQA_BAD_USAGE, "C ");
  clear(&single);
}

/* All texts equal: one group, so folds ignore it and say so; probabilities are frequencies. */
static void equal_texts_fall_back_to_frequencies(void **state) {
  (void)state;
  corpus c = make(60, 2, 9);
  int64_t n_a = 0;
  for (int64_t i = 0; i < c.n; i++) {
    c.content[i] = LQA_STR("always the same");
    n_a += c.label[i].data[0] == 'a';
  }
  lqa_crossval_options options = defaults(LQA_MODEL_LOGISTIC);
  lqa_crossval_result r = run_corpus(&c, &options);
  assert_true(r.notes.n >= 1);
  for (int64_t i = 0; i < c.n; i++) {
    assert_true(fabs((double)r.pred_probs[i * 2] - (double)n_a / 60) < 0.1);
  }
  lqa_crossval_clear(&r);
  clear(&c);
}

static void no_words_fall_back_to_characters(void **state) {
  (void)state;
  corpus c = make(80, 2, 10);
  for (int64_t i = 0; i < c.n; i++) {
    c.content[i] = (lqa_str){c.text[i], (size_t)snprintf(c.text[i], 160, "%s %c %c",
                                                         c.label[i].data[0] == 'a' ? "+ -" : "= *",
                                                         (int)('a' + i % 26), (int)('a' + i / 26))};
  }
  lqa_crossval_options options = defaults(LQA_MODEL_LOGISTIC);
  lqa_crossval_result r = run_corpus(&c, &options);
  assert_true(r.notes.n >= 1);
  assert_true(r.out_of_fold_accuracy == 1);
  lqa_crossval_clear(&r);
  clear(&c);
}

static void keeps_features_when_asked(void **state) {
  (void)state;
  corpus c = make(80, 2, 11);
  lqa_crossval_options options = defaults(LQA_MODEL_LOGISTIC);
  options.keep_features = true;
  lqa_crossval_result r = run_corpus(&c, &options);
  assert_true(r.has_features);
  assert_int_equal(r.features.matrix.n_rows, 80);
  assert_true(r.features.matrix.n_columns > 20);
  lqa_crossval_clear(&r);
  clear(&c);
}

static void names_models(void **state) {
  (void)state;
  lqa_model_kind kind;
  assert_true(lqa_model_kind_of(LQA_STR("naive-bayes"), &kind));
  assert_int_equal(kind, LQA_MODEL_NAIVE_BAYES);
  assert_false(lqa_model_kind_of(LQA_STR("deep"), &kind));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(learns_what_there_is),
      cmocka_unit_test(permuted_labels_teach_nothing),
      cmocka_unit_test(own_label_changes_nothing),
      cmocka_unit_test(few_rows_are_repeated),
      cmocka_unit_test(threads_change_nothing),
      cmocka_unit_test(equal_contents_share_a_fold),
      cmocka_unit_test(clusters_share_a_fold),
      cmocka_unit_test(classes_of_near_duplicates_are_parted),
      cmocka_unit_test(a_blend_without_terms_is_no_prior),
      cmocka_unit_test(groups_that_leave_nothing_are_told),
      cmocka_unit_test(partition_is_transitive),
      cmocka_unit_test(unscorable_rows_are_left_out),
      cmocka_unit_test(refuses_what_cannot_work),
      cmocka_unit_test(equal_texts_fall_back_to_frequencies),
      cmocka_unit_test(no_words_fall_back_to_characters),
      cmocka_unit_test(keeps_features_when_asked),
      cmocka_unit_test(names_models),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
