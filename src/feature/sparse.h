/* feature/sparse.h - a compressed sparse row matrix of float32, the form every model reads. */
#ifndef LQA_FEATURE_SPARSE_H
#define LQA_FEATURE_SPARSE_H

#include "base/status.h"

typedef struct lqa_sparse {
  int64_t n_rows;
  int32_t n_columns;
  uint64_t *row_start; /* n_rows + 1 */
  uint32_t *column;    /* ascending within a row */
  float *value;
  bool is_dense; /* every row has all columns, and they are written once: column[0 .. n_columns) */
} lqa_sparse;

void lqa_sparse_clear(lqa_sparse *matrix);

#endif
