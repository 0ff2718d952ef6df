/* audit/confident_learning/prune.h - how many rows to prune from each (given, true) pair of
 * classes. */
#ifndef LQA_AUDIT_PRUNE_H
#define LQA_AUDIT_PRUNE_H

#include "audit/confident_learning/confident_internal.h"

/* quota[g * n + t]: rows given g, truly t, to prune; the diagonal holds the rows of g to keep. */
typedef struct lqa_prune {
  int64_t *quota; /* n * n, caller's */
  int32_t n;
} lqa_prune;

/* From a confident joint (whole or not) and the filter's options. The joint is used up. */
lqa_status lqa_prune_from_joint(lqa_joint *joint, const lqa_filter_options *options,
                                const int64_t *class_counts, lqa_tie_order ties, lqa_prune *prune,
                                lqa_error *err) LQA_MUST_CHECK;

#endif
