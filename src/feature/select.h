/* feature/select.h - the n-th largest of many counts, and sorting by an integer key. */
#ifndef LQA_FEATURE_SELECT_H
#define LQA_FEATURE_SELECT_H

#include "base/status.h"

/* The `rank`-th largest value, 1 = the largest; 1 <= rank <= n. Leaves `values` as they are. */
uint64_t lqa_select_largest(const uint64_t *values, size_t n, size_t rank);

typedef struct lqa_keyed {
  uint64_t key;
  uint32_t count, n_rows;
} lqa_keyed;

/* Sorts by the low `bits` bits of key, ascending, stable; `scratch` holds n elements too. */
void lqa_sort_keyed(lqa_keyed *items, lqa_keyed *scratch, size_t n, unsigned bits);

#endif
