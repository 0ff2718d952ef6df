/* tests/unit/test_column_sort.c - rows of every length, with repeats, against the C library's sort.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/rng.h"
#include "feature/column_sort.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST = 700 };

static int compare(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static void check_row(lqa_rng *rng, size_t n, uint32_t n_columns, uint32_t offset) {
  uint32_t columns[LONGEST], expected[LONGEST], scratch[LONGEST];
  for (size_t i = 0; i < n; i++) {
    columns[i] = offset + (uint32_t)(lqa_rng_next(rng) % n_columns);
  }
  memcpy(expected, columns, sizeof columns);
  qsort(expected, n, sizeof *expected, compare);
  lqa_sort_columns(columns, scratch, n);
  assert_memory_equal(columns, expected, n * sizeof *columns);
}

static void sorts_as_qsort(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 3, 0);
  for (size_t n = 0; n <= LONGEST; n++) {
    check_row(&rng, n, 20, 0);
    check_row(&rng, n, 15000, 0);
    check_row(&rng, n, 1u << 25, 0);
  }
}

static void large_columns_take_the_other_way(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 4, 0);
  for (size_t n = 0; n <= LONGEST; n += 7) {
    check_row(&rng, n, 1000, (1u << 25) - 500); /* some below, some above what a key can hold */
    check_row(&rng, n, INT32_MAX, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sorts_as_qsort),
      cmocka_unit_test(large_columns_take_the_other_way),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
