/* audit/measure/sequence.h - numbers that should ascend, and the fewest that break the
 * order. */
#ifndef LQA_AUDIT_MEASURE_SEQUENCE_H
#define LQA_AUDIT_MEASURE_SEQUENCE_H

#include "audit/row_list.h"

typedef struct lqa_sequence {
  int64_t n_values;    /* that are not NaN */
  double ascending;    /* share of values that can stay where they are */
  lqa_row_list breaks; /* the rest: rows outside a longest non-descending subsequence */
} lqa_sequence;

/* value: n numbers, NaN = none. Clear with lqa_sequence_clear. O(n log n). */
LQA_MUST_CHECK lqa_status lqa_sequence_check(const double *value, int64_t n, lqa_sequence *out);
void lqa_sequence_clear(lqa_sequence *sequence);

#endif
