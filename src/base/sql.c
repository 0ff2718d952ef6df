/* base/sql.c - SQLite behind lqa_status.
 *
 * Write-ahead logging lets a report read while a judge writes; its mode is stored in the file, so
 * only creation sets it. synchronous=FULL: a verdict was paid for and a decision took a person's
 * time, so both survive a power cut once the call returns. In a folder that cannot be written, or
 * on a full disk, SQLite cannot make its shared-memory file; if no log lies beside the database it
 * is complete, and `immutable` reads it. */
#include "base/sql.h"

#include "base/memory.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_MS = 30000, LOG_PAUSE_MS = 20, STEPS_BETWEEN_LOOKS = 20000, MAX_VALUE_BYTES = 1 << 28 };

struct lqa_sql {
  sqlite3 *db;
  char *path;  /* NULL: in memory */
  int failure; /* SQLite's code for the latest call that failed */
};

struct lqa_statement {
  lqa_sql *sql;
  sqlite3_stmt *handle;
};

static lqa_status status_of(int code) {
  switch (code & 0xff) {
  case SQLITE_NOMEM:
    return LQA_NO_MEMORY;
  case SQLITE_INTERRUPT:
    return LQA_INTERRUPTED;
  case SQLITE_TOOBIG:
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
  case SQLITE_CONSTRAINT:
  case SQLITE_MISMATCH:
  case SQLITE_ERROR: /* of statements that are right: a format, encoding or schema that is not */
    return LQA_BAD_DATA;
  case SQLITE_MISUSE:
  case SQLITE_RANGE:
    return LQA_INTERNAL;
  default:
    return LQA_BAD_FILE;
  }
}

lqa_sql_reason lqa_sql_why(const lqa_sql *sql) {
  switch (sql ? sql->failure & 0xff : SQLITE_NOMEM) {
  case SQLITE_NOMEM:
    return LQA_SQL_NO_MEMORY;
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return LQA_SQL_BUSY;
  case SQLITE_FULL:
    return LQA_SQL_DISK_FULL;
  case SQLITE_IOERR:
    return LQA_SQL_DISK_FAILS;
  case SQLITE_NOTADB:
    return LQA_SQL_NO_DATABASE;
  case SQLITE_CORRUPT:
    return LQA_SQL_DAMAGED;
  case SQLITE_READONLY:
  case SQLITE_CANTOPEN:
  case SQLITE_PERM:
    return LQA_SQL_NOT_WRITABLE;
  default:
    return LQA_SQL_OTHER;
  }
}

const char *lqa_sql_message(const lqa_sql *sql) {
  return !sql ? "out of memory" : sql->db ? sqlite3_errmsg(sql->db) : sqlite3_errstr(sql->failure);
}

bool lqa_sql_is_in_transaction(const lqa_sql *sql) {
  return !sqlite3_get_autocommit(sql->db);
}

static const char *advice_on(int code) {
  switch (code & 0xff) {
  case SQLITE_BUSY:
    return " (another command is writing; try again)";
  case SQLITE_FULL:
  case SQLITE_IOERR:
    return "; if the disk is full, make room on it and run the command again: what was stored "
           "before is kept";
  default:
    return "";
  }
}

static lqa_status fail(lqa_sql *sql, int code, lqa_error *err) {
  const char *path = sql->path ? sql->path : "(in memory)";
  sql->failure = code;
  return lqa_fail_at(err, status_of(code), path, -1, NULL, "'%s': %s%s", path, lqa_sql_message(sql),
                     advice_on(code));
}

/* An empty log, as a reader on a full disk leaves it, holds nothing that the database lacks. */
static bool has_log(const char *path) {
  char *log = NULL;
  struct stat info;
  bool exists = asprintf(&log, "%s-wal", path) >= 0 && stat(log, &info) == 0 && info.st_size > 0;
  free(log);
  return exists;
}

/* "file:<path>?immutable=1" with the characters that a URI would take apart escaped. */
static char *immutable_uri(const char *path) {
  char *uri = lqa_malloc(strlen(path) * 3 + 32, 1), *out = uri;
  if (!uri) {
    return NULL;
  }
  out += sprintf(out, "file:");
  for (const char *c = path; *c; c++) {
    out += strchr("%?#", *c) ? sprintf(out, "%%%02X", (unsigned char)*c) : sprintf(out, "%c", *c);
  }
  strcpy(out, "?immutable=1");
  return uri;
}

/* The file may come from a stranger: its schema may call no function with side effects, and change
 * nothing that SQLite itself relies on. */
static void distrust(sqlite3 *db) {
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  sqlite3_limit(db, SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES);
}

static int touch_schema(sqlite3 *db) {
  distrust(db);
  return sqlite3_exec(db, "SELECT count(*) FROM sqlite_master", NULL, NULL, NULL);
}

/* Second try for a reader whose folder cannot be written, or whose disk is full. */
static int reopen_immutable(lqa_sql *sql) {
  char *uri = immutable_uri(sql->path);
  if (!uri) {
    return SQLITE_NOMEM;
  }
  sqlite3_close(sql->db);
  int code = sqlite3_open_v2(uri, &sql->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
  free(uri);
  return code == SQLITE_OK ? touch_schema(sql->db) : code;
}

lqa_status lqa_sql_connect(const char *path, lqa_sql_mode mode, int busy_ms, lqa_sql **out) {
  static const int flags[] = {
      [LQA_SQL_READ] = SQLITE_OPEN_READONLY,
      [LQA_SQL_WRITE] = SQLITE_OPEN_READWRITE,
      [LQA_SQL_CREATE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
  };
  lqa_sql *sql = lqa_calloc(1, sizeof *sql);
  *out = sql;
  if (!sql || (path && !(sql->path = strdup(path)))) {
    free(sql);
    *out = NULL;
    return LQA_NO_MEMORY;
  }
  int code =
      sqlite3_open_v2(path ? path : ":memory:", &sql->db, flags[mode] | SQLITE_OPEN_NOMUTEX, NULL);
  if (code != SQLITE_OK) {
    return fail(sql, code, NULL);
  }
  sqlite3_busy_timeout(sql->db, busy_ms);
  distrust(sql->db);
  return LQA_OK;
}

static int look_for_end(void *observer) {
  return lqa_observe_cancelled(observer);
}

void lqa_sql_set_observer(lqa_sql *sql, const lqa_observer *observer) {
  sqlite3_progress_handler(sql->db, observer ? STEPS_BETWEEN_LOOKS : 0, look_for_end,
                           (void *)observer);
}

lqa_status lqa_sql_use_log(lqa_sql *sql, int wait_ms, lqa_error *err) {
  int code = SQLITE_BUSY;
  for (int waited = 0; code == SQLITE_BUSY && waited <= wait_ms; waited += LOG_PAUSE_MS) {
    if (waited > 0) {
      sqlite3_sleep(LOG_PAUSE_MS);
    }
    code = sqlite3_exec(sql->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;", NULL,
                        NULL, NULL);
  }
  return code == SQLITE_OK ? LQA_OK : fail(sql, code, err);
}

lqa_status lqa_sql_fold_log(lqa_sql *sql, lqa_error *err) {
  int code = sqlite3_wal_checkpoint_v2(sql->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
  return code == SQLITE_OK ? LQA_OK : fail(sql, code, err);
}

static int open_database(lqa_sql *sql, lqa_sql_mode mode) {
  int flags = SQLITE_OPEN_READWRITE;
  if (mode == LQA_SQL_CREATE) {
    flags |= SQLITE_OPEN_CREATE;
  } else if (mode == LQA_SQL_READ && access(sql->path, W_OK) != 0) {
    flags = SQLITE_OPEN_READONLY;
  }
  int code = sqlite3_open_v2(sql->path, &sql->db, flags, NULL);
  if (code == SQLITE_OK) {
    sqlite3_busy_timeout(sql->db, BUSY_MS);
    code = touch_schema(sql->db);
  }
  bool locked_out = code == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_READONLY ||
                    (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_FULL;
  return locked_out && mode == LQA_SQL_READ && !has_log(sql->path) ? reopen_immutable(sql) : code;
}

lqa_status lqa_sql_open(const char *path, lqa_sql_mode mode, lqa_sql **out, lqa_error *err) {
  bool exists = access(path, F_OK) == 0;
  if (exists != (mode != LQA_SQL_CREATE)) {
    return lqa_fail_because(lqa_fail_at(err, LQA_BAD_FILE, path, -1, NULL, "'%s' %s", path,
                                        exists ? "is in the way" : "is missing"),
                            err, exists ? LQA_REASON_EXISTS : LQA_REASON_MISSING);
  }
  lqa_sql *sql = lqa_calloc(1, sizeof *sql);
  if (!sql || !(sql->path = strdup(path))) {
    free(sql);
    return lqa_fail_memory(err, "opening a database");
  }
  int code = open_database(sql, mode);
  lqa_status status;
  LQA_TRY_OUT(code == SQLITE_OK ? LQA_OK : fail(sql, code, err));
  if (mode == LQA_SQL_CREATE) {
    LQA_TRY_OUT(lqa_sql_use_log(sql, 0, err));
  }
  if (mode != LQA_SQL_READ) {
    LQA_TRY_OUT(lqa_sql_run(sql, "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON", err));
  }
  *out = sql;
  return LQA_OK;
out:
  lqa_sql_close(sql);
  return status;
}

void lqa_sql_close(lqa_sql *sql) {
  if (sql) {
    sqlite3_close(sql->db);
    free(sql->path);
    free(sql);
  }
}

lqa_status lqa_sql_run(lqa_sql *sql, const char *text, lqa_error *err) {
  int code = sqlite3_exec(sql->db, text, NULL, NULL, NULL);
  return code == SQLITE_OK ? LQA_OK : fail(sql, code, err);
}

lqa_status lqa_sql_get_int(lqa_sql *sql, const char *text, int64_t *value, lqa_error *err) {
  lqa_statement *statement = NULL;
  bool more = false;
  LQA_TRY(lqa_sql_prepare(sql, text, &statement, err));
  lqa_status status;
  LQA_TRY_OUT(lqa_statement_next(statement, &more, err));
  *value = more ? lqa_statement_int(statement, 0) : 0;
out:
  lqa_statement_free(statement);
  return status;
}

lqa_status lqa_sql_prepare(lqa_sql *sql, const char *text, lqa_statement **out, lqa_error *err) {
  lqa_statement *statement = lqa_calloc(1, sizeof *statement);
  if (!statement) {
    sql->failure = SQLITE_NOMEM;
    return lqa_fail_memory(err, "preparing a statement");
  }
  statement->sql = sql;
  int code =
      sqlite3_prepare_v3(sql->db, text, -1, SQLITE_PREPARE_PERSISTENT, &statement->handle, NULL);
  if (code != SQLITE_OK) {
    free(statement);
    return fail(sql, code, err);
  }
  *out = statement;
  return LQA_OK;
}

void lqa_statement_free(lqa_statement *statement) {
  if (statement) {
    sqlite3_finalize(statement->handle);
    free(statement);
  }
}

/* A failed binding (out of memory) leaves NULL behind; NOT NULL columns then refuse the row. */
void lqa_statement_set_text(lqa_statement *s, int parameter, lqa_str value) {
  if (lqa_str_is_null(value)) {
    sqlite3_bind_null(s->handle, parameter);
  } else {
    sqlite3_bind_text64(s->handle, parameter, value.data, value.size, SQLITE_TRANSIENT,
                        SQLITE_UTF8);
  }
}

void lqa_statement_set_bytes(lqa_statement *s, int parameter, lqa_str value) {
  if (lqa_str_is_null(value)) {
    sqlite3_bind_null(s->handle, parameter);
  } else {
    sqlite3_bind_blob64(s->handle, parameter, value.data, value.size, SQLITE_TRANSIENT);
  }
}

void lqa_statement_set_int(lqa_statement *s, int parameter, int64_t value) {
  sqlite3_bind_int64(s->handle, parameter, value);
}

void lqa_statement_set_number(lqa_statement *s, int parameter, double value) {
  sqlite3_bind_double(s->handle, parameter, value);
}

void lqa_statement_set_null(lqa_statement *s, int parameter) {
  sqlite3_bind_null(s->handle, parameter);
}

lqa_status lqa_statement_next(lqa_statement *s, bool *more, lqa_error *err) {
  int code = sqlite3_step(s->handle);
  *more = code == SQLITE_ROW;
  if (code == SQLITE_ROW) {
    return LQA_OK;
  }
  lqa_status status = code == SQLITE_DONE ? LQA_OK : fail(s->sql, code, err);
  sqlite3_reset(s->handle);
  return status;
}

lqa_status lqa_statement_run(lqa_statement *s, lqa_error *err) {
  bool more = true;
  while (more) {
    LQA_TRY(lqa_statement_next(s, &more, err));
  }
  return LQA_OK;
}

void lqa_statement_reset(lqa_statement *s) {
  sqlite3_reset(s->handle);
}

int lqa_statement_count(const lqa_statement *s) {
  return sqlite3_column_count(s->handle);
}

const char *lqa_statement_column(const lqa_statement *s, int column) {
  return sqlite3_column_name(s->handle, column);
}

lqa_str lqa_statement_text(lqa_statement *s, int column) {
  const char *text = (const char *)sqlite3_column_text(s->handle, column);
  return (lqa_str){text, (size_t)sqlite3_column_bytes(s->handle, column)};
}

int64_t lqa_statement_int(lqa_statement *s, int column) {
  return sqlite3_column_int64(s->handle, column);
}

double lqa_statement_number(lqa_statement *s, int column) {
  return lqa_statement_is_null(s, column) ? NAN : sqlite3_column_double(s->handle, column);
}

bool lqa_statement_is_null(lqa_statement *s, int column) {
  return sqlite3_column_type(s->handle, column) == SQLITE_NULL;
}
