/* base/pairwise_sum.c - numpy's pairwise summation, restated.
 *
 * A vector is taken in buffers of 8192 values (numpy's default buffer size), whose sums are added
 * one after the other. Within a buffer:
 *
 * Up to 7 values: a plain loop from zero. Up to 128: eight running sums over the columns of the
 * vector laid out eight wide, folded as ((0+1)+(2+3))+((4+5)+(6+7)), the rest added after. More:
 * split at half the length rounded down to a multiple of eight, and add the two sums. The error
 * grows with log n instead of n, and a threshold computed here has the bits that numpy.mean gives.
 *
 * Reference: Higham, "The accuracy of floating point summation", SIAM J. Sci. Comput. 14 (1993).
 */
#include "base/pairwise_sum.h"

enum { LANES = 8 };

static inline double add(double a, double b, bool is_single) {
  return lqa_round_single(a + b, is_single);
}

static inline __attribute__((always_inline)) double
sum_leaf(lqa_value_at at, const void *data, int64_t from, int64_t n, bool is_single) {
  double total = 0.0;
  int64_t i = 0;
  if (n >= LANES) {
    double lane[LANES];
    for (int k = 0; k < LANES; k++) {
      lane[k] = at(data, from + k);
    }
    for (i = LANES; i < n - n % LANES; i += LANES) {
      for (int k = 0; k < LANES; k++) {
        lane[k] = add(lane[k], at(data, from + i + k), is_single);
      }
    }
    double low = add(add(lane[0], lane[1], is_single), add(lane[2], lane[3], is_single), is_single);
    double high =
        add(add(lane[4], lane[5], is_single), add(lane[6], lane[7], is_single), is_single);
    total = add(low, high, is_single);
  }
  for (; i < n; i++) {
    total = add(total, at(data, from + i), is_single);
  }
  return total;
}

/* Length of the left part of a vector of n > LQA_PAIRWISE_LEAF values. */
static int64_t left_part(int64_t n) {
  int64_t half = n / 2;
  return half - half % LANES;
}

/* Depth is at most 7. */
static double sum_range(lqa_value_at at, const void *data, int64_t from, int64_t n,
                        bool is_single) {
  if (n <= LQA_PAIRWISE_LEAF) {
    return sum_leaf(at, data, from, n, is_single);
  }
  int64_t half = left_part(n);
  double left = sum_range(at, data, from, half, is_single);
  return add(left, sum_range(at, data, from + half, n - half, is_single), is_single);
}

/* Length of the buffer that starts at `from` in a vector of n. */
static int64_t buffer_length(int64_t n, int64_t from) {
  return n - from < LQA_PAIRWISE_BUFFER ? n - from : LQA_PAIRWISE_BUFFER;
}

double lqa_pairwise_sum_of(lqa_value_at at, const void *data, int64_t n, bool is_single) {
  double total = 0;
  for (int64_t from = 0; from < n; from += LQA_PAIRWISE_BUFFER) {
    total = add(total, sum_range(at, data, from, buffer_length(n, from), is_single), is_single);
  }
  return total;
}

static double at_plain(const void *data, int64_t i) {
  return ((const double *)data)[i];
}

double lqa_pairwise_sum(const double *values, int64_t n, bool is_single) {
  return lqa_pairwise_sum_of(at_plain, values, n, is_single);
}

/* A buffer that is split has leaves of at least 64 values, and buffers start at multiples of 64, so
 * start / 64 tells leaves apart. */
lqa_pairwise_span lqa_pairwise_leaf_at(int64_t n, int64_t at) {
  int64_t buffer = at - at % LQA_PAIRWISE_BUFFER;
  lqa_pairwise_span span = {buffer, buffer_length(n, buffer)};
  while (span.n > LQA_PAIRWISE_LEAF) {
    int64_t half = left_part(span.n);
    if (at < span.start + half) {
      span.n = half;
    } else {
      span.start += half;
      span.n -= half;
    }
  }
  return span;
}

static double fold_range(const double *leaf_sum, lqa_pairwise_span span, bool is_single) {
  if (span.n <= LQA_PAIRWISE_LEAF) {
    return leaf_sum[lqa_pairwise_slot(span.start)];
  }
  int64_t half = left_part(span.n);
  lqa_pairwise_span right = {span.start + half, span.n - half};
  double left = fold_range(leaf_sum, (lqa_pairwise_span){span.start, half}, is_single);
  return add(left, fold_range(leaf_sum, right, is_single), is_single);
}

double lqa_pairwise_fold(const double *leaf_sum, int64_t n, bool is_single) {
  double total = 0;
  for (int64_t from = 0; from < n; from += LQA_PAIRWISE_BUFFER) {
    lqa_pairwise_span buffer = {from, buffer_length(n, from)};
    total = add(total, fold_range(leaf_sum, buffer, is_single), is_single);
  }
  return total;
}
