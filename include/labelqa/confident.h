/* labelqa/confident.h - confident learning on your own arrays: which labels are probably wrong.
 *
 * Give the label of every row and the probability a model gives each class for that row, made
 * without training on the row (out of fold). Confident learning compares the two:
 *
 *   1. thresholds   for each class, the mean probability of that class over the rows labelled so
 *   2. joint        rows whose probability of a class reaches its threshold are confidently of that
 *                   class; counting given label against confident class gives the confident joint
 *   3. flags        the joint says how many rows of each (given, true) pair are wrong; the rows
 * with the largest margin for the other class are flagged
 *   4. ranking      flagged rows by label quality, worst first
 *
 *     lqa_confident_learner_input input;
 *     lqa_confident_learner_input_init(&input);
 *     input.labels = &labels;           // lqa_matrix of integers, n_rows x 1
 *     input.pred_probs = &pred_probs;   // lqa_matrix, n_rows x n_classes
 *     lqa_confident_learner *cl = NULL;
 *     lqa_error err;
 *     if (lqa_confident_learner_open(&input, &cl, &err) != LQA_OK) { puts(err.message); return 1; }
 *     uint8_t *issue = malloc(n_rows);
 *     lqa_confident_learner_find_issues(cl, NULL, issue, &err);   // 1 where the label is probably
 * wrong lqa_confident_learner_close(cl);
 *
 * Source: Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset
 * Labels", JAIR 70 (2021). Results equal cleanlab 2.9.0's, bit for bit where the order of additions
 * can be reproduced, in the tie order LQA_TIES_COMPAT; docs/coming-from-cleanlab.md lists every
 * function.
 *
 * The matrix is never copied. Extra memory: one byte a row and a few numbers per pair of classes.
 * Results do not depend on the number of threads or on the processor.
 */
#ifndef LABELQA_CONFIDENT_H
#define LABELQA_CONFIDENT_H

#include "labelqa/error.h"
#include "labelqa/matrix.h"
#include "labelqa/observer.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------
 * 1. The problem
 * ------------------------------------------------------------------------------------------------
 */

/* Which of several equal scores comes first. Ties also decide how a joint of 17 or more classes is
 * rounded, and with it some flags. Say which order you used when you publish results. */
typedef enum lqa_tie_order {
  LQA_TIES_STABLE = 0, /* the earlier row or class: the same on every machine */
  LQA_TIES_COMPAT = 1  /* as the reference has them: cleanlab's answers index for index */
} lqa_tie_order;

/* "stable" or "compat". */
LQA_API const char *lqa_tie_order_name(lqa_tie_order ties);

/* The default of lqa_confident_learner_input.tolerance. */
#define LQA_CL_TOLERANCE 1e-2

typedef struct lqa_confident_learner_input {
  /* n_rows x n_classes probabilities of any float or integer type; borrowed until
   * lqa_confident_learner_close. float32 input is computed in float32 where the reference does so.
   */
  const lqa_matrix *pred_probs;
  /* n_rows x 1 integers in [0, n_classes); a negative label means "leave this row out": it is never
   * counted or flagged and its probabilities may be NaN. Borrowed. */
  const lqa_matrix *labels;
  lqa_tie_order ties;
  int64_t threads; /* 0 = one per processor */
  /* How far a probability may lie outside [0, 1], or a row's sum from 1. Rows that are off by more
   * than 1e-6 (a value) or 1e-4 (the sum) but no more than this are scaled to sum 1, and the
   * observer is told how many; beyond it, and for NaN, lqa_confident_learner_open fails. Negative:
   * no check of sums and NaN, nothing is scaled, as cleanlab does (a NaN is never confident, and
   * sorts last).
   */
  double tolerance;
  const lqa_observer *observer; /* NULL = silent */
} lqa_confident_learner_input;

/* Stable ties, all processors, LQA_CL_TOLERANCE, no arrays yet. */
LQA_API void lqa_confident_learner_input_init(lqa_confident_learner_input *input);

/* A checked problem. Belongs to one thread at a time; borrows the input's arrays. */
typedef struct lqa_confident_learner lqa_confident_learner;

/* Counts labels and checks both arrays. LQA_BAD_DATA names what is wrong and where (err->row):
 * shapes that do not fit, a label >= n_classes, and what `tolerance` says. */
LQA_API LQA_MUST_CHECK lqa_status lqa_confident_learner_open(
    const lqa_confident_learner_input *input, lqa_confident_learner **out, lqa_error *err);
LQA_API void lqa_confident_learner_close(lqa_confident_learner *cl);

/* LQA_BAD_DATA where a probability lies outside [-1e-6, 1 + 1e-6]; NaN passes. One pass over the
 * matrix, for callers with a negative tolerance: finding and counting issues check it anyway. */
LQA_API LQA_MUST_CHECK lqa_status lqa_confident_learner_check_range(lqa_confident_learner *cl,
                                                                    lqa_error *err);

LQA_API int64_t lqa_confident_learner_count_rows(
    const lqa_confident_learner *cl); /* all rows, those left out included */
LQA_API int64_t
lqa_confident_learner_count_labels(const lqa_confident_learner *cl); /* rows with a label >= 0 */
LQA_API int64_t lqa_confident_learner_count_scaled(
    const lqa_confident_learner *cl); /* rows that were scaled to sum 1 */
LQA_API int32_t
lqa_confident_learner_count_classes(const lqa_confident_learner *cl); /* columns of pred_probs */
/* Rows given each label: n_classes values, valid until lqa_confident_learner_close. */
LQA_API const int64_t *lqa_confident_learner_class_counts(const lqa_confident_learner *cl);

/* ------------------------------------------------------------------------------------------------
 * 2. Label issues
 * ------------------------------------------------------------------------------------------------
 */

/* How rows are chosen. All but the two LOW filters flag only rows that another class beats. */
typedef enum lqa_filter_by {
  LQA_FILTER_PRUNE_BY_NOISE_RATE, /* per pair of classes, as many as the joint says: the default */
  LQA_FILTER_PRUNE_BY_CLASS,      /* per class, its least self-confident rows */
  LQA_FILTER_BOTH,                /* rows that both of these flag */
  LQA_FILTER_CONFIDENT_LEARNING,  /* rows that are confidently of another class */
  LQA_FILTER_PREDICTED_NEQ_GIVEN, /* rows whose most probable class is another */
  LQA_FILTER_LOW_SELF_CONFIDENCE, /* the lowest scores, as many as
                                     lqa_confident_learner_count_issues says */
  LQA_FILTER_LOW_NORMALIZED_MARGIN
} lqa_filter_by;

/* A square matrix of doubles [given][true], row-major; n = number of classes. */
typedef struct lqa_joint {
  double *cell; /* n * n values, the caller's */
  int32_t n;
  /* The same matrix held transposed in memory (Fortran order): decides the order in which
   * some sums of non-integers run. False for your own. */
  bool by_column;
} lqa_joint;

typedef struct lqa_filter_options {
  lqa_filter_by filter_by;
  double frac_noise;                /* share of each quota to flag; default 1. Prune filters only */
  int64_t min_examples_per_class;   /* classes keep at least this many rows; default 1 */
  const int64_t *num_to_remove;     /* per class, replaces the quotas' sizes; NULL = not */
  const lqa_joint *confident_joint; /* given, used as it is; NULL = estimated and calibrated */
} lqa_filter_options;

LQA_API void lqa_filter_options_init(lqa_filter_options *options);

/* issue[i] = 1 where the label of row i is probably wrong, else 0; n_rows bytes. `options` NULL =
 * defaults. LQA_BAD_DATA for probabilities outside [-1e-6, 1 + 1e-6]. */
LQA_API LQA_MUST_CHECK lqa_status lqa_confident_learner_find_issues(
    lqa_confident_learner *cl, const lqa_filter_options *options, uint8_t *issue, lqa_error *err);

/* The number of rows that are confidently of another class and whose label another class beats. */
LQA_API LQA_MUST_CHECK lqa_status lqa_confident_learner_count_issues(lqa_confident_learner *cl,
                                                                     int64_t *n_issues,
                                                                     lqa_error *err);

/* ------------------------------------------------------------------------------------------------
 * 3. Label quality
 * ------------------------------------------------------------------------------------------------
 */

/* Scores in [0, 1]; lower = more likely wrong. */
typedef enum lqa_score_method {
  LQA_SCORE_SELF_CONFIDENCE,            /* p(label) */
  LQA_SCORE_NORMALIZED_MARGIN,          /* (p(label) - largest other p + 1) / 2 */
  LQA_SCORE_CONFIDENCE_WEIGHTED_ENTROPY /* log(x + 1) / x, x = normalised entropy / p(label) */
} lqa_score_method;

typedef struct lqa_rank_options {
  lqa_score_method method;
  bool adjust_pred_probs; /* lower each p by its class's threshold first; not with the entropy */
} lqa_rank_options;

/* score[i] for every row, NaN for rows left out; n_rows values. `options` NULL = self-confidence.
 * *is_single (NULL allowed): the values are float32 values, as the reference would return them.
 * LQA_BAD_USAGE for a margin with one class, or an adjusted entropy. */
LQA_API LQA_MUST_CHECK lqa_status lqa_confident_learner_scores(lqa_confident_learner *cl,
                                                               const lqa_rank_options *options,
                                                               double *score, bool *is_single,
                                                               lqa_error *err);

/* Row numbers, lowest score first. */
typedef struct lqa_ranking {
  int64_t *rows; /* owned by the caller: lqa_free (labelqa.h) */
  int64_t n;
} lqa_ranking;

/* The rows with issue[i] != 0. */
LQA_API LQA_MUST_CHECK lqa_status lqa_confident_learner_rank(lqa_confident_learner *cl,
                                                             const uint8_t *issue,
                                                             const lqa_rank_options *options,
                                                             lqa_ranking *ranking, lqa_error *err);

/* The same into rows[], which has room for as many values as issue[] is not 0. Takes 8 bytes of
 * memory for each of them besides, none where scores are float32 values and ties stable. */
LQA_API LQA_MUST_CHECK lqa_status lqa_confident_learner_rank_rows(lqa_confident_learner *cl,
                                                                  const uint8_t *issue,
                                                                  const lqa_rank_options *options,
                                                                  int64_t *rows, lqa_error *err);

/* order[0..n) = the positions of `keys` in ascending order, NaN last. */
LQA_API LQA_MUST_CHECK lqa_status lqa_argsort(const double *keys, int64_t n, lqa_tie_order ties,
                                              int64_t *order);

/* How the scores of several models become one. */
typedef enum lqa_ensemble_weights {
  LQA_ENSEMBLE_UNIFORM,
  LQA_ENSEMBLE_ACCURACY,        /* share of rows a model's most probable class is the label */
  LQA_ENSEMBLE_LOG_LOSS_SEARCH, /* exp(-t * log-loss), t the value whose weighted mean has least
                                   loss */
  LQA_ENSEMBLE_CUSTOM
} lqa_ensemble_weights;

typedef struct lqa_ensemble_options {
  lqa_rank_options score;
  lqa_ensemble_weights weights;
  const double *custom;   /* n_models weights, used as they are; CUSTOM only */
  const double *t_values; /* candidates for t; NULL = 1e-4, 1e-3, .01, .1, 1, 10, 100, 200 */
  int32_t n_t_values;
} lqa_ensemble_options;

/* One problem per model, all with the same labels. score: n_rows values; weight (n_models values):
 * what was used, in order; accuracy: n_models values or NULL. */
typedef struct lqa_ensemble {
  lqa_confident_learner *const *models;
  int32_t n_models;
  double *score, *weight, *accuracy; /* the caller's */
  bool is_single;                    /* set: the scores are float32 values */
} lqa_ensemble;

LQA_API LQA_MUST_CHECK lqa_status lqa_confident_learner_ensemble_scores(
    lqa_ensemble *ensemble, const lqa_ensemble_options *options, lqa_error *err);

/* ------------------------------------------------------------------------------------------------
 * 4. Thresholds, joint, noise
 * ------------------------------------------------------------------------------------------------
 */

typedef struct lqa_thresholds {
  double *value;  /* n_classes values, the caller's */
  bool is_single; /* they are float32 values (the matrix is float32 and every class occurs) */
} lqa_thresholds;

/* Per class the mean self-confidence of its rows, at least 2e-6; 2 for a class without rows. */
LQA_API LQA_MUST_CHECK lqa_status lqa_confident_learner_thresholds(lqa_confident_learner *cl,
                                                                   lqa_thresholds *thresholds,
                                                                   lqa_error *err);

typedef struct lqa_joint_options {
  bool calibrate;                   /* scale to the label counts and round to whole numbers */
  const lqa_thresholds *thresholds; /* your own; NULL = lqa_confident_learner_thresholds */
  uint8_t *off_diagonal;            /* out: n_rows bytes, 1 = confidently another class; or NULL */
} lqa_joint_options;

/* The confident joint, its diagonal at least 1. joint->cell: n_classes squared values. `options`
 * NULL = calibrated. */
LQA_API LQA_MUST_CHECK lqa_status lqa_confident_learner_joint(lqa_confident_learner *cl,
                                                              const lqa_joint_options *options,
                                                              lqa_joint *joint, lqa_error *err);

/* Scales a confident joint to the counts of each given label (n values) and to their sum, and
 * rounds it to whole numbers so that rows keep their totals. In place. */
LQA_API LQA_MUST_CHECK lqa_status lqa_joint_calibrate(lqa_joint *joint, const int64_t *class_counts,
                                                      lqa_tie_order ties, lqa_error *err);

/* Divides by the sum: counts become the estimated joint distribution. In place. */
LQA_API void lqa_joint_normalize(lqa_joint *joint);

/* rint((1 - trace) * n_rows) of a joint distribution. */
LQA_API int64_t lqa_joint_count_issues(const lqa_joint *joint, int64_t n_rows);

/* How the prior of the true classes is estimated; P(s) is the share of each given label. */
typedef enum lqa_py_method {
  LQA_PY_CNT,        /* inverse_kk / noise_kk * P(s = k): the default */
  LQA_PY_EQN,        /* the solution of noise * py = P(s) */
  LQA_PY_MARGINAL,   /* column sums of the joint */
  LQA_PY_MARGINAL_PS /* inverse * P(s) */
} lqa_py_method;

typedef struct lqa_latent_options {
  lqa_py_method py_method;
  bool converge; /* iterate prior and both matrices until they fit each other better */
} lqa_latent_options;

/* All the caller's: py n values, matrices n * n row-major. */
typedef struct lqa_latent {
  double *py;      /* P(true = k) */
  double *noise;   /* [given][true]: P(given | true), columns sum to 1 */
  double *inverse; /* [true][given]: P(true | given), columns sum to 1 */
  int32_t n;       /* set */
} lqa_latent;

/* From a confident joint and the counts of each given label. LQA_BAD_DATA: PY_EQN met a singular
 * noise matrix. */
LQA_API LQA_MUST_CHECK lqa_status lqa_joint_estimate_latent(const lqa_joint *joint,
                                                            const int64_t *class_counts,
                                                            const lqa_latent_options *options,
                                                            lqa_latent *latent, lqa_error *err);

/* ------------------------------------------------------------------------------------------------
 * 5. Classes: where the noise is
 * ------------------------------------------------------------------------------------------------
 */

typedef struct lqa_class_quality {
  int32_t class_index;
  int64_t label_issues;         /* rows given this class that are truly another, estimated */
  int64_t inverse_label_issues; /* rows truly of this class that are given another, estimated */
  double label_noise;           /* the first as a share of rows given the class */
  double inverse_label_noise;   /* the second as a share of rows truly of it */
  double label_quality;         /* 1 - label_noise */
} lqa_class_quality;

/* quality: n values, worst label quality first, from an estimated joint distribution. */
LQA_API LQA_MUST_CHECK lqa_status lqa_joint_rank_classes(const lqa_joint *joint, int64_t n_rows,
                                                         lqa_tie_order ties,
                                                         lqa_class_quality *quality,
                                                         lqa_error *err);

typedef struct lqa_class_overlap {
  int32_t class_a, class_b; /* a < b; where asymmetric a is given, b true */
  int64_t n_overlapping;    /* joint * n_rows, rounded */
  double joint;             /* mass of rows given one and truly the other */
} lqa_class_overlap;

typedef struct lqa_overlap_options {
  bool is_asymmetric; /* keep (a, b) and (b, a) apart */
  lqa_tie_order ties;
} lqa_overlap_options;

typedef struct lqa_overlap_list {
  lqa_class_overlap *pairs; /* owned by the caller: lqa_free (labelqa.h) */
  int64_t n;
} lqa_overlap_list;

/* All n (n - 1) / 2 pairs (twice that if asymmetric), largest joint first. */
LQA_API LQA_MUST_CHECK lqa_status lqa_joint_find_overlaps(const lqa_joint *joint, int64_t n_rows,
                                                          const lqa_overlap_options *options,
                                                          lqa_overlap_list *overlaps,
                                                          lqa_error *err);

#ifdef __cplusplus
}
#endif
#endif
