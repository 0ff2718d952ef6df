/* audit/measure/quick_bayes.h - a naive Bayes model that is refitted many times over.
 *
 * The questions of the misalignment audits are of the form "would the rows fit better with other
 * labels": each needs a model fitted to those labels and judged on rows it has not seen. This one
 * is multinomial naive Bayes on hashed features, in two halves that predict each other.
 */
#ifndef LQA_AUDIT_MEASURE_QUICK_BAYES_H
#define LQA_AUDIT_MEASURE_QUICK_BAYES_H

#include "audit/measure/hashed_rows.h"

/* Buckets that keep one model below a few megabytes for this many classes; a power of two. */
uint32_t lqa_quick_bayes_buckets(int32_t n_classes);

/* Log weights of both halves' models. */
typedef struct lqa_quick_bayes {
  int32_t n_classes;
  uint32_t n_buckets;
  float *weight[2]; /* n_buckets x n_classes: trained on half 0, on half 1 */
  float *prior[2];  /* n_classes */
} lqa_quick_bayes;

/* label: one per item of the bag, negative = not trained on. */
LQA_MUST_CHECK lqa_status lqa_quick_bayes_fit(lqa_quick_bayes *model, const lqa_hashed_rows *bag,
                                              uint32_t n_buckets, int32_t n_classes,
                                              const int32_t *label);
/* The most probable class of each item, by the model of the other half. */
LQA_MUST_CHECK lqa_status lqa_quick_bayes_predict(const lqa_quick_bayes *model,
                                                  const lqa_hashed_rows *bag, int32_t *predicted);
void lqa_quick_bayes_clear(lqa_quick_bayes *model);

/* Counts of a whole bag, from which any part can be left out again. */
typedef struct lqa_leave_out {
  int32_t n_classes;
  uint32_t n_buckets;
  uint32_t *count; /* n_buckets x n_classes */
  double *total;   /* features per class */
  double *rows;    /* rows per class */
} lqa_leave_out;

LQA_MUST_CHECK lqa_status lqa_leave_out_fit(lqa_leave_out *model, const lqa_hashed_rows *bag,
                                            uint32_t n_buckets, int32_t n_classes,
                                            const int32_t *label);
/* The most probable class of each item marked in `out` (one byte an item) by a model of all other
 * items; -1 for the rest. */
LQA_MUST_CHECK lqa_status lqa_leave_out_predict(const lqa_leave_out *model,
                                                const lqa_hashed_rows *bag, const int32_t *label,
                                                const uint8_t *out, int32_t *predicted);
void lqa_leave_out_clear(lqa_leave_out *model);

#endif
