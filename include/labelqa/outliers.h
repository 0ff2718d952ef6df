/* labelqa/outliers.h - nearest neighbours, and rows that are like no others.
 *
 *     lqa_neighbors_options options;
 *     lqa_neighbors_options_init(&options);       // 10 neighbours, cosine
 *     lqa_neighbors found = {distance, index};    // n x 10 each
 *     lqa_error err;
 *     if (lqa_nearest_neighbors(&embeddings, NULL, &options, &found, &err) != LQA_OK) ...
 *
 * Search is exact, and its results have the same bits on every machine: a float32 pass only rules
 * out points that are too far by more than its own error bound; what is left is measured in float64
 * in a fixed order; up to four dimensions by euclidean distance a k-d tree gives the same. Source
 * of the scores: Kuan and Mueller, "Back to the Basics: Revisiting Out-of- Distribution Detection
 * Baselines" (2022); cleanlab 2.9's OutOfDistribution.
 */
#ifndef LABELQA_OUTLIERS_H
#define LABELQA_OUTLIERS_H

#include "labelqa/error.h"
#include "labelqa/matrix.h"
#include "labelqa/observer.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lqa_metric {
  LQA_METRIC_EUCLIDEAN, /* root of the sum of squared differences */
  LQA_METRIC_COSINE     /* 1 - cosine of the angle, in [0, 2]; 1 where a vector is all zero */
} lqa_metric;

typedef struct lqa_neighbors_options {
  lqa_metric metric;
  int32_t k;       /* neighbours wanted */
  int64_t threads; /* 0 = one per processor */
  const lqa_observer *observer;
} lqa_neighbors_options;

LQA_API void lqa_neighbors_options_init(lqa_neighbors_options *options);

/* Nearest first, equal distances by index; n_queries x k each, the caller's. */
typedef struct lqa_neighbors {
  double *distance;
  int64_t *index; /* rows of `features`; NULL = not wanted */
} lqa_neighbors;

/* features: n x d; queries: m x d, or NULL for the rows themselves, none of which is its own
 * neighbour. Rows that are equal are at distance 0 exactly. Memory: 4 bytes per value of `features`
 * and a few candidates per query. LQA_BAD_USAGE: more neighbours than rows; LQA_BAD_DATA: NaN or
 * infinity (err->row), widths that differ. */
LQA_API LQA_MUST_CHECK lqa_status lqa_nearest_neighbors(const lqa_matrix *features,
                                                        const lqa_matrix *queries,
                                                        const lqa_neighbors_options *options,
                                                        lqa_neighbors *out, lqa_error *err);

typedef struct lqa_distance_scores {
  lqa_metric metric;
  double t;     /* how fast scores fall with distance; cleanlab's default is 1 */
  double scale; /* distance that counts as usual; NaN = set to the median of `distance` */
} lqa_distance_scores;

/* score = exp(-t * distance / scale), 1 for distances that are only rounding: near 1 = ordinary,
 * near 0 = unlike the rest. distance: n mean distances to the neighbours; score may be the same
 * array. */
LQA_API LQA_MUST_CHECK lqa_status lqa_outliers_from_distances(const double *distance, int64_t n,
                                                              lqa_distance_scores *options,
                                                              double *score, lqa_error *err);

typedef enum lqa_outlier_method {
  LQA_OUTLIER_ENTROPY,          /* 1 - normalised entropy */
  LQA_OUTLIER_LEAST_CONFIDENCE, /* largest probability */
  LQA_OUTLIER_GEN               /* generalised entropy of the M largest of softmax(p) */
} lqa_outlier_method;

typedef struct lqa_outlier_options {
  lqa_outlier_method method;
  const double *thresholds; /* n_classes: subtracted first (see lqa_confident_learner_thresholds);
                               NULL = not */
  int32_t gen_m;            /* GEN: default 100 */
  double gen_gamma;         /* GEN: default 0.1 */
} lqa_outlier_options;

LQA_API void lqa_outlier_options_init(lqa_outlier_options *options);

/* score[i] from the probabilities of row i alone: low = the model has seen nothing like it.
 * LQA_BAD_DATA for ENTROPY outside [0, 1] (err->row). */
LQA_API LQA_MUST_CHECK lqa_status lqa_outliers_from_pred_probs(const lqa_matrix *pred_probs,
                                                               const lqa_outlier_options *options,
                                                               double *score, lqa_error *err);

#ifdef __cplusplus
}
#endif
#endif
