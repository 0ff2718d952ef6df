/* data/query/duck.h - what the files of data/ that see duckdb.h share. Never included outside
 * data/. */
#ifndef LQA_DATA_QUERY_DUCK_H
#define LQA_DATA_QUERY_DUCK_H

#include "base/buf.h"
#include "data/query/query.h"

#include <duckdb.h>

struct lqa_database {
  duckdb_database db;
  duckdb_connection connection;
  const lqa_observer *observer;
  void (*tick)(void *data); /* called now and then while a query runs, on the caller's thread */
  void *tick_data;
  unsigned n_functions; /* registered so far: names must not repeat */
};

/* Words a DuckDB error: the status follows from its type, the message is its first line. */
LQA_MUST_CHECK lqa_status lqa_duck_fail(lqa_error *err, duckdb_error_type type,
                                        const char *message);
/* The same for a message without its type ("Out of Memory Error: ..."): the pending interface has
 * only the text. */
LQA_MUST_CHECK lqa_status lqa_duck_fail_text(const char *message, lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_duck_fail_result(duckdb_result *result, lqa_error *err);
/* Prepares, binds and starts `sql`; the result is streamed, or run to its end (`streamed` false).
 */
LQA_MUST_CHECK lqa_status lqa_duck_start(lqa_database *database, duckdb_connection connection,
                                         const char *sql, const char *const *params,
                                         size_t n_params, bool streamed, duckdb_result *result,
                                         lqa_error *err);
/* Appends a quoted identifier, or a quoted text literal. */
void lqa_duck_identifier(lqa_buf *sql, lqa_str name);
void lqa_duck_literal(lqa_buf *sql, lqa_str text);

static inline bool lqa_duck_is_valid(const uint64_t *validity, idx_t row) {
  return !validity || (validity[row / 64] >> (row % 64) & 1);
}
static inline lqa_str lqa_duck_str(const duckdb_string_t *s) {
  uint32_t n = s->value.inlined.length;
  return (lqa_str){n <= 12 ? s->value.inlined.inlined : s->value.pointer.ptr, n};
}

#endif
