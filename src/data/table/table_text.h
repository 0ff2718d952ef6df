/* data/table/table_text.h - what the two text formats share: a file written through one buffer. */
#ifndef LQA_DATA_TABLE_TABLE_TEXT_H
#define LQA_DATA_TABLE_TABLE_TEXT_H

#include "base/buf.h"
#include "data/table/table.h"

/* Appends one row, or the head of the file for row -1, to `out`. */
typedef void (*lqa_table_row_fn)(const lqa_table *table, int64_t row, lqa_buf *out);

LQA_MUST_CHECK lqa_status lqa_table_write_rows(const lqa_table *table, const char *path,
                                               lqa_table_row_fn write_row,
                                               const lqa_observer *observer, lqa_error *err);

#endif
