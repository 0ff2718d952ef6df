/* JSON rows on any bytes: whatever is accepted is valid UTF-8, and the strict JSON reader accepts
 * it too (NaN, exponents, repeated keys and deep nesting apart). */
#include "base/json_read.h"
#include "base/memory.h"
#include "base/unicode.h"
#include "data/source/json_rows.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds) {
  if (!holds) {
    abort();
  }
}

static bool is_valid(lqa_str s) {
  return s.size == 0 || lqa_utf8_check(s.data, s.size) < 0;
}

/* Reads all rows; false where the text was refused. */
static bool read_rows(char *text, size_t size) {
  lqa_json_rows json;
  bool more = true;
  lqa_status status = LQA_OK;
  lqa_error err;
  lqa_json_rows_open_memory(&json, text, size);
  while (more && (status = lqa_json_rows_next(&json, false, &more, &err)) == LQA_OK && more) {
    for (size_t i = 0; i < json.fields.n; i++) {
      demand(is_valid(json.fields.data[i].key) && is_valid(json.fields.data[i].value));
    }
  }
  lqa_json_rows_close(&json);
  return status == LQA_OK;
}

static bool is_comparable(const char *text, size_t size) {
  int depth = 0, digits = 0;
  for (size_t i = 0; i < size; i++) {
    depth += text[i] == '[' || text[i] == '{';
    digits = text[i] >= '0' && text[i] <= '9' ? digits + 1 : 0;
    if (digits > 300 || text[i] == 'e' || text[i] == 'E') {
      return false; /* may overflow a double, which is no concern of rows of texts */
    }
  }
  return depth < 60 && !memmem(text, size, "NaN", 3) && memchr(text, '[', size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *copy = lqa_malloc(size, 1);
  demand(copy != NULL);
  memcpy(copy, data, size);
  lqa_str trimmed = lqa_str_trim((lqa_str){(const char *)data, size});
  bool is_array = trimmed.size > 0 && trimmed.data[0] == '[';
  if (read_rows(copy, size) && is_array && is_comparable((const char *)data, size)) {
    lqa_arena arena;
    lqa_error err;
    const lqa_json_node *root = NULL;
    lqa_arena_init(&arena);
    lqa_status status =
        lqa_json_parse((lqa_str){(const char *)data, size}, "fuzz", &arena, &root, &err);
    demand(status == LQA_OK || strstr(err.message, "twice") || strstr(err.message, "repeat"));
    lqa_arena_clear(&arena);
  }
  free(copy);
  return 0;
}
