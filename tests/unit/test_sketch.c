/* tests/unit/test_sketch.c - one-permutation sketches estimate the Jaccard index. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/rng.h"
#include "feature/band.h"
#include "feature/sketch.h"

#include <string.h>

enum { BINS = 126, TRIALS = 400, MAX_SET = 2000 };

/* Mean share of equal bins of two sets of n elements with `common` of them shared. */
static double mean_agreement(size_t n, size_t common) {
  static uint64_t a[MAX_SET], b[MAX_SET];
  static lqa_sketcher sketcher;
  lqa_rng rng;
  lqa_rng_init(&rng, n, common);
  double equal = 0;
  for (int trial = 0; trial < TRIALS; trial++) {
    for (size_t i = 0; i < n; i++) {
      a[i] = lqa_rng_next(&rng);
      b[i] = i < common ? a[i] : lqa_rng_next(&rng);
    }
    uint32_t x[BINS], y[BINS];
    lqa_sketcher_init(&sketcher, BINS, (uint64_t)trial);
    lqa_sketcher_run(&sketcher, a, n, x);
    lqa_sketcher_run(&sketcher, b, n, y);
    for (int bin = 0; bin < BINS; bin++) {
      equal += x[bin] == y[bin];
    }
  }
  return equal / (TRIALS * BINS);
}

static void agreement_is_the_jaccard_index(void **state) {
  (void)state;
  static const struct {
    size_t n, common;
  } cases[] = {{10, 8}, {30, 27}, {100, 60}, {230, 205}, {2000, 1000}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    double n = (double)cases[i].n, common = (double)cases[i].common;
    double jaccard = common / (2 * n - common);
    double found = mean_agreement(cases[i].n, cases[i].common);
    assert_true(found > jaccard - .02 && found < jaccard + .02);
  }
}

static void order_and_repetitions_change_nothing(void **state) {
  (void)state;
  static lqa_sketcher sketcher;
  lqa_sketcher_init(&sketcher, BINS, 1);
  uint64_t set[] = {5, 7, 11ull << 40}, shuffled[] = {11ull << 40, 7, 5, 7, 5};
  uint32_t a[BINS], b[BINS], none[BINS];
  lqa_sketcher_run(&sketcher, set, 3, a);
  lqa_sketcher_run(&sketcher, shuffled, 5, b);
  assert_memory_equal(a, b, sizeof a);
  lqa_sketcher_run(&sketcher, NULL, 0, none);
  for (int bin = 0; bin < BINS; bin++) {
    assert_true(a[bin] != UINT32_MAX && none[bin] == UINT32_MAX);
  }
}

/* Buckets against counting equal pairs, with hashes that share their upper bits. */
static void buckets_hold_equal_hashes(void **state) {
  (void)state;
  static const size_t sizes[] = {0, 1, 2, 1000, 70000};
  for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
    size_t n = sizes[s], members = 0, expected = 0;
    uint32_t *hash = lqa_calloc(n, sizeof *hash), *row = lqa_calloc(n, sizeof *row);
    uint32_t *count = lqa_calloc(300, sizeof *count);
    lqa_rng rng;
    lqa_rng_init(&rng, 3, n);
    for (size_t i = 0; i < n; i++) {
      hash[i] = (uint32_t)lqa_rng_below(&rng, 300); /* one run: the upper bits are all zero */
      row[i] = (uint32_t)(3 * i);
      count[hash[i]]++;
    }
    for (int h = 0; h < 300; h++) {
      expected += count[h] > 1 ? count[h] : 0;
    }
    lqa_band band;
    assert_int_equal(lqa_band_init(&band, n), LQA_OK);
    assert_int_equal(lqa_band_find_buckets(&band, hash, row, n), LQA_OK);
    for (size_t b = 0; b < band.end.n; b++) {
      size_t from = b ? band.end.data[b - 1] : 0;
      for (size_t i = from; i < band.end.data[b]; i++, members++) {
        assert_int_equal(hash[band.row.data[i] / 3], hash[band.row.data[from] / 3]);
        assert_true(i == from || band.row.data[i] > band.row.data[i - 1]);
      }
    }
    assert_int_equal(members, expected);
    lqa_band_clear(&band);
    free(hash);
    free(row);
    free(count);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(agreement_is_the_jaccard_index),
      cmocka_unit_test(order_and_repetitions_change_nothing),
      cmocka_unit_test(buckets_hold_equal_hashes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
