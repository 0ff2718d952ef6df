/* export/export_rows.h - a list of a run's rows as a table, with their texts. */
#ifndef LQA_EXPORT_EXPORT_ROWS_H
#define LQA_EXPORT_EXPORT_ROWS_H

#include "data/table/table.h"
#include "store/row_table.h"
#include "store/run.h"

typedef struct lqa_export_rows {
  const lqa_run *run; /* borrowed */
  int64_t *order;     /* row numbers, owned */
  int64_t n;
  lqa_row_texts texts; /* of the rows in `order`, whole */
} lqa_export_rows;

/* The rows that people should look at, in review order, with their texts; `action` narrows them to
 * one kind, LQA_ACTION_COUNT takes all that are not `keep`. Clear with lqa_export_rows_clear. */
LQA_MUST_CHECK lqa_status lqa_export_rows_load(const lqa_run *run, lqa_action action,
                                               lqa_export_rows *out, lqa_error *err);
void lqa_export_rows_clear(lqa_export_rows *rows);

/* The data of a table of these rows, its columns from store/row_table.h. Borrows `rows`; clear with
 * lqa_row_table_clear. */
void lqa_export_rows_table(lqa_export_rows *rows, lqa_row_table *out);

#endif
