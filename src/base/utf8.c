/* UTF-8 by the rules of the Unicode standard, table 3-7: no overlong forms, no surrogates, nothing
 * above U+10FFFF. Runs of ASCII, most of most text, go eight bytes at a time.
 */
#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

enum { REPLACEMENT = 0xFFFD };

static bool is_continuation(unsigned char c) {
  return (c & 0xC0) == 0x80;
}

/* Length that a lead byte promises and the smallest code point that needs it; 0 for an invalid one.
 */
static size_t promised_length(unsigned char lead, uint32_t *smallest) {
  if (lead >= 0xC2 && lead <= 0xDF) {
    *smallest = 0x80;
    return 2;
  }
  if ((lead & 0xF0) == 0xE0) {
    *smallest = 0x800;
    return 3;
  }
  *smallest = 0x10000;
  return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

uint32_t lqa_utf8_decode_multibyte(const char *text, size_t size, size_t *length) {
  const unsigned char *s = (const unsigned char *)text;
  *length = 1;
  uint32_t smallest;
  size_t n = promised_length(s[0], &smallest);
  if (n == 0 || n > size) {
    return REPLACEMENT;
  }
  uint32_t code_point = s[0] & (0xFFu >> (n + 1));
  for (size_t i = 1; i < n; i++) {
    if (!is_continuation(s[i])) {
      return REPLACEMENT;
    }
    code_point = code_point << 6 | (s[i] & 0x3Fu);
  }
  if (code_point < smallest || code_point > 0x10FFFF ||
      (code_point >= 0xD800 && code_point <= 0xDFFF)) {
    return REPLACEMENT;
  }
  *length = n;
  return code_point;
}

enum { BLOCK = 64 };

static int is_ascii_block(const char *text) {
  unsigned char all = 0; /* a loop of fixed length, which the compiler turns into vector code */
  for (size_t i = 0; i < BLOCK; i++) {
    all |= (unsigned char)text[i];
  }
  return all < 0x80;
}

/* Blocks first, then eight bytes at a time. */
size_t lqa_utf8_ascii_prefix(const char *text, size_t size) {
  size_t i = 0;
  while (i + BLOCK <= size && is_ascii_block(text + i)) {
    i += BLOCK;
  }
  for (; i + 8 <= size; i += 8) {
    uint64_t word;
    memcpy(&word, text + i, 8);
    if (word & 0x8080808080808080u) {
      break;
    }
  }
  while (i < size && (unsigned char)text[i] < 0x80) {
    i++;
  }
  return i;
}

int64_t lqa_utf8_check(const char *text, size_t size) {
  size_t i = 0;
  while (i < size && (i += lqa_utf8_ascii_prefix(text + i, size - i)) < size) {
    size_t length;
    if (lqa_utf8_decode(text + i, size - i, &length) == REPLACEMENT && length == 1) {
      return (int64_t)i;
    }
    i += length;
  }
  return -1;
}

size_t lqa_utf8_count(const char *text, size_t size) {
  size_t count = 0;
  for (size_t i = 0; i < size;) {
    size_t ascii = lqa_utf8_ascii_prefix(text + i, size - i);
    count += ascii;
    i += ascii;
    if (i < size) {
      size_t length;
      lqa_utf8_decode(text + i, size - i, &length);
      i += length;
      count++;
    }
  }
  return count;
}

size_t lqa_utf8_prefix(const char *text, size_t size, size_t n) {
  size_t i = 0;
  for (; n > 0 && i < size; n--) {
    size_t length;
    lqa_utf8_decode(text + i, size - i, &length);
    i += length;
  }
  return i;
}
