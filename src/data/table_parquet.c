/* Parquet through DuckDB: the table is offered as a table function, which COPY pulls from.
 *
 * Nothing is staged: DuckDB asks for 2048 rows at a time, which parquet_feed.c makes ready
 * meanwhile, and holds one row group. One thread compresses, so row groups, dictionaries and thus
 * bytes depend on the rows and DuckDB's version alone. Small row groups: their memory is used again
 * for the next, and a reader that wants some rows reads little more.
 */
#include "data/table_write.h"

#include "data/parquet_feed.h"

#define COPY_OPTIONS \
  " (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 16384)"

typedef struct parquet_scan {
  const lqa_table *table;
  const lqa_observer *observer;
  lqa_parquet_feed *feed;
  int64_t row;
  lqa_status status; /* why the scan stopped, where that was not DuckDB's doing */
  lqa_error *err;    /* ... and its words */
} parquet_scan;

static void bind_scan(duckdb_bind_info info) {
  const parquet_scan *scan = duckdb_bind_get_extra_info(info);
  for (int32_t c = 0; c < scan->table->n_columns; c++) {
    duckdb_logical_type type = lqa_parquet_type(scan->table->columns[c].type);
    duckdb_bind_add_result_column(info, scan->table->columns[c].name, type);
    duckdb_destroy_logical_type(&type);
  }
  duckdb_bind_set_cardinality(info, (idx_t)scan->table->n_rows, true);
}

static void init_scan(duckdb_init_info info) {
  duckdb_init_set_max_threads(info, 1);
}

static void read_scan(duckdb_function_info info, duckdb_data_chunk chunk) {
  parquet_scan *scan = duckdb_function_get_extra_info(info);
  idx_t n = 0;
  scan->status = lqa_observe_check(scan->observer, scan->err);
  if (scan->status == LQA_OK) {
    scan->status = lqa_parquet_feed_take(scan->feed, chunk, &n, scan->err);
  }
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
  lqa_buf_add_text(&sql, COPY_OPTIONS);
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
  scan.feed = lqa_parquet_feed_new(table);
  lqa_status status = scan.feed ? register_scan(database, &scan, err)
                                : lqa_fail_memory(err, "writing a Parquet file");
  if (status == LQA_OK) {
    status = copy_to(database, path, err);
  }
  lqa_database_close(database);
  lqa_parquet_feed_free(scan.feed);
  if (scan.status != LQA_OK && err) {
    *err = reason;
  }
  return scan.status != LQA_OK ? scan.status : status;
}
