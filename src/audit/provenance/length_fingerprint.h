/* audit/provenance/length_fingerprint.h - text length per class; the report shows it even where
 * nothing is found.
 */
#ifndef LQA_AUDIT_PROVENANCE_LENGTH_FINGERPRINT_H
#define LQA_AUDIT_PROVENANCE_LENGTH_FINGERPRINT_H

#include "data/dataset/dataset.h"

typedef struct lqa_class_length {
  int64_t count;    /* rows of the class with content */
  double mean, std; /* code points; std with n - 1 in the denominator, 0 below two rows */
  /* Of the rows of all other classes, pooled; NaN where there are none. */
  double others_median, others_mad, others_std;
} lqa_class_length;

/* Fills n_classes entries. Cost: one pass over the text, then classes x distinct lengths. */
LQA_MUST_CHECK lqa_status lqa_length_fingerprint(const lqa_dataset *dataset, lqa_class_length *out,
                                                 lqa_error *err);

#endif
