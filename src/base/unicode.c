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

#include "base/memory.h"
#include "base/unicode_word.h"

#include <utf8proc.h>

enum { REPLACEMENT = 0xFFFD, CAPITAL_SIGMA = 0x3A3, FINAL_SIGMA = 0x3C2, SMALL_SIGMA = 0x3C3 };

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

uint32_t lqa_utf8_decode(const char *text, size_t size, size_t *length) {
  const unsigned char *s = (const unsigned char *)text;
  *length = 1;
  if (s[0] < 0x80) {
    return s[0];
  }
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

size_t lqa_utf8_encode(uint32_t c, char out[4]) {
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  for (size_t i = n - 1; i > 0; i--) {
    out[i] = (char)(0x80 | (c & 0x3F));
    c >>= 6;
  }
  static const unsigned char lead[5] = {0, 0, 0xC0, 0xE0, 0xF0};
  out[0] = (char)(lead[n] | c);
  return n;
}

/* The number of leading bytes below 0x80, eight at a time. */
static size_t ascii_prefix(const char *text, size_t size) {
  size_t i = 0;
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
  while (i < size && (i += ascii_prefix(text + i, size - i)) < size) {
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
    size_t ascii = ascii_prefix(text + i, size - i);
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

bool lqa_unicode_is_word(uint32_t c) {
  if (c < 0x80) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  }
  return lqa_word_table_has(c);
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
  while (i > 0 && end - i < 4 && is_continuation((unsigned char)text.data[i])) {
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

static void add_code_point(lqa_buf *out, uint32_t c) {
  char bytes[4];
  lqa_buf_add(out, bytes, lqa_utf8_encode(c, bytes));
}

/* Lower-cases the code point at `at`, appends it, returns its length. */
static size_t add_lower(lqa_str text, size_t at, lqa_buf *out) {
  size_t length;
  uint32_t c = lqa_utf8_decode(text.data + at, text.size - at, &length);
  if (c == 0x130) {
    lqa_buf_add(out, "i\xCC\x87", 3);
  } else if (c == CAPITAL_SIGMA) {
    add_code_point(out, is_final_sigma(text, at) ? FINAL_SIGMA : SMALL_SIGMA);
  } else {
    add_code_point(out, (uint32_t)utf8proc_tolower((utf8proc_int32_t)c));
  }
  return length;
}

static void add_ascii_lower(const char *text, size_t size, lqa_buf *out) {
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
    size_t ascii = ascii_prefix(text.data + i, text.size - i);
    add_ascii_lower(text.data + i, ascii, out);
    i += ascii;
    if (i < text.size) {
      i += add_lower(text, i, out);
    }
  }
}

/* Appends `text`, white space runs as one space, ends trimmed. */
static void add_single_spaced(const char *text, size_t size, lqa_buf *out) {
  bool due = false, any = false;
  for (size_t i = 0; i < size;) {
    size_t length;
    uint32_t c = lqa_utf8_decode(text + i, size - i, &length);
    if (lqa_unicode_is_space(c)) {
      due = any;
    } else {
      if (due) {
        lqa_buf_add_char(out, ' ');
      }
      lqa_buf_add(out, text + i, length);
      due = false;
      any = true;
    }
    i += length;
  }
}

static void fold_ascii(lqa_str text, lqa_buf *out) {
  size_t start = out->size;
  add_ascii_lower(text.data, text.size, out);
  if (out->failed) {
    return;
  }
  char *c = out->data + start;
  size_t n = 0;
  bool due = false;
  for (size_t i = 0; i < text.size; i++) {
    if (c[i] == ' ' || (c[i] >= '\t' && c[i] <= '\r')) {
      due = n > 0;
    } else {
      if (due) {
        c[n++] = ' ';
      }
      c[n++] = c[i];
      due = false;
    }
  }
  out->size = start + n;
  out->data[out->size] = '\0';
}

/* `text` with invalid bytes replaced, so that utf8proc accepts it. */
static void add_valid(lqa_str text, lqa_buf *out) {
  for (size_t i = 0; i < text.size;) {
    size_t length;
    add_code_point(out, lqa_utf8_decode(text.data + i, text.size - i, &length));
    i += length;
  }
}

/* NFKC and case folding of valid UTF-8 into code points; returns the byte length after re-encoding
 * into the same owned buffer, negative when out of memory. */
static utf8proc_ssize_t normalise(const lqa_buf *valid, utf8proc_int32_t **owned) {
  const utf8proc_option_t options =
      UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD;
  const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)valid->data;
  utf8proc_ssize_t n = utf8proc_decompose(bytes, (utf8proc_ssize_t)valid->size, NULL, 0, options);
  *owned = n < 0 ? NULL : lqa_malloc((size_t)n + 1, sizeof **owned);
  if (!*owned) {
    return -1;
  }
  n = utf8proc_decompose(bytes, (utf8proc_ssize_t)valid->size, *owned, n, options);
  return n < 0 ? n : utf8proc_reencode(*owned, n, options);
}

void lqa_unicode_fold(lqa_str text, lqa_buf *out) {
  if (ascii_prefix(text.data, text.size) == text.size) {
    fold_ascii(text, out);
    return;
  }
  lqa_buf valid;
  lqa_buf_init(&valid, SIZE_MAX / 8);
  add_valid(text, &valid);
  utf8proc_int32_t *owned = NULL;
  utf8proc_ssize_t n = valid.failed ? -1 : normalise(&valid, &owned);
  if (n < 0) {
    out->failed = true;
  } else {
    add_single_spaced((const char *)owned, (size_t)n, out);
  }
  free(owned);
  lqa_buf_clear(&valid);
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
