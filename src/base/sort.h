/* base/sort.h - sorting by an integer key, selection, and comparisons for qsort.
 *
 * C's qsort is for the few; what sorts or selects among all rows comes here. */
#ifndef LQA_BASE_SORT_H
#define LQA_BASE_SORT_H

#include "base/status.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* For qsort: ascending. Of no use where there are NaN. */
int lqa_compare_doubles(const void *a, const void *b);
int lqa_compare_floats(const void *a, const void *b);
int lqa_compare_int64(const void *a, const void *b);
int lqa_compare_uint64(const void *a, const void *b);
int lqa_compare_uint32(const void *a, const void *b);

/* a before b, NaN last. */
static inline bool lqa_key_less(double a, double b) {
  return a < b || (b != b && a == a);
}
/* -0 equals 0, NaN equals NaN. */
static inline bool lqa_key_equal(double a, double b) {
  return a == b || (a != a && b != b);
}
/* Bits that compare as unsigned integers the way the keys compare: -0 equals 0, NaN is the largest.
 */
static inline uint64_t lqa_key_bits(double key) {
  if (key != key) {
    return UINT64_MAX;
  }
  uint64_t bits;
  key += 0.0;
  memcpy(&bits, &key, sizeof bits);
  return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

/* ---- radix sort ---- */

typedef struct lqa_keyed {
  uint64_t key;
  union { /* goes along */
    int64_t row;
    struct {
      uint32_t count, n_rows;
    };
  };
} lqa_keyed;

/* Sorts by the low `bits` bits of key (the rest must be 0), ascending, stable; `scratch` holds n
 * elements too. Returns where the sorted elements are: `items` or `scratch`. */
lqa_keyed *lqa_sort_keyed(lqa_keyed *items, lqa_keyed *scratch, size_t n, unsigned bits);

/* ---- selection ---- */

/* The m-th smallest key, 0 <= m < n, NaN last. Reorders keys. Expected O(n). */
double lqa_select_smallest_key(double *keys, int64_t n, int64_t m);

/* The `rank`-th largest value, 1 = the largest; 1 <= rank <= n. Leaves `values` as they are, and
 * needs no memory: for counts that are still wanted in their places. */
uint64_t lqa_select_largest(const uint64_t *values, size_t n, size_t rank);

/* Defines `static void name(type *data, size_t n, size_t m)`: the first m (0 < m <= n) of the order
 * `before(const type *, const type *)` come to stand in front, the m-th of them at data[m - 1].
 * `comparison` is the same order for qsort. Hoare's FIND with the median of three; after 4 log2 n
 * rounds, which only an adversary's order takes, the rest is sorted. A macro so that the comparison
 * is compiled in. */
#define LQA_DEFINE_SELECT(name, type, before, comparison)              \
  static inline void name##_swap(type *a, type *b) {                   \
    type t = *a;                                                       \
    *a = *b;                                                           \
    *b = t;                                                            \
  }                                                                    \
  static inline type name##_pivot(const type *low, const type *high) { \
    const type *middle = low + (high - low) / 2;                       \
    const type *a = before(low, high) ? low : high;                    \
    const type *b = a == low ? high : low;                             \
    return before(middle, a) ? *a : before(b, middle) ? *b : *middle;  \
  }                                                                    \
  static void name(type *data, size_t n, size_t m) {                   \
    type *low = data, *high = data + n - 1, *last = data + m - 1;      \
    int rounds = 4 * (64 - __builtin_clzll((uint64_t)n));              \
    assert(m > 0 && m <= n);                                           \
    while (low < high) {                                               \
      if (rounds-- == 0) {                                             \
        qsort(low, (size_t)(high - low + 1), sizeof *low, comparison); \
        return;                                                        \
      }                                                                \
      type pivot = name##_pivot(low, high), *i = low, *j = high;       \
      while (i <= j) {                                                 \
        while (before(i, &pivot)) {                                    \
          i++;                                                         \
        }                                                              \
        while (before(&pivot, j)) {                                    \
          j--;                                                         \
        }                                                              \
        if (i <= j) {                                                  \
          name##_swap(i++, j--);                                       \
        }                                                              \
      }                                                                \
      if (last <= j) {                                                 \
        high = j;                                                      \
      } else if (last >= i) {                                          \
        low = i;                                                       \
      } else {                                                         \
        return;                                                        \
      }                                                                \
    }                                                                  \
  }

#endif
