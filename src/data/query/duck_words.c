/* DuckDB's messages as ours, and our names as its SQL.
 *
 * An error keeps DuckDB's first line, which names file, row and column; what follows (candidates,
 * stack, the query again) is for people who write SQL. A status follows from the error's type, or,
 * where only a text arrives, from the words it begins with.
 */
#include "data/query/duck.h"

#include <stdio.h>

static lqa_status status_of(duckdb_error_type type) {
  switch (type) {
  case DUCKDB_ERROR_OUT_OF_MEMORY:
    return LQA_NO_MEMORY;
  case DUCKDB_ERROR_INTERRUPT:
    return LQA_INTERRUPTED;
  case DUCKDB_ERROR_IO:
  case DUCKDB_ERROR_HTTP:
  case DUCKDB_ERROR_NETWORK:
  case DUCKDB_ERROR_CONNECTION:
  case DUCKDB_ERROR_PERMISSION:
  case DUCKDB_ERROR_MISSING_EXTENSION:
  case DUCKDB_ERROR_AUTOLOAD:
    return LQA_BAD_FILE;
  case DUCKDB_ERROR_PARSER:
  case DUCKDB_ERROR_SYNTAX:
  case DUCKDB_ERROR_BINDER:
  case DUCKDB_ERROR_CATALOG:
    return LQA_BAD_USAGE;
  case DUCKDB_ERROR_INTERNAL:
  case DUCKDB_ERROR_FATAL:
  case DUCKDB_ERROR_NULL_POINTER:
    return LQA_INTERNAL;
  default:
    return LQA_BAD_DATA;
  }
}

/* The error of a stream's later chunk comes wrapped: "Attempting to execute ... \nError: <it>". */
static const char *unwrap(const char *message) {
  const char *inner = message ? strstr(message, "\nError: ") : NULL;
  return inner ? inner + strlen("\nError: ") : message;
}

/* `IO Error: Could not write file "x": No space left on device` in the words of lqa_fail_errno;
 * LQA_OK where the message is of another kind. */
static lqa_status reword_write(lqa_error *err, const char *message) {
  static const char before[] = "IO Error: Could not write file \"";
  const char *path = message + strlen(before);
  const char *end = strncmp(message, before, strlen(before)) == 0 ? strstr(path, "\": ") : NULL;
  if (!end) {
    return LQA_OK;
  }
  int size = (int)(end - path);
  char reason[128];
  snprintf(reason, sizeof reason, "%.*s", (int)strcspn(end + 3, "\n"), end + 3);
  return lqa_fail(err, LQA_BAD_FILE, "cannot write '%.*s': %s%s", size, path, reason,
                  lqa_disk_advice(reason));
}

lqa_status lqa_duck_fail(lqa_error *err, duckdb_error_type type, const char *message) {
  message = message && *message ? message : "the query failed without a reason";
  LQA_TRY(reword_write(err, message));
  size_t n = strcspn(message, "\n");
  const char *next = message[n] ? message + n + 1 : "";
  /* "... extension 'httpfs':" goes on in the second line. */
  bool goes_on = n > 0 && message[n - 1] == ':';
  return lqa_fail(err, status_of(type), "%.*s%s%.*s", (int)n, message, goes_on ? " " : "",
                  goes_on ? (int)strcspn(next, "\n") : 0, next);
}

lqa_status lqa_duck_fail_text(const char *message, lqa_error *err) {
  static const struct {
    const char *prefix;
    duckdb_error_type type;
  } kinds[] = {{"Out of Memory", DUCKDB_ERROR_OUT_OF_MEMORY},
               {"IO Error", DUCKDB_ERROR_IO},
               {"HTTP", DUCKDB_ERROR_HTTP},
               {"INTERRUPT", DUCKDB_ERROR_INTERRUPT},
               {"Interrupt", DUCKDB_ERROR_INTERRUPT},
               {"Parser", DUCKDB_ERROR_PARSER},
               {"Binder", DUCKDB_ERROR_BINDER},
               {"Catalog", DUCKDB_ERROR_CATALOG},
               {"Permission", DUCKDB_ERROR_PERMISSION},
               {"INTERNAL", DUCKDB_ERROR_INTERNAL},
               {"Missing Extension", DUCKDB_ERROR_MISSING_EXTENSION}};
  duckdb_error_type type = DUCKDB_ERROR_INVALID_INPUT;
  message = unwrap(message);
  for (size_t i = 0; message && i < sizeof kinds / sizeof *kinds; i++) {
    if (strncmp(message, kinds[i].prefix, strlen(kinds[i].prefix)) == 0) {
      type = kinds[i].type;
    }
  }
  return lqa_duck_fail(err, type, message);
}

lqa_status lqa_duck_fail_result(duckdb_result *result, lqa_error *err) {
  const char *message = duckdb_result_error(result);
  return unwrap(message) == message ? lqa_duck_fail(err, duckdb_result_error_type(result), message)
                                    : lqa_duck_fail_text(message, err);
}

void lqa_duck_identifier(lqa_buf *sql, lqa_str name) {
  lqa_buf_add_char(sql, '"');
  for (size_t i = 0; i < name.size; i++) {
    lqa_buf_add(sql, "\"\"", name.data[i] == '"' ? 2 : 0);
    lqa_buf_add(sql, name.data + i, name.data[i] != '"');
  }
  lqa_buf_add_char(sql, '"');
}

void lqa_duck_literal(lqa_buf *sql, lqa_str text) {
  lqa_buf_add_char(sql, '\'');
  for (size_t i = 0; i < text.size; i++) {
    lqa_buf_add(sql, "''", text.data[i] == '\'' ? 2 : 0);
    lqa_buf_add(sql, text.data + i, text.data[i] != '\'');
  }
  lqa_buf_add_char(sql, '\'');
}
