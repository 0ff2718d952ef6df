/* DuckDB behind a small interface: open, run, stream.
 *
 * Statements are started through the pending interface and driven task by task, so that a cancelled
 * observer stops even a long sort. Results are streamed chunk by chunk (2048 rows) and every value
 * is handed out in place; a second open stream gets a connection of its own, because another query
 * on the same one would end the first. An error in the middle of a stream surfaces as a missing
 * chunk, so the result's error is asked for at the end.
 */
#include "data/query/query.h"

#include "base/memory.h"
#include "data/query/duck.h"

#include <stdio.h>
#include <time.h>

struct lqa_query {
  lqa_database *database;
  duckdb_connection connection;
  duckdb_result result;
  duckdb_data_chunk chunk;
  size_t n_columns;
  idx_t row, n_rows; /* within the chunk */
  duckdb_type *types;
  lqa_str *list; /* scratch for lists */
  size_t list_capacity;
  bool failed; /* a list did not fit into memory: told by the next lqa_query_next */
};

static lqa_status configure(duckdb_config config, const lqa_database_options *options) {
  char threads[32], memory[48];
  snprintf(threads, sizeof threads, "%d", options->n_threads);
  snprintf(memory, sizeof memory, "%llu MB",
           (unsigned long long)(options->memory_bytes / 1000000 + 1));
  const char *network = options->allow_network ? "true" : "false";
  const char *settings[][2] = {
      {"threads", options->n_threads > 0 ? threads : NULL},
      {"memory_limit", options->memory_bytes > 0 ? memory : NULL},
      {"temp_directory", options->temporary_folder},
      {"autoinstall_known_extensions", network},
      {"autoload_known_extensions", network},
  };
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
    if (settings[i][1] &&
        duckdb_set_config(config, settings[i][0], settings[i][1]) != DuckDBSuccess) {
      return LQA_INTERNAL;
    }
  }
  return LQA_OK;
}

static lqa_status open_memory(const lqa_database_options *options, lqa_database *database,
                              lqa_error *err) {
  duckdb_config config = NULL;
  char *message = NULL;
  if (duckdb_create_config(&config) != DuckDBSuccess) {
    return lqa_fail_memory(err, "opening the query engine");
  }
  lqa_status status = configure(config, options);
  if (status != LQA_OK) {
    status = lqa_fail(err, status, "the query engine (DuckDB %s) refuses its settings",
                      duckdb_library_version());
  } else if (duckdb_open_ext(NULL, &database->db, config, &message) != DuckDBSuccess) {
    status = lqa_duck_fail_text(message, err);
  } else if (duckdb_connect(database->db, &database->connection) != DuckDBSuccess) {
    status = lqa_fail_memory(err, "connecting to the query engine");
  }
  duckdb_free(message);
  duckdb_destroy_config(&config);
  return status;
}

lqa_status lqa_database_open(const lqa_database_options *options, lqa_database **out,
                             lqa_error *err) {
  static const lqa_database_options defaults = {0};
  lqa_database *database = lqa_calloc(1, sizeof *database);
  if (!database) {
    return lqa_fail_memory(err, "opening the query engine");
  }
  options = options ? options : &defaults;
  database->observer = options->observer;
  lqa_status status = open_memory(options, database, err);
  if (status != LQA_OK) {
    lqa_database_close(database);
    return status;
  }
  *out = database;
  return LQA_OK;
}

void lqa_database_close(lqa_database *database) {
  if (database) {
    duckdb_disconnect(&database->connection);
    duckdb_close(&database->db);
    free(database);
  }
}

/* Ends an interrupted query and waits for its tasks: threads of the query engine that are in one
 * may still ask the caller's memory for rows. */
static void settle(duckdb_pending_result pending) {
  duckdb_pending_state state;
  do {
    state = duckdb_pending_execute_task(pending);
  } while (state != DUCKDB_PENDING_ERROR && !duckdb_pending_execution_is_finished(state));
}

/* Runs the pending query's tasks until rows can be fetched, looking for a cancellation between
 * them. */
static lqa_status drive(lqa_database *database, duckdb_connection connection,
                        duckdb_pending_result pending, lqa_error *err) {
  for (;;) {
    duckdb_pending_state state = duckdb_pending_execute_task(pending);
    if (state == DUCKDB_PENDING_ERROR) {
      return lqa_duck_fail_text(duckdb_pending_error(pending), err);
    }
    if (duckdb_pending_execution_is_finished(state)) {
      return LQA_OK;
    }
    if (state == DUCKDB_PENDING_NO_TASKS_AVAILABLE) {
      const struct timespec moment = {.tv_nsec = 100000};
      nanosleep(&moment, NULL); /* other threads have them */
    }
    if (database->tick) {
      database->tick(database->tick_data);
    }
    if (lqa_observe_cancelled(database->observer)) {
      duckdb_interrupt(connection);
      settle(pending);
      return lqa_observe_check(database->observer, err);
    }
  }
}

static lqa_status bind(duckdb_prepared_statement statement, const char *const *params,
                       size_t n_params, lqa_error *err) {
  for (size_t i = 0; i < n_params; i++) {
    duckdb_state state = params[i] ? duckdb_bind_varchar(statement, i + 1, params[i])
                                   : duckdb_bind_null(statement, i + 1);
    if (state != DuckDBSuccess) {
      return lqa_fail(err, LQA_INTERNAL, "parameter %zu of a query cannot be bound", i + 1);
    }
  }
  return LQA_OK;
}

static lqa_status run_pending(lqa_database *database, duckdb_connection connection,
                              duckdb_pending_result pending, duckdb_result *result,
                              lqa_error *err) {
  LQA_TRY(drive(database, connection, pending, err));
  if (duckdb_execute_pending(pending, result) != DuckDBSuccess) {
    lqa_status status = lqa_duck_fail_result(result, err);
    duckdb_destroy_result(result);
    return status;
  }
  return LQA_OK;
}

lqa_status lqa_duck_start(lqa_database *database, duckdb_connection connection, const char *sql,
                          const char *const *params, size_t n_params, bool streamed,
                          duckdb_result *result, lqa_error *err) {
  duckdb_prepared_statement statement = NULL;
  duckdb_pending_result pending = NULL;
  lqa_status status = LQA_OK;
  if (duckdb_prepare(connection, sql, &statement) != DuckDBSuccess) {
    status = lqa_duck_fail_text(duckdb_prepare_error(statement), err);
    goto out;
  }
  LQA_TRY_OUT(bind(statement, params, n_params, err));
  if ((streamed ? duckdb_pending_prepared_streaming(statement, &pending)
                : duckdb_pending_prepared(statement, &pending)) != DuckDBSuccess) {
    status = lqa_duck_fail_text(duckdb_pending_error(pending), err);
    goto out;
  }
  LQA_TRY_OUT(run_pending(database, connection, pending, result, err));
out:
  duckdb_destroy_pending(&pending);
  duckdb_destroy_prepare(&statement);
  return status;
}

lqa_status lqa_database_run(lqa_database *database, const char *sql, const char *const *params,
                            size_t n_params, lqa_error *err) {
  duckdb_result result = {0};
  LQA_TRY(
      lqa_duck_start(database, database->connection, sql, params, n_params, false, &result, err));
  duckdb_destroy_result(&result);
  return LQA_OK;
}

/* VARCHAR[] is the one list that is read. */
static bool is_text_list(duckdb_result *result, idx_t column) {
  duckdb_logical_type type = duckdb_column_logical_type(result, column);
  duckdb_logical_type child = duckdb_list_type_child_type(type);
  bool is_text = duckdb_get_type_id(child) == DUCKDB_TYPE_VARCHAR;
  duckdb_destroy_logical_type(&child);
  duckdb_destroy_logical_type(&type);
  return is_text;
}

static bool is_readable(duckdb_result *result, idx_t column, duckdb_type type) {
  switch (type) {
  case DUCKDB_TYPE_BOOLEAN:
  case DUCKDB_TYPE_TINYINT:
  case DUCKDB_TYPE_SMALLINT:
  case DUCKDB_TYPE_INTEGER:
  case DUCKDB_TYPE_BIGINT:
  case DUCKDB_TYPE_UTINYINT:
  case DUCKDB_TYPE_USMALLINT:
  case DUCKDB_TYPE_UINTEGER:
  case DUCKDB_TYPE_FLOAT:
  case DUCKDB_TYPE_DOUBLE:
  case DUCKDB_TYPE_VARCHAR:
    return true;
  case DUCKDB_TYPE_LIST:
    return is_text_list(result, column);
  default:
    return false;
  }
}

static lqa_status read_types(lqa_query *query, lqa_error *err) {
  query->n_columns = duckdb_column_count(&query->result);
  query->types = lqa_calloc(query->n_columns, sizeof *query->types);
  if (!query->types) {
    return lqa_fail_memory(err, "opening a query");
  }
  for (size_t i = 0; i < query->n_columns; i++) {
    query->types[i] = duckdb_column_type(&query->result, i);
    if (!is_readable(&query->result, i, query->types[i])) {
      return lqa_fail(err, LQA_BAD_DATA,
                      "column '%s' has a type that is not read: cast it to VARCHAR",
                      duckdb_column_name(&query->result, i));
    }
  }
  return LQA_OK;
}

lqa_status lqa_query_open(lqa_database *database, const char *sql, const char *const *params,
                          size_t n_params, lqa_query **out, lqa_error *err) {
  lqa_query *query = lqa_calloc(1, sizeof *query);
  if (!query) {
    return lqa_fail_memory(err, "opening a query");
  }
  query->database = database;
  lqa_status status = LQA_OK;
  if (duckdb_connect(database->db, &query->connection) != DuckDBSuccess) {
    status = lqa_fail_memory(err, "connecting to the query engine");
    goto out;
  }
  LQA_TRY_OUT(lqa_duck_start(database, query->connection, sql, params, n_params, true,
                             &query->result, err));
  LQA_TRY_OUT(read_types(query, err));
  *out = query;
  return LQA_OK;
out:
  lqa_query_close(query);
  return status;
}

/* The next chunk that holds rows. */
static lqa_status fetch(lqa_query *query, bool *more, lqa_error *err) {
  do {
    duckdb_destroy_data_chunk(&query->chunk);
    LQA_TRY(lqa_observe_check(query->database->observer, err));
    query->chunk = duckdb_fetch_chunk(query->result);
    query->row = 0;
    query->n_rows = query->chunk ? duckdb_data_chunk_get_size(query->chunk) : 0;
  } while (query->chunk && query->n_rows == 0);
  *more = query->chunk != NULL;
  const char *message = *more ? NULL : duckdb_result_error(&query->result);
  return message && *message ? lqa_duck_fail_result(&query->result, err) : LQA_OK;
}

lqa_status lqa_query_next(lqa_query *query, bool *more, lqa_error *err) {
  if (query->failed) {
    return lqa_fail_memory(err, "reading a list");
  }
  if (query->chunk && ++query->row < query->n_rows) {
    *more = true;
    return LQA_OK;
  }
  return fetch(query, more, err);
}

size_t lqa_query_count_columns(const lqa_query *query) {
  return query->n_columns;
}

const char *lqa_query_column_name(const lqa_query *query, size_t column) {
  return duckdb_column_name((duckdb_result *)&query->result, column);
}

lqa_value_type lqa_query_column_type(const lqa_query *query, size_t column) {
  switch (query->types[column]) {
  case DUCKDB_TYPE_BOOLEAN:
    return LQA_VALUE_BOOL;
  case DUCKDB_TYPE_FLOAT:
  case DUCKDB_TYPE_DOUBLE:
    return LQA_VALUE_DOUBLE;
  case DUCKDB_TYPE_VARCHAR:
    return LQA_VALUE_TEXT;
  case DUCKDB_TYPE_LIST:
    return LQA_VALUE_TEXT_LIST;
  default:
    return LQA_VALUE_INT64;
  }
}

/* The texts of a list; one that does not fit into memory reads as empty and ends the query. */
static void get_list(lqa_query *query, duckdb_vector vector, duckdb_list_entry entry,
                     lqa_value *value) {
  duckdb_vector child = duckdb_list_vector_get_child(vector);
  const duckdb_string_t *texts = duckdb_vector_get_data(child);
  const uint64_t *validity = duckdb_vector_get_validity(child);
  if (entry.length > query->list_capacity) {
    lqa_str *list = lqa_realloc(query->list, entry.length, sizeof *list);
    if (!list) {
      query->failed = true;
      return;
    }
    query->list = list;
    query->list_capacity = entry.length;
  }
  for (uint64_t i = 0; i < entry.length; i++) {
    bool valid = lqa_duck_is_valid(validity, entry.offset + i);
    query->list[i] = valid ? lqa_duck_str(&texts[entry.offset + i]) : (lqa_str){NULL, 0};
  }
  value->list = query->list;
  value->n_list = entry.length;
}

lqa_value lqa_query_get(lqa_query *query, size_t column) {
  duckdb_vector vector = duckdb_data_chunk_get_vector(query->chunk, column);
  const void *data = duckdb_vector_get_data(vector);
  idx_t row = query->row;
  lqa_value value = {0};
  value.is_null = !lqa_duck_is_valid(duckdb_vector_get_validity(vector), row);
  if (value.is_null) {
    return value;
  }
  switch (query->types[column]) {
  case DUCKDB_TYPE_BOOLEAN:
    value.integer = ((const bool *)data)[row];
    break;
  case DUCKDB_TYPE_TINYINT:
    value.integer = ((const int8_t *)data)[row];
    break;
  case DUCKDB_TYPE_SMALLINT:
    value.integer = ((const int16_t *)data)[row];
    break;
  case DUCKDB_TYPE_INTEGER:
    value.integer = ((const int32_t *)data)[row];
    break;
  case DUCKDB_TYPE_BIGINT:
    value.integer = ((const int64_t *)data)[row];
    break;
  case DUCKDB_TYPE_UTINYINT:
    value.integer = ((const uint8_t *)data)[row];
    break;
  case DUCKDB_TYPE_USMALLINT:
    value.integer = ((const uint16_t *)data)[row];
    break;
  case DUCKDB_TYPE_UINTEGER:
    value.integer = ((const uint32_t *)data)[row];
    break;
  case DUCKDB_TYPE_FLOAT:
    value.number = (double)((const float *)data)[row];
    break;
  case DUCKDB_TYPE_DOUBLE:
    value.number = ((const double *)data)[row];
    break;
  case DUCKDB_TYPE_LIST:
    get_list(query, vector, ((const duckdb_list_entry *)data)[row], &value);
    break;
  default:
    value.text = lqa_duck_str(&((const duckdb_string_t *)data)[row]);
  }
  return value;
}

void lqa_query_close(lqa_query *query) {
  if (query) {
    duckdb_destroy_data_chunk(&query->chunk);
    duckdb_destroy_result(&query->result);
    duckdb_disconnect(&query->connection);
    free(query->types);
    free(query->list);
    free(query);
  }
}

const char *lqa_database_version(void) {
  return duckdb_library_version();
}
