/* base/memory.h - allocation with checked sizes.
 *
 * Every size product of the project goes through these, so no count from a
 * file can wrap around. */
#ifndef LQA_BASE_MEMORY_H
#define LQA_BASE_MEMORY_H

#include "base/status.h"

#include <stdlib.h>

/* Returns n * size bytes of zeroes, or NULL on overflow or exhaustion. n = 0
 * gives a valid pointer. */
void *lqa_calloc(size_t n, size_t size);

/* Returns n * size bytes, uninitialised, or NULL. n = 0 gives a valid pointer. */
void *lqa_malloc(size_t n, size_t size);

/* As lqa_malloc, aligned to 64 bytes (a cache line, an AVX-512 register); free() releases it. */
void *lqa_malloc_aligned(size_t n, size_t size);

/* Zeroes for a large table that is read and written in random order: on huge pages where the system
 * grants them, since with small ones most accesses would also have to look up an address. free()
 * releases it. */
void *lqa_calloc_table(size_t n, size_t size);

/* Resizes to n * size bytes; on failure returns NULL and `old` stays valid. */
void *lqa_realloc(void *old, size_t n, size_t size);

/* Bytes of padding that keep apart, in an array, what different threads write all the time: a line
 * of cache that two processors write to travels back and forth between them. */
enum { LQA_APART_BYTES = 128 };

/* Test hook: after this call the n-th following allocation (1 = the next) fails, once. 0 = never.
 * The only mutable global of the library; set by fault tests, never otherwise. */
void lqa_memory_fail_after(long n);

#endif
