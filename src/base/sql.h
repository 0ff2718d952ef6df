/* base/sql.h - SQLite in a handful of verbs; base/sql.c alone sees sqlite3.h.
 *
 * One connection, one thread. Statements belong to their connection and are freed before it is
 * closed. Messages name the file and SQLite's reason; whoever has better words for a failure passes
 * NULL for `err` and asks lqa_sql_why and lqa_sql_message.
 */
#ifndef LQA_BASE_SQL_H
#define LQA_BASE_SQL_H

#include "base/observer.h"
#include "base/status.h"
#include "base/str.h"

typedef struct lqa_sql lqa_sql;
typedef struct lqa_statement lqa_statement;

typedef enum lqa_sql_mode {
  LQA_SQL_READ,  /* an existing file; works in a read-only folder too */
  LQA_SQL_WRITE, /* an existing file */
  LQA_SQL_CREATE /* a new file; an existing one is LQA_BAD_FILE */
} lqa_sql_mode;

/* A busy database is waited for (30 s), then LQA_BAD_FILE. What is written survives a power cut. */
LQA_MUST_CHECK lqa_status lqa_sql_open(const char *path, lqa_sql_mode mode, lqa_sql **out,
                                       lqa_error *err);
/* Connects to `path` (NULL = in memory) as it is: no look at the file, no settings but the time to
 * wait while it is busy. LQA_SQL_CREATE also takes a file that is there. *out is set on failure
 * too, to be asked for the reason and closed; NULL when out of memory. */
LQA_MUST_CHECK lqa_status lqa_sql_connect(const char *path, lqa_sql_mode mode, int busy_ms,
                                          lqa_sql **out);
void lqa_sql_close(lqa_sql *sql); /* NULL is fine */
/* Long statements end with LQA_INTERRUPTED once the observer is cancelled. Borrowed. */
void lqa_sql_set_observer(lqa_sql *sql, const lqa_observer *observer);

/* A write-ahead log lets others read while one writes. The switch is tried for `wait_ms` while
 * others use the file: SQLite itself does not wait for it. */
LQA_MUST_CHECK lqa_status lqa_sql_use_log(lqa_sql *sql, int wait_ms, lqa_error *err);

/* Moves everything from the log into the database file, which then is whole without it. Closing
 * does the same, but cannot say that it failed. Another connection in its midst is LQA_BAD_FILE. */
LQA_MUST_CHECK lqa_status lqa_sql_fold_log(lqa_sql *sql, lqa_error *err);

/* Why the latest call on this connection failed. */
typedef enum lqa_sql_reason {
  LQA_SQL_OTHER,
  LQA_SQL_NO_MEMORY,
  LQA_SQL_BUSY,
  LQA_SQL_DISK_FULL,
  LQA_SQL_DISK_FAILS,  /* also a quota, or a limit on file sizes */
  LQA_SQL_NO_DATABASE, /* a file of another kind */
  LQA_SQL_DAMAGED,
  LQA_SQL_NOT_WRITABLE /* or not readable */
} lqa_sql_reason;

lqa_sql_reason lqa_sql_why(const lqa_sql *sql);  /* NULL: LQA_SQL_NO_MEMORY */
const char *lqa_sql_message(const lqa_sql *sql); /* SQLite's words; valid until the next call */
bool lqa_sql_is_in_transaction(const lqa_sql *sql);

/* Runs statements separated by ';' whose rows are not wanted. */
LQA_MUST_CHECK lqa_status lqa_sql_run(lqa_sql *sql, const char *text, lqa_error *err);
/* The first column of the first row as an integer; 0 where there is no row. */
LQA_MUST_CHECK lqa_status lqa_sql_get_int(lqa_sql *sql, const char *text, int64_t *value,
                                          lqa_error *err);

LQA_MUST_CHECK lqa_status lqa_sql_prepare(lqa_sql *sql, const char *text, lqa_statement **out,
                                          lqa_error *err);
void lqa_statement_free(lqa_statement *statement);
/* Parameters count from 1 and keep their values until set again. Texts and bytes are copied; NULL
 * data, NaN and `set_null` are NULL. */
void lqa_statement_set_text(lqa_statement *statement, int parameter, lqa_str value);
void lqa_statement_set_bytes(lqa_statement *statement, int parameter, lqa_str value); /* BLOB */
void lqa_statement_set_int(lqa_statement *statement, int parameter, int64_t value);
void lqa_statement_set_number(lqa_statement *statement, int parameter, double value);
void lqa_statement_set_null(lqa_statement *statement, int parameter);
/* The next row. After the last one *more is false and the statement starts anew. */
LQA_MUST_CHECK lqa_status lqa_statement_next(lqa_statement *statement, bool *more, lqa_error *err);
/* To the end, for statements without rows. */
LQA_MUST_CHECK lqa_status lqa_statement_run(lqa_statement *statement, lqa_error *err);
/* Back to the start before the last row was seen. */
void lqa_statement_reset(lqa_statement *statement);
/* Columns count from 0; texts (of a BLOB its bytes) are valid until the next call of _next. */
int lqa_statement_count(const lqa_statement *statement);
const char *lqa_statement_column(const lqa_statement *statement, int column); /* NULL: no memory */
/* NULL data for NULL; with a size above 0 when out of memory. */
lqa_str lqa_statement_text(lqa_statement *statement, int column);
int64_t lqa_statement_int(lqa_statement *statement, int column);   /* 0 for NULL */
double lqa_statement_number(lqa_statement *statement, int column); /* NaN for NULL */
bool lqa_statement_is_null(lqa_statement *statement, int column);

#endif
