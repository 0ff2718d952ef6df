/* model/naive_bayes.h - multinomial naive Bayes, out of fold.
 *
 * P(class | x) is proportional to P(class) * product over columns of theta(class,
 * column)^x(column), theta = (weight of the column in the class's rows + alpha) / (weight of all
 * columns + alpha * columns), P(class) = its share of the training rows: scikit-learn's
 * MultinomialNB on the same matrix. Classes without training rows get 1 / (n + K), as in softmax.h.
 * Training is counting: one pass over the data.
 */
#ifndef LQA_MODEL_NAIVE_BAYES_H
#define LQA_MODEL_NAIVE_BAYES_H

#include "base/pool.h"
#include "model/problem.h"

typedef struct lqa_naive_bayes_options {
  float alpha;    /* > 0; in units of the matrix's values */
  lqa_pool *pool; /* NULL: this thread alone */
} lqa_naive_bayes_options;

/* Trains and predicts, all kinds of models that `out` asks for. LQA_NO_MEMORY. */
lqa_status lqa_naive_bayes_run(const lqa_problem *problem, const lqa_naive_bayes_options *options,
                               const lqa_predictions *out) LQA_MUST_CHECK;

/* Memory that a run takes at most. */
uint64_t lqa_naive_bayes_bytes(const lqa_problem *problem, size_t n_threads);

#endif
