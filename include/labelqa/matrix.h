/* labelqa/matrix.h - a read-only view of numbers that somebody else owns.
 *
 * Type, byte order and strides are the view's, so any numpy array, Arrow column or memory-mapped
 * file is used where it lies, without a copy:
 *
 *     double p[3][2] = {{.9, .1}, {.2, .8}, {.6, .4}};
 *     lqa_matrix view = {p, LQA_FLOAT64, false, 3, 2, 2 * sizeof(double), sizeof(double)};
 */
#ifndef LABELQA_MATRIX_H
#define LABELQA_MATRIX_H

#include <stdbool.h>
#include <stdint.h>

/* Types of one element. */
typedef enum lqa_dtype {
  LQA_FLOAT16,
  LQA_FLOAT32,
  LQA_FLOAT64,
  LQA_INT8,
  LQA_INT16,
  LQA_INT32,
  LQA_INT64,
  LQA_UINT8,
  LQA_UINT16,
  LQA_UINT32,
  LQA_UINT64
} lqa_dtype;

/* n_rows x n_columns elements; element (i, j) lies at data + i * row_stride + j * column_stride
 * bytes and need not be aligned. A vector has n_columns 1. Borrows `data`. */
typedef struct lqa_matrix {
  const void *data;
  lqa_dtype dtype;
  bool swapped; /* bytes are in the other order than this machine's */
  int64_t n_rows, n_columns;
  int64_t row_stride, column_stride; /* bytes, may be negative */
} lqa_matrix;

#endif
