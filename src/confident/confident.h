/* confident/confident.h - confident learning over a matrix of predicted
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
#ifndef LQA_CONFIDENT_CONFIDENT_H
#define LQA_CONFIDENT_CONFIDENT_H

#include "confident/tie_order.h"
#include "base/npy.h"
#include "base/observer.h"
#include "base/pool.h"
#include "labelqa/confident.h"

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
LQA_MUST_CHECK lqa_status lqa_confident_new(const lqa_confident_input *input, lqa_confident **out,
                                            lqa_error *err);
void lqa_confident_free(lqa_confident *cl);

/* Refuses NaN, values outside [0, 1] and rows off sum 1 by more than `tolerance`; rows off by less
 * are scaled when read (see labelqa/confident.h) and the observer is told. Rows left out are not
 * looked at. */
LQA_MUST_CHECK lqa_status lqa_confident_check(lqa_confident *cl, double tolerance, lqa_error *err);

int64_t lqa_confident_count_rows(const lqa_confident *cl);   /* all rows, ignored ones included */
int64_t lqa_confident_count_used(const lqa_confident *cl);   /* rows with a label */
int64_t lqa_confident_count_scaled(const lqa_confident *cl); /* rows scaled to sum 1 */
lqa_tie_order lqa_confident_ties(const lqa_confident *cl);
int32_t lqa_confident_count_classes(const lqa_confident *cl);
/* Rows of each given class; n_classes values, valid until lqa_confident_free. */
const int64_t *lqa_confident_class_counts(const lqa_confident *cl);

/* ---- thresholds ---- */

/* Mean self-confidence per class: pairwise mean over the class's rows in row order, at least
 * LQA_CONFIDENT_FLOOR; LQA_CONFIDENT_ABSENT for a class without rows. */
LQA_MUST_CHECK lqa_status lqa_confident_thresholds(lqa_confident *cl, lqa_thresholds *thresholds,
                                                   lqa_error *err);

/* ---- the scan: all that is known row by row ---- */

enum {
  LQA_ROW_OFF_DIAGONAL = 1, /* confidently another class */
  LQA_ROW_DISAGREES = 2     /* the most probable class is not the given one, by more than EPS */
};

typedef struct lqa_confident_scan {
  int64_t *joint; /* n_classes x n_classes, [given][confident guess]; caller's, or NULL */
  uint8_t *flags; /* n_rows, LQA_ROW_* bits; caller's, or NULL */
  bool any_range; /* do not refuse probabilities outside [-1e-6, 1 + 1e-6] */
  int64_t n_off_diagonal;
  int64_t n_disagree;
  int64_t n_both; /* off the diagonal and disagreeing: num_label_issues' default count */
} lqa_confident_scan;

/* Counts the confident joint (before the diagonal is lifted to 1 and before calibration) and marks
 * rows. LQA_BAD_DATA where a probability is out of range (err->row says where). */
LQA_MUST_CHECK lqa_status lqa_confident_scan_rows(lqa_confident *cl,
                                                  const lqa_thresholds *thresholds,
                                                  lqa_confident_scan *scan, lqa_error *err);

/* LQA_BAD_DATA where a probability lies outside [-1e-6, 1 + 1e-6]; NaN passes. One pass. */
LQA_MUST_CHECK lqa_status lqa_confident_check_range(lqa_confident *cl, lqa_error *err);

/* ---- the joint ---- */

/* cell = counts with the diagonal lifted to at least 1 (the confident joint of cleanlab with
 * calibrate=False). Marks the joint by_column, as the reference builds it. */
void lqa_joint_from_counts(const int64_t *counts, lqa_joint *joint);

/* Lifts the diagonal to at least 1. */
void lqa_joint_lift_diagonal(lqa_joint *joint);

/* Rounds each row to whole numbers, keeping the rounded row total. In place. */
LQA_MUST_CHECK lqa_status lqa_joint_round_rows(lqa_joint *joint, lqa_tie_order ties,
                                               lqa_error *err);

/* ---- flags ---- */

/* issue[i] = 1 for rows whose label is probably wrong, else 0. `issue` has n_rows bytes. */
LQA_MUST_CHECK lqa_status lqa_confident_filter(lqa_confident *cl, const lqa_filter_options *options,
                                               uint8_t *issue, lqa_error *err);

/* How many issues cleanlab's num_label_issues estimates (off_diagonal). */
LQA_MUST_CHECK lqa_status lqa_confident_count_issues(lqa_confident *cl, int64_t *n_issues,
                                                     lqa_error *err);

/* The rows with issue[row] != 0, lowest label quality first. */
LQA_MUST_CHECK lqa_status lqa_confident_rank(lqa_confident *cl, const uint8_t *issue,
                                             const lqa_rank_options *options, lqa_ranking *ranking,
                                             lqa_error *err);

/* The same into `rows`, which has room for as many as issue[] is not 0. */
LQA_MUST_CHECK lqa_status lqa_confident_rank_rows(lqa_confident *cl, const uint8_t *issue,
                                                  const lqa_rank_options *options, int64_t *rows,
                                                  lqa_error *err);

/* ---- scores ---- */

/* score[i] for every row, NaN for ignored ones. *is_single (NULL allowed): the scores are float32
 * values. */
LQA_MUST_CHECK lqa_status lqa_confident_scores(lqa_confident *cl, const lqa_rank_options *options,
                                               double *score, bool *is_single, lqa_error *err);

/* The scores of several models with the same labels as one; ensemble->models is not looked at. */
LQA_MUST_CHECK lqa_status lqa_confident_ensemble(lqa_confident *const *models,
                                                 lqa_ensemble *ensemble,
                                                 const lqa_ensemble_options *options,
                                                 lqa_error *err);

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
