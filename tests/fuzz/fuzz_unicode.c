/* Text of any bytes: decoding, counting, lower case and folding agree with each other, and what
 * comes out is valid UTF-8 when what went in was. */
#include "base/unicode.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds) {
  if (!holds) {
    abort();
  }
}

/* Walks the text code point by code point; the count and the prefix functions must agree. */
static void check_walk(const char *text, size_t size) {
  size_t n = 0;
  for (size_t at = 0, length = 0; at < size; at += length, n++) {
    uint32_t code = lqa_utf8_decode(text + at, size - at, &length);
    demand(length >= 1 && length <= 4 && at + length <= size && code <= 0x10FFFF);
    char back[4];
    demand(code == 0xFFFD || lqa_utf8_encode(code, back) == length);
    (void)lqa_unicode_is_word(code);
    (void)lqa_unicode_is_space(code);
  }
  demand(lqa_utf8_count(text, size) == n);
  demand(lqa_utf8_prefix(text, size, n) == size);
  demand(lqa_utf8_prefix(text, size, n / 2) <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *text = (const char *)data;
  lqa_str input = {text, size};
  bool valid = lqa_utf8_check(text, size) < 0;
  check_walk(text, size);
  lqa_buf lower, folded;
  lqa_buf_init(&lower, 64 * size + 64);
  lqa_buf_init(&folded, 64 * size + 64);
  lqa_unicode_lower(input, &lower);
  lqa_unicode_case_fold(input, &folded);
  demand(!lower.failed && !folded.failed);
  demand(!valid || lqa_utf8_check(lower.data, lower.size) < 0);
  demand(!valid || lqa_utf8_check(folded.data, folded.size) < 0);
  (void)lqa_unicode_is_blank(input);
  lqa_buf_clear(&lower);
  lqa_buf_clear(&folded);
  return 0;
}
