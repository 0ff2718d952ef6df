/* base/npy.h - numpy's .npy files (format 1.0 to 3.0), read by memory map, written in pieces.
 *
 * Read: float16/32/64 and signed or unsigned integers, either byte order, C or Fortran order, 1 or
 * 2 dimensions. Object arrays are refused: they can run code in numpy and mean nothing here.
 * Source: numpy/lib/format.py's description of the format.
 */
#ifndef LQA_BASE_NPY_H
#define LQA_BASE_NPY_H

#include "base/status.h"
#include "labelqa/matrix.h"

typedef struct lqa_npy {
  lqa_matrix matrix; /* valid until lqa_npy_close */
  int n_dims;        /* 1 or 2 */
  void *map;
  size_t map_bytes;
} lqa_npy;

size_t lqa_dtype_size(lqa_dtype dtype);
LQA_MUST_CHECK lqa_status lqa_npy_open(const char *path, lqa_npy *npy, lqa_error *err);
void lqa_npy_close(lqa_npy *npy);
/* One element as double, whatever the type; row and column must be in range. */
double lqa_matrix_get(const lqa_matrix *matrix, int64_t row, int64_t column);
/* Row `row` as float32 or float64 into `out` (n_columns values). */
void lqa_matrix_row_f32(const lqa_matrix *matrix, int64_t row, float *out);
void lqa_matrix_row_f64(const lqa_matrix *matrix, int64_t row, double *out);
/* Writes an n_rows x n_columns C-ordered little-endian float32 file, atomically. */
LQA_MUST_CHECK lqa_status lqa_npy_save_f32(const char *path, const float *data, int64_t n_rows,
                                           int64_t n_columns, lqa_error *err);

#endif
