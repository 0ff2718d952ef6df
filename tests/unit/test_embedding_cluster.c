/* tests/unit/test_embedding_cluster.c - near-duplicate embeddings against all pairs. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/rng.h"
#include "feature/embedding_cluster.h"

#include <math.h>

enum { N = 500, D = 20 };

static float vectors[N * D];

/* Random directions; every fifth row is an earlier one, moved a little or scaled. */
static lqa_matrix make_vectors(uint64_t seed) {
  lqa_rng rng;
  lqa_rng_init(&rng, seed, 0);
  for (int row = 0; row < N; row++) {
    int from = row % 5 == 4 ? (int)lqa_rng_below(&rng, (uint64_t)row) : -1;
    for (int k = 0; k < D; k++) {
      float noise = (float)lqa_rng_uniform(&rng) - .5f;
      vectors[row * D + k] = from < 0 ? noise : 3 * vectors[from * D + k] + noise * .05f;
    }
  }
  return (lqa_matrix){.data = vectors,
                      .dtype = LQA_FLOAT32,
                      .n_rows = N,
                      .n_columns = D,
                      .row_stride = D * 4,
                      .column_stride = 4};
}

static double distance_of(int a, int b) {
  double x = 0, y = 0, sum = 0;
  for (int k = 0; k < D; k++) {
    x += vectors[a * D + k] * vectors[a * D + k];
    y += vectors[b * D + k] * vectors[b * D + k];
  }
  for (int k = 0; k < D; k++) {
    double d = vectors[a * D + k] / sqrt(x) - vectors[b * D + k] / sqrt(y);
    sum += d * d;
  }
  return sqrt(sum);
}

static void finds_the_pairs_within_the_limit(void **state) {
  (void)state;
  int pairs = 0, found = 0, false_joins = 0;
  for (uint64_t seed = 0; seed < 4; seed++) {
    lqa_matrix matrix = make_vectors(seed);
    uint32_t cluster[N];
    double limit;
    lqa_embedding_options options = {.fraction = .13};
    assert_int_equal(lqa_embedding_cluster(&matrix, &options, cluster, &limit, NULL), LQA_OK);
    assert_true(limit > 0);
    for (int a = 0; a < N; a++) {
      assert_true(cluster[a] <= (uint32_t)a && cluster[cluster[a]] == cluster[a]);
      for (int b = a + 1; b < N; b++) {
        double d = distance_of(a, b);
        pairs += d <= limit;
        found += d <= limit && cluster[a] == cluster[b];
        false_joins += d > 4 * limit && cluster[a] == cluster[b];
      }
    }
  }
  assert_true(pairs > 300);
  assert_true(found >= .97 * pairs);
  assert_int_equal(false_joins, 0);
}

static void threads_change_nothing(void **state) {
  (void)state;
  lqa_matrix matrix = make_vectors(9);
  uint32_t one[N], other[N];
  lqa_embedding_options options = {.fraction = .13};
  assert_int_equal(lqa_embedding_cluster(&matrix, &options, one, NULL, NULL), LQA_OK);
  for (int threads = 2; threads <= 8; threads *= 4) {
    options.pool = lqa_pool_new(threads);
    assert_int_equal(lqa_embedding_cluster(&matrix, &options, other, NULL, NULL), LQA_OK);
    lqa_pool_free(options.pool);
    assert_memory_equal(one, other, sizeof one);
  }
}

static void unusable_rows_stay_alone(void **state) {
  (void)state;
  lqa_matrix matrix = make_vectors(3);
  uint32_t cluster[N];
  for (int k = 0; k < D; k++) {
    vectors[10 * D + k] = vectors[11 * D + k] = 0;
  }
  vectors[20 * D] = vectors[21 * D] = NAN;
  lqa_embedding_options options = {.fraction = .13};
  assert_int_equal(lqa_embedding_cluster(&matrix, &options, cluster, NULL, NULL), LQA_OK);
  static const uint32_t alone[] = {10, 11, 20, 21};
  for (int i = 0; i < 4; i++) {
    for (uint32_t row = 0; row < N; row++) {
      assert_int_equal(cluster[row] == alone[i], row == alone[i]);
    }
  }
  matrix.n_rows = 0;
  assert_int_equal(lqa_embedding_cluster(&matrix, &options, cluster, NULL, NULL), LQA_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_the_pairs_within_the_limit),
      cmocka_unit_test(threads_change_nothing),
      cmocka_unit_test(unusable_rows_stay_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
