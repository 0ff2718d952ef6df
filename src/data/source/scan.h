/* data/source/scan.h - one file as a stream of batches of rows; every format is one implementation.
 *
 * A scan yields all columns of the file in the file's order, as texts or NULL. It knows nothing of
 * roles, limits or other files: source_reader.c does.
 */
#ifndef LQA_DATA_SOURCE_SCAN_H
#define LQA_DATA_SOURCE_SCAN_H

#include "base/observer.h"
#include "base/str.h"

/* Rows of one batch, valid until the next read. n == 0: the end. */
typedef struct lqa_scan_rows {
  int64_t n;
  const lqa_str *values;      /* n x n_columns, row by row; NULL data = SQL NULL */
  const int64_t *row_in_file; /* n numbers, or NULL: first_row, first_row + 1, ... */
  int64_t first_row;
} lqa_scan_rows;

typedef struct lqa_scan lqa_scan;

/* Implementations put this first in their struct. */
struct lqa_scan {
  lqa_status (*read)(lqa_scan *scan, lqa_scan_rows *rows, lqa_error *err);
  double (*fraction)(const lqa_scan *scan); /* 0 to 1, or negative: unknown */
  void (*close)(lqa_scan *scan);
  size_t n_columns;
};

struct lqa_source_part;

/* What any scan may be told. */
typedef struct lqa_scan_options {
  uint64_t max_field_bytes;
  struct lqa_database *database; /* one thread, for the scans that need it; else NULL */
  const char *where;             /* only for scans that say so */
  const lqa_observer *observer;
  /* n_columns flags, or NULL: columns nobody wants may come as NULL. */
  const bool *wanted;
} lqa_scan_options;

LQA_MUST_CHECK lqa_status lqa_scan_open_csv(const struct lqa_source_part *part,
                                            const lqa_scan_options *options, lqa_scan **out,
                                            lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_scan_open_json(const struct lqa_source_part *part,
                                             const lqa_scan_options *options, lqa_scan **out,
                                             lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_scan_open_sqlite(const struct lqa_source_part *part,
                                               const lqa_scan_options *options, lqa_scan **out,
                                               lqa_error *err);
/* Parquet and DuckDB tables; applies `where` to the columns' own types. */
LQA_MUST_CHECK lqa_status lqa_scan_open_duckdb(const struct lqa_source_part *part,
                                               const lqa_scan_options *options, lqa_scan **out,
                                               lqa_error *err);
/* The rows of `inner` (taken over, also on failure) for which options->where holds. */
LQA_MUST_CHECK lqa_status lqa_scan_open_where(lqa_scan *inner, const struct lqa_source_part *part,
                                              const lqa_scan_options *options, lqa_scan **out,
                                              lqa_error *err);

#endif
