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

/* Asks for huge pages for what will be large: the first touch of a small page costs microseconds,
 * and 4 MB have a thousand of them. A wish: refusal is fine. */
static void *wish_huge(void *memory, size_t bytes) {
  uintptr_t first = ((uintptr_t)memory + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1);
  uintptr_t last = ((uintptr_t)memory + bytes) & ~(uintptr_t)(HUGE_PAGE - 1);
  if (memory && bytes >= 2 * HUGE_PAGE && first < last) {
    (void)madvise((void *)first, last - first, MADV_HUGEPAGE);
  }
  return memory;
}

void *lqa_calloc(size_t n, size_t size) {
  size_t bytes;
  return may_take(n, size, &bytes) ? wish_huge(calloc(1, bytes), bytes) : NULL;
}

void *lqa_malloc(size_t n, size_t size) {
  size_t bytes;
  return may_take(n, size, &bytes) ? wish_huge(malloc(bytes), bytes) : NULL;
}

void *lqa_malloc_aligned(size_t n, size_t size) {
  size_t bytes;
  return may_take(n, size, &bytes) ? wish_huge(aligned_alloc(64, (bytes + 63) / 64 * 64), bytes)
                                   : NULL;
}

void *lqa_calloc_table(size_t n, size_t size) {
  void *memory = lqa_malloc_aligned(n, size);
  return memory ? memset(memory, 0, n * size) : NULL;
}

void *lqa_realloc(void *old, size_t n, size_t size) {
  size_t bytes;
  return may_take(n, size, &bytes) ? wish_huge(realloc(old, bytes), bytes) : NULL;
}
