/* audit/confident_learning/pairwise_sum.h - sums in the order numpy adds, so that the bits agree.
 *
 * All values are held as double. `is_single` rounds every partial sum to float32, which is the same
 * as adding in float32: a double holds the exact sum of two floats closely enough that the second
 * rounding changes nothing (53 >= 2 * 24 + 2 bits).
 */
#ifndef LQA_AUDIT_PAIRWISE_SUM_H
#define LQA_AUDIT_PAIRWISE_SUM_H

#include "base/npy.h"

/* Sum of n values. */
double lqa_pairwise_sum(const double *values, int64_t n, bool is_single);

/* Reads element `i` of a virtual vector. */
typedef double (*lqa_value_at)(const void *data, int64_t i);

/* Sum of at(data, 0), ..., at(data, n - 1): no copy of the vector is needed. */
double lqa_pairwise_sum_of(lqa_value_at at, const void *data, int64_t n, bool is_single);

/* `value` as a float32 if is_single, else unchanged. */
static inline double lqa_round_single(double value, bool is_single) {
  return is_single ? (double)(float)value : value;
}

#endif
