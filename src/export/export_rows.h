/* export/export_rows.h - a list of a run's rows as a table: the columns that exports share.
 *
 * Columns are described with a getter of this file and no data of their own; the table's data is
 * the lqa_export_rows.
 */
#ifndef LQA_EXPORT_EXPORT_ROWS_H
#define LQA_EXPORT_EXPORT_ROWS_H

#include "data/table.h"
#include "store/row_texts.h"
#include "store/run.h"
#include "trust/reasons.h"

typedef struct lqa_export_rows {
  const lqa_run *run; /* borrowed */
  int64_t *order;     /* row numbers, owned; NULL: all rows in source order */
  int64_t n;
  lqa_row_texts texts; /* of the rows in `order`, whole */
  lqa_reasons reasons;
  const lqa_str *sentences; /* the reasons of the current row */
  size_t n_sentences;
  char id[24]; /* scratch */
} lqa_export_rows;

/* The rows that people should look at, in review order, with their texts; `action` narrows them to
 * one kind, LQA_ACTION_COUNT takes all that are not `keep`. Clear with lqa_export_rows_clear. */
lqa_status lqa_export_rows_load(const lqa_run *run, lqa_action action, lqa_export_rows *out,
                                lqa_error *err);
/* All rows, without texts. */
void lqa_export_rows_all(const lqa_run *run, lqa_export_rows *out);
void lqa_export_rows_clear(lqa_export_rows *rows);

/* The row number of the list's `i`-th row. */
static inline int64_t lqa_export_rows_at(const lqa_export_rows *rows, int64_t i) {
  return rows->order ? rows->order[i] : i;
}

/* The begin_row of a table with reasons: they need memory, and a getter cannot fail. */
lqa_status lqa_export_rows_begin(void *rows, int64_t i, lqa_error *err);
/* Getters of the columns of CONTRACT section 5. */
void lqa_export_get_row_id(void *rows, int64_t i, lqa_value *value);
void lqa_export_get_row_number(void *rows, int64_t i, lqa_value *value);
void lqa_export_get_text(void *rows, int64_t i, lqa_value *value);
void lqa_export_get_label(void *rows, int64_t i, lqa_value *value);
void lqa_export_get_suggested_label(void *rows, int64_t i, lqa_value *value);
void lqa_export_get_corrected_label(void *rows, int64_t i, lqa_value *value);
void lqa_export_get_decided_label(void *rows, int64_t i, lqa_value *value);
void lqa_export_get_decided_by(void *rows, int64_t i, lqa_value *value);
void lqa_export_get_verdict(void *rows, int64_t i, lqa_value *value);
void lqa_export_get_trust_score(void *rows, int64_t i, lqa_value *value);
void lqa_export_get_self_confidence(void *rows, int64_t i, lqa_value *value);
void lqa_export_get_reasons(void *rows, int64_t i, lqa_value *value);

#endif
