/* Checked allocation, arenas and vectors: overflow, alignment, growth, failing memory. */
#include "base/arena.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void test_overflow_is_refused(void **state) {
  (void)state;
  /* volatile: the compiler would warn of the size otherwise */
  volatile size_t huge = SIZE_MAX / 2 + 1;
  assert_null(lqa_malloc(huge, 2));
  assert_null(lqa_calloc(huge, 3));
  assert_null(lqa_malloc_aligned(SIZE_MAX - 8, 1));
  assert_null(lqa_malloc((size_t)PTRDIFF_MAX, 1));
  char *old = lqa_malloc(3, 1);
  memcpy(old, "ab", 3);
  assert_null(lqa_realloc(old, huge, 2));
  assert_string_equal(old, "ab");
  free(old);
}

static void test_nothing_is_something(void **state) {
  (void)state;
  void *p = lqa_malloc(0, 8), *q = lqa_calloc(8, 0), *r = lqa_malloc_aligned(0, 0);
  void *s = lqa_realloc(NULL, 0, 4);
  assert_true(p && q && r && s);
  free(p);
  free(q);
  free(r);
  free(s);
}

static void test_alignment_and_zeroes(void **state) {
  (void)state;
  for (size_t n = 1; n < 300; n += 7) {
    char *p = lqa_malloc_aligned(n, 1), *q = lqa_calloc(n, 3);
    assert_int_equal((uintptr_t)p % 64, 0);
    memset(p, 1, n);
    for (size_t i = 0; i < 3 * n; i++) {
      assert_int_equal(q[i], 0);
    }
    free(p);
    free(q);
  }
}

static void test_fail_after(void **state) {
  (void)state;
  lqa_memory_fail_after(2);
  void *first = lqa_malloc(1, 1), *second = lqa_calloc(1, 1), *third = lqa_malloc(1, 1);
  assert_non_null(first);
  assert_null(second);
  assert_non_null(third);
  free(first);
  free(third);
  lqa_memory_fail_after(1);
  lqa_memory_fail_after(0);
  first = lqa_malloc(1, 1);
  assert_non_null(first);
  free(first);
}

/* Blocks of all sizes keep their content and never overlap. */
static void test_arena_blocks(void **state) {
  (void)state;
  enum { BLOCKS = 3000 };
  static unsigned char *blocks[BLOCKS];
  static size_t sizes[BLOCKS];
  lqa_rng rng;
  lqa_rng_init(&rng, 1, 1);
  lqa_arena arena;
  lqa_arena_init(&arena);
  for (int i = 0; i < BLOCKS; i++) {
    sizes[i] = lqa_rng_below(&rng, i % 100 ? 300 : 200000);
    blocks[i] = lqa_arena_alloc(&arena, sizes[i], 1);
    assert_non_null(blocks[i]);
    assert_int_equal((uintptr_t)blocks[i] % 16, 0);
    for (size_t b = 0; b < sizes[i]; b++) {
      assert_int_equal(blocks[i][b], 0);
    }
    memset(blocks[i], i % 251 + 1, sizes[i]);
  }
  size_t total = 0;
  for (int i = 0; i < BLOCKS; i++) {
    total += sizes[i];
    for (size_t b = 0; b < sizes[i]; b++) {
      assert_int_equal(blocks[i][b], i % 251 + 1);
    }
  }
  assert_true(arena.size_bytes >= total && arena.size_bytes < 2 * total + (16 << 20));
  lqa_arena_clear(&arena);
  assert_int_equal(arena.size_bytes, 0);
}

static void test_arena_texts(void **state) {
  (void)state;
  lqa_arena arena;
  lqa_arena_init(&arena);
  assert_string_equal(lqa_arena_copy(&arena, "abcdef", 3), "abc");
  assert_string_equal(lqa_arena_copy(&arena, NULL, 0), "");
  assert_memory_equal(lqa_arena_copy(&arena, "a\0b", 3), "a\0b", 4);
  assert_string_equal(lqa_arena_printf(&arena, "%s-%05d", "x", 42), "x-00042");
  assert_null(lqa_arena_alloc(&arena, SIZE_MAX, 2));
  assert_null(lqa_arena_alloc(&arena, SIZE_MAX, 1));
  assert_null(lqa_arena_copy(&arena, "", SIZE_MAX));
  lqa_arena_clear(&arena);
}

static void test_arena_without_memory(void **state) {
  (void)state;
  lqa_arena arena;
  lqa_arena_init(&arena);
  lqa_memory_fail_after(1);
  assert_null(lqa_arena_copy(&arena, "abc", 3));
  assert_string_equal(lqa_arena_copy(&arena, "abc", 3), "abc");
  lqa_memory_fail_after(1);
  assert_null(lqa_arena_alloc(&arena, 1 << 20, 1));
  assert_string_equal(lqa_arena_copy(&arena, "def", 3), "def");
  lqa_memory_fail_after(0);
  lqa_arena_clear(&arena);
}

static void test_vector(void **state) {
  (void)state;
  LQA_VEC(int64_t) rows = {0};
  for (int64_t i = 0; i < 100000; i++) {
    assert_int_equal(lqa_vec_push(&rows, i * i), LQA_OK);
  }
  assert_int_equal(rows.n, 100000);
  assert_int_equal(rows.data[99999], 99999LL * 99999);
  assert_int_equal(lqa_vec_reserve(&rows, SIZE_MAX / 8), LQA_NO_MEMORY);
  assert_int_equal(lqa_vec_reserve(&rows, SIZE_MAX), LQA_NO_MEMORY);
  assert_int_equal(rows.data[5], 25);
  lqa_vec_clear(&rows);
  assert_null(rows.data);
  assert_int_equal(lqa_vec_reserve(&rows, 100), LQA_OK);
  assert_int_equal(rows.n, 0);
  lqa_vec_clear(&rows);
}

static void test_vector_without_memory(void **state) {
  (void)state;
  LQA_VEC(char) bytes = {0};
  lqa_memory_fail_after(1);
  assert_int_equal(lqa_vec_push(&bytes, 'a'), LQA_NO_MEMORY);
  assert_int_equal(bytes.n, 0);
  assert_int_equal(lqa_vec_push(&bytes, 'b'), LQA_OK);
  assert_int_equal(bytes.data[0], 'b');
  lqa_memory_fail_after(0);
  lqa_vec_clear(&bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_overflow_is_refused),   cmocka_unit_test(test_nothing_is_something),
      cmocka_unit_test(test_alignment_and_zeroes),  cmocka_unit_test(test_fail_after),
      cmocka_unit_test(test_arena_blocks),          cmocka_unit_test(test_arena_texts),
      cmocka_unit_test(test_arena_without_memory),  cmocka_unit_test(test_vector),
      cmocka_unit_test(test_vector_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
