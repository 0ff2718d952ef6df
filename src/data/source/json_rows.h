/* data/source/json_rows.h - a strict streaming reader of JSON objects as rows.
 *
 * The text is an array of objects, or objects one after another (JSON lines; line breaks between
 * them are customary, not required). Strings come unescaped, numbers, true and false exactly as
 * written, null (and Python's NaN) as NULL, arrays and objects as their JSON text. A key may be
 * missing, not twice in one object.
 *
 * Whatever RFC 8259 forbids is LQA_BAD_DATA with row, line and what was expected.
 */
#ifndef LQA_DATA_SOURCE_JSON_ROWS_H
#define LQA_DATA_SOURCE_JSON_ROWS_H

#include "base/str.h"
#include "base/vec.h"
#include "data/source/record_buffer.h"

/* Between which objects the reader stands. */
typedef enum lqa_json_place {
  LQA_JSON_AT_START,
  LQA_JSON_IN_FRESH_ARRAY, /* an object or the closing bracket must follow */
  LQA_JSON_IN_ARRAY,       /* a comma or the closing bracket */
  LQA_JSON_IN_LINES,
  LQA_JSON_AT_END
} lqa_json_place;

typedef struct lqa_json_field {
  lqa_str key, value; /* value.data NULL: null */
  bool is_text;       /* it stood in quotes */
} lqa_json_field;

typedef struct lqa_json_rows {
  const char *name; /* for messages; borrowed */
  size_t max_field_bytes;
  lqa_record_buffer window;
  lqa_json_place place;
  int64_t row;  /* 0-based, of the current object */
  int64_t line; /* 1-based, where it begins */
  int64_t next_line;
  LQA_VEC(lqa_json_field) fields; /* of the current object, in its order */
  LQA_VEC(size_t) escaped;        /* scratch: which keys (2i) and values (2i + 1) hold escapes */
} lqa_json_rows;

LQA_MUST_CHECK lqa_status lqa_json_rows_open(lqa_json_rows *json, lqa_input *input,
                                             const char *name, size_t max_field_bytes);
/* Reads memory, which is changed where strings hold escapes. */
void lqa_json_rows_open_memory(lqa_json_rows *json, char *data, size_t size);
void lqa_json_rows_close(lqa_json_rows *json);
/* The next object into json->fields; as lqa_csv_next. */
LQA_MUST_CHECK lqa_status lqa_json_rows_next(lqa_json_rows *json, bool may_refill, bool *more,
                                             lqa_error *err);

#endif
