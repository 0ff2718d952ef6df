/* tests/unit/test_sort.c - sorting by digits and selection against qsort. */
#include "must.h"

#include "base/rng.h"
#include "base/sort.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

enum { MOST = 6000 };

static double random_key(lqa_rng *rng, uint64_t levels) {
  uint64_t level = lqa_rng_below(rng, levels);
  return level == 0 ? (double)NAN : level == 1 ? -0. : ((double)level - (double)levels / 2) / 7;
}

static int compare_stably(const void *a, const void *b) {
  const lqa_keyed *x = a, *y = b;
  return x->key != y->key ? (x->key < y->key ? -1 : 1) : (x->row > y->row) - (x->row < y->row);
}

/* Sizes on both sides of where the digits grow; few levels make ties, few bits skip passes. */
static void test_sorting(void **state) {
  (void)state;
  static lqa_keyed items[MOST], scratch[MOST], want[MOST];
  lqa_rng rng;
  lqa_rng_init(&rng, 7, 0);
  for (int round = 0; round < 60; round++) {
    size_t n = round < 30 ? lqa_rng_below(&rng, 70) : 4000 + lqa_rng_below(&rng, 2000);
    unsigned bits = 1 + (unsigned)lqa_rng_below(&rng, 64);
    for (size_t i = 0; i < n; i++) {
      uint64_t key = round % 3 ? lqa_key_bits(random_key(&rng, 50)) : lqa_rng_next(&rng);
      items[i] = want[i] = (lqa_keyed){.key = key & UINT64_MAX >> (64 - bits), .row = (int64_t)i};
    }
    const lqa_keyed *sorted = lqa_sort_keyed(items, scratch, n, bits);
    qsort(want, n, sizeof *want, compare_stably);
    for (size_t i = 0; i < n; i++) {
      assert_true(sorted[i].key == want[i].key && sorted[i].row == want[i].row);
    }
  }
}

static int compare_keys(const void *a, const void *b) {
  uint64_t x = lqa_key_bits(*(const double *)a), y = lqa_key_bits(*(const double *)b);
  return (x > y) - (x < y);
}

static void test_selection(void **state) {
  (void)state;
  static double keys[MOST], sorted[MOST];
  lqa_rng rng;
  lqa_rng_init(&rng, 8, 0);
  for (int round = 0; round < 300; round++) {
    int64_t n = 1 + (int64_t)lqa_rng_below(&rng, round % 10 ? 40 : MOST);
    int64_t m = (int64_t)lqa_rng_below(&rng, (uint64_t)n);
    for (int64_t i = 0; i < n; i++) {
      keys[i] = sorted[i] = round % 7 ? random_key(&rng, round % 2 ? 4 : 1000) : (double)(n - i);
    }
    qsort(sorted, (size_t)n, sizeof *sorted, compare_keys);
    assert_true(lqa_key_equal(lqa_select_smallest_key(keys, n, m), sorted[m]));
    for (int64_t i = 0; i < n; i++) {
      assert_false(i < m && lqa_key_less(keys[m], keys[i]));
      assert_false(i > m && lqa_key_less(keys[i], keys[m]));
    }
  }
}

static void test_bits_have_the_order_of_keys(void **state) {
  (void)state;
  const double keys[] = {-(double)INFINITY, -1e300,     -1, -1e-310, 0, 5e-324, 1,
                         (double)INFINITY,  (double)NAN};
  for (size_t i = 1; i < sizeof keys / sizeof *keys; i++) {
    assert_true(lqa_key_bits(keys[i - 1]) < lqa_key_bits(keys[i]));
    assert_true(lqa_key_less(keys[i - 1], keys[i]));
  }
  assert_true(lqa_key_bits(-0.) == lqa_key_bits(0) && lqa_key_equal(-0., 0));
  assert_true(lqa_key_bits(-(double)NAN) == lqa_key_bits((double)NAN));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sorting),
      cmocka_unit_test(test_selection),
      cmocka_unit_test(test_bits_have_the_order_of_keys),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
