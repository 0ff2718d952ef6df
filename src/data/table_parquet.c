/* Parquet through DuckDB: the table is offered as a table function, which COPY pulls from.
 *
 * Nothing is staged: DuckDB asks for 2048 rows at a time and holds one row group. One thread, so
 * row groups, dictionaries and thus bytes depend on the rows and DuckDB's version alone, and the
 * callbacks run on the caller's thread.
 */
#include "data/table_write.h"

#include "base/memory.h"
#include "base/unicode.h"
#include "data/duck.h"

#include <stdio.h>

typedef struct parquet_scan {
  const lqa_table *table;
  const lqa_observer *observer;
  int64_t row;
  lqa_status status; /* why the scan stopped, where that was not DuckDB's doing */
  lqa_error *err;    /* ... and its words */
} parquet_scan;

static duckdb_logical_type create_type(lqa_value_type type) {
  static const duckdb_type ids[] = {
      [LQA_VALUE_TEXT] = DUCKDB_TYPE_VARCHAR,  [LQA_VALUE_INT64] = DUCKDB_TYPE_BIGINT,
      [LQA_VALUE_INT32] = DUCKDB_TYPE_INTEGER, [LQA_VALUE_DOUBLE] = DUCKDB_TYPE_DOUBLE,
      [LQA_VALUE_BOOL] = DUCKDB_TYPE_BOOLEAN,  [LQA_VALUE_TEXT_LIST] = DUCKDB_TYPE_VARCHAR};
  duckdb_logical_type logical = duckdb_create_logical_type(ids[type]);
  if (type == LQA_VALUE_TEXT_LIST) {
    duckdb_logical_type list = duckdb_create_list_type(logical);
    duckdb_destroy_logical_type(&logical);
    return list;
  }
  return logical;
}

static void bind_scan(duckdb_bind_info info) {
  const parquet_scan *scan = duckdb_bind_get_extra_info(info);
  for (int32_t c = 0; c < scan->table->n_columns; c++) {
    duckdb_logical_type type = create_type(scan->table->columns[c].type);
    duckdb_bind_add_result_column(info, scan->table->columns[c].name, type);
    duckdb_destroy_logical_type(&type);
  }
  duckdb_bind_set_cardinality(info, (idx_t)scan->table->n_rows, true);
}

static void init_scan(duckdb_init_info info) {
  duckdb_init_set_max_threads(info, 1);
}

static bool set_list(duckdb_vector vector, idx_t i, const lqa_value *value) {
  duckdb_list_entry *entries = duckdb_vector_get_data(vector);
  idx_t offset = duckdb_list_vector_get_size(vector);
  entries[i] = (duckdb_list_entry){offset, value->n_list};
  if (duckdb_list_vector_reserve(vector, offset + value->n_list) != DuckDBSuccess ||
      duckdb_list_vector_set_size(vector, offset + value->n_list) != DuckDBSuccess) {
    return false;
  }
  duckdb_vector child = duckdb_list_vector_get_child(vector);
  for (size_t j = 0; j < value->n_list; j++) {
    lqa_str item = value->list[j].data ? value->list[j] : LQA_STR("");
    duckdb_vector_assign_string_element_len(child, offset + j, item.data, item.size);
  }
  return true;
}

/* Sets a present value; false sends it as NULL. */
static bool set_value(duckdb_vector vector, void *data, idx_t i, lqa_value_type type,
                      const lqa_value *value) {
  switch (type) {
  case LQA_VALUE_TEXT:
    if (value->text.data) {
      duckdb_vector_assign_string_element_len(vector, i, value->text.data, value->text.size);
    }
    return value->text.data != NULL;
  case LQA_VALUE_INT64:
    ((int64_t *)data)[i] = value->integer;
    return true;
  case LQA_VALUE_INT32:
    ((int32_t *)data)[i] = (int32_t)value->integer;
    return true;
  case LQA_VALUE_DOUBLE:
    ((double *)data)[i] = value->number;
    return value->number == value->number;
  case LQA_VALUE_BOOL:
    ((bool *)data)[i] = value->integer != 0;
    return true;
  default:
    return set_list(vector, i, value);
  }
}

static void set_null(duckdb_vector vector, void *data, idx_t i, lqa_value_type type) {
  uint64_t *validity = duckdb_vector_get_validity(vector);
  validity[i / 64] &= ~(1ULL << (i % 64));
  if (type == LQA_VALUE_TEXT_LIST) {
    ((duckdb_list_entry *)data)[i] = (duckdb_list_entry){duckdb_list_vector_get_size(vector), 0};
  }
}

/* All cells of row scan->row + i: rows in order, since the table may be fed from a stream. */
static lqa_status fill_row(parquet_scan *scan, duckdb_data_chunk chunk, idx_t i) {
  const lqa_table *table = scan->table;
  int64_t row = scan->row + (int64_t)i;
  if (table->begin_row) {
    LQA_TRY(table->begin_row(table->data, row, scan->err));
  }
  for (int32_t c = 0; c < table->n_columns; c++) {
    duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, (idx_t)c);
    void *data = duckdb_vector_get_data(vector);
    lqa_value value = lqa_table_get(table, c, row);
    if (value.is_null || !set_value(vector, data, i, table->columns[c].type, &value)) {
      set_null(vector, data, i, table->columns[c].type);
    }
  }
  return LQA_OK;
}

static lqa_status fill_chunk(parquet_scan *scan, duckdb_data_chunk chunk, idx_t n) {
  LQA_TRY(lqa_observe_check(scan->observer, scan->err));
  for (int32_t c = 0; c < scan->table->n_columns; c++) {
    duckdb_vector_ensure_validity_writable(duckdb_data_chunk_get_vector(chunk, (idx_t)c));
  }
  for (idx_t i = 0; i < n; i++) {
    LQA_TRY(fill_row(scan, chunk, i));
  }
  return LQA_OK;
}

static void read_scan(duckdb_function_info info, duckdb_data_chunk chunk) {
  parquet_scan *scan = duckdb_function_get_extra_info(info);
  int64_t left = scan->table->n_rows - scan->row, most = (int64_t)duckdb_vector_size();
  idx_t n = (idx_t)(left < most ? left : most);
  scan->status = fill_chunk(scan, chunk, n);
  if (scan->status != LQA_OK) {
    duckdb_function_set_error(info, "the table ends early");
    return;
  }
  duckdb_data_chunk_set_size(chunk, n);
  scan->row += (int64_t)n;
  lqa_observe_progress(scan->observer, "writing",
                       (double)scan->row / (double)(scan->table->n_rows + 1));
}

static lqa_status register_scan(lqa_database *database, parquet_scan *scan, lqa_error *err) {
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, "lqa_table");
  duckdb_table_function_set_extra_info(function, scan, NULL);
  duckdb_table_function_set_bind(function, bind_scan);
  duckdb_table_function_set_init(function, init_scan);
  duckdb_table_function_set_function(function, read_scan);
  duckdb_state state = duckdb_register_table_function(database->connection, function);
  duckdb_destroy_table_function(&function);
  return state == DuckDBSuccess
             ? LQA_OK
             : lqa_fail(err, LQA_INTERNAL, "the query engine refuses the table to be written");
}

static lqa_status copy_to(lqa_database *database, const char *path, lqa_error *err) {
  lqa_buf sql;
  lqa_buf_init(&sql, 1 << 16);
  lqa_buf_add_text(&sql, "COPY (SELECT * FROM lqa_table()) TO ");
  lqa_duck_literal(&sql, lqa_str_from(path));
  lqa_buf_add_text(&sql, " (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)");
  lqa_status status = lqa_buf_check(&sql, err);
  if (status == LQA_OK) {
    status = lqa_database_run(database, sql.data, NULL, 0, err);
  }
  lqa_buf_clear(&sql);
  return status;
}

lqa_status lqa_table_write_parquet(const lqa_table *table, const char *path,
                                   const lqa_observer *observer, lqa_error *err) {
  lqa_error reason;
  parquet_scan scan = {.table = table, .observer = observer, .err = &reason};
  lqa_database_options options = {.n_threads = 1, .observer = observer};
  lqa_database *database = NULL;
  LQA_TRY(lqa_database_open(&options, &database, err));
  lqa_status status = register_scan(database, &scan, err);
  if (status == LQA_OK) {
    status = copy_to(database, path, err);
  }
  lqa_database_close(database);
  if (scan.status != LQA_OK && err) {
    *err = reason;
  }
  return scan.status != LQA_OK ? scan.status : status;
}
