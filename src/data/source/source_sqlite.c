/* A table or view of a SQLite file as a scan (base/sql.h; DuckDB's scanner is an extension that is
 * not always there). Opened read-only. Integers and reals come as SQLite prints them, texts
 * as they are; a blob that is not valid UTF-8 is refused in a column that is asked for, else
 * printed.
 */
#include "data/source/source_sqlite.h"

#include "base/memory.h"
#include "base/sql.h"
#include "base/unicode.h"
#include "base/vec.h"
#include "data/source/source_part.h"

enum { BATCH_ROWS = 1024, BUSY_WAIT_MS = 5000 };

typedef struct sqlite_scan {
  lqa_scan base;
  lqa_sql *sql;
  lqa_statement *statement;
  const lqa_source_part *part;
  const lqa_observer *observer;
  const bool *wanted; /* as in lqa_scan_options */
  int64_t row;
  bool is_done;  /* one more step would start over */
  lqa_buf bytes; /* of the batch: SQLite keeps a value only until the next step */
  LQA_VEC(lqa_str) values;
} sqlite_scan;

static lqa_status fail_sqlite(const lqa_sql *sql, const char *name, lqa_error *err) {
  lqa_sql_reason why = lqa_sql_why(sql);
  lqa_status status = why == LQA_SQL_NO_MEMORY                               ? LQA_NO_MEMORY
                      : why == LQA_SQL_DAMAGED || why == LQA_SQL_NO_DATABASE ? LQA_BAD_DATA
                                                                             : LQA_BAD_FILE;
  return lqa_fail_at(err, status, name, -1, NULL, "'%s' cannot be read as a SQLite file: %s", name,
                     lqa_sql_message(sql));
}

static lqa_status open_database(const lqa_source_part *part, lqa_sql **sql, lqa_error *err) {
  lqa_status status = lqa_sql_connect(part->path, LQA_SQL_READ, BUSY_WAIT_MS, sql);
  return status == LQA_OK ? LQA_OK
         : *sql           ? fail_sqlite(*sql, part->name, err)
                          : lqa_fail_memory(err, "opening a SQLite file");
}

static lqa_status prepare_query(lqa_sql *sql, const lqa_source_part *part, const char *query,
                                lqa_statement **statement, lqa_error *err) {
  return lqa_sql_prepare(sql, query, statement, NULL) == LQA_OK ? LQA_OK
                                                                : fail_sqlite(sql, part->name, err);
}

static lqa_status prepare_table(lqa_sql *sql, const lqa_source_part *part,
                                lqa_statement **statement, lqa_error *err) {
  lqa_buf query;
  lqa_buf_init(&query, SIZE_MAX / 2);
  lqa_buf_add_text(&query, "SELECT * FROM \"");
  for (const char *c = part->table; *c; c++) {
    lqa_buf_add(&query, c, 1);
    if (*c == '"') {
      lqa_buf_add_char(&query, '"');
    }
  }
  lqa_buf_add_char(&query, '"');
  lqa_status status = query.failed ? lqa_fail_memory(err, "opening a SQLite file")
                                   : prepare_query(sql, part, query.data, statement, err);
  lqa_buf_clear(&query);
  return status;
}

static lqa_status visit_name(const char *name, lqa_arena *arena, lqa_sqlite_visit_fn visit,
                             void *data, lqa_error *err) {
  char *copy = name ? lqa_arena_copy(arena, name, strlen(name)) : NULL;
  return copy ? visit(data, copy) : lqa_fail_memory(err, "reading a SQLite file");
}

lqa_status lqa_sqlite_tables(const lqa_source_part *part, lqa_arena *arena,
                             lqa_sqlite_visit_fn visit, void *data, lqa_error *err) {
  lqa_sql *sql = NULL;
  lqa_statement *statement = NULL;
  bool more = true;
  lqa_status status;
  LQA_TRY_OUT(open_database(part, &sql, err));
  LQA_TRY_OUT(prepare_query(sql, part,
                            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND "
                            "name NOT LIKE 'sqlite_%' ORDER BY rowid",
                            &statement, err));
  for (;;) {
    if (lqa_statement_next(statement, &more, NULL) != LQA_OK) {
      status = fail_sqlite(sql, part->name, err);
      goto out;
    }
    if (!more) {
      break;
    }
    LQA_TRY_OUT(visit_name(lqa_statement_text(statement, 0).data, arena, visit, data, err));
  }
out:
  lqa_statement_free(statement);
  lqa_sql_close(sql);
  return status;
}

lqa_status lqa_sqlite_columns(const lqa_source_part *part, lqa_arena *arena,
                              lqa_sqlite_visit_fn visit, void *data, lqa_error *err) {
  lqa_sql *sql = NULL;
  lqa_statement *statement = NULL;
  lqa_status status;
  LQA_TRY_OUT(open_database(part, &sql, err));
  LQA_TRY_OUT(prepare_table(sql, part, &statement, err));
  for (int i = 0; i < lqa_statement_count(statement); i++) {
    LQA_TRY_OUT(visit_name(lqa_statement_column(statement, i), arena, visit, data, err));
  }
out:
  lqa_statement_free(statement);
  lqa_sql_close(sql);
  return status;
}

static lqa_status fail_value(const sqlite_scan *scan, int column, const char *what,
                             lqa_error *err) {
  const char *name = scan->part->columns[column];
  return lqa_fail_at(err, LQA_BAD_DATA, scan->part->name, scan->row, name,
                     "%s, row %lld, column '%s': %s", scan->part->name, (long long)scan->row, name,
                     what);
}

/* As DuckDB prints a blob: \\xAB for every byte that is no printable ASCII. */
static void add_binary(lqa_buf *out, lqa_str bytes) {
  for (size_t i = 0; i < bytes.size; i++) {
    unsigned char c = (unsigned char)bytes.data[i];
    if (c < ' ' || c > '~' || c == '\\') {
      lqa_buf_printf(out, "\\x%02X", c);
    } else {
      lqa_buf_add_char(out, (char)c);
    }
  }
}

/* Copies a value into the batch; offsets become pointers when the batch is complete. */
static lqa_status add_value(sqlite_scan *scan, int column, lqa_error *err) {
  lqa_str value = {NULL, 0};
  if (!lqa_statement_is_null(scan->statement, column)) {
    lqa_str text = lqa_statement_text(scan->statement, column);
    if (!text.data && text.size > 0) {
      return lqa_fail_memory(err, "reading a SQLite file");
    }
    bool is_binary = lqa_utf8_check(text.data ? text.data : "", text.size) >= 0;
    if (is_binary && scan->wanted && scan->wanted[column]) {
      return fail_value(scan, column, "not valid UTF-8 text", err);
    }
    size_t begin = scan->bytes.size;
    if (is_binary) {
      add_binary(&scan->bytes, text);
    } else {
      lqa_buf_add(&scan->bytes, text.data ? text.data : "", text.size);
    }
    value = (lqa_str){(const char *)(uintptr_t)begin, scan->bytes.size - begin};
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
  while (!scan->is_done && rows->n < BATCH_ROWS) {
    bool more;
    if (lqa_statement_next(scan->statement, &more, NULL) != LQA_OK) {
      return fail_sqlite(scan->sql, scan->part->name, err);
    }
    scan->is_done = !more;
    for (size_t i = 0; more && i < base->n_columns; i++) {
      LQA_TRY(add_value(scan, (int)i, err));
    }
    rows->n += more;
    scan->row += more;
  }
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
  lqa_statement_free(scan->statement);
  lqa_sql_close(scan->sql);
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
  lqa_status status;
  scan->base = (lqa_scan){read_batch, fraction, close_scan, part->n_columns};
  scan->part = part;
  scan->observer = options->observer;
  scan->wanted = options->wanted;
  lqa_buf_init(&scan->bytes, SIZE_MAX / 2);
  LQA_TRY_OUT(open_database(part, &scan->sql, err));
  LQA_TRY_OUT(prepare_table(scan->sql, part, &scan->statement, err));
  *out = &scan->base;
  return LQA_OK;
out:
  close_scan(&scan->base);
  return status;
}
