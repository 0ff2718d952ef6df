/* model/linear/soft_targets.h - models trained on class probabilities instead of labels, out of
 * fold.
 *
 * Where labels are doubted, a row counts for every class as much as it is believed to be of it.
 * Each row is predicted by a model that was trained without its fold.
 */
#ifndef LQA_MODEL_LINEAR_SOFT_TARGETS_H
#define LQA_MODEL_LINEAR_SOFT_TARGETS_H

#include "base/observer.h"
#include "base/pool.h"
#include "feature/sparse.h"

typedef struct lqa_soft_problem {
  const lqa_sparse *x;
  const float *soft;   /* n_rows x n_classes, rows sum to 1 */
  const uint8_t *fold; /* n_rows, 0 .. n_folds-1 */
  int32_t n_classes;
  int n_folds;
  lqa_pool *pool; /* NULL: this thread alone */
} lqa_soft_problem;

/* A matrix by columns, made once for several fits. */
typedef struct lqa_sparse_columns {
  int32_t n_columns;
  uint64_t *start; /* n_columns + 1 */
  uint32_t *row;
  float *value;
} lqa_sparse_columns;

LQA_MUST_CHECK lqa_status lqa_sparse_columns_init(const lqa_sparse *x, lqa_sparse_columns *out);
void lqa_sparse_columns_clear(lqa_sparse_columns *columns);

/* Memory that lqa_soft_bayes_run takes beside its result. */
uint64_t lqa_soft_bayes_bytes(const lqa_soft_problem *problem);
/* Multinomial naive Bayes on expected counts, smoothing `alpha` in units of the values: log_p
 * (n_rows x n_classes) = log-probabilities. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_soft_bayes_run(const lqa_soft_problem *problem,
                                             const lqa_sparse_columns *columns, float alpha,
                                             float *log_p);

/* `epochs` of stochastic dual coordinate ascent on multinomial logistic regression with l2 strength
 * 1 / C (intercepts too); rows are visited in an order that `seed` gives. */
typedef struct lqa_soft_logistic_options {
  double C;
  int epochs;
  uint64_t seed;
  const lqa_observer *observer; /* asked whether to stop; NULL: never */
} lqa_soft_logistic_options;

/* LQA_NO_MEMORY, LQA_INTERRUPTED. */
LQA_MUST_CHECK lqa_status lqa_soft_logistic_run(const lqa_soft_problem *problem,
                                                const lqa_soft_logistic_options *options,
                                                float *log_p);

/* Scales the n scores of each of n_rows rows to log-probabilities. */
void lqa_log_softmax(float *scores, int64_t n_rows, int32_t n_classes);

#endif
