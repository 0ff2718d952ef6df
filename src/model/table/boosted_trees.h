/* model/table/boosted_trees.h - out-of-fold probabilities by gradient boosted trees.
 *
 * How many rounds the model without fold f gets is chosen by log-loss on the neighbouring folds, as
 * predicted by the pair models that left out fold f too (problem.h): the early stopping of a fold
 * sees nothing of it, and no training row is lost to it. With fewer than three folds there are no
 * pair models and the number of rounds is fixed. The bytes do not depend on the pool.
 */
#ifndef LQA_MODEL_TABLE_BOOSTED_TREES_H
#define LQA_MODEL_TABLE_BOOSTED_TREES_H

#include "base/observer.h"
#include "base/pool.h"
#include "feature/encode_table.h"
#include "model/problem/problem.h"

typedef struct lqa_boosting_options {
  int depth;            /* default 3 */
  int learning_percent; /* default 20 */
  int max_rounds;       /* default 400, fewer for many classes */
  int patience;         /* rounds without a better log-loss before stopping, default 20 */
  uint64_t seed;
  lqa_pool *pool;
  const lqa_observer *observer; /* asked whether to stop; NULL: never */
  const float *soft; /* n_rows x n_classes that each row counts for, in place of its label; then a
                      * fixed number of rounds is grown and no pair models; NULL: labels */
} lqa_boosting_options;

typedef struct lqa_boosting_fold {
  int rounds;
  int64_t n_train, n_train_correct;
} lqa_boosting_fold;

lqa_boosting_options lqa_boosting_defaults(void);

/* Trains and predicts. problem->x says how many rows there are, its values are not read; out->next
 * may be NULL: pair models are trained all the same where there are three folds. folds has n_folds
 * entries. Errors: LQA_BAD_FILE (XGBoost is not installed), LQA_INTERNAL, LQA_NO_MEMORY,
 * LQA_INTERRUPTED. */
LQA_MUST_CHECK lqa_status lqa_boosted_trees_run(const lqa_problem *problem,
                                                const lqa_table_matrix *table,
                                                const lqa_boosting_options *options,
                                                const lqa_predictions *out,
                                                lqa_boosting_fold *folds, lqa_error *err);

#endif
