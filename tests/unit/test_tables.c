/* tests/unit/test_tables.c - models of tables: they learn, leak nothing, do not depend on threads,
 * and say what they cannot use.
 */
#include "source_fixture.h"
#include "trained.h"

#include "base/rng.h"
#include "model/out_of_fold/crossval.h"

#include <math.h>

enum { MADE_ROWS = 400 };

/* Three numbers and a category; the class is a threshold and an interaction; holes everywhere. */
static void write_made(const char *name, bool permuted) {
  lqa_buf buf;
  lqa_rng rng;
  lqa_buf_init(&buf, 1 << 20);
  lqa_rng_init(&rng, 5, 1);
  lqa_buf_add_text(&buf, "a,b,c,d,label\n");
  for (int row = 0; row < MADE_ROWS; row++) {
    double a = lqa_rng_uniform(&rng), b = lqa_rng_uniform(&rng), c = lqa_rng_uniform(&rng);
    int d = (int)lqa_rng_below(&rng, 4);
    int label = (a > .5) != (d == 2) ? 0 : b > .6 ? 1 : 2;
    label = permuted ? (int)lqa_rng_below(&rng, 3) : label;
    if (lqa_rng_below(&rng, 20) == 0) {
      lqa_buf_printf(&buf, "?,%.3f,%.3f,k%d,l%d\n", b, c, d, label);
    } else {
      lqa_buf_printf(&buf, "%.3f,%.3f,%.3f,%s%d,l%d\n", a, b, c, row % 30 ? "k" : "rare", d, label);
    }
  }
  write_bytes(name, buf.data, buf.size);
  lqa_buf_clear(&buf);
}

static lqa_source_options table_options(const char *name, const char *const *features, size_t n) {
  lqa_source_options options = options_for(name, NULL);
  options.features = (lqa_text_list){(const char **)features, n};
  options.label = "label";
  return options;
}

static const char *const made_features[] = {"a", "b", "c", "d"};

static lqa_dataset *load_made(bool permuted) {
  write_made("made.csv", permuted);
  return load(table_options("made.csv", made_features, 4));
}

static const lqa_model_kind kinds[] = {LQA_MODEL_TREES, LQA_MODEL_LOGISTIC, LQA_MODEL_AUTO};

static void learns_what_there_is(void **state) {
  (void)state;
  static const double best[] = {.85, .6, .85}; /* a linear model cannot see the interaction */
  lqa_dataset *d = load_made(false);
  for (size_t i = 0; i < 3; i++) {
    lqa_crossval_options options = defaults(kinds[i]);
    lqa_crossval_result r = train(d, &options);
    assert_true(r.out_of_fold_accuracy > best[i]);
    assert_true(r.log_loss < r.prior_log_loss);
    assert_true(r.train_accuracy > r.out_of_fold_accuracy - .02);
    for (size_t row = 0; row < MADE_ROWS; row++) {
      const float *p = r.pred_probs + row * 3;
      assert_true(fabsf(p[0] + p[1] + p[2] - 1) < 1e-5f);
    }
    lqa_crossval_clear(&r);
  }
  lqa_dataset_free(d);
}

static void permuted_labels_teach_nothing(void **state) {
  (void)state;
  lqa_dataset *d = load_made(true);
  for (size_t i = 0; i < 3; i++) {
    lqa_crossval_options options = defaults(kinds[i]);
    lqa_crossval_result r = train(d, &options);
    assert_true(r.log_loss > r.prior_log_loss);
    lqa_crossval_clear(&r);
  }
  lqa_dataset_free(d);
}

static void own_label_changes_nothing(void **state) {
  (void)state;
  lqa_dataset *d = load_made(false);
  int32_t *label = (int32_t *)d->label;
  for (size_t i = 0; i < 3; i++) {
    lqa_crossval_options options = defaults(kinds[i]);
    lqa_crossval_result dealt = train(d, &options);
    options.fixed_fold = dealt.fold;
    lqa_crossval_result before = train(d, &options);
    for (int64_t row = 3; row < MADE_ROWS; row += 97) {
      int32_t own = label[row];
      label[row] = (own + 1) % 3;
      lqa_crossval_result after = train(d, &options);
      assert_memory_equal(before.pred_probs + row * 3, after.pred_probs + row * 3,
                          3 * sizeof(float));
      assert_memory_not_equal(before.pred_probs, after.pred_probs, MADE_ROWS * 3 * sizeof(float));
      lqa_crossval_clear(&after);
      label[row] = own;
    }
    lqa_crossval_clear(&before);
    lqa_crossval_clear(&dealt);
  }
  lqa_dataset_free(d);
}

static void threads_change_nothing(void **state) {
  (void)state;
  lqa_dataset *d = load_made(false);
  for (size_t i = 0; i < 3; i++) {
    lqa_crossval_options options = defaults(kinds[i]);
    lqa_crossval_result one = train(d, &options);
    for (int n_threads = 2; n_threads <= 8; n_threads *= 4) {
      options.pool = lqa_pool_new(n_threads);
      lqa_crossval_result many = train(d, &options);
      assert_memory_equal(one.pred_probs, many.pred_probs, MADE_ROWS * 3 * sizeof(float));
      lqa_crossval_clear(&many);
      lqa_pool_free(options.pool);
    }
    lqa_crossval_clear(&one);
  }
  lqa_dataset_free(d);
}

/* Two folds have no pair models to stop by. */
static void trains_with_two_folds(void **state) {
  (void)state;
  lqa_dataset *d = load_made(false);
  lqa_crossval_options options = defaults(LQA_MODEL_AUTO);
  options.n_folds = 2;
  lqa_crossval_result r = train(d, &options);
  assert_true(r.out_of_fold_accuracy > .8);
  lqa_crossval_clear(&r);
  lqa_dataset_free(d);
}

static double trees_weight(const lqa_crossval_result *r) {
  const char *at = strstr(r->description, "trees (weight ");
  assert_non_null(at);
  return strtod(at + strlen("trees (weight "), NULL);
}

/* Two folds have no pair models, so the weights are the default ones: times 1.25 for two classes.
 */
static void two_classes_are_sharper(void **state) {
  (void)state;
  lqa_buf buf;
  lqa_buf_init(&buf, 1 << 20);
  lqa_buf_add_text(&buf, "a,label\n");
  for (int row = 0; row < 100; row++) {
    lqa_buf_printf(&buf, "%d,%s\n", row, row % 7 < 3 ? "yes" : "no");
  }
  write_bytes("two.csv", buf.data, buf.size);
  lqa_buf_clear(&buf);
  lqa_dataset *two = load(table_options("two.csv", made_features, 1)), *three = load_made(false);
  lqa_crossval_options options = defaults(LQA_MODEL_AUTO);
  options.n_folds = 2;
  lqa_crossval_result of_two = train(two, &options), of_three = train(three, &options);
  assert_float_equal(trees_weight(&of_two), .875, .006);
  assert_float_equal(trees_weight(&of_three), .7, .006);
  lqa_crossval_clear(&of_two);
  lqa_crossval_clear(&of_three);
  lqa_dataset_free(two);
  lqa_dataset_free(three);
}

static void types_are_told(void **state) {
  (void)state;
  lqa_dataset *d = load_made(false);
  assert_non_null(strstr(fixture_messages.data,
                         "features: 3 columns of numbers (a, b, c), 1 of categories (d)"));
  assert_false(d->features[0].is_categorical);
  assert_true(d->features[3].is_categorical);
  lqa_dataset_free(d);
}

/* Real data: better than the linear model, and about as good as XGBoost is known to be on it. */
static void adult(void **state) {
  (void)state;
  static const char *const features[] = {"age",           "workclass",    "education",
                                         "education-num", "occupation",   "relationship",
                                         "capital-gain",  "capital-loss", "hours-per-week"};
  const char *folder = getenv("LABELQA_DATA");
  char path[512];
  snprintf(path, sizeof path, "%s/tabular/adult.csv.gz",
           folder ? folder : LABELQA_SOURCE_DIR "/../shared/data");
  if (access(path, R_OK) != 0) {
    print_message("no %s (LABELQA_DATA): skipped\n", path);
    skip();
  }
  lqa_source_options options = table_options(path, features, 9);
  options.label = "income";
  options.limit = 8000;
  lqa_dataset *d = load(options);
  lqa_crossval_options model = defaults(LQA_MODEL_TREES);
  lqa_crossval_result r = train(d, &model);
  assert_true(r.out_of_fold_accuracy > .85);
  assert_true(r.log_loss < .32);
  assert_true(r.train_accuracy < .92); /* shallow trees, stopped early */
  lqa_crossval_clear(&r);
  lqa_dataset_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(learns_what_there_is),
      cmocka_unit_test(permuted_labels_teach_nothing),
      cmocka_unit_test(own_label_changes_nothing),
      cmocka_unit_test(threads_change_nothing),
      cmocka_unit_test(trains_with_two_folds),
      cmocka_unit_test(two_classes_are_sharper),
      cmocka_unit_test(types_are_told),
      cmocka_unit_test(adult),
  };
  return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
