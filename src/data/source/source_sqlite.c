/* A table or view of a SQLite file as a scan (library sqlite3; DuckDB's scanner is an extension
 * that is not always there). Opened read-only. Integers and reals come as SQLite prints them, texts
 * as they are; a blob that is not valid UTF-8 is refused.
 */
#include "data/source/source_sqlite.h"

#include "base/memory.h"
#include "base/unicode.h"
#include "base/vec.h"
#include "data/source/source_part.h"

#include <sqlite3.h>
#include <stdio.h>

enum { BATCH_ROWS = 1024 };

typedef struct sqlite_scan {
  lqa_scan base;
  sqlite3 *db;
  sqlite3_stmt *statement;
  const lqa_source_part *part;
  const lqa_observer *observer;
  int64_t row;
  bool is_done;  /* one more step would start over */
  lqa_buf bytes; /* of the batch: SQLite keeps a value only until the next step */
  LQA_VEC(lqa_str) values;
} sqlite_scan;

static lqa_status fail_sqlite(sqlite3 *db, const char *name, lqa_error *err) {
  int code = sqlite3_errcode(db) & 0xFF;
  lqa_status status = code == SQLITE_NOMEM                              ? LQA_NO_MEMORY
                      : code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? LQA_BAD_DATA
                                                                        : LQA_BAD_FILE;
  return lqa_fail_at(err, status, name, -1, NULL, "'%s' cannot be read as a SQLite file: %s", name,
                     sqlite3_errmsg(db));
}

static lqa_status open_database(const lqa_source_part *part, sqlite3 **db, lqa_error *err) {
  if (sqlite3_open_v2(part->path, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) !=
      SQLITE_OK) {
    return *db ? fail_sqlite(*db, part->name, err) : lqa_fail_memory(err, "opening a SQLite file");
  }
  sqlite3_busy_timeout(*db, 5000);
  return LQA_OK;
}

static lqa_status prepare_table(sqlite3 *db, const lqa_source_part *part, sqlite3_stmt **statement,
                                lqa_error *err) {
  char *sql = sqlite3_mprintf("SELECT * FROM \"%w\"", part->table);
  if (!sql) {
    return lqa_fail_memory(err, "opening a SQLite file");
  }
  int code = sqlite3_prepare_v2(db, sql, -1, statement, NULL);
  sqlite3_free(sql);
  return code == SQLITE_OK ? LQA_OK : fail_sqlite(db, part->name, err);
}

lqa_status lqa_sqlite_tables(const lqa_source_part *part, lqa_arena *arena,
                             lqa_sqlite_visit_fn visit, void *data, lqa_error *err) {
  sqlite3 *db = NULL;
  sqlite3_stmt *statement = NULL;
  int code = SQLITE_ROW;
  lqa_status status = LQA_OK;
  LQA_TRY_OUT(open_database(part, &db, err));
  if (sqlite3_prepare_v2(db,
                         "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name "
                         "NOT LIKE 'sqlite_%' ORDER BY rowid",
                         -1, &statement, NULL) != SQLITE_OK) {
    status = fail_sqlite(db, part->name, err);
    goto out;
  }
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    const char *name = (const char *)sqlite3_column_text(statement, 0);
    char *copy = name ? lqa_arena_copy(arena, name, strlen(name)) : NULL;
    LQA_TRY_OUT(copy ? visit(data, copy) : lqa_fail_memory(err, "reading a SQLite file"));
  }
  status = code == SQLITE_DONE ? LQA_OK : fail_sqlite(db, part->name, err);
out:
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return status;
}

lqa_status lqa_sqlite_columns(const lqa_source_part *part, lqa_arena *arena,
                              lqa_sqlite_visit_fn visit, void *data, lqa_error *err) {
  sqlite3 *db = NULL;
  sqlite3_stmt *statement = NULL;
  lqa_status status = LQA_OK;
  LQA_TRY_OUT(open_database(part, &db, err));
  LQA_TRY_OUT(prepare_table(db, part, &statement, err));
  for (int i = 0; i < sqlite3_column_count(statement); i++) {
    const char *name = sqlite3_column_name(statement, i);
    char *copy = name ? lqa_arena_copy(arena, name, strlen(name)) : NULL;
    LQA_TRY_OUT(copy ? visit(data, copy) : lqa_fail_memory(err, "reading a SQLite file"));
  }
out:
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return status;
}

static lqa_status fail_value(const sqlite_scan *scan, int column, const char *what,
                             lqa_error *err) {
  const char *name = scan->part->columns[column];
  return lqa_fail_at(err, LQA_BAD_DATA, scan->part->name, scan->row, name,
                     "%s, row %lld, column '%s': %s", scan->part->name, (long long)scan->row, name,
                     what);
}

/* Copies a value into the batch; offsets become pointers when the batch is complete. */
static lqa_status add_value(sqlite_scan *scan, int column, lqa_error *err) {
  lqa_str value = {NULL, 0};
  if (sqlite3_column_type(scan->statement, column) != SQLITE_NULL) {
    const char *text = (const char *)sqlite3_column_text(scan->statement, column);
    value.size = (size_t)sqlite3_column_bytes(scan->statement, column);
    if (!text && value.size > 0) {
      return lqa_fail_memory(err, "reading a SQLite file");
    }
    if (lqa_utf8_check(text ? text : "", value.size) >= 0) {
      return fail_value(scan, column, "not valid UTF-8 text", err);
    }
    value.data = (const char *)(uintptr_t)scan->bytes.size;
    lqa_buf_add(&scan->bytes, text ? text : "", value.size);
  }
  return lqa_vec_push(&scan->values, value) == LQA_OK && !scan->bytes.failed
             ? LQA_OK
             : lqa_fail_memory(err, "reading a SQLite file");
}

static lqa_status read_batch(lqa_scan *base, lqa_scan_rows *rows, lqa_error *err) {
  sqlite_scan *scan = (sqlite_scan *)base;
  scan->values.n = 0;
  lqa_buf_reset(&scan->bytes);
  lqa_buf_add_char(&scan->bytes, '\0'); /* offset 0 is kept for NULL */
  *rows = (lqa_scan_rows){.first_row = scan->row};
  LQA_TRY(lqa_observe_check(scan->observer, err));
  int code = SQLITE_ROW;
  while (!scan->is_done && rows->n < BATCH_ROWS &&
         (code = sqlite3_step(scan->statement)) == SQLITE_ROW) {
    for (size_t i = 0; i < base->n_columns; i++) {
      LQA_TRY(add_value(scan, (int)i, err));
    }
    rows->n++;
    scan->row++;
  }
  if (code != SQLITE_ROW && code != SQLITE_DONE) {
    return fail_sqlite(scan->db, scan->part->name, err);
  }
  scan->is_done = scan->is_done || code == SQLITE_DONE;
  for (size_t i = 0; i < scan->values.n; i++) {
    lqa_str *value = &scan->values.data[i];
    value->data = value->data ? scan->bytes.data + (uintptr_t)value->data : NULL;
  }
  rows->values = scan->values.data;
  return LQA_OK;
}

static double fraction(const lqa_scan *base) {
  (void)base;
  return -1;
}

static void close_scan(lqa_scan *base) {
  sqlite_scan *scan = (sqlite_scan *)base;
  sqlite3_finalize(scan->statement);
  sqlite3_close(scan->db);
  lqa_buf_clear(&scan->bytes);
  lqa_vec_clear(&scan->values);
  free(scan);
}

lqa_status lqa_scan_open_sqlite(const lqa_source_part *part, const lqa_scan_options *options,
                                lqa_scan **out, lqa_error *err) {
  sqlite_scan *scan = lqa_calloc(1, sizeof *scan);
  if (!scan) {
    return lqa_fail_memory(err, "opening a SQLite file");
  }
  lqa_status status = LQA_OK;
  scan->base = (lqa_scan){read_batch, fraction, close_scan, part->n_columns};
  scan->part = part;
  scan->observer = options->observer;
  lqa_buf_init(&scan->bytes, SIZE_MAX / 2);
  LQA_TRY_OUT(open_database(part, &scan->db, err));
  LQA_TRY_OUT(prepare_table(scan->db, part, &scan->statement, err));
  *out = &scan->base;
  return LQA_OK;
out:
  close_scan(&scan->base);
  return status;
}
