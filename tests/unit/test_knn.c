/* tests/unit/test_knn.c - the neighbour search against all distances in double. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/rng.h"
#include "feature/knn.h"
#include "feature/knn_screen.h"

#include <math.h>
#include <string.h>

enum { MAX_POINTS = 700, MAX_DIMS = 300, MAX_K = 40 };

struct found {
  double distance;
  int64_t point;
};

static double values[MAX_POINTS * MAX_DIMS], other[MAX_POINTS * MAX_DIMS];
static double distances[MAX_POINTS * MAX_POINTS];
static int64_t indices[MAX_POINTS * MAX_POINTS];

static lqa_matrix matrix_of(const double *data, int64_t n_rows, int64_t n_dims) {
  return (lqa_matrix){
      data, LQA_FLOAT64, false, n_rows, n_dims, n_dims * (int64_t)sizeof *data, sizeof *data};
}

/* Kinds: 0 a cloud, 1 a cloud far from zero, 2 few distinct rows, 3 small whole numbers (ties), 4
 * two scales. */
static void make_points(lqa_rng *rng, int kind, int64_t n, int64_t n_dims, double *out) {
  for (int64_t i = 0; i < n; i++) {
    double *row = out + i * n_dims;
    for (int64_t j = 0; j < n_dims; j++) {
      double x = lqa_rng_uniform(rng) - 0.5;
      row[j] = kind == 1   ? 1000 + x / 1000
               : kind == 3 ? floor(4 * x)
               : kind == 4 ? (i % 3 ? x : x * 1e-7)
                           : x;
    }
    if (kind == 2 && i > 9) {
      memcpy(row, out + (i % 10) * n_dims, (size_t)n_dims * sizeof *row);
    }
    row[0] += kind == 3 ? 5 : 0;
  }
}

/* The slow obvious way; cosine by the definition, in one long sum. */
static double true_distance(lqa_metric metric, const double *a, const double *b, int64_t n) {
  double ab = 0, aa = 0, bb = 0, apart = 0;
  for (int64_t j = 0; j < n; j++) {
    ab += a[j] * b[j];
    aa += a[j] * a[j];
    bb += b[j] * b[j];
    apart += (a[j] - b[j]) * (a[j] - b[j]);
  }
  if (metric == LQA_METRIC_EUCLIDEAN) {
    return sqrt(apart);
  }
  return aa > 0 && bb > 0 ? 1 - ab / (sqrt(aa) * sqrt(bb)) : apart > 0;
}

static int compare_found(const void *a, const void *b) {
  const struct found *x = a;
  const struct found *y = b;
  if (x->distance != y->distance) {
    return x->distance < y->distance ? -1 : 1;
  }
  return (x->point > y->point) - (x->point < y->point);
}

struct problem {
  const double *points, *queries; /* queries NULL: the points */
  int64_t n_points, n_queries, n_dims;
  lqa_neighbors_options options;
};

static void search(const struct problem *p) {
  lqa_matrix points = matrix_of(p->points, p->n_points, p->n_dims);
  lqa_matrix queries = matrix_of(p->queries, p->n_queries, p->n_dims);
  lqa_neighbors out = {distances, indices};
  lqa_error err;
  assert_int_equal(
      lqa_nearest_neighbors(&points, p->queries ? &queries : NULL, &p->options, &out, &err),
      LQA_OK);
}

/* The distances are the k least, to rounding; each is that of the point named; ascending, equal
 * ones by index, none twice. */
static void check_query(const struct problem *p, int64_t query) {
  static struct found all[MAX_POINTS];
  const double *rows = p->queries ? p->queries : p->points;
  int64_t n = 0, k = p->options.k;
  for (int64_t i = 0; i < p->n_points; i++) {
    if (p->queries || i != query) {
      double d = true_distance(p->options.metric, rows + query * p->n_dims,
                               p->points + i * p->n_dims, p->n_dims);
      all[n++] = (struct found){d, i};
    }
  }
  qsort(all, (size_t)n, sizeof *all, compare_found);
  for (int64_t i = 0; i < k; i++) {
    double d = distances[query * k + i];
    int64_t point = indices[query * k + i];
    assert_true(fabs(d - all[i].distance) <= 1e-12);
    assert_true(point >= 0 && point < p->n_points && (p->queries || point != query));
    double own = true_distance(p->options.metric, rows + query * p->n_dims,
                               p->points + point * p->n_dims, p->n_dims);
    assert_true(fabs(d - own) <= 1e-12);
    if (i > 0) {
      double before = distances[query * k + i - 1];
      assert_true(before < d || (before == d && indices[query * k + i - 1] < point));
    }
  }
}

static void test_against_all_distances(void **state) {
  static const int64_t dims[] = {1, 2, 5, 16, 130, 300};
  lqa_rng rng;
  (void)state;
  lqa_rng_init(&rng, 7, 0);
  for (int round = 0; round < 60; round++) {
    struct problem p = {.points = values, .n_dims = dims[round % 6]};
    p.n_points = 2 + (int64_t)lqa_rng_below(&rng, 400);
    lqa_neighbors_options_init(&p.options);
    p.options.metric = round / 6 % 2 ? LQA_METRIC_COSINE : LQA_METRIC_EUCLIDEAN;
    p.options.threads = 1 + round % 3;
    make_points(&rng, round % 5, p.n_points, p.n_dims, values);
    p.n_queries = p.n_points;
    if (round % 4 == 3) {
      p.queries = other;
      p.n_queries = 1 + (int64_t)lqa_rng_below(&rng, 150);
      make_points(&rng, round % 5, p.n_queries, p.n_dims, other);
    }
    int64_t most = p.n_points - (p.queries ? 0 : 1);
    p.options.k = 1 + (int32_t)lqa_rng_below(&rng, (uint64_t)(most < MAX_K ? most : MAX_K));
    search(&p);
    for (int64_t query = 0; query < p.n_queries; query++) {
      check_query(&p, query);
    }
  }
}

/* Nobody of the query's own fold answers, nor a row without a fold; the rest is the plain search.
 */
static void test_out_of_fold(void **state) {
  (void)state;
  enum { N_POINTS = 300, N_DIMS = 16, WANTED = 25 };
  static uint8_t fold[N_POINTS];
  lqa_rng rng;
  lqa_rng_init(&rng, 9, 0);
  for (int round = 0; round < 12; round++) {
    make_points(&rng, round % 5, N_POINTS, N_DIMS, values);
    for (int i = 0; i < N_POINTS; i++) {
      fold[i] = round == 11 && i > 9 ? 0 : (uint8_t)lqa_rng_below(&rng, 4);
      fold[i] = i % 23 == 5 ? LQA_NO_NEIGHBOR_FOLD : fold[i];
    }
    lqa_matrix matrix = matrix_of(values, N_POINTS, N_DIMS);
    lqa_case_fold_points points = {&matrix, fold};
    lqa_neighbors_options options = {.metric = round % 2 ? LQA_METRIC_COSINE : LQA_METRIC_EUCLIDEAN,
                                     .k = WANTED};
    lqa_neighbors out = {distances, indices};
    assert_int_equal(lqa_neighbors_out_of_fold(&points, &points, &options, NULL, &out), LQA_OK);
    for (int64_t query = 0; query < N_POINTS; query++) {
      static struct found all[MAX_POINTS];
      int64_t n = 0;
      for (int64_t i = 0; i < N_POINTS && fold[query] != LQA_NO_NEIGHBOR_FOLD; i++) {
        if (fold[i] != fold[query] && fold[i] != LQA_NO_NEIGHBOR_FOLD) {
          double d =
              true_distance(options.metric, values + query * N_DIMS, values + i * N_DIMS, N_DIMS);
          all[n++] = (struct found){d, i};
        }
      }
      qsort(all, (size_t)n, sizeof *all, compare_found);
      for (int64_t i = 0; i < WANTED; i++) {
        int64_t at = query * WANTED + i, point = indices[at];
        assert_true(i < n ? fabs(distances[at] - all[i].distance) <= 1e-12
                          : point == -1 && isinf(distances[at]));
        assert_true(i >= n || (fold[point] != fold[query] && fold[point] != LQA_NO_NEIGHBOR_FOLD));
      }
    }
  }
}

static void test_ties_go_by_index(void **state) {
  (void)state;
  struct problem p = {.points = values, .n_points = 50, .n_queries = 50, .n_dims = 3};
  lqa_neighbors_options_init(&p.options);
  for (int metric = 0; metric < 2; metric++) {
    p.options.metric = (lqa_metric)metric;
    p.options.k = 49;
    for (int i = 0; i < 150; i++) {
      values[i] = 0.1 * (i % 3 + 1);
    }
    search(&p);
    for (int64_t query = 0; query < 50; query++) {
      for (int64_t i = 0; i < 49; i++) {
        assert_true(distances[query * 49 + i] == 0);
        assert_int_equal(indices[query * 49 + i], i + (i >= query));
      }
    }
  }
}

static void test_zero_vectors(void **state) {
  (void)state;
  struct problem p = {.points = values, .n_points = 4, .n_queries = 4, .n_dims = 2};
  lqa_neighbors_options_init(&p.options);
  p.options.k = 3;
  memcpy(values, (double[]){0, 0, 3, 4, 0, 0, -3, -4}, 8 * sizeof *values);
  search(&p);
  assert_true(distances[0] == 0 && indices[0] == 2);
  assert_true(distances[1] == 1 && indices[1] == 1 && distances[2] == 1 && indices[2] == 3);
  assert_true(distances[3] == 1 && distances[4] == 1 && distances[5] == 2 && indices[5] == 3);
}

static void test_same_bits_on_any_threads(void **state) {
  static double first[200 * 9];
  lqa_rng rng;
  (void)state;
  lqa_rng_init(&rng, 3, 0);
  struct problem p = {.points = values, .n_points = 200, .n_queries = 200, .n_dims = 77};
  lqa_neighbors_options_init(&p.options);
  p.options.k = 9;
  make_points(&rng, 0, 200, 77, values);
  for (p.options.threads = 1; p.options.threads < 5; p.options.threads++) {
    search(&p);
    if (p.options.threads == 1) {
      memcpy(first, distances, sizeof first);
    }
    assert_memory_equal(first, distances, sizeof first);
  }
}

static void test_refusals(void **state) {
  (void)state;
  lqa_neighbors_options options;
  lqa_neighbors out = {distances, indices};
  lqa_error err;
  lqa_neighbors_options_init(&options);
  options.k = 5;
  make_points(&(lqa_rng){{0}}, 3, 5, 4, values);
  lqa_matrix points = matrix_of(values, 5, 4);
  lqa_matrix narrow = matrix_of(other, 5, 3);
  assert_int_equal(lqa_nearest_neighbors(&points, NULL, &options, &out, &err), LQA_BAD_USAGE);
  assert_non_null(strstr(err.message, "5 neighbours wanted, but there are only 4 other rows"));
  options.k = 0;
  assert_int_equal(lqa_nearest_neighbors(&points, NULL, &options, &out, &err), LQA_BAD_USAGE);
  options.k = 2;
  assert_int_equal(lqa_nearest_neighbors(&points, &narrow, &options, &out, &err), LQA_BAD_DATA);
  values[2 * 4 + 1] = (double)NAN;
  assert_int_equal(lqa_nearest_neighbors(&points, NULL, &options, &out, &err), LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "features[2, 1] is NaN"));
  assert_int_equal(err.row, 2);
  values[2 * 4 + 1] = -(double)INFINITY;
  assert_int_equal(lqa_nearest_neighbors(&points, NULL, &options, &out, &err), LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "infinite"));
}

/* Sums of small whole numbers are exact in float32: any mistake in the tiling shows. */
static void test_dots(void **state) {
  static float queries[24 * MAX_DIMS];
  static lqa_panel_row panel[MAX_DIMS], dot[24];
  (void)state;
  for (int64_t n_dims = 1; n_dims < MAX_DIMS; n_dims += n_dims < 20 ? 1 : 37) {
    for (int64_t i = 0; i < 24 * n_dims; i++) {
      queries[i] = (float)(i * 7 % 11 - 5);
    }
    for (int64_t i = 0; i < n_dims * LQA_PANEL_POINTS; i++) {
      panel[i / LQA_PANEL_POINTS][i % LQA_PANEL_POINTS] = (float)(i * 5 % 13 - 6);
    }
    lqa_screen_dots(&(struct lqa_screen){queries, 24, panel, n_dims}, dot);
    for (int64_t q = 0; q < 24; q++) {
      for (int64_t p = 0; p < LQA_PANEL_POINTS; p++) {
        float sum = 0;
        for (int64_t j = 0; j < n_dims; j++) {
          sum += queries[q * n_dims + j] * panel[j][p];
        }
        assert_true(sum == dot[q][p]);
      }
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_all_distances),
      cmocka_unit_test(test_out_of_fold),
      cmocka_unit_test(test_ties_go_by_index),
      cmocka_unit_test(test_zero_vectors),
      cmocka_unit_test(test_dots),
      cmocka_unit_test(test_same_bits_on_any_threads),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
