/* Arrow streams in and out, through DuckDB.
 *
 * In: the stream is scanned where it lies (a view over it, no staging) while COPY writes Parquet.
 * One thread, so that rows stay in order and the stream's callbacks run on the caller's thread.
 * Out: a streamed query whose chunks are handed on as Arrow arrays; the stream owns query and
 * database until it is released. What goes wrong in the middle is kept as the stream's last error.
 *
 * Source: the Arrow C stream interface. */
#include "labelqa/frame.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/query/duck.h"

#include <errno.h>
#include <unistd.h>

/* ---- in ---- */

static lqa_status copy_frame(lqa_database *database, const char *path, lqa_error *err) {
  lqa_buf sql;
  lqa_buf_init(&sql, 1 << 16);
  lqa_buf_add_text(&sql, "COPY (SELECT * FROM lqa_frame) TO ");
  lqa_duck_literal(&sql, lqa_str_from(path));
  lqa_buf_add_text(&sql, " (FORMAT parquet, COMPRESSION snappy)");
  lqa_status status = lqa_buf_check(&sql, err);
  if (status == LQA_OK) {
    status = lqa_database_run(database, sql.data, NULL, 0, err);
  }
  lqa_buf_clear(&sql);
  return status;
}

/* A message that begins with what failed. */
static lqa_status fail_frame(lqa_status status, const char *path, lqa_error *err) {
  if (status == LQA_NO_MEMORY || status == LQA_INTERRUPTED || !err) {
    return status;
  }
  lqa_error inner = *err;
  if (status == LQA_BAD_FILE) {
    return lqa_fail_at(err, status, path, -1, NULL, "cannot write '%s': %s", path, inner.message);
  }
  return lqa_fail(err, LQA_BAD_DATA, "the data frame cannot be read: %s", inner.message);
}

/* duckdb_arrow_scan takes most errors of get_schema for success. */
static bool has_schema(struct ArrowArrayStream *stream) {
  struct ArrowSchema schema = {0};
  if (stream->get_schema(stream, &schema) != 0) {
    return false;
  }
  if (schema.release) {
    schema.release(&schema);
  }
  return true;
}

static lqa_status save_frame(struct ArrowArrayStream *stream, const char *path,
                             const lqa_observer *observer, lqa_error *err) {
  lqa_database_options options = {.n_threads = 1, .observer = observer};
  lqa_database *database = NULL;
  LQA_TRY(lqa_database_open(&options, &database, err));
  lqa_status status = LQA_OK;
  if (!has_schema(stream) ||
      duckdb_arrow_scan(database->connection, "lqa_frame", (duckdb_arrow_stream)(void *)stream) !=
          DuckDBSuccess) {
    const char *why = stream->get_last_error(stream);
    status = lqa_fail(err, LQA_BAD_DATA, "%s",
                      why ? why : "it has no columns, or columns of a type that is not known");
  } else {
    status = copy_frame(database, path, err);
  }
  lqa_database_close(database);
  return status;
}

lqa_status lqa_frame_save(struct ArrowArrayStream *stream, const char *path,
                          const lqa_observer *observer, lqa_error *err) {
  lqa_error_clear(err);
  char *temporary = lqa_path_temporary(path);
  if (!temporary) {
    return lqa_fail_memory(err, "writing a data frame");
  }
  lqa_status status = save_frame(stream, temporary, observer, err);
  if (status == LQA_OK) {
    status = lqa_file_commit(temporary, path, err);
  } else {
    unlink(temporary);
    status = fail_frame(status, path, err);
  }
  free(temporary);
  return status;
}

/* ---- out ---- */

typedef struct frame_reader {
  lqa_database *database;
  duckdb_result result;
  char message[512];
} frame_reader;

static void close_reader(frame_reader *reader) {
  duckdb_destroy_result(&reader->result);
  lqa_database_close(reader->database);
  free(reader);
}

static int keep_error(frame_reader *reader, duckdb_error_data error) {
  if (!error || !duckdb_error_data_has_error(error)) {
    duckdb_destroy_error_data(&error);
    return 0;
  }
  strncpy(reader->message, duckdb_error_data_message(error), sizeof reader->message - 1);
  duckdb_destroy_error_data(&error);
  return EIO;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  frame_reader *reader = stream->private_data;
  idx_t n = duckdb_column_count(&reader->result);
  duckdb_logical_type *types = lqa_calloc(n, sizeof *types);
  const char **names = lqa_calloc(n, sizeof *names);
  int code = types && names ? 0 : ENOMEM;
  if (code == 0) {
    duckdb_arrow_options options = duckdb_result_get_arrow_options(&reader->result);
    for (idx_t i = 0; i < n; i++) {
      types[i] = duckdb_column_logical_type(&reader->result, i);
      names[i] = duckdb_column_name(&reader->result, i);
    }
    code = keep_error(reader, duckdb_to_arrow_schema(options, types, names, n, out));
    for (idx_t i = 0; i < n; i++) {
      duckdb_destroy_logical_type(&types[i]);
    }
    duckdb_destroy_arrow_options(&options);
  }
  free(types);
  free(names);
  return code;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  frame_reader *reader = stream->private_data;
  memset(out, 0, sizeof *out);
  duckdb_data_chunk chunk = duckdb_fetch_chunk(reader->result);
  if (!chunk) {
    const char *message = duckdb_result_error(&reader->result);
    if (message && *message) {
      strncpy(reader->message, message, sizeof reader->message - 1);
      return EIO;
    }
    return 0;
  }
  duckdb_arrow_options options = duckdb_result_get_arrow_options(&reader->result);
  int code = keep_error(reader, duckdb_data_chunk_to_arrow(options, chunk, out));
  duckdb_destroy_arrow_options(&options);
  duckdb_destroy_data_chunk(&chunk);
  return code;
}

static const char *get_last_error(struct ArrowArrayStream *stream) {
  frame_reader *reader = stream->private_data;
  return reader->message[0] ? reader->message : NULL;
}

static void release(struct ArrowArrayStream *stream) {
  close_reader(stream->private_data);
  stream->release = NULL;
}

static lqa_status start_reader(frame_reader *reader, const char *path, lqa_error *err) {
  lqa_database_options options = {.n_threads = 1};
  LQA_TRY(lqa_database_open(&options, &reader->database, err));
  lqa_buf sql;
  lqa_buf_init(&sql, 1 << 16);
  lqa_buf_add_text(&sql, "SELECT * FROM read_parquet(");
  lqa_duck_literal(&sql, lqa_str_from(path));
  lqa_buf_add_text(&sql, ")");
  lqa_status status = lqa_buf_check(&sql, err);
  if (status == LQA_OK) {
    status = lqa_duck_start(reader->database, reader->database->connection, sql.data, NULL, 0, true,
                            &reader->result, err);
  }
  lqa_buf_clear(&sql);
  return status;
}

lqa_status lqa_frame_load(const char *path, struct ArrowArrayStream *out, lqa_error *err) {
  lqa_error_clear(err);
  if (!lqa_path_exists(path)) {
    return lqa_fail_at(err, LQA_BAD_FILE, path, -1, NULL, "'%s' does not exist", path);
  }
  frame_reader *reader = lqa_calloc(1, sizeof *reader);
  if (!reader) {
    return lqa_fail_memory(err, "reading a data frame");
  }
  lqa_status status = start_reader(reader, path, err);
  if (status != LQA_OK) {
    close_reader(reader);
    if (err && status != LQA_NO_MEMORY) {
      lqa_error inner = *err;
      return lqa_fail_at(err, LQA_BAD_DATA, path, -1, NULL, "'%s' cannot be read: %s", path,
                         inner.message);
    }
    return status;
  }
  *out = (struct ArrowArrayStream){.get_schema = get_schema,
                                   .get_next = get_next,
                                   .get_last_error = get_last_error,
                                   .release = release,
                                   .private_data = reader};
  return LQA_OK;
}
