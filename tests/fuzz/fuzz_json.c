/* The JSON writer: whatever bytes go in, what comes out is one document that a strict parser reads
 * back, with the same text where it was valid UTF-8. The first byte chooses the indentation. */
#include "base/json.h"
#include "base/unicode.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds) {
  if (!holds) {
    abort();
  }
}

/* {"text": <the input>, "list": [<its bytes as numbers>]} */
static void write_document(lqa_json *json, lqa_str text, double number) {
  lqa_json_open_object(json);
  lqa_json_key(json, "text");
  lqa_json_str(json, text);
  lqa_json_key(json, "list");
  lqa_json_open_array(json);
  lqa_json_double(json, number);
  lqa_json_null(json);
  lqa_json_bool(json, text.size % 2 == 1);
  lqa_json_close_array(json);
  lqa_json_close_object(json);
}

static void check_document(const lqa_buf *out, lqa_str text, double number) {
  json_t *document = json_loadb(out->data, out->size, JSON_ALLOW_NUL, NULL);
  demand(document != NULL);
  json_t *value = json_object_get(document, "text");
  if (lqa_utf8_check(text.data, text.size) < 0) {
    demand(json_string_length(value) == text.size);
    demand(memcmp(json_string_value(value), text.data, text.size) == 0);
  }
  json_t *first = json_array_get(json_object_get(document, "list"), 0);
  demand(isfinite(number) ? json_number_value(first) == number : json_is_null(first));
  json_decref(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  int indent = size > 0 ? data[0] % 4 : 0;
  double number = 0.0;
  memcpy(&number, data, size < sizeof number ? 0 : sizeof number);
  lqa_str text = {(const char *)data, size};
  lqa_buf out;
  lqa_buf_init(&out, 16 * size + 4096);
  lqa_json json;
  lqa_json_init(&json, &out, indent);
  write_document(&json, text, number);
  demand(lqa_buf_check(&out, NULL) == LQA_OK);
  check_document(&out, text, number);
  lqa_buf_clear(&out);
  return 0;
}
