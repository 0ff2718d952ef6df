/* data/source/source_native.h - copies of a source that keep its types: whole numbers stay whole
 * numbers, lists lists, and what Parquet files say about their columns (Hugging Face's ClassLabel,
 * pandas) goes along. Private to data/, but for lqa_source_copy_typed. */
#ifndef LQA_DATA_SOURCE_SOURCE_NATIVE_H
#define LQA_DATA_SOURCE_SOURCE_NATIVE_H

#include "data/source/source.h"
#include "data/table/table.h"

/* Whether the source has types of its own that a copy would lose: Parquet or DuckDB files whose
 * columns agree, read without a condition, with some column that is no text. */
LQA_MUST_CHECK lqa_status lqa_source_has_types(lqa_source *source, bool *has_types, lqa_error *err);

/* What takes the place of a column's values, row by row. */
typedef struct lqa_typed_copy {
  const char *path;
  lqa_table_format format; /* Parquet or JSON lines */
  const char *column;      /* whose values are replaced; NULL = none */
  int64_t n_rows;
  void *data; /* of both functions */
  /* Goes to the row; rows come in order. */
  lqa_status (*begin_row)(void *data, int64_t row, lqa_error *err);
  /* True if the current row's value becomes *value (NULL data: NULL). */
  bool (*get)(void *data, lqa_str *value);
} lqa_typed_copy;

/* Writes the source with all its columns in order and their types, atomically. Only where
 * lqa_source_has_types. A value that the column's type cannot hold is LQA_BAD_DATA; a ClassLabel's
 * name becomes its number. */
LQA_MUST_CHECK lqa_status lqa_source_copy_typed(lqa_source *source, const lqa_typed_copy *copy,
                                                const lqa_observer *observer, lqa_error *err);

#endif
