/* data/table/table_write.h - one function per format; each writes a whole table to an unused path.
 */
#ifndef LQA_DATA_TABLE_TABLE_WRITE_H
#define LQA_DATA_TABLE_TABLE_WRITE_H

#include "data/table/table.h"

enum { LQA_TABLE_ROWS_PER_STEP = 2048 }; /* between two looks at the observer */

LQA_MUST_CHECK lqa_status lqa_table_write_parquet(const lqa_table *table, const char *path,
                                                  const lqa_observer *observer, lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_table_write_csv(const lqa_table *table, const char *path,
                                              const lqa_observer *observer, lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_table_write_jsonl(const lqa_table *table, const char *path,
                                                const lqa_observer *observer, lqa_error *err);

/* The value of a cell, by the column's function. */
static inline lqa_value lqa_table_get(const lqa_table *table, int32_t column, int64_t row) {
  const lqa_table_column *c = &table->columns[column];
  lqa_value value = {0};
  c->get(c->data ? c->data : table->data, row, &value);
  return value;
}

#endif
