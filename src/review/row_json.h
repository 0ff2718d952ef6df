/* review/row_json.h - a row as the page gets it. */
#ifndef LQA_REVIEW_ROW_JSON_H
#define LQA_REVIEW_ROW_JSON_H

#include "base/json.h"
#include "review/near.h"
#include "store/row_table.h"

typedef struct lqa_row_writer {
  lqa_review *review;
  lqa_row_table table;
  lqa_table_column columns[LQA_ROW_COLUMNS];
  int32_t n_columns;
  lqa_buf text;
  const lqa_near *near; /* for details; or NULL: no nearest rows */
} lqa_row_writer;

/* Borrows the review, not to be moved. */
void lqa_row_writer_init(lqa_row_writer *writer, lqa_review *review);
void lqa_row_writer_clear(lqa_row_writer *writer);
/* The columns of rows.parquet that this run has, as members of an array of names. */
void lqa_row_writer_names(const lqa_row_writer *writer, lqa_json *json);

/* One object: the columns of rows.parquet, and `text` (its first 2,000 characters, text_truncated
 * says so) or, for a table, `features`. Blind: without labels, predictions and evidence. */
LQA_MUST_CHECK lqa_status lqa_row_write(lqa_row_writer *writer, int64_t row, bool blind,
                                        lqa_json *json, lqa_error *err);
/* The row whole: all of its text, evidence by source, equal and nearest rows, verdicts, history. */
LQA_MUST_CHECK lqa_status lqa_row_write_detail(lqa_row_writer *writer, int64_t row, bool blind,
                                               lqa_json *json, lqa_error *err);
/* The row and the decisions of its reviewers, for adjudication. */
LQA_MUST_CHECK lqa_status lqa_row_write_disputed(lqa_row_writer *writer, int64_t row,
                                                 lqa_json *json, lqa_error *err);

#endif
