/* model/linear/softmax.h - multinomial logistic regression, all folds of a cross-validation in one
 * sweep.
 *
 * For every fold f the model of the rows outside f minimises, over weights W and intercepts b,
 *
 *     1/2 |W|^2 + C * sum of weight_i * -log softmax(W x_i + b)[label_i]
 *
 * which is scikit-learn's LogisticRegression (l2, C, intercept not regularised). With two classes
 * scikit-learn has one weight vector, whose penalty is that of C / 2 here; lqa_softmax_run does
 * that. Solver: stochastic dual coordinate ascent; see softmax.c. It stops, for each fold on its
 * own, once the duality gap per training row and the intercepts' movement are below `tolerance`;
 * reaching max_epochs is no error, the fold says so.
 *
 * A class without rows in a fold's training part is left out of that fold's model and predicted
 * with probability 1 / (n + K), n = training rows, K = classes; the others are scaled to make up 1.
 * With folds held fixed nothing about a row's own label reaches its own prediction. The bytes of
 * the result do not depend on the pool or on the processor.
 */
#ifndef LQA_MODEL_LINEAR_SOFTMAX_H
#define LQA_MODEL_LINEAR_SOFTMAX_H

#include "base/observer.h"
#include "base/pool.h"
#include "model/problem/problem.h"

typedef struct lqa_softmax_options {
  double C;                     /* > 0 */
  double tolerance;             /* duality gap per training row, default 1e-6 */
  double inner_tolerance;       /* the same for pair models, default 1e-2 */
  int max_epochs;               /* default 300 */
  uint64_t seed;                /* order of the rows */
  lqa_pool *pool;               /* NULL: this thread alone */
  const lqa_observer *observer; /* asked whether to stop; NULL: never */
  const float *weight; /* n_rows, or NULL = 1 each; must not depend on the label of a row whose
                        * prediction by a model that uses the weight counts */
} lqa_softmax_options;

/* How well a fold's model was solved and how it does on its own training rows. */
typedef struct lqa_softmax_fold {
  int64_t n_train;
  int64_t n_train_correct;
  int epochs;
  bool converged;
  double
      objective; /* of the returned weights, in the formula above (two classes: scikit-learn's) */
  double gap;    /* upper bound of the distance to the optimum with the intercepts as they are */
  double intercept_gradient; /* largest |d objective / d b|, in rows */
} lqa_softmax_fold;

lqa_softmax_options lqa_softmax_defaults(void);

/* Trains and predicts. folds has n_folds entries, about the models that leave out one fold. Errors:
 * LQA_NO_MEMORY, LQA_INTERRUPTED. */
LQA_MUST_CHECK lqa_status lqa_softmax_run(const lqa_problem *problem,
                                          const lqa_softmax_options *options,
                                          const lqa_predictions *out, lqa_softmax_fold *folds);

#endif
