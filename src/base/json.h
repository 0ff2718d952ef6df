/* base/json.h - a small streaming JSON writer: commas, escapes and numbers, nothing else.
 *
 * Numbers are written with the shortest digits that read back to the same double; NaN and
 * infinities become null. Invalid UTF-8 is replaced by U+FFFD so the output
 * is always valid JSON. */
#ifndef LQA_BASE_JSON_H
#define LQA_BASE_JSON_H

#include "base/buf.h"

typedef struct lqa_json {
  lqa_buf *out;      /* borrowed */
  int depth;         /* open objects and arrays, at most 63 */
  uint64_t has_item; /* bit per depth: a comma is due */
  bool after_key;
  int indent; /* spaces per level; 0 writes one line */
} lqa_json;

void lqa_json_init(lqa_json *json, lqa_buf *out, int indent);
void lqa_json_open_object(lqa_json *json);
void lqa_json_close_object(lqa_json *json);
void lqa_json_open_array(lqa_json *json);
void lqa_json_close_array(lqa_json *json);
void lqa_json_key(lqa_json *json, const char *key);
void lqa_json_str(lqa_json *json, lqa_str value);      /* NULL data writes null */
void lqa_json_text(lqa_json *json, const char *value); /* NULL writes null */
void lqa_json_int(lqa_json *json, int64_t value);
void lqa_json_double(lqa_json *json, double value);
void lqa_json_bool(lqa_json *json, bool value);
void lqa_json_null(lqa_json *json);
/* Already valid JSON, put in as it is. */
void lqa_json_raw(lqa_json *json, lqa_str value);

/* A member of an object: the key and its value. */
void lqa_json_add_str(lqa_json *json, const char *key, lqa_str value);
void lqa_json_add_text(lqa_json *json, const char *key, const char *value);
void lqa_json_add_int(lqa_json *json, const char *key, int64_t value);
void lqa_json_add_double(lqa_json *json, const char *key, double value);
void lqa_json_add_bool(lqa_json *json, const char *key, bool value);

/* The shortest of %.15g, %.16g, %.17g that reads back exactly; locale-independent. */
void lqa_format_double(double value, char out[32]);

#endif
