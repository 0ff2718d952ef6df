/* feature/encode_table.h - a table's columns as numbers for models: one dense matrix for trees, one
 * sparse matrix of one-hot and standardised columns for linear models.
 *
 *     lqa_table_matrix table;
 *     LQA_TRY(lqa_table_encode(dataset, use, &table));
 *     lqa_sparse x;
 *     status = lqa_table_expand(&table, use, &x);
 *     lqa_table_matrix_clear(&table);
 *
 * Means, spreads and the choice of categories come from the rows in use; they hold no label.
 */
#ifndef LQA_FEATURE_ENCODE_TABLE_H
#define LQA_FEATURE_ENCODE_TABLE_H

#include "data/dataset/dataset.h"
#include "feature/sparse.h"

/* The most frequent categories of a column are kept, the others share one more code. */
enum { LQA_MAX_CATEGORIES = 255 };

typedef struct lqa_encoded_column {
  const char *name; /* borrowed from the dataset */
  int32_t n_codes;  /* 0 = numbers */
} lqa_encoded_column;

typedef struct lqa_table_matrix {
  int64_t n_rows;
  int32_t n_columns;
  float *value; /* n_rows x n_columns; NaN = missing; the code in a column of categories */
  lqa_encoded_column *column;
  int32_t n_constant; /* columns left out: no two different values in the rows in use */
} lqa_table_matrix;

/* use: n_rows, 1 = the row counts. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_table_encode(const lqa_dataset *dataset, const uint8_t *use,
                                           lqa_table_matrix *out);
void lqa_table_matrix_clear(lqa_table_matrix *table);

/* Numbers: (value - mean) / standard deviation, cut at +-4. Categories: one column each. A column
 * with missing values: one more, 1 where missing. Rows not in use are empty. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_table_expand(const lqa_table_matrix *table, const uint8_t *use,
                                           lqa_sparse *out);

#endif
