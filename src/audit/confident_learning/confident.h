/* audit/confident_learning/confident.h - confident learning over a matrix of predicted
 * probabilities.
 *
 * Confident learning estimates the joint distribution of given and true labels from out-of-fold
 * probabilities and names the rows whose label is probably wrong (Northcutt, Jiang and Chuang,
 * "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70, 2021). What is computed
 * here equals cleanlab 2.9.0, bit for bit where the order of additions can be reproduced.
 *
 * The matrix is never copied. It is read in whatever type and strides it comes, in blocks of rows:
 * once for the thresholds (one value a row), once for everything that is known row by row
 * (lqa_confident_scan), and for the flags only where a quota must be filled. Memory besides the
 * input is one byte a row, K x K numbers, and an index of some rows at a time.
 *
 * A negative label means "ignore this row": its probabilities may be NaN and it is never counted or
 * flagged. Results do not depend on the number of threads.
 */
#ifndef LQA_AUDIT_CONFIDENT_H
#define LQA_AUDIT_CONFIDENT_H

#include "audit/confident_learning/numpy_sort.h"
#include "base/npy.h"
#include "base/observer.h"
#include "base/pool.h"

/* Constants of the method. */
#define LQA_CONFIDENT_EPS 1e-6    /* a row is confident in k from threshold_k - EPS on */
#define LQA_CONFIDENT_FLOOR 2e-6  /* no threshold lies below */
#define LQA_CONFIDENT_TINY 1e-100 /* divisors are at least this */
#define LQA_CONFIDENT_ABSENT 2.0  /* threshold of a class that no row is labelled with */

typedef struct lqa_confident_input {
  const lqa_matrix *pred_probs; /* n_rows x n_classes; borrowed */
  const lqa_matrix *labels;     /* n_rows x 1, integers in [0, n_classes) or negative; borrowed */
  lqa_tie_order ties;
  lqa_pool *pool;               /* NULL = this thread */
  const lqa_observer *observer; /* NULL = silent */
} lqa_confident_input;

/* A prepared problem: labels counted and checked. Borrows the input's matrices. One thread at a
 * time. */
typedef struct lqa_confident lqa_confident;

/* LQA_BAD_DATA for shapes that do not fit or a label >= n_classes (err->row says where). */
lqa_status lqa_confident_new(const lqa_confident_input *input, lqa_confident **out,
                             lqa_error *err) LQA_MUST_CHECK;
void lqa_confident_free(lqa_confident *cl);

int64_t lqa_confident_count_rows(const lqa_confident *cl); /* all rows, ignored ones included */
int64_t lqa_confident_count_used(const lqa_confident *cl); /* rows with a label */
int32_t lqa_confident_count_classes(const lqa_confident *cl);
/* Rows of each given class; n_classes values, valid until lqa_confident_free. */
const int64_t *lqa_confident_class_counts(const lqa_confident *cl);

/* ---- thresholds ---- */

typedef struct lqa_thresholds {
  double *value;  /* n_classes, caller's */
  bool is_single; /* computed in float32 (the matrix is float32 and every class occurs) */
} lqa_thresholds;

/* Mean self-confidence per class: pairwise mean over the class's rows in row order, at least
 * LQA_CONFIDENT_FLOOR; LQA_CONFIDENT_ABSENT for a class without rows. */
lqa_status lqa_confident_thresholds(lqa_confident *cl, lqa_thresholds *thresholds,
                                    lqa_error *err) LQA_MUST_CHECK;

/* ---- the scan: all that is known row by row ---- */

enum {
  LQA_ROW_OFF_DIAGONAL = 1, /* confidently another class */
  LQA_ROW_DISAGREES = 2     /* the most probable class is not the given one, by more than EPS */
};

typedef struct lqa_confident_scan {
  int64_t *joint; /* n_classes x n_classes, [given][confident guess]; caller's, or NULL */
  uint8_t *flags; /* n_rows, LQA_ROW_* bits; caller's, or NULL */
  int64_t n_off_diagonal;
  int64_t n_disagree;
  int64_t n_both; /* off the diagonal and disagreeing: num_label_issues' default count */
} lqa_confident_scan;

/* Counts the confident joint (before the diagonal is lifted to 1 and before calibration) and marks
 * rows. LQA_BAD_DATA where a probability is out of range (err->row says where). */
lqa_status lqa_confident_scan_rows(lqa_confident *cl, const lqa_thresholds *thresholds,
                                   lqa_confident_scan *scan, lqa_error *err) LQA_MUST_CHECK;

/* ---- the joint ---- */

/* A square matrix of doubles, [given][true], row-major. `by_column`: numpy would hold it transposed
 * in memory, which decides the order of one sum. */
typedef struct lqa_joint {
  double *cell; /* n * n, caller's */
  int32_t n;
  bool by_column;
} lqa_joint;

/* cell = counts with the diagonal lifted to at least 1 (the confident joint of cleanlab with
 * calibrate=False). Marks the joint by_column, as the reference builds it. */
void lqa_joint_from_counts(const int64_t *counts, lqa_joint *joint);

/* Scales rows to the label counts and the whole to n_rows, then rounds to whole numbers so that
 * rows keep their totals. Works in place. */
lqa_status lqa_joint_calibrate(lqa_joint *joint, const int64_t *class_counts, lqa_tie_order ties,
                               lqa_error *err) LQA_MUST_CHECK;

/* Divides a calibrated joint by its sum: the estimated joint distribution. In place. */
void lqa_joint_normalize(lqa_joint *joint);

/* Rounds each row to whole numbers, keeping the rounded row total. In place. */
lqa_status lqa_joint_round_rows(lqa_joint *joint, lqa_tie_order ties,
                                lqa_error *err) LQA_MUST_CHECK;

/* Number of issues that the off-diagonal of an estimated joint implies: rint((1 - trace) * n_rows).
 */
int64_t lqa_joint_count_issues(const lqa_joint *joint, int64_t n_rows);

/* ---- flags ---- */

typedef enum lqa_filter_by {
  LQA_FILTER_PRUNE_BY_NOISE_RATE,
  LQA_FILTER_PRUNE_BY_CLASS,
  LQA_FILTER_BOTH,
  LQA_FILTER_CONFIDENT_LEARNING,
  LQA_FILTER_PREDICTED_NEQ_GIVEN,
  LQA_FILTER_LOW_SELF_CONFIDENCE,
  LQA_FILTER_LOW_NORMALIZED_MARGIN
} lqa_filter_by;

typedef enum lqa_score_method {
  LQA_SCORE_SELF_CONFIDENCE,
  LQA_SCORE_NORMALIZED_MARGIN,
  LQA_SCORE_CONFIDENCE_WEIGHTED_ENTROPY
} lqa_score_method;

typedef struct lqa_filter_options {
  lqa_filter_by filter_by;
  double frac_noise;                /* default 1 */
  int64_t min_examples_per_class;   /* default 1 */
  const int64_t *num_to_remove;     /* per class, or NULL */
  const lqa_joint *confident_joint; /* given, used as it is; NULL = estimated and calibrated */
} lqa_filter_options;

void lqa_filter_options_init(lqa_filter_options *options);

/* issue[i] = 1 for rows whose label is probably wrong, else 0. `issue` has n_rows bytes. */
lqa_status lqa_confident_filter(lqa_confident *cl, const lqa_filter_options *options,
                                uint8_t *issue, lqa_error *err) LQA_MUST_CHECK;

/* How many issues cleanlab's num_label_issues estimates (off_diagonal). */
lqa_status lqa_confident_count_issues(lqa_confident *cl, int64_t *n_issues,
                                      lqa_error *err) LQA_MUST_CHECK;

typedef struct lqa_rank_options {
  lqa_score_method method;
  bool adjust_pred_probs;
} lqa_rank_options;

typedef struct lqa_ranking {
  int64_t *rows; /* owned by the caller: free() */
  int64_t n;
} lqa_ranking;

/* The rows with issue[row] != 0, lowest label quality first. */
lqa_status lqa_confident_rank(lqa_confident *cl, const uint8_t *issue,
                              const lqa_rank_options *options, lqa_ranking *ranking,
                              lqa_error *err) LQA_MUST_CHECK;

/* ---- scores ---- */

/* score[i] in [0, 1], lower = more likely wrong; NaN for ignored rows. `adjust_pred_probs`
 * subtracts the class thresholds first (not with the entropy). Rounded as float32 where the matrix
 * is float32. */
lqa_status lqa_confident_scores(lqa_confident *cl, lqa_score_method method, bool adjust_pred_probs,
                                double *score, lqa_error *err) LQA_MUST_CHECK;

/* ---- dataset health ---- */

typedef struct lqa_class_quality {
  int32_t class_index;
  int64_t label_issues; /* rint(label_noise mass * N) */
  int64_t inverse_label_issues;
  double label_noise;         /* share of rows given this class that are truly another */
  double inverse_label_noise; /* share of rows truly of this class that are given another */
  double label_quality;       /* 1 - label_noise */
} lqa_class_quality;

/* quality[n], ordered by label quality, worst first, from an estimated joint distribution. */
lqa_status lqa_joint_rank_classes(const lqa_joint *joint, int64_t n_rows, lqa_tie_order ties,
                                  lqa_class_quality *quality, lqa_error *err) LQA_MUST_CHECK;

typedef struct lqa_class_overlap {
  int32_t class_a, class_b; /* class_a < class_b unless asymmetric (then given a, true b) */
  int64_t n_overlapping;    /* rint(joint * n_rows) */
  double joint;
} lqa_class_overlap;

typedef struct lqa_overlap_options {
  bool is_asymmetric;
  lqa_tie_order ties;
} lqa_overlap_options;

typedef struct lqa_overlap_list {
  lqa_class_overlap *pairs; /* owned by the caller: free() */
  int64_t n;
} lqa_overlap_list;

/* All n (n - 1) / 2 pairs (twice that if asymmetric), largest joint first. */
lqa_status lqa_joint_find_overlaps(const lqa_joint *joint, int64_t n_rows,
                                   const lqa_overlap_options *options, lqa_overlap_list *overlaps,
                                   lqa_error *err) LQA_MUST_CHECK;

/* ---- views over plain arrays ---- */

static inline lqa_matrix lqa_matrix_of_f32(const float *data, int64_t n_rows, int64_t n_columns) {
  return (lqa_matrix){
      data, LQA_FLOAT32, false, n_rows, n_columns, n_columns * (int64_t)sizeof *data, sizeof *data};
}
static inline lqa_matrix lqa_matrix_of_f64(const double *data, int64_t n_rows, int64_t n_columns) {
  return (lqa_matrix){
      data, LQA_FLOAT64, false, n_rows, n_columns, n_columns * (int64_t)sizeof *data, sizeof *data};
}
static inline lqa_matrix lqa_vector_of_i32(const int32_t *data, int64_t n_rows) {
  return (lqa_matrix){data, LQA_INT32, false, n_rows, 1, sizeof *data, sizeof *data};
}

#endif
