/* Scans that DuckDB answers: Parquet files, tables of DuckDB files, and any other scan filtered by
 * a WHERE condition.
 *
 * All three are one query whose columns are texts, streamed chunk by chunk; with a condition a last
 * column counts the rows of the file, so that row numbers survive the filter. The database has one
 * thread: order is the file's. For the third kind the inner scan is offered to DuckDB as a table
 * function that pulls batches from it.
 */
#include "data/source/scan_duckdb.h"

#include "base/memory.h"
#include "base/vec.h"
#include "data/query/duck.h"
#include "data/source/source_part.h"

#include <stdio.h>

static const size_t max_sql_bytes = (size_t)1 << 26;

typedef struct duck_scan {
  lqa_scan base;
  lqa_database *database;
  duckdb_connection connection;
  duckdb_result result;
  duckdb_data_chunk chunk;
  const lqa_source_part *part;
  bool has_row_numbers;
  int64_t row;
  LQA_VEC(lqa_str) values;
  /* A filtered scan: */
  lqa_scan *inner;
  lqa_scan_rows inner_rows;
  int64_t inner_next; /* within inner_rows */
  lqa_status inner_status;
  lqa_error inner_error;
} duck_scan;

/* The system's refusal, not the file's content: permissions, open files, a failing disk. */
static bool is_of_system(const char *message) {
  return strstr(message, "IO Error: Cannot open file \"") ||
         strstr(message, "IO Error: Could not read from file \"");
}

/* Damage inside a Parquet or DuckDB file is bad data, whatever DuckDB calls it. */
static lqa_status reword(const duck_scan *scan, lqa_status status, lqa_error *err) {
  lqa_part_kind kind = scan->part->kind;
  if (scan->inner_status != LQA_OK) {
    if (err) {
      *err = scan->inner_error;
    }
    return scan->inner_status;
  }
  if (!err || (status != LQA_BAD_DATA && status != LQA_BAD_FILE && status != LQA_BAD_USAGE)) {
    return status;
  }
  lqa_error inner = *err;
  if (strstr(inner.message, "disabled by configuration")) {
    return lqa_fail_at(err, LQA_BAD_DATA, scan->part->name, -1, NULL,
                       "'%s': '%s' is a view that opens another file or address, which is refused: "
                       "copy its rows into a table, or give that file itself (%s)",
                       scan->part->name, scan->part->table ? scan->part->table : "", inner.message);
  }
  bool is_database = kind == LQA_PART_PARQUET || kind == LQA_PART_DUCKDB;
  if (scan->has_row_numbers && (status == LQA_BAD_USAGE || !is_database)) {
    return lqa_fail_at(err, status, scan->part->name, -1, NULL, LQA_OPTION("where") " on '%s': %s",
                       scan->part->name, inner.message);
  }
  if (is_database && is_of_system(inner.message)) {
    status = LQA_BAD_FILE;
  } else if (kind == LQA_PART_PARQUET) {
    status = LQA_BAD_DATA;
  }
  return lqa_fail_at(err, status, scan->part->name, -1, NULL, "'%s' cannot be read as a %s: %s",
                     scan->part->name,
                     scan->part->is_postgres    ? "PostgreSQL database"
                     : kind == LQA_PART_PARQUET ? "Parquet file"
                                                : "DuckDB file",
                     inner.message);
}

/* A DuckDB file (or a server's database) is attached read-only under a name of its own. */
static lqa_status attach(lqa_database *database, const lqa_source_part *part, lqa_error *err) {
  lqa_buf sql;
  lqa_buf_init(&sql, max_sql_bytes);
  lqa_buf_add_text(&sql, "ATTACH IF NOT EXISTS ");
  lqa_duck_literal(&sql, lqa_str_from(part->path));
  lqa_buf_printf(&sql, " AS labelqa_%d (%sREAD_ONLY)", part->number,
                 part->is_postgres ? "TYPE postgres, " : "");
  lqa_status status;
  LQA_TRY_OUT(lqa_buf_check(&sql, err));
  status = lqa_database_run(database, sql.data, NULL, 0, err);
out:
  lqa_buf_clear(&sql);
  return status;
}

lqa_status lqa_duckdb_add_from(lqa_database *database, const lqa_source_part *part, lqa_buf *sql,
                               lqa_error *err) {
  if (part->kind == LQA_PART_PARQUET) {
    lqa_buf_add_text(sql, "read_parquet(");
    lqa_duck_literal(sql, lqa_str_from(part->path));
    lqa_buf_add_text(sql, ")");
    return lqa_buf_check(sql, err);
  }
  LQA_TRY(attach(database, part, err));
  lqa_buf_printf(sql, "labelqa_%d.", part->number);
  if (part->schema) {
    lqa_duck_identifier(sql, lqa_str_from(part->schema));
    lqa_buf_add_char(sql, '.');
  }
  lqa_duck_identifier(sql, lqa_str_from(part->table ? part->table : ""));
  return lqa_buf_check(sql, err);
}

/* Columns as texts: a BLOB that is text comes as that text. */
static void add_columns(const lqa_source_part *part, const bool *wanted, lqa_buf *sql) {
  lqa_buf_add_text(sql, "SELECT ");
  for (size_t i = 0; i < part->n_columns; i++) {
    lqa_buf_add_text(sql, i ? ", " : "");
    bool is_blob = part->is_blob && part->is_blob[i];
    if (wanted && !wanted[i]) {
      lqa_buf_add_text(sql, "NULL::VARCHAR");
      continue;
    }
    lqa_buf_add_text(sql, is_blob ? "coalesce(try(decode(" : "");
    lqa_duck_identifier(sql, lqa_str_from(part->columns[i]));
    lqa_buf_add_text(sql, is_blob ? ")), " : "::VARCHAR");
    if (is_blob) {
      lqa_duck_identifier(sql, lqa_str_from(part->columns[i]));
      lqa_buf_add_text(sql, "::VARCHAR)");
    }
  }
}

static void fill_values(duck_scan *scan, idx_t n) {
  size_t n_columns = scan->base.n_columns;
  for (size_t c = 0; c < n_columns; c++) {
    duckdb_vector vector = duckdb_data_chunk_get_vector(scan->chunk, c);
    const duckdb_string_t *texts = duckdb_vector_get_data(vector);
    const uint64_t *validity = duckdb_vector_get_validity(vector);
    lqa_str *value = scan->values.data + c;
    for (idx_t i = 0; i < n; i++, value += n_columns) {
      *value = lqa_duck_is_valid(validity, i) ? lqa_duck_str(&texts[i]) : (lqa_str){NULL, 0};
    }
  }
}

static lqa_status read_batch(lqa_scan *base, lqa_scan_rows *rows, lqa_error *err) {
  duck_scan *scan = (duck_scan *)base;
  idx_t n = 0;
  *rows = (lqa_scan_rows){.first_row = scan->row};
  do {
    duckdb_destroy_data_chunk(&scan->chunk);
    LQA_TRY(lqa_observe_check(scan->database->observer, err));
    scan->chunk = duckdb_fetch_chunk(scan->result);
    n = scan->chunk ? duckdb_data_chunk_get_size(scan->chunk) : 0;
  } while (scan->chunk && n == 0);
  if (!scan->chunk) {
    const char *message = duckdb_result_error(&scan->result);
    return message && *message ? reword(scan, lqa_duck_fail_result(&scan->result, err), err)
                               : LQA_OK;
  }
  if (lqa_vec_reserve(&scan->values, n * base->n_columns) != LQA_OK) {
    return lqa_fail_memory(err, "reading rows");
  }
  fill_values(scan, n);
  rows->n = (int64_t)n;
  rows->values = scan->values.data;
  if (scan->has_row_numbers) {
    rows->row_in_file =
        duckdb_vector_get_data(duckdb_data_chunk_get_vector(scan->chunk, base->n_columns));
  }
  scan->row += (int64_t)n;
  return LQA_OK;
}

static double fraction(const lqa_scan *base) {
  const duck_scan *scan = (const duck_scan *)base;
  return scan->inner ? scan->inner->fraction(scan->inner) : -1;
}

static void close_scan(lqa_scan *base) {
  duck_scan *scan = (duck_scan *)base;
  duckdb_destroy_data_chunk(&scan->chunk);
  duckdb_destroy_result(&scan->result);
  duckdb_disconnect(&scan->connection);
  if (scan->inner) {
    scan->inner->close(scan->inner);
  }
  lqa_vec_clear(&scan->values);
  free(scan);
}

static duck_scan *new_scan(const lqa_source_part *part, const lqa_scan_options *options) {
  duck_scan *scan = lqa_calloc(1, sizeof *scan);
  if (scan) {
    scan->base = (lqa_scan){read_batch, fraction, close_scan, part->n_columns};
    scan->part = part;
    scan->database = options->database;
    scan->has_row_numbers = options->where != NULL;
    lqa_error_clear(&scan->inner_error);
    if (duckdb_connect(options->database->db, &scan->connection) != DuckDBSuccess) {
      free(scan);
      scan = NULL;
    }
  }
  return scan;
}

static lqa_status start_query(duck_scan *scan, const lqa_buf *sql, lqa_error *err) {
  LQA_TRY(lqa_buf_check(sql, err));
  return lqa_duck_start(scan->database, scan->connection, sql->data, NULL, 0, true, &scan->result,
                        err);
}

lqa_status lqa_scan_open_duckdb(const lqa_source_part *part, const lqa_scan_options *options,
                                lqa_scan **out, lqa_error *err) {
  duck_scan *scan = new_scan(part, options);
  if (!scan) {
    return lqa_fail_memory(err, "opening a file");
  }
  lqa_buf sql;
  lqa_buf_init(&sql, max_sql_bytes);
  add_columns(part, options->wanted, &sql);
  lqa_buf_add_text(&sql, options->where
                             ? ", labelqa_row FROM (SELECT *, row_number() OVER () - 1 AS "
                               "labelqa_row FROM "
                             : " FROM ");
  lqa_status status;
  LQA_TRY_OUT(lqa_duckdb_add_from(options->database, part, &sql, err));
  if (options->where) {
    lqa_buf_printf(&sql, ") WHERE (%s\n)", options->where);
  }
  status = start_query(scan, &sql, err);
out:
  lqa_buf_clear(&sql);
  if (status != LQA_OK) {
    status = reword(scan, status, err);
    close_scan(&scan->base);
    return status;
  }
  *out = &scan->base;
  return LQA_OK;
}

/* --- a filtered scan -------------------------------------------------------------------------- */

static void bind_inner(duckdb_bind_info info) {
  const duck_scan *scan = duckdb_bind_get_extra_info(info);
  duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
  duckdb_logical_type number = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
  for (size_t i = 0; i < scan->part->n_columns; i++) {
    duckdb_bind_add_result_column(info, scan->part->columns[i], text);
  }
  duckdb_bind_add_result_column(info, "labelqa_row", number);
  duckdb_destroy_logical_type(&text);
  duckdb_destroy_logical_type(&number);
}

static void init_inner(duckdb_init_info info) {
  duckdb_init_set_max_threads(info, 1);
}

static void give_column(const lqa_str *value, size_t stride, duckdb_vector vector, idx_t n) {
  duckdb_vector_ensure_validity_writable(vector);
  uint64_t *validity = duckdb_vector_get_validity(vector);
  for (idx_t i = 0; i < n; i++, value += stride) {
    if (value->data) {
      duckdb_vector_assign_string_element_len(vector, i, value->data, value->size);
    } else {
      validity[i / 64] &= ~(1ULL << (i % 64));
    }
  }
}

/* Up to one chunk of the inner scan's rows. */
static void pull_inner(duckdb_function_info info, duckdb_data_chunk chunk) {
  duck_scan *scan = duckdb_function_get_extra_info(info);
  lqa_scan_rows *rows = &scan->inner_rows;
  if (scan->inner_next == rows->n) {
    scan->inner_status = scan->inner->read(scan->inner, rows, &scan->inner_error);
    scan->inner_next = 0;
    if (scan->inner_status != LQA_OK) {
      duckdb_function_set_error(info, "the file cannot be read on");
      return;
    }
  }
  size_t n_columns = scan->base.n_columns;
  int64_t left = rows->n - scan->inner_next, most = (int64_t)duckdb_vector_size();
  idx_t n = (idx_t)(left < most ? left : most);
  for (size_t c = 0; c < n_columns; c++) {
    give_column(rows->values + (size_t)scan->inner_next * n_columns + c, n_columns,
                duckdb_data_chunk_get_vector(chunk, c), n);
  }
  int64_t *number = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, n_columns));
  for (idx_t i = 0; i < n; i++) {
    number[i] = rows->first_row + scan->inner_next + (int64_t)i;
  }
  scan->inner_next += (int64_t)n;
  duckdb_data_chunk_set_size(chunk, n);
}

static lqa_status register_inner(duck_scan *scan, const char *name, lqa_error *err) {
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, name);
  duckdb_table_function_set_extra_info(function, scan, NULL);
  duckdb_table_function_set_bind(function, bind_inner);
  duckdb_table_function_set_init(function, init_inner);
  duckdb_table_function_set_function(function, pull_inner);
  duckdb_state state = duckdb_register_table_function(scan->connection, function);
  duckdb_destroy_table_function(&function);
  return state == DuckDBSuccess
             ? LQA_OK
             : lqa_fail(err, LQA_INTERNAL, "the query engine refuses the rows to be filtered");
}

lqa_status lqa_scan_open_where(lqa_scan *inner, const lqa_source_part *part,
                               const lqa_scan_options *options, lqa_scan **out, lqa_error *err) {
  duck_scan *scan = new_scan(part, options);
  if (!scan) {
    inner->close(inner);
    return lqa_fail_memory(err, "opening a file");
  }
  scan->inner = inner;
  char name[40];
  snprintf(name, sizeof name, "labelqa_scan_%u", options->database->n_functions++);
  lqa_buf sql;
  lqa_buf_init(&sql, max_sql_bytes);
  lqa_buf_printf(&sql, "SELECT * FROM %s() WHERE (%s\n)", name, options->where);
  lqa_status status;
  LQA_TRY_OUT(register_inner(scan, name, err));
  status = start_query(scan, &sql, err);
out:
  lqa_buf_clear(&sql);
  if (status != LQA_OK) {
    status = reword(scan, status, err);
    close_scan(&scan->base);
    return status;
  }
  *out = &scan->base;
  return LQA_OK;
}

/* --- what a file holds ------------------------------------------------------------------------ */

/* Runs a query of (name, flag) rows and hands them to `visit`. */
static lqa_status visit_names(lqa_database *database, const lqa_buf *sql, lqa_arena *arena,
                              lqa_duckdb_visit_fn visit, void *data, lqa_error *err) {
  lqa_query *query = NULL;
  bool more = true;
  LQA_TRY(lqa_buf_check(sql, err));
  LQA_TRY(lqa_query_open(database, sql->data, NULL, 0, &query, err));
  lqa_status status;
  LQA_TRY_OUT(lqa_query_next(query, &more, err));
  while (more) {
    lqa_str name = lqa_query_get(query, 0).text;
    char *copy = lqa_arena_copy(arena, name.data, name.size);
    LQA_TRY_OUT(copy ? visit(data, copy, lqa_query_get(query, 1).integer != 0)
                     : lqa_fail_memory(err, "reading names"));
    LQA_TRY_OUT(lqa_query_next(query, &more, err));
  }
out:
  lqa_query_close(query);
  return status;
}

lqa_status lqa_duckdb_columns(lqa_database *database, const lqa_source_part *part, lqa_arena *arena,
                              lqa_duckdb_visit_fn visit, void *data, lqa_error *err) {
  const duck_scan scan = {.part = part};
  lqa_buf sql;
  lqa_buf_init(&sql, max_sql_bytes);
  lqa_buf_add_text(&sql, "SELECT column_name, column_type = 'BLOB' FROM (DESCRIBE SELECT * FROM ");
  lqa_status status;
  LQA_TRY_OUT(lqa_duckdb_add_from(database, part, &sql, err));
  lqa_buf_add_text(&sql, ")");
  status = visit_names(database, &sql, arena, visit, data, err);
out:
  lqa_buf_clear(&sql);
  return status == LQA_OK ? LQA_OK : reword(&scan, status, err);
}

lqa_status lqa_duckdb_tables(lqa_database *database, const lqa_source_part *part, lqa_arena *arena,
                             lqa_duckdb_visit_fn visit, void *data, lqa_error *err) {
  const duck_scan scan = {.part = part};
  lqa_buf sql;
  lqa_buf_init(&sql, max_sql_bytes);
  lqa_status status;
  LQA_TRY_OUT(attach(database, part, err));
  lqa_buf_printf(&sql,
                 "SELECT CASE WHEN table_schema IN ('main', 'public') THEN table_name ELSE "
                 "table_schema || '.' || table_name END, table_schema NOT IN ('main', 'public') "
                 "FROM information_schema.tables WHERE table_catalog = 'labelqa_%d' "
                 "ORDER BY table_schema, table_name",
                 part->number);
  status = visit_names(database, &sql, arena, visit, data, err);
out:
  lqa_buf_clear(&sql);
  return status == LQA_OK ? LQA_OK : reword(&scan, status, err);
}

static lqa_status keep_first(void *data, const char *value, bool flag) {
  lqa_str *found = data;
  (void)flag;
  *found = found->data ? *found : lqa_str_from(value);
  return LQA_OK;
}

lqa_status lqa_duckdb_metadata(lqa_database *database, const lqa_source_part *part, const char *key,
                               lqa_arena *arena, lqa_str *value, lqa_error *err) {
  const duck_scan scan = {.part = part};
  lqa_buf sql;
  lqa_buf_init(&sql, max_sql_bytes);
  lqa_buf_add_text(&sql, "SELECT decode(value), false FROM parquet_kv_metadata(");
  lqa_duck_literal(&sql, lqa_str_from(part->path));
  lqa_buf_add_text(&sql, ") WHERE decode(key) = ");
  lqa_duck_literal(&sql, lqa_str_from(key));
  lqa_status status = visit_names(database, &sql, arena, keep_first, value, err);
  lqa_buf_clear(&sql);
  return status == LQA_OK ? LQA_OK : reword(&scan, status, err);
}
