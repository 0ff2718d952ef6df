/* model/embedding/soft_embedding.h - logistic regression on embeddings, trained on class
 * probabilities again and again: the embeddings are read once. */
#ifndef LQA_MODEL_EMBEDDING_SOFT_EMBEDDING_H
#define LQA_MODEL_EMBEDDING_SOFT_EMBEDDING_H

#include "base/npy.h"
#include "base/observer.h"
#include "base/pool.h"

typedef struct lqa_soft_embedding lqa_soft_embedding;

/* Borrowed while lqa_soft_embedding is in use. */
typedef struct lqa_soft_embedding_input {
  const lqa_matrix *matrix;
  const int64_t *row; /* n_rows, ascending: the rows of `matrix` that take part */
  int64_t n_rows;
  const uint8_t *fold; /* n_rows, 0 .. n_folds-1 */
  int n_folds;
  int32_t n_classes;
  uint64_t memory_bytes; /* 0 = no limit */
  lqa_pool *pool;
  const lqa_observer *observer;
} lqa_soft_embedding_input;

/* LQA_OK with *out NULL where the memory limit would be passed, or a round of training would take
 * more than about a second a core. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_soft_embedding_new(const lqa_soft_embedding_input *input,
                                                 lqa_soft_embedding **out);
void lqa_soft_embedding_free(lqa_soft_embedding *embedding);

/* Trains on soft (n_rows x n_classes), out of fold, into log_p[0] of the same shape. `embedding` is
 * an lqa_soft_embedding. */
LQA_MUST_CHECK lqa_status lqa_soft_embedding_run(void *embedding, const float *soft, int n_members,
                                                 float *const *log_p);

#endif
