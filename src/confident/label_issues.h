/* confident/label_issues.h - the confident learning audit of a data set: flags,
 * ranks and what the report says about classes, from out-of-fold probabilities.
 *
 * Default settings of the method: prune by noise rate, ranked by self-confidence. Everything is
 * computed from the float32 probabilities that pred_probs.npy stores.
 */
#ifndef LQA_CONFIDENT_LABEL_ISSUES_H
#define LQA_CONFIDENT_LABEL_ISSUES_H

#include "confident/confident.h"

/* One class as the report lists it, in class order. */
typedef struct lqa_class_summary {
  int64_t count, flagged;
  double label_noise, inverse_label_noise, quality;
} lqa_class_summary;

typedef struct lqa_label_issues {
  int64_t n_rows;
  int32_t n_classes;
  /* per row; owned */
  uint8_t *is_issue;
  int32_t *rank;           /* 1 = lowest self-confidence among the flagged, 0 = not flagged */
  int32_t *predicted;      /* first most probable class, -1 where not scored */
  double *self_confidence; /* NaN where not scored */
  /* summary; owned */
  int64_t n_not_scored; /* rows without a known label or with a NaN among their probabilities */
  int64_t n_flagged;
  int64_t estimated_errors; /* off-diagonal count of the calibrated joint */
  lqa_class_summary *per_class;
  lqa_class_overlap *overlaps; /* largest joint first, pairs with joint > 0 only */
  int64_t n_overlaps;
} lqa_label_issues;

typedef struct lqa_label_issues_input {
  const float *pred_probs; /* n_rows x n_classes; a row with any NaN is not scored */
  const int32_t *label;    /* n_rows codes, negative where NULL or unknown */
  int64_t n_rows;
  int32_t n_classes;
  lqa_tie_order ties;
  lqa_pool *pool;
} lqa_label_issues_input;

/* Rows without a score or a known label are never flagged. Clear *out with lqa_label_issues_clear.
 */
LQA_MUST_CHECK lqa_status lqa_label_issues_find(const lqa_label_issues_input *input,
                                                lqa_label_issues *out, lqa_error *err);
/* Takes back all flags and estimates, where the probabilities say nothing of the labels: no row is
 * flagged, label noise and quality are NaN. Predictions and self-confidence stay. */
void lqa_label_issues_drop(lqa_label_issues *issues);
void lqa_label_issues_clear(lqa_label_issues *issues);

#endif
