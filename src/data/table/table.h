/* data/table/table.h - a virtual table that is written as Parquet, CSV or JSON lines.
 *
 * An export or a run file describes its columns once, with one function per column that yields the
 * value of a row; the writer pulls rows in order and never holds more than a batch. The same
 * description serves every format.
 *
 * CSV: RFC 4180 with "\n", header; cells a spreadsheet would take for a formula (leading = + - @,
 * tab, CR) get a leading apostrophe; lists are joined by "; ". Plain numbers are never escaped.
 * Parquet: zstd, some threads; the bytes depend on the rows alone. For Parquet, getters may be
 * called on another thread than the caller's, one at a time.
 */
#ifndef LQA_DATA_TABLE_TABLE_H
#define LQA_DATA_TABLE_TABLE_H

#include "base/observer.h"
#include "data/query/value.h"

/* Fills *value (zeroed before the call) for `row`. */
typedef void (*lqa_value_fn)(void *data, int64_t row, lqa_value *value);

typedef struct lqa_table_column {
  const char *name;
  lqa_value_type type;
  lqa_value_fn get;
  void *data; /* handed to get; NULL = the table's data */
} lqa_table_column;

typedef struct lqa_table {
  int64_t n_rows;
  const lqa_table_column *columns;
  int32_t n_columns;
  void *data;
  /* Called with `data` once before the getters of each row, rows in order, every row's columns
   * before the next row: a table may be fed from a stream. A failure ends the save and nothing is
   * written. May be NULL. */
  lqa_status (*begin_row)(void *data, int64_t row, lqa_error *err);
} lqa_table;

typedef enum lqa_table_format {
  LQA_TABLE_PARQUET,
  LQA_TABLE_CSV,
  LQA_TABLE_JSONL
} lqa_table_format;

/* From the suffix .parquet, .csv, .jsonl (or .ndjson, .json); LQA_BAD_USAGE for any other. */
LQA_MUST_CHECK lqa_status lqa_table_format_of(const char *path, lqa_table_format *format,
                                              lqa_error *err);
/* True for a cell that a spreadsheet would take for a formula: CSV writes it with an apostrophe. */
bool lqa_table_is_formula(lqa_str text);
/* Writes the whole table to `path`, atomically. */
LQA_MUST_CHECK lqa_status lqa_table_save(const lqa_table *table, const char *path,
                                         lqa_table_format format, const lqa_observer *observer,
                                         lqa_error *err);

#endif
