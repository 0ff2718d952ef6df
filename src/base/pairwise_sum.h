/* base/pairwise_sum.h - sums in the order numpy adds, so that the bits agree.
 *
 * All values are held as double. `is_single` rounds every partial sum to float32, which is the same
 * as adding in float32: a double holds the exact sum of two floats closely enough that the second
 * rounding changes nothing (53 >= 2 * 24 + 2 bits).
 */
#ifndef LQA_BASE_PAIRWISE_SUM_H
#define LQA_BASE_PAIRWISE_SUM_H

#include "base/npy.h"

/* Sum of n values. */
double lqa_pairwise_sum(const double *values, int64_t n, bool is_single);

/* Reads element `i` of a virtual vector. */
typedef double (*lqa_value_at)(const void *data, int64_t i);

/* Sum of at(data, 0), ..., at(data, n - 1): no copy of the vector is needed. */
double lqa_pairwise_sum_of(lqa_value_at at, const void *data, int64_t n, bool is_single);

/* ---- the same sum in pieces ----
 *
 * numpy adds a vector in leaves of at most LQA_PAIRWISE_LEAF values and folds their sums. Where a
 * leaf lies depends on n alone, so leaves can be summed apart, by different threads or machines, in
 * any order, and folded to the same bits. */

enum { LQA_PAIRWISE_LEAF = 128, LQA_PAIRWISE_BUFFER = 8192 };

typedef struct lqa_pairwise_span {
  int64_t start, n;
} lqa_pairwise_span;

/* The leaf of a vector of n values that holds position `at` (0 <= at < n). */
lqa_pairwise_span lqa_pairwise_leaf_at(int64_t n, int64_t at);

/* Slots that the leaf sums of a vector of n values take; leaf [start, ...) has
 * lqa_pairwise_slot(start). */
static inline int64_t lqa_pairwise_count_slots(int64_t n) {
  return n / 64 + 1;
}
static inline int64_t lqa_pairwise_slot(int64_t start) {
  return start / 64;
}

/* Folds the leaf sums of a vector of n values. */
double lqa_pairwise_fold(const double *leaf_sum, int64_t n, bool is_single);

/* `value` as a float32 if is_single, else unchanged. */
static inline double lqa_round_single(double value, bool is_single) {
  return is_single ? (double)(float)value : value;
}

#endif
