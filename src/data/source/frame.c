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

enum { MAX_SQL_BYTES = 16 << 20 };

/* ---- in ---- */

/* The value of `key` in a schema's metadata (pairs of texts with their int32 lengths), or empty. */
static lqa_str find_metadata(const char *metadata, const char *key) {
  int32_t n = 0, size = 0;
  if (metadata) {
    memcpy(&n, metadata, sizeof n);
    metadata += sizeof n;
  }
  lqa_str text[2] = {{0}, {0}};
  for (int32_t i = 0; i < 2 * n; i++) {
    memcpy(&size, metadata, sizeof size);
    if (size < 0) {
      break;
    }
    text[i % 2] = (lqa_str){metadata + sizeof size, (size_t)size};
    metadata += sizeof size + (size_t)size;
    if (i % 2 == 1 && lqa_str_equal(text[0], lqa_str_from(key))) {
      return text[1];
    }
  }
  return (lqa_str){0};
}

/* Names of classes travel in the metadata that Hugging Face's datasets write. */
static lqa_status copy_frame(lqa_database *database, lqa_str features, const char *path,
                             lqa_error *err) {
  lqa_buf sql;
  lqa_buf_init(&sql, MAX_SQL_BYTES);
  lqa_buf_add_text(&sql, "COPY (SELECT * FROM lqa_frame) TO ");
  lqa_duck_literal(&sql, lqa_str_from(path));
  lqa_buf_add_text(&sql, " (FORMAT parquet, COMPRESSION snappy");
  if (features.size > 0) {
    lqa_buf_add_text(&sql, ", KV_METADATA {huggingface: ");
    lqa_duck_literal(&sql, features);
    lqa_buf_add_text(&sql, "}");
  }
  lqa_buf_add_text(&sql, ")");
  lqa_status status;
  LQA_TRY_OUT(lqa_buf_check(&sql, err));
  status = lqa_database_run(database, sql.data, NULL, 0, err);
out:
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
    status = lqa_fail_at(err, status, path, -1, NULL, "cannot write '%s': %s", path, inner.message);
    return lqa_fail_because(status, err, inner.reason);
  }
  return lqa_fail_at(err, LQA_BAD_DATA, NULL, -1, inner.column[0] ? inner.column : NULL,
                     "the data frame cannot be read: %s", inner.message);
}

/* Formats that DuckDB reads, by their beginning: half-precision floats, decimals beyond 38 digits
 * and sparse unions are none, nor are dictionaries of nested values. */
static bool is_known(const struct ArrowSchema *column) {
  static const char *const KNOWN[] = {"n",  "b",  "c",  "C",  "s",   "S",  "i",  "I",  "l",
                                      "L",  "f",  "g",  "z",  "Z",   "u",  "U",  "vu", "vz",
                                      "w:", "d:", "td", "tt", "ts",  "tD", "ti", "+l", "+L",
                                      "+s", "+m", "+w", "+r", "+vl", "+vL"};
  const char *format = column->format;
  const char *bits = strncmp(format, "d:", 2) == 0 ? strrchr(format, ',') : NULL;
  bool is_wide = bits && strchr(format, ',') != bits && strcmp(bits, ",128") != 0;
  bool is_found = false;
  for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0] && !is_found; i++) {
    size_t n = strlen(KNOWN[i]);
    is_found = n > 1 ? strncmp(format, KNOWN[i], n) == 0 : strcmp(format, KNOWN[i]) == 0;
  }
  for (int64_t i = 0; i < column->n_children && is_found; i++) {
    is_found = is_known(column->children[i]);
  }
  const struct ArrowSchema *values = column->dictionary;
  return is_found && !is_wide && (!values || (values->format[0] != '+' && is_known(values)));
}

static lqa_status check_columns(const struct ArrowSchema *schema, lqa_error *err) {
  for (int64_t i = 0; i < schema->n_children; i++) {
    const struct ArrowSchema *column = schema->children[i];
    const char *name = column->name ? column->name : "";
    if (!is_known(column)) {
      return lqa_fail_at(
          err, LQA_BAD_DATA, NULL, -1, name,
          "column '%s' has the Arrow type '%s', which is not read: turn it into text "
          "or numbers, or leave it out",
          name, column->dictionary ? column->dictionary->format : column->format);
    }
  }
  return schema->n_children > 0 ? LQA_OK : lqa_fail(err, LQA_BAD_DATA, "it has no columns");
}

static lqa_status scan_frame(struct ArrowArrayStream *stream, lqa_str features, const char *path,
                             const lqa_observer *observer, lqa_error *err) {
  lqa_database_options options = {.n_threads = 1, .observer = observer};
  lqa_database *database = NULL;
  LQA_TRY(lqa_database_open(&options, &database, err));
  lqa_status status = LQA_OK;
  if (duckdb_arrow_scan(database->connection, "lqa_frame", (duckdb_arrow_stream)(void *)stream) !=
      DuckDBSuccess) {
    const char *why = stream->get_last_error(stream);
    status = lqa_fail(err, LQA_BAD_DATA, "%s", why ? why : "a column has a type that is not known");
  } else {
    status = copy_frame(database, features, path, err);
  }
  lqa_database_close(database);
  return status;
}

/* The schema is looked at first: duckdb_arrow_scan takes most errors of get_schema for success, and
 * names no column whose type it does not know. */
static lqa_status save_frame(struct ArrowArrayStream *stream, const char *path,
                             const lqa_observer *observer, lqa_error *err) {
  struct ArrowSchema schema = {0};
  if (stream->get_schema(stream, &schema) != 0) {
    const char *why = stream->get_last_error(stream);
    return lqa_fail(err, LQA_BAD_DATA, "%s", why ? why : "it has no schema");
  }
  lqa_status status;
  LQA_TRY_OUT(check_columns(&schema, err));
  lqa_str features = find_metadata(schema.metadata, "huggingface");
  status = scan_frame(stream, features, path, observer, err);
out:
  if (schema.release) {
    schema.release(&schema);
  }
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

static lqa_status start_reader(frame_reader *reader, const char *path, bool as_texts,
                               lqa_error *err) {
  lqa_database_options options = {.n_threads = 1};
  LQA_TRY(lqa_database_open(&options, &reader->database, err));
  lqa_buf sql;
  lqa_buf_init(&sql, 1 << 16);
  lqa_buf_add_text(&sql, as_texts ? "SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet("
                                  : "SELECT * FROM read_parquet(");
  lqa_duck_literal(&sql, lqa_str_from(path));
  lqa_buf_add_text(&sql, ")");
  lqa_status status;
  LQA_TRY_OUT(lqa_buf_check(&sql, err));
  status = lqa_duck_start(reader->database, reader->database->connection, sql.data, NULL, 0, true,
                          &reader->result, err);
out:
  lqa_buf_clear(&sql);
  return status;
}

static lqa_status load(const char *path, bool as_texts, struct ArrowArrayStream *out,
                       lqa_error *err) {
  lqa_error_clear(err);
  if (!lqa_path_exists(path)) {
    return lqa_fail_because(
        lqa_fail_at(err, LQA_BAD_FILE, path, -1, NULL, "'%s' does not exist", path), err,
        LQA_REASON_MISSING);
  }
  frame_reader *reader = lqa_calloc(1, sizeof *reader);
  if (!reader) {
    return lqa_fail_memory(err, "reading a data frame");
  }
  lqa_status status = start_reader(reader, path, as_texts, err);
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

lqa_status lqa_frame_load(const char *path, struct ArrowArrayStream *out, lqa_error *err) {
  return load(path, false, out, err);
}

lqa_status lqa_frame_load_texts(const char *path, struct ArrowArrayStream *out, lqa_error *err) {
  return load(path, true, out, err);
}
