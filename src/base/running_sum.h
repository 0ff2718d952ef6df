/* base/running_sum.h - the pairwise sum of values that come one by one, with the same bits.
 *
 * base/pairwise_sum.c adds a vector in buffers of LQA_PAIRWISE_BUFFER values, one after the other,
 * so it is enough to hold the buffer that is being filled.
 */
#ifndef LQA_BASE_RUNNING_SUM_H
#define LQA_BASE_RUNNING_SUM_H

#include "base/pairwise_sum.h"

/* Zeroed is empty. */
typedef struct lqa_running_sum {
  double total;  /* of the buffers that are full */
  double *value; /* those after them */
  size_t n, capacity;
  int64_t count; /* values so far */
} lqa_running_sum;

LQA_MUST_CHECK lqa_status lqa_running_sum_add(lqa_running_sum *sum, double value, bool is_single);
/* As lqa_pairwise_sum of all values so far. */
double lqa_running_sum_total(const lqa_running_sum *sum, bool is_single);
void lqa_running_sum_clear(lqa_running_sum *sum);

#endif
