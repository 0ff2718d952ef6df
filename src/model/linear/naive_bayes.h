/* model/linear/naive_bayes.h - multinomial naive Bayes, out of fold.
 *
 * P(class | x) is proportional to P(class) * product over columns of theta(class,
 * column)^x(column), theta = (weight of the column in the class's rows + alpha) / (weight of all
 * columns + alpha * columns), P(class) = its share of the training rows: scikit-learn's
 * MultinomialNB on the same matrix. Classes without training rows get 1 / (n + K), as in softmax.h.
 * Training is counting: one pass over the data.
 */
#ifndef LQA_MODEL_LINEAR_NAIVE_BAYES_H
#define LQA_MODEL_LINEAR_NAIVE_BAYES_H

#include "base/pool.h"
#include "base/vec.h"
#include "model/problem/problem.h"

typedef struct lqa_naive_bayes_options {
  float alpha;    /* > 0; in units of the matrix's values */
  lqa_pool *pool; /* NULL: this thread alone */
} lqa_naive_bayes_options;

/* Trains and predicts, all kinds of models that `out` asks for. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_naive_bayes_run(const lqa_problem *problem,
                                              const lqa_naive_bayes_options *options,
                                              const lqa_predictions *out);

/* Memory that a run takes at most. */
uint64_t lqa_naive_bayes_bytes(const lqa_problem *problem, size_t n_threads);

/* The same for rows that do not fit in memory at once, models that leave out one fold only: count
 * every piece, train, predict every piece, each for all folds. Pieces hold any rows in any order;
 * counting must meet them in the same order for the same bits. A piece's problem has the stream's
 * folds, classes and columns; predictions go to out (rows of the piece x n_classes). Counting and
 * predicting may run for several folds at once, each fold in one thread.
 */
typedef struct lqa_bayes_stream lqa_bayes_stream;

/* Zeroes to begin with; the problem is borrowed. */
typedef struct lqa_bayes_piece {
  lqa_problem problem;
  LQA_VEC(uint32_t) rows;          /* by fold */
  size_t start[LQA_MAX_FOLDS + 1]; /* of a fold in `rows` */
} lqa_bayes_piece;

/* Lists the rows of the piece's problem by fold. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_bayes_piece_sort(lqa_bayes_piece *piece);
void lqa_bayes_piece_clear(lqa_bayes_piece *piece);

LQA_MUST_CHECK lqa_status lqa_bayes_stream_open(int32_t n_columns, int32_t n_classes, int n_folds,
                                                const lqa_naive_bayes_options *options,
                                                lqa_bayes_stream **out);
void lqa_bayes_stream_count(lqa_bayes_stream *stream, const lqa_bayes_piece *piece, int fold);
LQA_MUST_CHECK lqa_status lqa_bayes_stream_train(lqa_bayes_stream *stream);
void lqa_bayes_stream_predict(lqa_bayes_stream *stream, const lqa_bayes_piece *piece, int fold,
                              float *out);
void lqa_bayes_stream_close(lqa_bayes_stream *stream); /* NULL is fine */
uint64_t lqa_bayes_stream_bytes(int32_t n_columns, int32_t n_classes, int n_folds);

#endif
