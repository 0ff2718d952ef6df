/* Objects out of a window. An object is scanned without being changed; only when it is complete are
 * escapes undone, in place (the result is never longer), so that an incomplete one can be scanned
 * again after a refill. Strings are searched 16 bytes at a time.
 *
 * DuckDB's read_json is not used: it types values (1.10 becomes 1.1), ignores keys that its sample
 * did not show, and counts rows only within its own buffers.
 */
#include "data/source/json_rows.h"

#include "base/unicode.h"

#include <stdio.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { MAX_DEPTH = 256 };

typedef enum outcome { FOUND, INCOMPLETE, INVALID, TOO_LONG, NO_MEMORY } outcome;

typedef struct cursor {
  const char *p, *end;
  bool at_end;
  const char *expected; /* INVALID: what should have stood at p */
} cursor;

lqa_status lqa_json_rows_open(lqa_json_rows *json, lqa_input *input, const char *name,
                              size_t max_field_bytes) {
  *json =
      (lqa_json_rows){.name = name, .max_field_bytes = max_field_bytes, .row = -1, .next_line = 1};
  return lqa_record_buffer_open(&json->window, input);
}

void lqa_json_rows_open_memory(lqa_json_rows *json, char *data, size_t size) {
  *json = (lqa_json_rows){
      .name = "(memory)", .max_field_bytes = SIZE_MAX / 2, .row = -1, .next_line = 1};
  lqa_record_buffer_open_memory(&json->window, data, size, true);
}

void lqa_json_rows_close(lqa_json_rows *json) {
  lqa_record_buffer_close(&json->window);
  lqa_vec_clear(&json->fields);
  lqa_vec_clear(&json->escaped);
}

static outcome fail(cursor *c, const char *expected) {
  c->expected = expected;
  return INVALID;
}

/* Out of bytes: more may come, or the text ends within something. */
static outcome run_dry(cursor *c) {
  return c->at_end ? fail(c, "more text (is the file cut off?)") : INCOMPLETE;
}

static void skip_space(cursor *c) {
  while (c->p < c->end && (*c->p == ' ' || *c->p == '\n' || *c->p == '\r' || *c->p == '\t')) {
    c->p++;
  }
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
static outcome scan_unicode_escape(cursor *c) {
  if (c->end - c->p < 6) {
    return run_dry(c);
  }
  int32_t unit = hex4(c->p + 2);
  if (unit < 0) {
    return fail(c, "four hexadecimal digits after \\u");
  }
  if (unit < 0xD800 || unit > 0xDFFF) {
    c->p += 6;
    return FOUND;
  }
  if (unit < 0xDC00 && c->end - c->p < 12 && !c->at_end) {
    return INCOMPLETE;
  }
  bool pair = unit < 0xDC00 && c->end - c->p >= 12 && c->p[6] == '\\' && c->p[7] == 'u';
  int32_t low = pair ? hex4(c->p + 8) : -1;
  if (low < 0xDC00 || low > 0xDFFF) {
    return fail(c, "both halves of a surrogate pair");
  }
  c->p += 12;
  return FOUND;
}

/* A string from its opening quote; `body` is what lies between the quotes. */
static outcome scan_string(cursor *c, lqa_str *body, bool *has_escapes) {
  const char *begin = ++c->p;
  *has_escapes = false;
  for (;;) {
    c->p = find_special(c->p, c->end);
    if (c->p == c->end) {
      return run_dry(c);
    }
    if (*c->p == '"') {
      *body = (lqa_str){begin, (size_t)(c->p - begin)};
      c->p++;
      return FOUND;
    }
    if (*c->p != '\\') {
      return fail(c, "no bare line break or control character inside a string (is a closing quote "
                     "missing?)");
    }
    *has_escapes = true;
    if (c->p + 1 == c->end) {
      return run_dry(c);
    }
    if (c->p[1] == 'u') {
      outcome result = scan_unicode_escape(c);
      if (result != FOUND) {
        return result;
      }
    } else if (c->p[1] != '\0' && strchr("\"\\/bfnrt", c->p[1])) {
      c->p += 2;
    } else {
      return fail(c, "a known escape after the backslash");
    }
  }
}

static bool is_digit(const cursor *c) {
  return c->p < c->end && *c->p >= '0' && *c->p <= '9';
}

static bool skip_digits(cursor *c) {
  const char *begin = c->p;
  while (is_digit(c)) {
    c->p++;
  }
  return c->p > begin;
}

static outcome scan_number(cursor *c) {
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
    return INCOMPLETE;
  }
  return good ? FOUND : fail(c, "a number");
}

static outcome scan_word(cursor *c, const char *word) {
  size_t n = strlen(word), have = (size_t)(c->end - c->p);
  if (memcmp(c->p, word, have < n ? have : n) != 0) {
    return fail(c, "a value");
  }
  if (have < n) {
    return run_dry(c);
  }
  c->p += n;
  return FOUND;
}

/* A string, number or word. */
static outcome scan_scalar(cursor *c) {
  lqa_str body;
  bool has_escapes;
  switch (*c->p) {
  case '"':
    return scan_string(c, &body, &has_escapes);
  case 't':
    return scan_word(c, "true");
  case 'f':
    return scan_word(c, "false");
  case 'n':
    return scan_word(c, "null");
  case 'N':
    return scan_word(c, "NaN");
  default:
    return *c->p == '-' || is_digit(c) ? scan_number(c) : fail(c, "a value");
  }
}

/* A key and its colon, inside an object whose text is kept as it is. */
static outcome skip_key(cursor *c) {
  lqa_str body;
  bool has_escapes;
  if (*c->p != '"') {
    return fail(c, "a key in double quotes");
  }
  outcome result = scan_string(c, &body, &has_escapes);
  if (result != FOUND) {
    return result;
  }
  skip_space(c);
  if (c->p == c->end) {
    return run_dry(c);
  }
  return *c->p++ == ':' ? FOUND : fail(c, "':' after a key");
}

/* An array or object with all it holds: an explicit stack of closing brackets, no recursion. */
static outcome scan_nested(cursor *c) {
  char closing[MAX_DEPTH];
  int depth = 0;
  bool may_close = true; /* directly behind an opening bracket or a value */
  for (;;) {
    skip_space(c);
    if (c->p == c->end) {
      return run_dry(c);
    }
    if (depth > 0 && may_close && *c->p == closing[depth - 1]) {
      c->p++;
      depth--;
    } else {
      outcome result = FOUND;
      if (depth > 0 && closing[depth - 1] == '}') {
        result = skip_key(c);
        skip_space(c);
      }
      if (result == FOUND && c->p == c->end) {
        return run_dry(c);
      }
      if (result == FOUND && (*c->p == '[' || *c->p == '{')) {
        if (depth == MAX_DEPTH) {
          return fail(c, "fewer than 256 nested brackets");
        }
        closing[depth++] = *c->p++ == '[' ? ']' : '}';
        may_close = true;
        continue;
      }
      result = result == FOUND ? scan_scalar(c) : result;
      if (result != FOUND) {
        return result;
      }
    }
    if (depth == 0) {
      return FOUND;
    }
    skip_space(c);
    if (c->p == c->end) {
      return run_dry(c);
    }
    may_close = *c->p == closing[depth - 1];
    if (!may_close && *c->p != ',') {
      return fail(c, "',' or a closing bracket");
    }
    c->p += !may_close;
  }
}

/* The value of a field: *has_escapes only for strings. */
static outcome scan_value(cursor *c, lqa_str *value, bool *has_escapes) {
  skip_space(c);
  if (c->p == c->end) {
    return run_dry(c);
  }
  const char *begin = c->p;
  *has_escapes = false;
  if (*begin == '"') {
    return scan_string(c, value, has_escapes);
  }
  outcome result = *begin == '[' || *begin == '{' ? scan_nested(c) : scan_scalar(c);
  bool is_null = *begin == 'n' || *begin == 'N';
  *value = is_null ? (lqa_str){NULL, 0} : (lqa_str){begin, (size_t)(c->p - begin)};
  return result;
}

static outcome scan_field(lqa_json_rows *json, cursor *c) {
  lqa_json_field field;
  bool key_escaped = false, value_escaped = false;
  if (c->p == c->end) {
    return run_dry(c);
  }
  if (*c->p != '"') {
    return fail(c, "a key in double quotes");
  }
  outcome result = scan_string(c, &field.key, &key_escaped);
  skip_space(c);
  if (result == FOUND && c->p == c->end) {
    result = run_dry(c);
  }
  if (result == FOUND && *c->p != ':') {
    result = fail(c, "':' after a key");
  }
  if (result != FOUND) {
    return result;
  }
  const char *begin = ++c->p;
  result = scan_value(c, &field.value, &value_escaped);
  if (result == INCOMPLETE && (size_t)(c->end - begin) > json->max_field_bytes) {
    return TOO_LONG;
  }
  if (result != FOUND) {
    return result;
  }
  size_t i = json->fields.n;
  bool kept = lqa_vec_push(&json->fields, field) == LQA_OK &&
              (!key_escaped || lqa_vec_push(&json->escaped, 2 * i) == LQA_OK) &&
              (!value_escaped || lqa_vec_push(&json->escaped, 2 * i + 1) == LQA_OK);
  return !kept ? NO_MEMORY : field.value.size > json->max_field_bytes ? TOO_LONG : FOUND;
}

/* An object from its opening brace. */
static outcome scan_object(lqa_json_rows *json, cursor *c) {
  json->fields.n = json->escaped.n = 0;
  c->p++;
  for (;;) {
    skip_space(c);
    if (c->p < c->end && *c->p == '}' && json->fields.n == 0) {
      c->p++;
      return FOUND;
    }
    outcome result = scan_field(json, c);
    if (result != FOUND) {
      return result;
    }
    skip_space(c);
    if (c->p == c->end) {
      return run_dry(c);
    }
    if (*c->p == '}') {
      c->p++;
      return FOUND;
    }
    if (*c->p != ',') {
      return fail(c, "',' or '}' after a value");
    }
    c->p++;
  }
}

static char unescaped(char c) {
  static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
  const char *found = strchr(from, c);
  return found ? to[found - from] : c;
}

/* Undoes escapes in place; they are known to be valid. */
static void unescape(lqa_str *text) {
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

static int64_t count_lines(const char *p, const char *end) {
  int64_t n = 0;
  while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
    n++;
    p++;
  }
  return n;
}

static lqa_status fail_row(const lqa_json_rows *json, outcome result, const cursor *c,
                           lqa_error *err) {
  if (result == NO_MEMORY) {
    return lqa_fail_memory(err, "reading JSON");
  }
  const char *begin = json->window.data + json->window.start;
  long long row = (long long)(json->row < 0 ? 0 : json->row), line = (long long)json->line;
  if (result == TOO_LONG) {
    return lqa_fail_at(err, LQA_BAD_DATA, json->name, row, NULL,
                       "%s, row %lld (line %lld): a value is longer than %zu bytes; if it is "
                       "right, raise " LQA_OPTION("max_field_size"),
                       json->name, row, line, json->max_field_bytes);
  }
  char found[16] = "the end";
  if (c->p < c->end) {
    unsigned char byte = (unsigned char)*c->p;
    snprintf(found, sizeof found, byte > 0x20 && byte < 0x7F ? "'%c'" : "byte 0x%02X", byte);
  }
  return lqa_fail_at(err, LQA_BAD_DATA, json->name, row, NULL,
                     "%s, row %lld (line %lld): not valid JSON: expected %s, found %s (line %lld, "
                     "%lld bytes into the row)",
                     json->name, row, line, c->expected, found,
                     (long long)(json->line + count_lines(begin, c->p)), (long long)(c->p - begin));
}

static lqa_status fail_encoding(const lqa_json_rows *json, const char *begin, int64_t bad,
                                lqa_error *err) {
  return lqa_fail_at(
      err, LQA_BAD_DATA, json->name, json->row, NULL,
      "%s, row %lld (line %lld): byte 0x%02X is not valid UTF-8; if the file is in "
      "another encoding, name it (" LQA_OPTION_AS("encoding", "latin-1") ", windows-1252, utf-16)",
      json->name, (long long)json->row, (long long)json->line, (unsigned char)begin[bad]);
}

/* Between objects: the array's brackets and commas. INCOMPLETE also at the end of the text. */
static outcome scan_between(lqa_json_rows *json, cursor *c) {
  for (;;) {
    const char *begin = c->p;
    skip_space(c);
    json->next_line += count_lines(begin, c->p);
    json->window.start = (size_t)(c->p - json->window.data);
    if (c->p == c->end) {
      bool open_array = json->place == LQA_JSON_IN_ARRAY || json->place == LQA_JSON_IN_FRESH_ARRAY;
      return c->at_end && open_array ? fail(c, "']' at the end (is the file cut off?)")
                                     : INCOMPLETE;
    }
    if (json->place == LQA_JSON_AT_START) {
      json->place = *c->p == '[' ? LQA_JSON_IN_FRESH_ARRAY : LQA_JSON_IN_LINES;
      c->p += *c->p == '[';
      continue;
    }
    if (json->place == LQA_JSON_AT_END) {
      return fail(c, "nothing after the closing ']'");
    }
    if (json->place != LQA_JSON_IN_LINES && *c->p == ']') {
      json->place = LQA_JSON_AT_END;
      c->p++;
      continue;
    }
    if (json->place == LQA_JSON_IN_ARRAY) {
      if (*c->p != ',') {
        return fail(c, "',' or ']' after an object");
      }
      /* Only a whole ", {" is taken, so that a refill in between starts over at the comma. */
      cursor after = *c;
      after.p++;
      skip_space(&after);
      if (after.p == after.end) {
        return run_dry(&after) == INCOMPLETE ? INCOMPLETE : fail(c, "an object after ','");
      }
      json->next_line += count_lines(c->p, after.p);
      c->p = after.p;
      json->window.start = (size_t)(c->p - json->window.data);
    }
    return *c->p == '{' ? FOUND : fail(c, "an object, '{'");
  }
}

static outcome read_object(lqa_json_rows *json, cursor *c) {
  outcome result = scan_between(json, c);
  json->line = json->next_line;
  if (result != FOUND) {
    return result;
  }
  /* The comma before may be gone now: what follows is an object, whatever happens. */
  lqa_json_place place = json->place;
  json->place = place == LQA_JSON_IN_ARRAY ? LQA_JSON_IN_FRESH_ARRAY : json->place;
  result = scan_object(json, c);
  if (result == FOUND) {
    json->place = place == LQA_JSON_IN_LINES ? LQA_JSON_IN_LINES : LQA_JSON_IN_ARRAY;
  }
  return result;
}

static lqa_status finish_object(lqa_json_rows *json, const cursor *c, lqa_error *err) {
  const char *begin = json->window.data + json->window.start;
  json->window.start = (size_t)(c->p - json->window.data);
  json->next_line += count_lines(begin, c->p);
  if (!lqa_record_buffer_is_ascii(begin, c->p)) {
    int64_t bad = lqa_utf8_check(begin, (size_t)(c->p - begin));
    if (bad >= 0) {
      return fail_encoding(json, begin, bad, err);
    }
  }
  for (size_t i = 0; i < json->escaped.n; i++) {
    lqa_json_field *field = &json->fields.data[json->escaped.data[i] / 2];
    unescape(json->escaped.data[i] % 2 ? &field->value : &field->key);
  }
  return LQA_OK;
}

lqa_status lqa_json_rows_next(lqa_json_rows *json, bool may_refill, bool *more, lqa_error *err) {
  lqa_record_buffer *w = &json->window;
  for (;;) {
    cursor c = {w->data + w->start, w->data + w->end, w->at_end, NULL};
    json->row++;
    outcome result = read_object(json, &c);
    *more = result == FOUND;
    if (result == FOUND) {
      return finish_object(json, &c, err);
    }
    if (result != INCOMPLETE) {
      return fail_row(json, result, &c, err);
    }
    json->row--;
    if (w->at_end || !may_refill || !w->input) {
      return LQA_OK;
    }
    LQA_TRY(lqa_record_buffer_refill(w, err));
  }
}
