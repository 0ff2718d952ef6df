/* Strings, numbers, words and nested values, each a function that moves the cursor past it.
 *
 * Written by hand because a value must come out as its text (a library's parser gives numbers as
 * doubles and objects as trees), from a window that may end anywhere, and with the one thing that
 * should have stood where the text goes wrong. Strings are searched 16 bytes at a time. Nested
 * values keep a stack of closing brackets: no recursion, at most MAX_DEPTH deep.
 */
#include "data/source/json_scan.h"

#include "base/unicode.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { MAX_DEPTH = 256 };

lqa_json_outcome lqa_json_expect(lqa_json_cursor *c, const char *expected) {
  c->expected = expected;
  return LQA_JSON_INVALID;
}

lqa_json_outcome lqa_json_run_dry(lqa_json_cursor *c) {
  return c->at_end ? lqa_json_expect(c, "more text (is the file cut off?)") : LQA_JSON_INCOMPLETE;
}

/* The first quote, backslash or control character. */
static const char *find_special(const char *p, const char *end) {
#ifdef __SSE2__
  const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), low = _mm_set1_epi8(0x1F);
  for (; end - p >= 16; p += 16) {
    __m128i b = _mm_loadu_si128((const __m128i *)p);
    __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(b, quote), _mm_cmpeq_epi8(b, slash)),
                               _mm_cmpeq_epi8(_mm_min_epu8(b, low), b));
    int mask = _mm_movemask_epi8(hit);
    if (mask) {
      return p + __builtin_ctz((unsigned)mask);
    }
  }
#endif
  while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p > 0x1F) {
    p++;
  }
  return p;
}

static int hex_value(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hexadecimal digits at `p`, or -1. */
static int32_t hex4(const char *p) {
  int32_t value = 0;
  for (int i = 0; i < 4; i++) {
    int digit = hex_value(p[i]);
    if (digit < 0) {
      return -1;
    }
    value = value * 16 + digit;
  }
  return value;
}

/* c->p stands on "\u"; a high surrogate takes its partner along. */
static lqa_json_outcome scan_unicode_escape(lqa_json_cursor *c) {
  if (c->end - c->p < 6) {
    return lqa_json_run_dry(c);
  }
  int32_t unit = hex4(c->p + 2);
  if (unit < 0) {
    return lqa_json_expect(c, "four hexadecimal digits after \\u");
  }
  if (unit < 0xD800 || unit > 0xDFFF) {
    c->p += 6;
    return LQA_JSON_FOUND;
  }
  if (unit < 0xDC00 && c->end - c->p < 12 && !c->at_end) {
    return LQA_JSON_INCOMPLETE;
  }
  bool pair = unit < 0xDC00 && c->end - c->p >= 12 && c->p[6] == '\\' && c->p[7] == 'u';
  int32_t low = pair ? hex4(c->p + 8) : -1;
  if (low < 0xDC00 || low > 0xDFFF) {
    return lqa_json_expect(c, "both halves of a surrogate pair");
  }
  c->p += 12;
  return LQA_JSON_FOUND;
}

lqa_json_outcome lqa_json_scan_string(lqa_json_cursor *c, lqa_str *body, bool *has_escapes) {
  const char *begin = ++c->p;
  *has_escapes = false;
  for (;;) {
    c->p = find_special(c->p, c->end);
    if (c->p == c->end) {
      return lqa_json_run_dry(c);
    }
    if (*c->p == '"') {
      *body = (lqa_str){begin, (size_t)(c->p - begin)};
      c->p++;
      return LQA_JSON_FOUND;
    }
    if (*c->p != '\\') {
      return lqa_json_expect(
          c, "no bare line break or control character inside a string (is a closing quote "
             "missing?)");
    }
    *has_escapes = true;
    if (c->p + 1 == c->end) {
      return lqa_json_run_dry(c);
    }
    if (c->p[1] == 'u') {
      lqa_json_outcome result = scan_unicode_escape(c);
      if (result != LQA_JSON_FOUND) {
        return result;
      }
    } else if (c->p[1] != '\0' && strchr("\"\\/bfnrt", c->p[1])) {
      c->p += 2;
    } else {
      return lqa_json_expect(c, "a known escape after the backslash");
    }
  }
}

static bool is_digit(const lqa_json_cursor *c) {
  return c->p < c->end && *c->p >= '0' && *c->p <= '9';
}

static bool skip_digits(lqa_json_cursor *c) {
  const char *begin = c->p;
  while (is_digit(c)) {
    c->p++;
  }
  return c->p > begin;
}

static lqa_json_outcome scan_number(lqa_json_cursor *c) {
  c->p += *c->p == '-';
  const char *begin = c->p;
  bool good = skip_digits(c) && (*begin != '0' || c->p == begin + 1);
  if (good && c->p < c->end && *c->p == '.') {
    c->p++;
    good = skip_digits(c);
  }
  if (good && c->p < c->end && (*c->p == 'e' || *c->p == 'E')) {
    c->p++;
    c->p += c->p < c->end && (*c->p == '+' || *c->p == '-');
    good = skip_digits(c);
  }
  if (c->p == c->end && !c->at_end) {
    return LQA_JSON_INCOMPLETE;
  }
  return good ? LQA_JSON_FOUND : lqa_json_expect(c, "a number");
}

static lqa_json_outcome scan_word(lqa_json_cursor *c, const char *word) {
  size_t n = strlen(word), have = (size_t)(c->end - c->p);
  if (memcmp(c->p, word, have < n ? have : n) != 0) {
    return lqa_json_expect(c, "a value");
  }
  if (have < n) {
    return lqa_json_run_dry(c);
  }
  c->p += n;
  return LQA_JSON_FOUND;
}

/* A string, number or word. */
static lqa_json_outcome scan_scalar(lqa_json_cursor *c) {
  lqa_str body;
  bool has_escapes;
  switch (*c->p) {
  case '"':
    return lqa_json_scan_string(c, &body, &has_escapes);
  case 't':
    return scan_word(c, "true");
  case 'f':
    return scan_word(c, "false");
  case 'n':
    return scan_word(c, "null");
  case 'N':
    return scan_word(c, "NaN");
  default:
    return *c->p == '-' || is_digit(c) ? scan_number(c) : lqa_json_expect(c, "a value");
  }
}

/* A key and its colon, inside an object whose text is kept as it is. */
static lqa_json_outcome skip_key(lqa_json_cursor *c) {
  lqa_str body;
  bool has_escapes;
  if (*c->p != '"') {
    return lqa_json_expect(c, "a key in double quotes");
  }
  lqa_json_outcome result = lqa_json_scan_string(c, &body, &has_escapes);
  if (result != LQA_JSON_FOUND) {
    return result;
  }
  lqa_json_skip_space(c);
  if (c->p == c->end) {
    return lqa_json_run_dry(c);
  }
  return *c->p++ == ':' ? LQA_JSON_FOUND : lqa_json_expect(c, "':' after a key");
}

/* An array or object with all it holds: an explicit stack of closing brackets, no recursion. */
static lqa_json_outcome scan_nested(lqa_json_cursor *c) {
  char closing[MAX_DEPTH];
  int depth = 0;
  bool may_close = true; /* directly behind an opening bracket or a value */
  for (;;) {
    lqa_json_skip_space(c);
    if (c->p == c->end) {
      return lqa_json_run_dry(c);
    }
    if (depth > 0 && may_close && *c->p == closing[depth - 1]) {
      c->p++;
      depth--;
    } else {
      lqa_json_outcome result = LQA_JSON_FOUND;
      if (depth > 0 && closing[depth - 1] == '}') {
        result = skip_key(c);
        lqa_json_skip_space(c);
      }
      if (result == LQA_JSON_FOUND && c->p == c->end) {
        return lqa_json_run_dry(c);
      }
      if (result == LQA_JSON_FOUND && (*c->p == '[' || *c->p == '{')) {
        if (depth == MAX_DEPTH) {
          return lqa_json_expect(c, "fewer than 256 nested brackets");
        }
        closing[depth++] = *c->p++ == '[' ? ']' : '}';
        may_close = true;
        continue;
      }
      result = result == LQA_JSON_FOUND ? scan_scalar(c) : result;
      if (result != LQA_JSON_FOUND) {
        return result;
      }
    }
    if (depth == 0) {
      return LQA_JSON_FOUND;
    }
    lqa_json_skip_space(c);
    if (c->p == c->end) {
      return lqa_json_run_dry(c);
    }
    may_close = *c->p == closing[depth - 1];
    if (!may_close && *c->p != ',') {
      return lqa_json_expect(c, "',' or a closing bracket");
    }
    c->p += !may_close;
  }
}

lqa_json_outcome lqa_json_scan_value(lqa_json_cursor *c, lqa_str *value, bool *has_escapes) {
  lqa_json_skip_space(c);
  if (c->p == c->end) {
    return lqa_json_run_dry(c);
  }
  const char *begin = c->p;
  *has_escapes = false;
  if (*begin == '"') {
    return lqa_json_scan_string(c, value, has_escapes);
  }
  lqa_json_outcome result = *begin == '[' || *begin == '{' ? scan_nested(c) : scan_scalar(c);
  bool is_null = *begin == 'n' || *begin == 'N';
  *value = is_null ? (lqa_str){NULL, 0} : (lqa_str){begin, (size_t)(c->p - begin)};
  return result;
}

static char unescaped(char c) {
  static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
  const char *found = strchr(from, c);
  return found ? to[found - from] : c;
}

void lqa_json_unescape(lqa_str *text) {
  char *to = (char *)text->data;
  const char *p = text->data, *end = p + text->size;
  while (p < end) {
    const char *slash = memchr(p, '\\', (size_t)(end - p));
    size_t n = (size_t)((slash ? slash : end) - p);
    memmove(to, p, n);
    to += n;
    p += n;
    if (slash && p[1] != 'u') {
      *to++ = unescaped(p[1]);
      p += 2;
    } else if (slash) {
      uint32_t unit = (uint32_t)hex4(p + 2);
      bool pair = unit >= 0xD800 && unit <= 0xDFFF;
      uint32_t low = pair ? (uint32_t)hex4(p + 8) : 0;
      uint32_t code_point = pair ? 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00) : unit;
      to += lqa_utf8_encode(code_point, to);
      p += pair ? 12 : 6;
    }
  }
  text->size = (size_t)(to - text->data);
}
