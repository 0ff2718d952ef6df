/* store/row_table.h - the columns of a run's rows by name: rows.parquet, review.csv and sheets pick
 * theirs from one table, row_columns.h. */
#ifndef LQA_STORE_ROW_TABLE_H
#define LQA_STORE_ROW_TABLE_H

#include "audit/audit.h"
#include "data/table/table.h"
#include "store/row_conflicts.h"
#include "store/row_texts.h"
#include "trust/reasons.h"

/* What users are told of a column of rows.parquet. */
typedef struct lqa_row_column {
  const char *name;
  lqa_value_type type;
  const char *meaning;
} lqa_row_column;

enum {
#define ROW(column, ...) LQA_ROW_COLUMN_##column,
#define ROLE ROW
#define EVIDENCE ROW
#define MADE ROW
#include "store/row_columns.h"
#undef ROW
#undef ROLE
#undef EVIDENCE
#undef MADE
  LQA_ROW_COLUMNS
};

/* "text" and the others that only sheets have. */
enum { LQA_SHEET_COLUMNS = 5 };

/* Column i of rows.parquet; NULL from LQA_ROW_COLUMNS on. */
const lqa_row_column *lqa_row_column_at(size_t i);

typedef struct lqa_row_cell {
  struct lqa_row_table *table;
  size_t column;
  const void *array; /* where its values lie, for the columns that have one */
} lqa_row_cell;

/* The data that the columns read; hand it to the table as its data. Not to be moved. */
typedef struct lqa_row_table {
  const lqa_run_rows *rows;
  const lqa_evidence *evidence;
  const lqa_manifest *manifest;
  const int64_t *order;         /* row number of each table row; NULL: all rows, in order */
  bool keeps_empty_ids;         /* an empty id stays NULL instead of showing the row number */
  lqa_row_texts *texts;         /* for the columns "text" and "full_text"; or NULL */
  size_t text_chars;            /* code points of "text"; 0 = all */
  lqa_row_conflicts *conflicts; /* for the column "conflicts_with"; or NULL */
  lqa_reasons reasons;
  const lqa_str *sentences; /* the reasons of the current row */
  size_t n_sentences;
  lqa_row_cell cells[LQA_ROW_COLUMNS + LQA_SHEET_COLUMNS];
  char id[24], hash[33];
  lqa_str ids[LQA_FINDING_MAX_BITS];
} lqa_row_table;

/* Borrows everything. */
void lqa_row_table_init(lqa_row_table *table, const lqa_run_rows *rows,
                        const lqa_evidence *evidence, const lqa_manifest *manifest);
void lqa_row_table_clear(lqa_row_table *table);

/* The begin_row of a table with the column "reasons": they need memory, and a getter cannot fail.
 */
LQA_MUST_CHECK lqa_status lqa_row_table_begin(void *table, int64_t i, lqa_error *err);

/* A column of this table by its name in row_columns.h, or one of
 * "text", "full_text", "decision", "note", "conflicts_with". The name must be one of them
 * (asserted); the table need not be initialised yet. */
lqa_table_column lqa_row_table_column(lqa_row_table *table, const char *name);
/* columns[i] for the names, which end with NULL; returns how many. */
int32_t lqa_row_table_columns(lqa_row_table *table, const char *const *names,
                              lqa_table_column *columns);
/* All columns that rows.parquet has in this run; returns how many. */
int32_t lqa_row_table_all(lqa_row_table *table, lqa_table_column columns[LQA_ROW_COLUMNS]);

#endif
