/* Allocation with checked products, and the one hook that fault tests use. */
#include "base/memory.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20 };

static atomic_long fail_after;

void lqa_memory_fail_after(long n) {
  atomic_store(&fail_after, n);
}

/* The byte count of n * size in *bytes, at least 1; false on overflow or when a test asks to fail.
 */
static bool may_take(size_t n, size_t size, size_t *bytes) {
  if (atomic_load_explicit(&fail_after, memory_order_relaxed) > 0 &&
      atomic_fetch_sub(&fail_after, 1) == 1) {
    return false;
  }
  if (__builtin_mul_overflow(n, size, bytes) || *bytes > PTRDIFF_MAX - 64) {
    return false;
  }
  *bytes += *bytes == 0;
  return true;
}

void *lqa_calloc(size_t n, size_t size) {
  size_t bytes;
  return may_take(n, size, &bytes) ? calloc(1, bytes) : NULL;
}

void *lqa_malloc(size_t n, size_t size) {
  size_t bytes;
  return may_take(n, size, &bytes) ? malloc(bytes) : NULL;
}

void *lqa_malloc_aligned(size_t n, size_t size) {
  size_t bytes;
  return may_take(n, size, &bytes) ? aligned_alloc(64, (bytes + 63) / 64 * 64) : NULL;
}

void *lqa_calloc_table(size_t n, size_t size) {
  char *memory = lqa_malloc_aligned(n, size);
  if (memory) {
    uintptr_t first = ((uintptr_t)memory + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1);
    uintptr_t last = ((uintptr_t)memory + n * size) & ~(uintptr_t)(HUGE_PAGE - 1);
    if (first < last) {
      (void)madvise((void *)first, last - first, MADV_HUGEPAGE); /* a wish: refusal is fine */
    }
    memset(memory, 0, n * size);
  }
  return memory;
}

void *lqa_realloc(void *old, size_t n, size_t size) {
  size_t bytes;
  return may_take(n, size, &bytes) ? realloc(old, bytes) : NULL;
}
