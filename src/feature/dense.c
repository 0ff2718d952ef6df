/* Reading, centring and scaling embeddings, in blocks of rows.
 *
 * Two passes over the file: the sum of the unit vectors, block by block in float64 and added up in
 * the order of the blocks; then the rows themselves. A file in Fortran order is read a block of
 * rows at a time, column by column, so that every page is touched once a pass.
 */
#include "feature/dense.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

enum { BLOCK_ROWS = 1024 };

typedef struct build {
  const lqa_matrix *matrix;
  const uint8_t *use;
  lqa_dense *out;
  double *sum;               /* n_blocks x n_columns, then the mean in its first row */
  uint64_t *n_used, *n_zero; /* one per block */
} build;

static double length_of(const double *row, int64_t n) {
  double sum = 0;
  for (int64_t j = 0; j < n; j++) {
    sum += row[j] * row[j];
  }
  return sqrt(sum);
}

/* False where the row has no direction; it becomes zero. */
static bool scale(double *row, int64_t n, double to) {
  double length = length_of(row, n);
  double factor = length > 0 && isfinite(length) ? to / length : 0;
  for (int64_t j = 0; j < n; j++) {
    row[j] *= factor;
  }
  return factor != 0;
}

/* Rows [first, first + n) as float64, n_columns values each. */
static void read_block(const lqa_matrix *m, int64_t first, int64_t n, double *rows) {
  if (m->column_stride <= m->row_stride) {
    for (int64_t i = 0; i < n; i++) {
      lqa_matrix_row_f64(m, first + i, rows + i * m->n_columns);
    }
    return;
  }
  for (int64_t j = 0; j < m->n_columns; j++) {
    for (int64_t i = 0; i < n; i++) {
      rows[i * m->n_columns + j] = lqa_matrix_get(m, first + i, j);
    }
  }
}

static double *alloc_block(const build *b, size_t task, int64_t *first, int64_t *n) {
  *first = (int64_t)task * BLOCK_ROWS;
  *n = b->matrix->n_rows - *first < BLOCK_ROWS ? b->matrix->n_rows - *first : BLOCK_ROWS;
  double *rows = lqa_malloc((size_t)*n, (size_t)b->matrix->n_columns * sizeof *rows);
  if (rows) {
    read_block(b->matrix, *first, *n, rows);
  }
  return rows;
}

static lqa_status sum_block(void *data, size_t task, size_t worker) {
  (void)worker;
  build *b = data;
  int64_t first, n, n_columns = b->matrix->n_columns;
  double *rows = alloc_block(b, task, &first, &n);
  if (!rows) {
    return LQA_NO_MEMORY;
  }
  double *sum = b->sum + (int64_t)task * n_columns;
  for (int64_t i = 0; i < n; i++) {
    if (!b->use[first + i]) {
      continue;
    }
    double *row = rows + i * n_columns;
    b->n_zero[task] += !scale(row, n_columns, 1);
    for (int64_t j = 0; j < n_columns; j++) {
      sum[j] += row[j];
    }
    b->n_used[task]++;
  }
  free(rows);
  return LQA_OK;
}

static void find_mean(build *b, size_t n_blocks) {
  int64_t n_columns = b->matrix->n_columns;
  uint64_t n = b->n_used[0];
  b->out->n_zero = (int64_t)b->n_zero[0];
  for (size_t block = 1; block < n_blocks; block++) {
    for (int64_t j = 0; j < n_columns; j++) {
      b->sum[j] += b->sum[(int64_t)block * n_columns + j];
    }
    n += b->n_used[block];
    b->out->n_zero += (int64_t)b->n_zero[block];
  }
  for (int64_t j = 0; j < n_columns && n > 0; j++) {
    b->sum[j] /= (double)n;
  }
}

static lqa_status write_block(void *data, size_t task, size_t worker) {
  (void)worker;
  build *b = data;
  int64_t first, n, n_columns = b->matrix->n_columns;
  double *rows = alloc_block(b, task, &first, &n);
  if (!rows) {
    return LQA_NO_MEMORY;
  }
  for (int64_t i = 0; i < n; i++) {
    double *row = rows + i * n_columns;
    float *to = b->out->x.value + (first + i) * n_columns;
    scale(row, n_columns, 1);
    for (int64_t j = 0; j < n_columns; j++) {
      row[j] -= b->sum[j];
    }
    scale(row, n_columns, (double)LQA_DENSE_LENGTH);
    for (int64_t j = 0; j < n_columns; j++) {
      to[j] = b->use[first + i] ? (float)row[j] : 0;
    }
  }
  free(rows);
  return LQA_OK;
}

uint64_t lqa_dense_bytes(const lqa_matrix *matrix) {
  uint64_t row = (uint64_t)matrix->n_columns * sizeof(float) + sizeof(uint64_t);
  return (uint64_t)matrix->n_rows * row;
}

static lqa_status alloc_matrix(const lqa_matrix *matrix, lqa_dense *out) {
  size_t n_rows = (size_t)matrix->n_rows, n_columns = (size_t)matrix->n_columns;
  lqa_sparse *x = &out->x;
  *x = (lqa_sparse){.n_rows = matrix->n_rows, .n_columns = (int32_t)n_columns, .is_dense = true};
  x->row_start = lqa_malloc(n_rows + 1, sizeof *x->row_start);
  x->column = lqa_malloc(n_columns, sizeof *x->column);
  x->value = lqa_malloc(n_rows, n_columns * sizeof *x->value);
  if (!x->row_start || !x->column || !x->value) {
    return LQA_NO_MEMORY;
  }
  for (size_t row = 0; row <= n_rows; row++) {
    x->row_start[row] = row * n_columns;
  }
  for (size_t column = 0; column < n_columns; column++) {
    x->column[column] = (uint32_t)column;
  }
  out->matrix = (lqa_matrix){.data = x->value,
                             .dtype = LQA_FLOAT32,
                             .n_rows = matrix->n_rows,
                             .n_columns = matrix->n_columns,
                             .row_stride = (int64_t)(n_columns * sizeof *x->value),
                             .column_stride = sizeof *x->value};
  return LQA_OK;
}

lqa_status lqa_dense_build(const lqa_matrix *matrix, const uint8_t *use, lqa_pool *pool,
                           lqa_dense *out) {
  build b = {.matrix = matrix, .use = use, .out = out};
  size_t n_blocks = ((size_t)matrix->n_rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
  lqa_status status;
  *out = (lqa_dense){0};
  b.sum = lqa_calloc(n_blocks + 1, (size_t)matrix->n_columns * sizeof *b.sum);
  b.n_used = lqa_calloc(n_blocks + 1, sizeof *b.n_used);
  b.n_zero = lqa_calloc(n_blocks + 1, sizeof *b.n_zero);
  LQA_TRY_OUT(b.sum && b.n_used && b.n_zero ? alloc_matrix(matrix, out) : LQA_NO_MEMORY);
  LQA_TRY_OUT(lqa_pool_run(pool, n_blocks, sum_block, &b));
  find_mean(&b, n_blocks);
  LQA_TRY_OUT(lqa_pool_run(pool, n_blocks, write_block, &b));
out:
  free(b.sum);
  free(b.n_used);
  free(b.n_zero);
  if (status != LQA_OK) {
    lqa_dense_clear(out);
  }
  return status;
}

void lqa_dense_clear(lqa_dense *dense) {
  lqa_sparse_clear(&dense->x);
  *dense = (lqa_dense){0};
}
