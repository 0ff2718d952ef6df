/* confident/prune.h - how many rows to prune from each (given, true) pair of
 * classes. */
#ifndef LQA_CONFIDENT_PRUNE_H
#define LQA_CONFIDENT_PRUNE_H

#include "confident/confident_internal.h"

/* The confident joint's counts (n_classes squared) become quotas: [g * n + t] = how many rows given
 * g, truly t, to prune; the diagonal is how many rows of g to keep. From the options' own joint if
 * there is one, else from the counts, calibrated. */
LQA_MUST_CHECK lqa_status lqa_prune_quotas(const lqa_confident *cl,
                                           const lqa_filter_options *options, int64_t *counts,
                                           lqa_error *err);

/* wanted[k] = 1 for classes with more than min_examples rows, and enough to lose one. */
void lqa_prune_choose_classes(const lqa_confident *cl, int64_t min_examples, uint8_t *wanted);

/* How many of a class's rows prune_by_class takes, from the quota's diagonal. */
int64_t lqa_prune_count_worst(int64_t diagonal, int64_t n_rows);

/* Sets LQA_ROW_BY_NOISE_RATE in flags[row] for the rows that disagree with their label and that a
 * quota takes; the scan's bits must be there. `wanted`: the given classes to look at. */
LQA_MUST_CHECK lqa_status lqa_prune_by_noise_rate(lqa_confident *cl, const int64_t *quota,
                                                  const uint8_t *wanted, uint8_t *flags,
                                                  lqa_error *err);

/* Sets LQA_ROW_BY_CLASS for the least self-confident rows of each wanted class, leaving as many as
 * the quota's diagonal says. */
LQA_MUST_CHECK lqa_status lqa_prune_by_class(lqa_confident *cl, const int64_t *quota,
                                             const uint8_t *wanted, uint8_t *flags, lqa_error *err);

/* More bits beside LQA_ROW_OFF_DIAGONAL and LQA_ROW_DISAGREES. */
enum { LQA_ROW_BY_NOISE_RATE = 4, LQA_ROW_BY_CLASS = 8 };

#endif
