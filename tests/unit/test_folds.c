/* Folds: every row once, groups whole, classes even, same seed same folds. */
#include "data/dataset/folds.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N = 1000, K = 7, FOLDS = 5 };

static void fill(uint64_t seed, int32_t *label, uint32_t *group, uint32_t n_groups) {
  lqa_rng rng;
  lqa_rng_init(&rng, seed, 9);
  for (int i = 0; i < N; i++) {
    label[i] = (int32_t)lqa_rng_below(&rng, K + 1) - 1;
    group[i] = (uint32_t)lqa_rng_below(&rng, n_groups) * 4000000u;
  }
}

static void test_alone_rows_are_even(void **state) {
  (void)state;
  int32_t label[N];
  uint32_t group[N];
  uint8_t fold[N];
  fill(1, label, group, 10);
  assert_int_equal(lqa_folds_assign(N, label, K, NULL, FOLDS, 0, fold, NULL), LQA_OK);
  for (int k = 0; k < K; k++) {
    int count[FOLDS] = {0}, least = N, most = 0;
    for (int i = 0; i < N; i++) {
      assert_true(label[i] < 0 ? fold[i] == 255 : fold[i] < FOLDS);
      if (label[i] == k) {
        count[fold[i]]++;
      }
    }
    for (int f = 0; f < FOLDS; f++) {
      least = count[f] < least ? count[f] : least;
      most = count[f] > most ? count[f] : most;
    }
    assert_true(most - least <= 1);
  }
}

static void test_groups_stay_whole(void **state) {
  (void)state;
  int32_t label[N];
  uint32_t group[N];
  uint8_t fold[N];
  for (uint64_t seed = 0; seed < 20; seed++) {
    fill(seed, label, group, 200);
    assert_int_equal(lqa_folds_assign(N, label, K, group, FOLDS, seed, fold, NULL), LQA_OK);
    int total[FOLDS] = {0};
    for (int i = 0; i < N; i++) {
      for (int j = 0; j < i; j++) {
        if (group[i] == group[j] && label[i] >= 0 && label[j] >= 0) {
          assert_int_equal(fold[i], fold[j]);
        }
      }
      if (label[i] >= 0) {
        total[fold[i]]++;
      }
    }
    for (int f = 0; f < FOLDS; f++) {
      assert_in_range(total[f], 150, 200);
    }
  }
}

static void test_seed_decides(void **state) {
  (void)state;
  int32_t label[N];
  uint32_t group[N];
  uint8_t a[N], b[N], c[N];
  fill(3, label, group, 300);
  assert_int_equal(lqa_folds_assign(N, label, K, group, FOLDS, 7, a, NULL), LQA_OK);
  assert_int_equal(lqa_folds_assign(N, label, K, group, FOLDS, 7, b, NULL), LQA_OK);
  assert_int_equal(lqa_folds_assign(N, label, K, group, FOLDS, 8, c, NULL), LQA_OK);
  assert_memory_equal(a, b, N);
  assert_memory_not_equal(a, c, N);
}

static void test_small_class_spreads(void **state) {
  (void)state;
  int32_t label[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1};
  uint8_t fold[12];
  assert_int_equal(lqa_folds_assign(12, label, 2, NULL, 4, 0, fold, NULL), LQA_OK);
  assert_int_not_equal(fold[10], fold[11]);
}

static void test_too_few_rows(void **state) {
  (void)state;
  int32_t label[6] = {0, 1, 0, -1, -2, -1};
  uint32_t group[6] = {4, 4, 4, 1, 2, 3};
  uint8_t fold[6];
  lqa_error err;
  assert_int_equal(lqa_folds_assign(6, label, 2, NULL, 5, 0, fold, &err), LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "3 rows have content and a known label"));
  assert_int_equal(lqa_folds_assign(6, label, 2, group, 2, 0, fold, &err), LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "same content"));
  assert_int_equal(lqa_folds_assign(6, label, 2, NULL, 1, 0, fold, &err), LQA_BAD_USAGE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_alone_rows_are_even), cmocka_unit_test(test_groups_stay_whole),
      cmocka_unit_test(test_seed_decides),        cmocka_unit_test(test_small_class_spreads),
      cmocka_unit_test(test_too_few_rows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
