/* store/sql.h - SQLite in a handful of verbs (the only file of this layer that sees sqlite3.h).
 *
 * One connection, one thread. A busy database is waited for (30 s), then LQA_BAD_FILE. Statements
 * belong to their connection and are freed before it is closed.
 */
#ifndef LQA_STORE_SQL_H
#define LQA_STORE_SQL_H

#include "base/status.h"
#include "base/str.h"

typedef struct lqa_sql lqa_sql;
typedef struct lqa_statement lqa_statement;

typedef enum lqa_sql_mode {
  LQA_SQL_READ,  /* an existing file; works in a read-only folder too */
  LQA_SQL_WRITE, /* an existing file */
  LQA_SQL_CREATE /* a new file; an existing one is LQA_BAD_FILE */
} lqa_sql_mode;

LQA_MUST_CHECK lqa_status lqa_sql_open(const char *path, lqa_sql_mode mode, lqa_sql **out,
                                       lqa_error *err);
void lqa_sql_close(lqa_sql *sql);

/* Runs statements separated by ';' whose rows are not wanted. */
LQA_MUST_CHECK lqa_status lqa_sql_run(lqa_sql *sql, const char *text, lqa_error *err);
/* The first column of the first row as an integer; 0 where there is no row. */
LQA_MUST_CHECK lqa_status lqa_sql_get_int(lqa_sql *sql, const char *text, int64_t *value,
                                          lqa_error *err);

LQA_MUST_CHECK lqa_status lqa_sql_prepare(lqa_sql *sql, const char *text, lqa_statement **out,
                                          lqa_error *err);
void lqa_statement_free(lqa_statement *statement);
/* Parameters count from 1 and keep their values until set again. Texts are copied; NULL data, NaN
 * and `set_null` are NULL. */
void lqa_statement_set_text(lqa_statement *statement, int parameter, lqa_str value);
void lqa_statement_set_int(lqa_statement *statement, int parameter, int64_t value);
void lqa_statement_set_number(lqa_statement *statement, int parameter, double value);
void lqa_statement_set_null(lqa_statement *statement, int parameter);
/* The next row. After the last one *more is false and the statement starts anew. */
LQA_MUST_CHECK lqa_status lqa_statement_next(lqa_statement *statement, bool *more, lqa_error *err);
/* To the end, for statements without rows. */
LQA_MUST_CHECK lqa_status lqa_statement_run(lqa_statement *statement, lqa_error *err);
/* Back to the start before the last row was seen. */
void lqa_statement_reset(lqa_statement *statement);
/* Columns count from 0; texts are valid until the next call of _next. */
lqa_str lqa_statement_text(lqa_statement *statement, int column);  /* NULL data for NULL */
int64_t lqa_statement_int(lqa_statement *statement, int column);   /* 0 for NULL */
double lqa_statement_number(lqa_statement *statement, int column); /* NaN for NULL */
bool lqa_statement_is_null(lqa_statement *statement, int column);

#endif
