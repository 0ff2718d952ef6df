/* tests/unit/test_confident_properties.c - confident learning against itself over threads and
 * memory layouts, on bad input, and under failing allocations. */
#include "confident_fixture.h"

#include "base/memory.h"
#include "base/pairwise_sum.h"
#include "base/rng.h"

#include <math.h>
#include <string.h>

/* A random problem with ties; every fifth row is ignored (label -1, probabilities NaN). */
static void make_problem(struct problem *q, uint64_t seed, int64_t n_rows, int32_t n_classes) {
  lqa_rng rng;
  lqa_rng_init(&rng, seed, 1);
  *q = (struct problem){.n_rows = n_rows, .n_classes = n_classes};
  q->label = malloc((size_t)n_rows * sizeof *q->label);
  q->p = malloc((size_t)(n_rows * n_classes) * sizeof *q->p);
  for (int64_t i = 0; i < n_rows; i++) {
    double sum = 0;
    double *row = q->p + i * n_classes;
    q->label[i] = i % 5 == 4 ? -1 : (int32_t)lqa_rng_below(&rng, (uint64_t)n_classes);
    for (int32_t k = 0; k < n_classes; k++) {
      row[k] = (double)(1 + lqa_rng_below(&rng, 8));
      row[k] *= k == q->label[i] ? 3 : 1;
      sum += row[k];
    }
    for (int32_t k = 0; k < n_classes; k++) {
      row[k] = q->label[i] < 0 ? (double)NAN : row[k] / sum;
    }
  }
}

static void run_all_filters(struct problem *q, uint8_t *issue) {
  for (int f = 0; f < 7; f++) {
    lqa_filter_options o;
    lqa_filter_options_init(&o);
    o.filter_by = (lqa_filter_by)f;
    assert_int_equal(lqa_confident_filter(q->cl, &o, issue + f * q->n_rows, NULL), LQA_OK);
  }
}

static void test_threads_change_nothing(void **state) {
  (void)state;
  for (int ties = 0; ties < 2; ties++) {
    struct problem q;
    make_problem(&q, 7, 5000, 23);
    uint8_t *one = malloc(7 * (size_t)q.n_rows);
    uint8_t *many = malloc(7 * (size_t)q.n_rows);
    open_problem(&q, (lqa_tie_order)ties, NULL);
    run_all_filters(&q, one);
    lqa_confident_free(q.cl);
    for (int threads = 2; threads <= 7; threads += 5) {
      lqa_pool *pool = lqa_pool_new(threads);
      assert_non_null(pool);
      open_problem(&q, (lqa_tie_order)ties, pool);
      run_all_filters(&q, many);
      assert_memory_equal(one, many, 7 * (size_t)q.n_rows);
      lqa_confident_free(q.cl);
      lqa_pool_free(pool);
    }
    q.cl = NULL;
    clear_problem(&q);
    free(one);
    free(many);
  }
}

/* Ignored rows change nothing: the same flags as for the problem without them. */
static void test_ignored_rows(void **state) {
  (void)state;
  struct problem q;
  make_problem(&q, 11, 3000, 19);
  struct problem dense = {.n_classes = q.n_classes};
  dense.label = malloc((size_t)q.n_rows * sizeof *dense.label);
  dense.p = malloc((size_t)(q.n_rows * q.n_classes) * sizeof *dense.p);
  for (int64_t i = 0; i < q.n_rows; i++) {
    if (q.label[i] >= 0) {
      dense.label[dense.n_rows] = q.label[i];
      memcpy(dense.p + dense.n_rows * q.n_classes, q.p + i * q.n_classes,
             (size_t)q.n_classes * sizeof *q.p);
      dense.n_rows++;
    }
  }
  uint8_t *with = malloc(7 * (size_t)q.n_rows);
  uint8_t *without = malloc(7 * (size_t)dense.n_rows);
  open_problem(&q, LQA_TIES_STABLE, NULL);
  open_problem(&dense, LQA_TIES_STABLE, NULL);
  assert_int_equal(lqa_confident_count_used(q.cl), dense.n_rows);
  run_all_filters(&q, with);
  run_all_filters(&dense, without);
  int64_t n_flagged = 0;
  for (int f = 0; f < 7; f++) {
    int64_t j = 0;
    for (int64_t i = 0; i < q.n_rows; i++) {
      int expected = q.label[i] < 0 ? 0 : without[f * dense.n_rows + j++];
      assert_int_equal(with[f * q.n_rows + i], expected);
      n_flagged += expected;
    }
  }
  assert_true(n_flagged > 0);
  clear_problem(&q);
  clear_problem(&dense);
  free(with);
  free(without);
}

/* Fortran order, both strides negative, foreign byte order: all one matrix. */
static void test_layouts(void **state) {
  (void)state;
  struct problem q;
  make_problem(&q, 3, 400, 21);
  size_t n_values = (size_t)(q.n_rows * q.n_classes);
  uint8_t *plain = malloc(7 * (size_t)q.n_rows);
  uint8_t *other = malloc(7 * (size_t)q.n_rows);
  double *moved = malloc(n_values * sizeof *moved);
  open_problem(&q, LQA_TIES_COMPAT, NULL);
  run_all_filters(&q, plain);
  for (int layout = 0; layout < 3; layout++) {
    const int64_t size = sizeof(double);
    int64_t columns = q.n_classes;
    lqa_matrix m = {moved, LQA_FLOAT64, layout == 2, q.n_rows, columns, columns * size, size};
    if (layout == 0) {
      m.row_stride = size;
      m.column_stride = q.n_rows * size;
    } else if (layout == 1) {
      m.data = moved + n_values - 1;
      m.row_stride = -columns * size;
      m.column_stride = -size;
    }
    for (int64_t i = 0; i < q.n_rows; i++) {
      for (int64_t k = 0; k < columns; k++) {
        uint64_t bits;
        memcpy(&bits, &q.p[i * columns + k], sizeof bits);
        bits = m.swapped ? __builtin_bswap64(bits) : bits;
        memcpy((char *)(uintptr_t)m.data + i * m.row_stride + k * m.column_stride, &bits,
               sizeof bits);
      }
    }
    lqa_confident_free(q.cl);
    q.matrix = m;
    open_problem(&q, LQA_TIES_COMPAT, NULL);
    run_all_filters(&q, other);
    assert_memory_equal(plain, other, 7 * (size_t)q.n_rows);
  }
  clear_problem(&q);
  free(moved);
  free(plain);
  free(other);
}

/* Leaves summed apart and folded give the whole sum's bits. */
static void test_sum_in_pieces(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 5, 1);
  for (int64_t n = 1; n < 30000; n += 1 + n / 7) {
    double *v = malloc((size_t)n * sizeof *v);
    double *leaf_sum = malloc((size_t)lqa_pairwise_count_slots(n) * sizeof *leaf_sum);
    for (int64_t i = 0; i < n; i++) {
      v[i] = lqa_rng_uniform(&rng);
    }
    for (int64_t at = 0; at < n;) {
      lqa_pairwise_span leaf = lqa_pairwise_leaf_at(n, at);
      assert_int_equal(leaf.start, at);
      leaf_sum[lqa_pairwise_slot(leaf.start)] = lqa_pairwise_sum(v + at, leaf.n, false);
      at += leaf.n;
    }
    assert_true(lqa_pairwise_fold(leaf_sum, n, false) == lqa_pairwise_sum(v, n, false));
    free(v);
    free(leaf_sum);
  }
}

/* Selection takes the rows that sorting puts first, in both orders, NaN last. */
static void test_selection_equals_sorting(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 9, 1);
  for (int round = 0; round < 400; round++) {
    int64_t n = 1 + (int64_t)lqa_rng_below(&rng, 300);
    uint64_t distinct = 1 + lqa_rng_below(&rng, 60);
    int64_t m = (int64_t)lqa_rng_below(&rng, (uint64_t)n + 1);
    lqa_tie_order ties = (lqa_tie_order)(round % 2);
    double keys[301];
    int64_t order[301];
    uint8_t chosen[301] = {0};
    for (int64_t i = 0; i < n; i++) {
      uint64_t draw = lqa_rng_below(&rng, distinct);
      keys[i] = draw == 7 ? (double)NAN : draw == 3 ? -0.0 : (double)draw - 3;
    }
    assert_int_equal(lqa_argsort(keys, n, ties, order), LQA_OK);
    assert_int_equal(lqa_select_smallest(keys, n, m, ties, chosen), LQA_OK);
    for (int64_t i = 0; i < n; i++) {
      assert_int_equal(chosen[order[i]], i < m);
      assert_true(i == 0 || !lqa_key_less(keys[order[i]], keys[order[i - 1]]));
      assert_true(i == 0 || ties == LQA_TIES_COMPAT || order[i] > order[i - 1] ||
                  lqa_key_less(keys[order[i - 1]], keys[order[i]]));
    }
  }
}

/* ---- refusals and faults ---- */

static void test_bad_input(void **state) {
  (void)state;
  double p[] = {0.2, 0.8, 0.6, 0.4, 1.5, -0.5};
  int32_t label[] = {0, 1, 0};
  lqa_matrix matrix = lqa_matrix_of_f64(p, 3, 2);
  lqa_matrix labels = lqa_vector_of_i32(label, 3);
  lqa_confident_input input = {.pred_probs = &matrix, .labels = &labels};
  lqa_confident *cl = NULL;
  lqa_error err;
  assert_int_equal(lqa_confident_new(&input, &cl, &err), LQA_OK);
  int64_t count = -1;
  assert_int_equal(lqa_confident_count_issues(cl, &count, &err), LQA_BAD_DATA);
  assert_int_equal(err.row, 2);
  assert_non_null(strstr(err.message, "pred_probs[2, 0] is 1.5"));
  assert_int_equal(count, -1);
  lqa_confident_free(cl);
  label[1] = 2;
  assert_int_equal(lqa_confident_new(&input, &cl, &err), LQA_BAD_DATA);
  assert_int_equal(err.row, 1);
  assert_non_null(strstr(err.message, "labels[1] is 2"));
  labels.n_rows = 2;
  assert_int_equal(lqa_confident_new(&input, &cl, &err), LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "2 values but pred_probs has 3 rows"));
  labels = lqa_matrix_of_f64(p, 3, 1);
  assert_int_equal(lqa_confident_new(&input, &cl, &err), LQA_BAD_DATA);
  matrix.n_rows = labels.n_rows = 0;
  labels.dtype = LQA_INT64;
  assert_int_equal(lqa_confident_new(&input, &cl, &err), LQA_BAD_DATA);
}

static lqa_status run_once(struct problem *q, uint8_t *issue) {
  lqa_confident_input input = {
      .pred_probs = &q->matrix, .labels = &q->labels, .ties = LQA_TIES_COMPAT};
  lqa_confident *cl = NULL;
  LQA_TRY(lqa_confident_new(&input, &cl, NULL));
  lqa_filter_options o;
  lqa_filter_options_init(&o);
  o.filter_by = LQA_FILTER_BOTH;
  lqa_rank_options how = {LQA_SCORE_NORMALIZED_MARGIN, true};
  lqa_ranking ranking = {0};
  lqa_status status = lqa_confident_filter(cl, &o, issue, NULL);
  if (status == LQA_OK) {
    status = lqa_confident_rank(cl, issue, &how, &ranking, NULL);
  }
  free(ranking.rows);
  lqa_confident_free(cl);
  return status;
}

/* Every allocation fails once: always LQA_NO_MEMORY, never a leak or a crash. */
static void test_failing_allocations(void **state) {
  (void)state;
  struct problem q;
  make_problem(&q, 2, 600, 18);
  uint8_t *issue = malloc((size_t)q.n_rows);
  open_problem(&q, LQA_TIES_COMPAT, NULL);
  long n = 1;
  for (;; n++) {
    lqa_memory_fail_after(n);
    lqa_status status = run_once(&q, issue);
    lqa_memory_fail_after(0);
    if (status == LQA_OK) {
      break;
    }
    assert_int_equal(status, LQA_NO_MEMORY);
  }
  assert_true(n > 20);
  clear_problem(&q);
  free(issue);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_threads_change_nothing),
      cmocka_unit_test(test_ignored_rows),
      cmocka_unit_test(test_layouts),
      cmocka_unit_test(test_sum_in_pieces),
      cmocka_unit_test(test_selection_equals_sorting),
      cmocka_unit_test(test_bad_input),
      cmocka_unit_test(test_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
