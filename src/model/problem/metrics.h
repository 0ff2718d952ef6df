/* model/problem/metrics.h - how well probabilities predict the given labels. */
#ifndef LQA_MODEL_PROBLEM_METRICS_H
#define LQA_MODEL_PROBLEM_METRICS_H

#include "base/status.h"

#include <math.h>
#include <stdbool.h>

typedef struct lqa_metrics {
  int64_t n_rows; /* rows with a label and probabilities */
  double accuracy;
  double log_loss;       /* mean of -log max(p(label), 1e-15) */
  double prior_log_loss; /* of the label frequencies: the entropy of the labels */
  double prior_accuracy; /* of always the most frequent label */
  /* Mean gain per row over that prior, less two standard errors of the paired differences. */
  double log_loss_bound, accuracy_bound;
} lqa_metrics;

/* Probabilities beside the labels they are held against; borrowed. Rows with a NaN among their
 * probabilities and negative labels are left out. */
typedef struct lqa_scored {
  const float *pred_probs; /* n_rows x n_classes */
  const int32_t *label;
  int64_t n_rows;
  int32_t n_classes;
} lqa_scored;

/* Ties of the largest probability go to the first class. NaN where no row counts. */
LQA_MUST_CHECK lqa_status lqa_metrics_run(const lqa_scored *scored, lqa_metrics *out);

/* Whether the probabilities are clearly better than label frequencies, by log-loss or by accuracy
 * (probabilities that are far too sure of themselves may lose by the first and yet be right). */
static inline bool lqa_metrics_has_skill(const lqa_metrics *metrics) {
  return metrics->log_loss_bound > 0 || metrics->accuracy_bound > 0;
}

/* The first class of the largest probability; -1 where any of them is NaN: such a row has no
 * distribution and is not scored. */
static inline int32_t lqa_best_class(const float *probs, int32_t n_classes) {
  int32_t best = 0;
  bool is_known = !isnan(probs[0]);
  for (int32_t k = 1; k < n_classes; k++) {
    is_known = is_known && !isnan(probs[k]);
    best = probs[k] > probs[best] ? k : best;
  }
  return is_known ? best : -1;
}

#endif
