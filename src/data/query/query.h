/* data/query/query.h - SQL in, batches of rows out (library DuckDB; with table.c and the source
 * files the only code that sees duckdb.h).
 *
 * A database is in memory, locked down (no extension loading, no network unless asked), with a
 * memory limit and a thread count. Results are streamed in order, never materialised: a
 * materialised result overruns the memory limit. One open query per connection; lqa_query_open
 * makes its own.
 */
#ifndef LQA_DATA_QUERY_QUERY_H
#define LQA_DATA_QUERY_QUERY_H

#include "base/observer.h"
#include "data/query/value.h"

typedef struct lqa_database lqa_database;
typedef struct lqa_query lqa_query;

typedef struct lqa_database_options {
  int n_threads;                /* 0 = all processors */
  uint64_t memory_bytes;        /* 0 = DuckDB's default */
  const char *temporary_folder; /* for spills; NULL = the system's */
  bool allow_network;           /* autoload httpfs and the like */
  const lqa_observer *observer; /* asked for cancellation while a query runs; NULL = never */
} lqa_database_options;

/* DuckDB's own version, "v1.5.6". Static. */
const char *lqa_database_version(void);

LQA_MUST_CHECK lqa_status lqa_database_open(const lqa_database_options *options, lqa_database **out,
                                            lqa_error *err);
void lqa_database_close(lqa_database *database);
/* From here on nothing but these files can be opened, whatever a view in one of them says, and no
 * setting can be changed. */
LQA_MUST_CHECK lqa_status lqa_database_only_files(lqa_database *database, const char *const *files,
                                                  size_t n_files, lqa_error *err);
/* Runs statements whose result is not wanted. `params` are bound to $1.. as text. */
LQA_MUST_CHECK lqa_status lqa_database_run(lqa_database *database, const char *sql,
                                           const char *const *params, size_t n_params,
                                           lqa_error *err);

/* Starts a streamed query. */
LQA_MUST_CHECK lqa_status lqa_query_open(lqa_database *database, const char *sql,
                                         const char *const *params, size_t n_params,
                                         lqa_query **out, lqa_error *err);
/* The next row: *more false at the end. Values stay valid until the next call. */
LQA_MUST_CHECK lqa_status lqa_query_next(lqa_query *query, bool *more, lqa_error *err);
size_t lqa_query_count_columns(const lqa_query *query);
const char *lqa_query_column_name(const lqa_query *query, size_t column);
/* How lqa_query_get yields a column: INT64 for every width of integer. */
lqa_value_type lqa_query_column_type(const lqa_query *query, size_t column);
/* The value of the current row, coerced: integers of any width, floats, booleans, texts, lists of
 * text. Columns of other types are refused when the query is opened: cast them to VARCHAR. */
lqa_value lqa_query_get(lqa_query *query, size_t column);
void lqa_query_close(lqa_query *query);

#endif
