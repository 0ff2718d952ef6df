/* store/row_table.h - the columns of a run's rows by name: rows.parquet, review.csv and sheets pick
 * theirs from one set of functions. */
#ifndef LQA_STORE_ROW_TABLE_H
#define LQA_STORE_ROW_TABLE_H

#include "audit/audit.h"
#include "data/table/table.h"
#include "store/row_texts.h"
#include "trust/reasons.h"

/* The data that the columns read; hand it to the table as its data. */
typedef struct lqa_row_table {
  const lqa_run_rows *rows;
  const lqa_evidence *evidence;
  const lqa_manifest *manifest;
  const int64_t *order; /* row number of each table row; NULL: all rows, in order */
  bool keeps_empty_ids; /* an empty id stays NULL instead of showing the row number */
  lqa_row_texts *texts; /* for the column "text"; or NULL */
  lqa_reasons reasons;
  const lqa_str *sentences; /* the reasons of the current row */
  size_t n_sentences;
  char id[24], hash[33];
  lqa_str ids[LQA_FINDING_MAX_BITS];
} lqa_row_table;

/* Borrows everything. */
void lqa_row_table_init(lqa_row_table *table, const lqa_run_rows *rows,
                        const lqa_evidence *evidence, const lqa_manifest *manifest);
void lqa_row_table_clear(lqa_row_table *table);

/* The begin_row of a table with the column "reasons": they need memory, and a getter cannot fail.
 */
lqa_status lqa_row_table_begin(void *table, int64_t i, lqa_error *err);

/* A column by the name CONTRACT section 5 gives it, or "text". The name must be one of them
 * (asserted). */
lqa_table_column lqa_row_table_column(const char *name);
/* columns[i] for the names, which end with NULL; returns how many. */
int32_t lqa_row_table_columns(const char *const *names, lqa_table_column *columns);

#endif
