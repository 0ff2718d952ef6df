/* feature/dense.h - embeddings as the linear solver and the neighbour search read them.
 *
 * The rule: each vector is scaled to length 1, the mean of the vectors is subtracted, and the rest
 * is scaled to length `LQA_DENSE_LENGTH`. What all rows share (embeddings of one domain lie in a
 * narrow cone) then says nothing, and the penalty of the linear model means the same for every
 * encoder, whatever the scale of its numbers. The mean is over the rows in use and holds no label.
 */
#ifndef LQA_FEATURE_DENSE_H
#define LQA_FEATURE_DENSE_H

#include "base/npy.h"
#include "base/observer.h"
#include "base/pool.h"
#include "feature/sparse.h"

#define LQA_DENSE_LENGTH 1.f

typedef struct lqa_dense {
  lqa_sparse x;      /* is_dense; rows not in use are zero. Owned */
  lqa_matrix matrix; /* the same numbers: n_rows x n_columns float32 */
  int64_t n_zero;    /* rows in use without a direction: zero, or too small for one */
} lqa_dense;

/* Bytes that lqa_dense_build takes. */
uint64_t lqa_dense_bytes(const lqa_matrix *matrix);
/* matrix: finite numbers of any type and layout. use: n_rows, 1 = the row counts. The bits do not
 * depend on the pool. LQA_NO_MEMORY; LQA_BAD_USAGE for more than 2^31 - 1 columns cannot happen:
 * the file check refuses them. */
LQA_MUST_CHECK lqa_status lqa_dense_build(const lqa_matrix *matrix, const uint8_t *use,
                                          lqa_pool *pool, lqa_dense *out);
void lqa_dense_clear(lqa_dense *dense);

#endif
