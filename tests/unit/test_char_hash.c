/* tests/unit/test_char_hash.c - hashed character runs against a slow listing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/rng.h"
#include "base/vec.h"
#include "feature/char_hash.h"

#include <math.h>
#include <string.h>

static lqa_sparse build(const char *const *texts, size_t n, unsigned run, int n_threads) {
  char bytes[1 << 16] = "";
  uint64_t offsets[2001] = {0};
  for (size_t i = 0; i < n; i++) {
    memcpy(bytes + offsets[i], texts[i], strlen(texts[i]));
    offsets[i + 1] = offsets[i] + strlen(texts[i]);
  }
  lqa_column column = {.name = "t", .n = (int64_t)n, .bytes = bytes, .offsets = offsets};
  lqa_text_rows rows = {&column, NULL};
  lqa_char_hash_options options = {.n = run, .hash_bits = 18, .pool = lqa_pool_new(n_threads)};
  lqa_sparse x;
  assert_int_equal(lqa_char_hash_build(&rows, &options, &x), LQA_OK);
  lqa_pool_free(options.pool);
  return x;
}

static size_t row_size(const lqa_sparse *x, int row) {
  return (size_t)(x->row_start[row + 1] - x->row_start[row]);
}

static void counts_runs(void **state) {
  (void)state;
  /* " cat ": 2 runs of 4; " a ": itself; twice each, so that all are kept */
  static const char *const texts[] = {"Cat a", "cat A", "\xC3\x84rger", "\xC3\xA4RGER", ""};
  lqa_sparse x = build(texts, 5, 4, 2);
  assert_int_equal(x.n_columns, 3 + 4);
  for (int row = 0; row < 4; row++) {
    size_t n = row < 2 ? 3 : 4;
    assert_int_equal(row_size(&x, row), n);
    assert_true(fabs((double)x.value[x.row_start[row]] - 1 / sqrt((double)n)) < 1e-7);
  }
  assert_memory_equal(x.column, x.column + 3, 3 * sizeof *x.column);
  assert_int_equal(row_size(&x, 4), 0);
  lqa_sparse_clear(&x);
}

static void drops_what_one_row_holds(void **state) {
  (void)state;
  static const char *const texts[] = {"shared shared alone", "shared other"};
  lqa_sparse x = build(texts, 2, 4, 2);
  assert_int_equal(x.n_columns, 5); /* " sha" "shar" "hare" "ared" "red " */
  assert_int_equal(row_size(&x, 0), 5);
  assert_int_equal(row_size(&x, 1), 5);
  lqa_sparse_clear(&x);
}

static void threads_change_nothing(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 4, 1);
  static char storage[2000][24];
  const char *texts[2000];
  for (size_t i = 0; i < 2000; i++) {
    size_t n = (size_t)lqa_rng_below(&rng, 23);
    for (size_t j = 0; j < n; j++) {
      storage[i][j] = "abcde  f"[lqa_rng_below(&rng, 8)];
    }
    texts[i] = storage[i];
  }
  lqa_sparse one = build(texts, 2000, 3, 1), many = build(texts, 2000, 3, 8);
  uint64_t n = one.row_start[2000];
  assert_true(n > 5000);
  assert_memory_equal(one.row_start, many.row_start, 2001 * sizeof *one.row_start);
  assert_memory_equal(one.column, many.column, n * sizeof *one.column);
  assert_memory_equal(one.value, many.value, n * sizeof *one.value);
  lqa_sparse_clear(&one);
  lqa_sparse_clear(&many);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts_runs),
      cmocka_unit_test(drops_what_one_row_holds),
      cmocka_unit_test(threads_change_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
