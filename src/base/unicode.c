/* UTF-8 and Unicode properties over utf8proc, with fast paths for ASCII, which is most of most
 * text.
 *
 * Word characters come from a table of our own (Unicode 14, as CPython 3.11), so that tokens do not
 * change with the system's utf8proc. Lower case is Python's: simple mappings by utf8proc, plus the
 * two rules that need more than one code point: U+0130 becomes "i" and U+0307, and capital sigma
 * becomes final sigma after a cased letter and before none (case-ignorable characters between do
 * not count). Invalid bytes count as U+FFFD everywhere, so no input can stop an audit here.
 */
#include "base/unicode.h"

#include "base/unicode_word.h"

#include <utf8proc.h>

enum { CAPITAL_SIGMA = 0x3A3, FINAL_SIGMA = 0x3C2, SMALL_SIGMA = 0x3C3 };

bool lqa_unicode_is_word(uint32_t c) {
  if (c < 0x80) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  }
  return lqa_word_table_has(c);
}

int lqa_unicode_columns(uint32_t c) {
  return c < 0x7F ? c >= 0x20 : utf8proc_charwidth((utf8proc_int32_t)c);
}

bool lqa_unicode_is_space(uint32_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

static bool is_cased(uint32_t c) {
  utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);
  return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LL ||
         category == UTF8PROC_CATEGORY_LT || c == 0xAA || c == 0xBA ||
         (c >= 0x2160 && c <= 0x217F) || (c >= 0x24B6 && c <= 0x24E9) ||
         (c >= 0x1F130 && c <= 0x1F149) || (c >= 0x1F150 && c <= 0x1F169) ||
         (c >= 0x1F170 && c <= 0x1F189);
}

static bool is_case_ignorable(uint32_t c) {
  switch (utf8proc_category((utf8proc_int32_t)c)) {
  case UTF8PROC_CATEGORY_MN:
  case UTF8PROC_CATEGORY_ME:
  case UTF8PROC_CATEGORY_CF:
  case UTF8PROC_CATEGORY_LM:
  case UTF8PROC_CATEGORY_SK:
    return true;
  default:
    return c == '\'' || c == '.' || c == ':' || c == 0xB7 || c == 0x387 || c == 0x55F ||
           c == 0x5F4 || c == 0x2018 || c == 0x2019 || c == 0x2024 || c == 0x2027 || c == 0xFE13 ||
           c == 0xFE52 || c == 0xFE55 || c == 0xFF07 || c == 0xFF0E || c == 0xFF1A;
  }
}

/* The offset of the code point that ends just before `end`. */
static size_t step_back(lqa_str text, size_t end) {
  size_t i = end - 1;
  while (i > 0 && end - i < 4 && ((unsigned char)text.data[i] & 0xC0) == 0x80) {
    i--;
  }
  return i;
}

/* Whether the capital sigma at [at, at + 2) ends a word. */
static bool is_final_sigma(lqa_str text, size_t at) {
  bool cased_before = false;
  size_t length;
  for (size_t i = at; i > 0 && !cased_before;) {
    i = step_back(text, i);
    uint32_t c = lqa_utf8_decode(text.data + i, text.size - i, &length);
    cased_before = is_cased(c) && !is_case_ignorable(c);
    if (!cased_before && !is_case_ignorable(c)) {
      return false;
    }
  }
  for (size_t i = at + 2; cased_before && i < text.size; i += length) {
    uint32_t c = lqa_utf8_decode(text.data + i, text.size - i, &length);
    if (!is_case_ignorable(c)) {
      return !is_cased(c);
    }
  }
  return cased_before;
}

/* Scripts without case that fill much of the world's text: no look-up needed. */
static bool is_caseless(uint32_t c) {
  return (c >= 0x3000 && c < 0xA000) || (c >= 0xAC00 && c < 0xD7A4);
}

/* Lower-cases the code point c that stands at text[at], into out[0..4); returns the bytes. */
static size_t write_lower(lqa_str text, size_t at, uint32_t c, char out[4]) {
  if (c == 0x130) {
    memcpy(out, "i\xCC\x87", 3);
    return 3;
  }
  if (c == CAPITAL_SIGMA) {
    c = is_final_sigma(text, at) ? FINAL_SIGMA : SMALL_SIGMA;
  } else if (!is_caseless(c)) {
    c = (uint32_t)utf8proc_tolower((utf8proc_int32_t)c);
  }
  return lqa_utf8_encode(c, out);
}

/* Appends the lower case of the run of non-ASCII at text[at...]; returns where it ends. */
static size_t add_lower_run(lqa_str text, size_t at, lqa_buf *out) {
  char chunk[256];
  size_t n = 0;
  while (at < text.size && (unsigned char)text.data[at] >= 0x80 && n + 4 <= sizeof chunk) {
    size_t length;
    uint32_t c = lqa_utf8_decode(text.data + at, text.size - at, &length);
    n += write_lower(text, at, c, chunk + n);
    at += length;
  }
  lqa_buf_add(out, chunk, n);
  return at;
}

void lqa_ascii_lower(const char *text, size_t size, lqa_buf *out) {
  size_t start = out->size;
  lqa_buf_add(out, text, size);
  if (out->failed) {
    return;
  }
  char *c = out->data + start;
  for (size_t i = 0; i < size; i++) {
    c[i] = (char)(c[i] + ((c[i] >= 'A' && c[i] <= 'Z') << 5));
  }
}

void lqa_unicode_lower(lqa_str text, lqa_buf *out) {
  for (size_t i = 0; i < text.size;) {
    size_t ascii = lqa_utf8_ascii_prefix(text.data + i, text.size - i);
    lqa_ascii_lower(text.data + i, ascii, out);
    i = add_lower_run(text, i + ascii, out);
  }
}

int64_t lqa_unicode_case_fold_points(const char *valid, size_t size, int32_t *points,
                                     size_t capacity) {
  const utf8proc_option_t options =
      UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD;
  utf8proc_ssize_t n = utf8proc_decompose((const utf8proc_uint8_t *)valid, (utf8proc_ssize_t)size,
                                          points, (utf8proc_ssize_t)capacity, options);
  return n < 0 || (size_t)n > capacity ? n : utf8proc_normalize_utf32(points, n, options);
}

bool lqa_unicode_is_blank(lqa_str text) {
  for (size_t i = 0; i < text.size;) {
    size_t length;
    uint32_t c = lqa_utf8_decode(text.data + i, text.size - i, &length);
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);
    if (!lqa_unicode_is_space(c) && category != UTF8PROC_CATEGORY_CC &&
        category != UTF8PROC_CATEGORY_CF) {
      return false;
    }
    i += length;
  }
  return true;
}
