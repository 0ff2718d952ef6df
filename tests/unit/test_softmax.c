/* tests/unit/test_softmax.c - logistic regression against scikit-learn's numbers, its certificate,
 * and what must not change a bit. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/rng.h"
#include "model/linear/softmax.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { N_FOLDS = 5, PER_ROW = 8 };

/* A made-up problem; tests/reference/softmax.py makes the same. */
typedef struct made {
  lqa_sparse x;
  int32_t *label;
  uint8_t *fold;
  lqa_problem problem;
} made;

static uint64_t lcg_state;

static uint32_t below(uint32_t n) {
  lcg_state = lcg_state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)((lcg_state >> 33) % n);
}

static void make_row(made *m, int64_t row, uint32_t columns, uint32_t classes) {
  float entry[1024] = {0};
  uint32_t true_class = (uint32_t)row / N_FOLDS % classes;
  m->label[row] = (int32_t)(below(10) == 0 ? below(classes) : true_class);
  for (uint32_t i = 0; i < PER_ROW; i++) {
    uint32_t column = i % 2 ? true_class * columns / classes + below(5) : below(columns);
    entry[column % columns] = (float)(1 + below(4));
  }
  double squares = 0;
  for (uint32_t c = 0; c < columns; c++) {
    squares += (double)entry[c] * (double)entry[c];
  }
  uint64_t at = m->x.row_start[row];
  for (uint32_t c = 0; c < columns; c++) {
    if (entry[c] != 0) {
      m->x.column[at] = c;
      m->x.value[at++] = (float)((double)entry[c] / sqrt(squares));
    }
  }
  m->x.row_start[row + 1] = at;
}

static made make(int64_t rows, uint32_t columns, uint32_t classes) {
  made m = {.x = {.n_rows = rows, .n_columns = (int32_t)columns}};
  m.x.row_start = calloc((size_t)rows + 1, sizeof *m.x.row_start);
  m.x.column = malloc((size_t)rows * PER_ROW * sizeof *m.x.column);
  m.x.value = malloc((size_t)rows * PER_ROW * sizeof *m.x.value);
  m.label = malloc((size_t)rows * sizeof *m.label);
  m.fold = malloc((size_t)rows);
  lcg_state = (uint64_t)rows * 1000 + columns * 10 + classes;
  for (int64_t row = 0; row < rows; row++) {
    make_row(&m, row, columns, classes);
    m.fold[row] = (uint8_t)(row % N_FOLDS);
  }
  m.problem = (lqa_problem){&m.x, m.label, m.fold, (int32_t)classes, N_FOLDS};
  return m;
}

static lqa_problem problem_of(made *m) {
  m->problem.x = &m->x;
  return m->problem;
}

static void clear(made *m) {
  lqa_sparse_clear(&m->x);
  free(m->label);
  free(m->fold);
}

static float *train(made *m, lqa_softmax_options options, int n_threads, lqa_softmax_fold *folds) {
  size_t n = (size_t)m->x.n_rows * (size_t)m->problem.n_classes;
  float *probs = malloc(n * sizeof *probs);
  memset(probs, 0xFF, n * sizeof *probs);
  lqa_problem problem = problem_of(m);
  options.pool = lqa_pool_new(n_threads);
  assert_int_equal(lqa_softmax_run(&problem, &options, &(lqa_predictions){.outer = probs}, folds),
                   LQA_OK);
  lqa_pool_free(options.pool);
  return probs;
}

static void compare_problem(FILE *reference, long rows, int classes, const float *probs,
                            const lqa_softmax_fold *folds) {
  for (int f = 0; f < N_FOLDS; f++) {
    int number;
    double objective;
    assert_int_equal(fscanf(reference, " objective %d %lf", &number, &objective), 2);
    assert_true(folds[f].converged);
    assert_true(fabs(folds[f].objective - objective) < 1e-4 * objective);
    assert_true(folds[f].objective > objective - 1e-4 * objective);
  }
  for (long i = 0; i < rows * classes; i++) {
    double expected;
    assert_int_equal(fscanf(reference, "%lf", &expected), 1);
    if (!(fabs((double)probs[i] - expected) < 1e-3)) {
      fail_msg("%d classes, row %ld: %.6f, scikit-learn %.6f", classes, i / classes,
               (double)probs[i], expected);
    }
  }
}

static void equals_scikit_learn(void **state) {
  (void)state;
  FILE *reference = fopen(LABELQA_SOURCE_DIR "/tests/reference/softmax.txt", "r");
  assert_non_null(reference);
  long rows;
  unsigned columns, classes;
  double C;
  int n_problems = 0;
  while (fscanf(reference, " problem %ld %u %u %lf", &rows, &columns, &classes, &C) == 4) {
    made m = make(rows, columns, classes);
    lqa_softmax_fold folds[N_FOLDS];
    lqa_softmax_options options = lqa_softmax_defaults();
    options.C = C;
    float *probs = train(&m, options, 2, folds);
    compare_problem(reference, rows, (int)classes, probs, folds);
    char end[8];
    assert_int_equal(fscanf(reference, " %7s", end), 1);
    assert_string_equal(end, "end");
    free(probs);
    clear(&m);
    n_problems++;
  }
  assert_int_equal(n_problems, 6);
  fclose(reference);
}

static void rows_sum_to_one(void **state) {
  (void)state;
  for (uint32_t classes = 2; classes < 45; classes += 3) {
    made m = make(120, 30, classes);
    lqa_softmax_fold folds[N_FOLDS];
    float *probs = train(&m, lqa_softmax_defaults(), 2, folds);
    for (int64_t row = 0; row < m.x.n_rows; row++) {
      double sum = 0;
      for (uint32_t k = 0; k < classes; k++) {
        assert_true(probs[row * classes + k] > 0);
        sum += (double)probs[row * classes + k];
      }
      assert_true(fabs(sum - 1) < 1e-5);
    }
    free(probs);
    clear(&m);
  }
}

static void threads_change_nothing(void **state) {
  (void)state;
  static const uint32_t classes[] = {2, 3, 6, 9, 20, 40};
  for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
    made m = make(300, 80, classes[i]);
    lqa_softmax_fold folds[N_FOLDS], other[N_FOLDS];
    float *one = train(&m, lqa_softmax_defaults(), 1, folds);
    for (int n_threads = 2; n_threads <= 8; n_threads++) {
      float *many = train(&m, lqa_softmax_defaults(), n_threads, other);
      assert_memory_equal(one, many, 300 * classes[i] * sizeof *one);
      assert_memory_equal(folds, other, sizeof folds);
      free(many);
    }
    free(one);
    clear(&m);
  }
}

/* Folds held fixed, no bit of a row's prediction comes from its own label. */
static void own_label_changes_nothing(void **state) {
  (void)state;
  static const uint32_t classes[] = {2, 4, 11};
  for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
    uint32_t k = classes[i];
    made m = make(200, 50, k);
    lqa_softmax_fold folds[N_FOLDS];
    float *before = train(&m, lqa_softmax_defaults(), 2, folds);
    for (int64_t row = 0; row < 200; row += 23) {
      int32_t own = m.label[row];
      m.label[row] = (own + 1) % (int32_t)k;
      float *after = train(&m, lqa_softmax_defaults(), 2, folds);
      assert_memory_equal(before + row * k, after + row * k, k * sizeof *before);
      assert_memory_not_equal(before, after, 200 * k * sizeof *before);
      m.label[row] = own;
      free(after);
    }
    free(before);
    clear(&m);
  }
}

/* A class that only one fold holds is unknown to that fold's model. */
static void absent_class_gets_its_small_share(void **state) {
  (void)state;
  made m = make(100, 30, 4);
  for (int64_t row = 0; row < 100; row++) {
    m.label[row] = m.label[row] == 3 ? 0 : m.label[row];
  }
  m.label[10] = m.label[15] = 3; /* both in fold 0 */
  lqa_softmax_fold folds[N_FOLDS];
  float *probs = train(&m, lqa_softmax_defaults(), 2, folds);
  assert_int_equal(folds[0].n_train, 80);
  for (int64_t row = 0; row < 100; row += N_FOLDS) {
    assert_true(fabs((double)probs[row * 4 + 3] - 1.0 / 84) < 1e-7);
  }
  assert_true(probs[1 * 4 + 3] != (float)(1.0 / 84));
  free(probs);
  clear(&m);
}

static void one_class_in_training_is_certain_of_it(void **state) {
  (void)state;
  made m = make(20, 10, 2);
  for (int64_t row = 0; row < 20; row++) {
    m.label[row] = m.fold[row] == 0;
  }
  lqa_softmax_fold folds[N_FOLDS];
  float *probs = train(&m, lqa_softmax_defaults(), 1, folds);
  for (int64_t row = 0; row < 20; row += N_FOLDS) {
    assert_true(fabs((double)probs[row * 2 + 1] - 1.0 / 18) < 1e-7);
    assert_true(fabs((double)probs[row * 2] - 17.0 / 18) < 1e-6);
  }
  free(probs);
  clear(&m);
}

/* Without any feature the free intercept alone gives the training frequencies. */
static void no_features_give_class_frequencies(void **state) {
  (void)state;
  made m = make(100, 10, 3);
  memset(m.x.row_start, 0, 101 * sizeof *m.x.row_start);
  m.x.n_columns = 0;
  lqa_softmax_fold folds[N_FOLDS];
  float *probs = train(&m, lqa_softmax_defaults(), 2, folds);
  double n = 0;
  for (int64_t row = 0; row < 100; row++) {
    n += m.fold[row] != 0 && m.label[row] == 1;
  }
  assert_true(fabs((double)probs[1] - n / 80) < 1e-3);
  free(probs);
  clear(&m);
}

/* Rows of weight zero are as good as absent; weight two is as good as the row twice. */
static void weights_count_rows(void **state) {
  (void)state;
  made m = make(150, 40, 3);
  float weight[150];
  for (int i = 0; i < 150; i++) {
    weight[i] = i % 7 == 3 ? 0.f : 1.f;
  }
  lqa_softmax_options options = lqa_softmax_defaults();
  options.tolerance = 1e-8;
  options.weight = weight;
  lqa_softmax_fold folds[N_FOLDS];
  float *weighted = train(&m, options, 2, folds);
  options.weight = NULL;
  for (int i = 0; i < 150; i++) {
    m.fold[i] = i % 7 == 3 ? LQA_NO_FOLD : m.fold[i];
  }
  float *without = train(&m, options, 2, folds);
  for (int i = 0; i < 150; i++) {
    for (int k = 0; k < 3 && m.fold[i] != LQA_NO_FOLD; k++) {
      assert_true(fabs((double)weighted[i * 3 + k] - (double)without[i * 3 + k]) < 1e-4);
    }
  }
  free(weighted);
  free(without);
  clear(&m);
}

/* Strong C: many epochs, still converging, and the gap bounds the distance to the optimum. */
static void converges_for_any_strength(void **state) {
  (void)state;
  for (double C = 0.001; C < 2000; C *= 10) {
    made m = make(200, 60, 3);
    lqa_softmax_fold folds[N_FOLDS], better[N_FOLDS];
    lqa_softmax_options options = lqa_softmax_defaults();
    options.C = C;
    options.max_epochs = 5000;
    float *probs = train(&m, options, 2, folds);
    options.tolerance = 1e-9;
    float *more = train(&m, options, 2, better);
    for (int f = 0; f < N_FOLDS; f++) {
      assert_true(folds[f].converged);
      assert_true(folds[f].objective - better[f].objective <
                  folds[f].gap + 1e-3 * better[f].objective);
    }
    free(probs);
    free(more);
    clear(&m);
  }
}

/* A mistyped label makes such a class; its intercept is far from the others'. */
static void a_class_of_one_row_costs_little(void **state) {
  (void)state;
  made m = make(4000, 80, 4);
  lqa_softmax_fold folds[N_FOLDS];
  m.problem.n_classes = 5;
  m.label[1] = 4;
  float *probs = train(&m, lqa_softmax_defaults(), 2, folds);
  for (int f = 0; f < N_FOLDS; f++) {
    assert_true(folds[f].converged);
    assert_true(folds[f].epochs < 40);
    assert_true(folds[f].intercept_gradient < 0.5);
  }
  free(probs);
  clear(&m);
}

static void stops_when_asked(void **state) {
  (void)state;
  made m = make(200, 60, 3);
  const volatile int cancelled = 1;
  lqa_observer observer = {.cancelled = &cancelled};
  lqa_softmax_options options = lqa_softmax_defaults();
  options.observer = &observer;
  lqa_softmax_fold folds[N_FOLDS];
  float probs[600];
  lqa_problem problem = problem_of(&m);
  assert_int_equal(lqa_softmax_run(&problem, &options, &(lqa_predictions){.outer = probs}, folds),
                   LQA_INTERRUPTED);
  clear(&m);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  made m = make(50, 20, 9);
  lqa_problem problem = problem_of(&m);
  lqa_softmax_options options = lqa_softmax_defaults();
  lqa_softmax_fold folds[N_FOLDS];
  float probs[450];
  int n_failed = 0;
  for (long n = 1;; n++) {
    lqa_memory_fail_after(n);
    lqa_status status =
        lqa_softmax_run(&problem, &options, &(lqa_predictions){.outer = probs}, folds);
    lqa_memory_fail_after(0);
    if (status == LQA_OK) {
      break;
    }
    assert_int_equal(status, LQA_NO_MEMORY);
    n_failed++;
  }
  assert_true(n_failed > 5);
  clear(&m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_scikit_learn),
      cmocka_unit_test(rows_sum_to_one),
      cmocka_unit_test(threads_change_nothing),
      cmocka_unit_test(own_label_changes_nothing),
      cmocka_unit_test(absent_class_gets_its_small_share),
      cmocka_unit_test(one_class_in_training_is_certain_of_it),
      cmocka_unit_test(no_features_give_class_frequencies),
      cmocka_unit_test(weights_count_rows),
      cmocka_unit_test(converges_for_any_strength),
      cmocka_unit_test(a_class_of_one_row_costs_little),
      cmocka_unit_test(stops_when_asked),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
