/* tests/unit/test_knn_tree.c - the tree's neighbours are those of all pairs, to the bit: the same
 * points with dimensions of zeros added are too wide for the tree. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/rng.h"
#include "feature/knn_tree.h"

#include <math.h>
#include <string.h>

enum { MAX_POINTS = 600, WIDE = LQA_TREE_DIMS + 1, N_QUERIES = 40 };

static double narrow[MAX_POINTS * LQA_TREE_DIMS], wide[MAX_POINTS * WIDE];
static double other[N_QUERIES * LQA_TREE_DIMS], wide_other[N_QUERIES * WIDE];
static double distance[2][MAX_POINTS * MAX_POINTS];
static int64_t number[2][MAX_POINTS * MAX_POINTS];

static lqa_matrix matrix_of(const double *data, int64_t n_rows, int64_t n_dims) {
  return (lqa_matrix){
      data, LQA_FLOAT64, false, n_rows, n_dims, n_dims * (int64_t)sizeof *data, sizeof *data};
}

/* Kinds: 0 a cloud, 1 small whole numbers (ties), 2 all equal, 3 few distinct rows, 4 huge and
 * tiny, 5 a sorted line. */
static void make_points(lqa_rng *rng, int kind, int64_t n, int64_t n_dims, double *out) {
  for (int64_t i = 0; i < n; i++) {
    double *row = out + i * n_dims;
    for (int64_t j = 0; j < n_dims; j++) {
      double x = lqa_rng_uniform(rng) - 0.5;
      row[j] = kind == 1   ? floor(6 * x)
               : kind == 2 ? 0.1
               : kind == 4 ? (i % 2 ? x * 1e150 : x * 1e-200)
               : kind == 5 ? (double)i
                           : x;
    }
    if (kind == 3 && i > 6) {
      memcpy(row, out + (i % 7) * n_dims, (size_t)n_dims * sizeof *row);
    }
  }
}

static void widen(const double *from, int64_t n, int64_t n_dims, double *to) {
  memset(to, 0, (size_t)(n * WIDE) * sizeof *to);
  for (int64_t i = 0; i < n; i++) {
    memcpy(to + i * WIDE, from + i * n_dims, (size_t)n_dims * sizeof *to);
  }
}

static void find(const lqa_matrix *points, const lqa_matrix *queries, int32_t k, int which) {
  lqa_neighbors_options options;
  lqa_neighbors_options_init(&options);
  options.metric = LQA_METRIC_EUCLIDEAN;
  options.k = k;
  options.threads = which ? 1 : 3;
  lqa_neighbors out = {distance[which], number[which]};
  assert_int_equal(lqa_nearest_neighbors(points, queries, &options, &out, NULL), LQA_OK);
}

static void check_same(int64_t n) {
  assert_memory_equal(distance[0], distance[1], (size_t)n * sizeof distance[0][0]);
  assert_memory_equal(number[0], number[1], (size_t)n * sizeof number[0][0]);
}

static void test_against_all_pairs(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 7, 1);
  for (int round = 0; round < 240; round++) {
    int kind = round % 6;
    int64_t n_dims = 1 + (int64_t)lqa_rng_below(&rng, LQA_TREE_DIMS);
    int64_t n = 2 + (int64_t)lqa_rng_below(&rng, MAX_POINTS - 2);
    int32_t k =
        1 + (int32_t)lqa_rng_below(&rng, (uint64_t)(round % 5 ? (n < 20 ? n - 1 : 19) : n - 1));
    make_points(&rng, kind, n, n_dims, narrow);
    make_points(&rng, kind, N_QUERIES, n_dims, other);
    widen(narrow, n, n_dims, wide);
    widen(other, N_QUERIES, n_dims, wide_other);
    lqa_matrix points = matrix_of(narrow, n, n_dims), all = matrix_of(wide, n, WIDE);
    find(&points, NULL, k, 0);
    find(&all, NULL, k, 1);
    check_same(n * k);
    lqa_matrix queries = matrix_of(other, N_QUERIES, n_dims);
    lqa_matrix all_queries = matrix_of(wide_other, N_QUERIES, WIDE);
    find(&points, &queries, k, 0);
    find(&all, &all_queries, k, 1);
    check_same(N_QUERIES * k);
  }
}

static void test_equal_points_come_by_number(void **state) {
  (void)state;
  memset(narrow, 0, sizeof narrow);
  lqa_matrix points = matrix_of(narrow, MAX_POINTS, 2);
  find(&points, NULL, 3, 0);
  for (int64_t i = 0; i < MAX_POINTS; i++) {
    for (int64_t j = 0; j < 3; j++) {
      assert_int_equal(number[0][i * 3 + j], j + (j >= i && i < 3));
      assert_true(distance[0][i * 3 + j] == 0);
    }
  }
}

static void test_stops_on_request(void **state) {
  (void)state;
  volatile int cancelled = 1;
  lqa_observer observer = {.cancelled = &cancelled};
  lqa_neighbors_options options;
  lqa_neighbors_options_init(&options);
  options.metric = LQA_METRIC_EUCLIDEAN;
  options.observer = &observer;
  options.k = 3;
  lqa_matrix points = matrix_of(narrow, MAX_POINTS, 2);
  lqa_neighbors out = {distance[0], NULL};
  assert_int_equal(lqa_nearest_neighbors(&points, NULL, &options, &out, NULL), LQA_INTERRUPTED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_all_pairs),
      cmocka_unit_test(test_equal_points_come_by_number),
      cmocka_unit_test(test_stops_on_request),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
