/* Numbers that come beside the rows: row counts, column order and ranges are checked here, because
 * a shifted or permuted matrix would otherwise pass for a bad model.
 */
#include "data/dataset/probabilities.h"

#include "base/map.h"
#include "base/memory.h"
#include "data/dataset/class_columns.h"
#include "data/dataset/labels.h"
#include "data/dataset/storage.h"

#include <math.h>
#include <stdio.h>

/* float32 rounding may leave [0, 1] by this much. */
static const double tolerance = 1e-4;

/* Rows of `npy` that were read, gathered in a block of their own. */
static lqa_status gather_rows(lqa_dataset *dataset, const char *path, lqa_npy *npy,
                              lqa_error *err) {
  size_t n = (size_t)dataset->n_rows, width = (size_t)npy->matrix.n_columns;
  const int64_t *source_row = dataset->storage->row_in_file;
  double *block = NULL;
  if (n == 0 || width <= SIZE_MAX / n) {
    block = lqa_storage_alloc(dataset->storage, n * width, sizeof *block);
  }
  if (!block) {
    return lqa_fail_memory(err, "reading numbers");
  }
  for (size_t row = 0; row < n; row++) {
    int64_t from = source_row ? source_row[row] : (int64_t)row;
    if (from >= npy->matrix.n_rows) {
      return lqa_fail_at(err, LQA_BAD_DATA, path, -1, NULL,
                         "'%s' has %lld rows, too few for row %lld of the source", path,
                         (long long)npy->matrix.n_rows, (long long)from);
    }
    lqa_matrix_row_f64(&npy->matrix, from, block + row * width);
  }
  npy->matrix = (lqa_matrix){.data = block,
                             .dtype = LQA_FLOAT64,
                             .n_rows = dataset->n_rows,
                             .n_columns = (int64_t)width,
                             .row_stride = (int64_t)(width * sizeof(double)),
                             .column_stride = sizeof(double)};
  return LQA_OK;
}

lqa_status lqa_dataset_open_npy(lqa_dataset *dataset, const char *path, lqa_npy *npy,
                                const lqa_matrix **matrix, lqa_error *err) {
  LQA_TRY(lqa_npy_open(path, npy, err));
  if (npy->n_dims != 2 || (matrix == &dataset->pred_probs && npy->matrix.n_columns == 1)) {
    return lqa_fail_at(err, LQA_BAD_DATA, path, -1, NULL,
                       "'%s' holds %s; a table of rows and columns is needed%s", path,
                       npy->n_dims != 2 ? "a plain list of numbers" : "one column",
                       matrix == &dataset->pred_probs
                           ? ", a column for each class. Where it is the probability of the second "
                             "of two classes: "
                             "python3 -c \"import numpy as n; p = n.load('FILE.npy').ravel(); "
                             "n.save('BOTH.npy', n.stack([1 - p, p], 1))\""
                           : "");
  }
  int64_t have = npy->matrix.n_rows, want = dataset->n_rows;
  bool filtered = dataset->storage->row_in_file || dataset->storage->is_cut;
  if (have != want && !(filtered && have > want && dataset->n_files == 1)) {
    return lqa_fail_at(
        err, LQA_BAD_DATA, path, -1, NULL,
        "'%s' has %lld rows, but the sources have %lld: it needs one row for each, in "
        "the same order",
        path, (long long)have, (long long)want);
  }
  if (have != want) {
    LQA_TRY(gather_rows(dataset, path, npy, err));
  }
  *matrix = &npy->matrix;
  return LQA_OK;
}

static lqa_status fail_label(const lqa_dataset *dataset, const char *path, int64_t row,
                             int64_t n_columns, lqa_error *err) {
  lqa_str label = lqa_column_get(&dataset->label_text, row);
  int64_t row_in_file = row;
  const lqa_source_file *file = lqa_dataset_file_of(dataset, row, &row_in_file);
  return lqa_fail_at(
      err, LQA_BAD_DATA, file->path, row_in_file, dataset->label_text.name,
      "%s, row %lld, column '%s': label %.*s has no column in '%s', whose %lld columns "
      "stand for the labels 0 to %lld; if they follow another order, give it with " LQA_OPTION(
          "classes"),
      file->path, (long long)row_in_file, dataset->label_text.name,
      (int)(label.size < 60 ? label.size : 60), label.data, path, (long long)n_columns,
      (long long)n_columns - 1);
}

/* Every label, all of them integers, has a column. */
static lqa_status check_columns(const lqa_dataset *dataset, const char *path, int64_t n_columns,
                                lqa_error *err) {
  for (int64_t row = 0; row < dataset->n_rows; row++) {
    lqa_str label = lqa_column_get(&dataset->label_text, row);
    long long value = 0;
    if (!lqa_str_is_null(label) && lqa_str_to_int64(label, &value) &&
        (value < 0 || value >= n_columns)) {
      return fail_label(dataset, path, row, n_columns, err);
    }
  }
  return LQA_OK;
}

lqa_status lqa_probabilities_integer_classes(lqa_dataset *dataset, const char *path,
                                             int64_t n_columns, lqa_str **classes, lqa_error *err) {
  lqa_map *labels = NULL;
  *classes = NULL;
  LQA_TRY(lqa_labels_collect(dataset, &labels) == LQA_OK
              ? LQA_OK
              : lqa_fail_memory(err, "naming the classes"));
  bool are_integers = lqa_class_columns_are_integers(labels);
  lqa_map_free(labels);
  if (!are_integers) {
    return LQA_OK;
  }
  LQA_TRY(check_columns(dataset, path, n_columns, err));
  *classes = lqa_class_columns_integers(&dataset->storage->arena, n_columns);
  return *classes ? LQA_OK : lqa_fail_memory(err, "naming the classes");
}

lqa_status lqa_probabilities_check(const lqa_dataset *dataset, const lqa_matrix *matrix,
                                   const char *path, lqa_error *err) {
  size_t n = (size_t)matrix->n_columns;
  double *values = lqa_malloc(n, sizeof *values);
  lqa_status status;
  LQA_TRY_OUT(values ? LQA_OK : lqa_fail_memory(err, "checking probabilities"));
  for (int64_t row = 0; row < dataset->n_rows; row++) {
    lqa_matrix_row_f64(matrix, row, values);
    for (size_t k = 0; k < n; k++) {
      if (values[k] < -tolerance || values[k] > 1 + tolerance) {
        LQA_TRY_OUT(
            lqa_fail_at(err, LQA_BAD_DATA, path, row, NULL,
                        "%s, row %lld, class %zu: %g is no probability (0 to 1); if these are "
                        "logits, apply softmax first",
                        path, (long long)row, k, values[k]));
      }
    }
  }
out:
  free(values);
  return status;
}

enum { CHECK_ROWS = 1024 };

typedef struct embedding_scan {
  const lqa_matrix *matrix;
  int64_t *bad_row; /* first of each block, or -1 */
} embedding_scan;

/* In the order the numbers lie in, so that a file in Fortran order is not read in leaps. */
static lqa_status scan_block(void *data, size_t task, size_t worker) {
  (void)worker;
  embedding_scan *scan = data;
  const lqa_matrix *m = scan->matrix;
  int64_t first = (int64_t)task * CHECK_ROWS;
  int64_t n_rows = m->n_rows - first < CHECK_ROWS ? m->n_rows - first : CHECK_ROWS;
  bool by_column = m->column_stride > m->row_stride;
  int64_t n_outer = by_column ? m->n_columns : n_rows, n_inner = by_column ? n_rows : m->n_columns;
  scan->bad_row[task] = -1;
  for (int64_t i = 0; i < n_outer; i++) {
    for (int64_t j = 0; j < n_inner; j++) {
      int64_t row = first + (by_column ? j : i);
      bool is_bad = !isfinite(lqa_matrix_get(m, row, by_column ? i : j));
      if (is_bad && (scan->bad_row[task] < 0 || row < scan->bad_row[task])) {
        scan->bad_row[task] = row;
      }
    }
  }
  return LQA_OK;
}

static lqa_status fail_embedding(const lqa_matrix *matrix, const char *path, int64_t row,
                                 lqa_error *err) {
  int64_t column = 0;
  while (isfinite(lqa_matrix_get(matrix, row, column))) {
    column++;
  }
  return lqa_fail_at(err, LQA_BAD_DATA, path, row, NULL,
                     "%s, row %lld, column %lld: %s is no usable number: embeddings must be finite "
                     "(leave such rows out, or give them the vector of an empty text)",
                     path, (long long)row, (long long)column,
                     isnan(lqa_matrix_get(matrix, row, column)) ? "NaN" : "an infinity");
}

lqa_status lqa_embeddings_check(const lqa_matrix *matrix, const char *path, lqa_pool *pool,
                                lqa_error *err) {
  if (matrix->n_columns < 2 || matrix->n_columns > INT32_MAX) {
    return lqa_fail_at(err, LQA_BAD_DATA, path, -1, NULL,
                       "'%s' has %lld column%s: an embedding is a direction in at least two "
                       "dimensions (plain numbers are " LQA_OPTION("features") ")",
                       path, (long long)matrix->n_columns, matrix->n_columns == 1 ? "" : "s");
  }
  size_t n_blocks = ((size_t)matrix->n_rows + CHECK_ROWS - 1) / CHECK_ROWS;
  embedding_scan scan = {matrix, lqa_malloc(n_blocks, sizeof *scan.bad_row)};
  if (!scan.bad_row) {
    return lqa_fail_memory(err, "checking embeddings");
  }
  lqa_status status;
  LQA_TRY_OUT(lqa_pool_run(pool, n_blocks, scan_block, &scan));
  for (size_t block = 0; block < n_blocks; block++) {
    if (scan.bad_row[block] >= 0) {
      LQA_TRY_OUT(fail_embedding(matrix, path, scan.bad_row[block], err));
    }
  }
out:
  free(scan.bad_row);
  return status;
}
