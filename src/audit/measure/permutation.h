/* audit/measure/permutation.h - class codes that stand for each other, from a confusion
 * matrix.
 */
#ifndef LQA_AUDIT_MEASURE_PERMUTATION_H
#define LQA_AUDIT_MEASURE_PERMUTATION_H

#include "base/status.h"

/* The assignment of rows to columns with the greatest sum (n x n, weight[row * n + column]):
 * to[row] = column. O(n^3). */
LQA_MUST_CHECK lqa_status lqa_assignment_find(int32_t n, const double *weight, int32_t *to,
                                              lqa_error *err);

typedef struct lqa_permutation {
  int32_t *to; /* per class: the class it stands for; itself where nothing moved. Owned. */
  int32_t n_moved;
  int64_t moved, kept; /* rows of moved classes predicted as the new and as the written class */
  double z;            /* (moved - kept) / sqrt(moved + kept) */
} lqa_permutation;

/* confusion[given * n_classes + predicted]: row counts. Keeps only cycles in which every class is
 * predicted as its new class at least `min_ratio` times as often as itself and with z above `min_z`
 * over the cycle. n_moved 0 if there is none. Clear with lqa_permutation_clear. */
LQA_MUST_CHECK lqa_status lqa_permutation_find(int32_t n_classes, const int64_t *confusion,
                                               double min_ratio, double min_z, lqa_permutation *out,
                                               lqa_error *err);
void lqa_permutation_clear(lqa_permutation *permutation);

#endif
