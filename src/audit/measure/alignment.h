/* audit/measure/alignment.h - do rows fit their own labels, or labels that stand
 * elsewhere?
 *
 * Positions are rows of one source file; no comparison crosses from file to file. "Lag k" asks
 * whether row i's own label stands at row i + k: the row then carries the label of row i - k (a
 * shift by k).
 */
#ifndef LQA_AUDIT_MEASURE_ALIGNMENT_H
#define LQA_AUDIT_MEASURE_ALIGNMENT_H

#include "audit/audit.h"

/* Predictions seen as log odds. Either full probabilities, or one predicted class per row. */
typedef struct lqa_alignment {
  const lqa_dataset *dataset;
  const float *probs;       /* n_rows x n_classes, borrowed, or NULL */
  const int32_t *predicted; /* per row, -1 = none; borrowed unless made here */
  int32_t *own_predicted;   /* what was made here */
  double hit;               /* without probs: probability of the predicted class */
  float *log_prior;         /* of each class */
  float *odds;              /* n_rows x n_classes where that is small enough to keep, or NULL */
  float *own;               /* odds of the row's own label; NaN = the row says nothing */
  uint8_t *masked;          /* 1 = already explained */
} lqa_alignment;

LQA_MUST_CHECK lqa_status lqa_alignment_init(lqa_alignment *a, const lqa_dataset *dataset,
                                             const float *probs, lqa_error *err);
/* From predicted classes alone (borrowed), right with probability `hit`. */
LQA_MUST_CHECK lqa_status lqa_alignment_init_votes(lqa_alignment *a, const lqa_dataset *dataset,
                                                   const int32_t *predicted, double hit,
                                                   lqa_error *err);
void lqa_alignment_clear(lqa_alignment *a);

/* How much better row `row` fits the label of row `other` than its own, as a log likelihood ratio:
 * log p(y_other) / prior(y_other) - log p(y_row) / prior(y_row). 0 where the labels are equal or
 * either row says nothing. */
float lqa_alignment_gain(const lqa_alignment *a, int64_t row, int64_t other);

/* Rows of [from, to] where own and other label differ, and how many of them are predicted as
 * either. */
typedef struct lqa_sign_test {
  int64_t differing, other, own;
  double z; /* (other - own) / sqrt(other + own); 0 if both are 0 */
} lqa_sign_test;

typedef struct lqa_segment {
  int64_t from, to; /* inclusive */
  int32_t lag;      /* or 0 for a reversed segment */
  double score;     /* sum of gains */
  lqa_sign_test test;
} lqa_segment;
typedef LQA_VEC(lqa_segment) lqa_segment_list;

typedef struct lqa_alignment_options {
  int max_lag;
  double alpha;     /* chance of a false alarm in a whole clean data set */
  double min_ratio; /* other : own in the sign test, at least */
  size_t max_segments;
} lqa_alignment_options;

/* Segments that carry another row's label, best first; found rows are masked. */
LQA_MUST_CHECK lqa_status lqa_alignment_find_shifts(lqa_alignment *a,
                                                    const lqa_alignment_options *options,
                                                    lqa_segment_list *out);
/* Segments whose labels stand in reversed order; found rows are masked. */
LQA_MUST_CHECK lqa_status lqa_alignment_find_reversals(lqa_alignment *a,
                                                       const lqa_alignment_options *options,
                                                       lqa_segment_list *out);

/* The sign test of a segment that was found on other evidence. */
lqa_sign_test lqa_alignment_test(const lqa_alignment *a, const lqa_segment *segment);

/* First row and one past the last of the file that `row` belongs to. */
void lqa_alignment_file_bounds(const lqa_dataset *dataset, int64_t row, int64_t *from, int64_t *to);
/* The z that none of `tests` tests on clean data exceeds with probability 1 - alpha. */
double lqa_alignment_z_limit(double tests, double alpha);

#endif
