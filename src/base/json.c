/* The writer keeps one bit per level ("an item came before") and nothing else; the caller's order
 * of calls is the document's order.
 */
#include "base/json.h"

#include "base/printable.h"
#include "base/unicode.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_DEPTH = 63 };

void lqa_json_init(lqa_json *json, lqa_buf *out, int indent) {
  *json = (lqa_json){.out = out, .indent = indent};
}

static void new_line(lqa_json *json) {
  if (json->indent > 0) {
    lqa_buf_printf(json->out, "\n%*s", json->depth * json->indent, "");
  }
}

/* What must come before a value or a key: a comma where one is due, and the line break. */
static void begin_item(lqa_json *json) {
  if (json->after_key) {
    json->after_key = false;
    return;
  }
  uint64_t bit = (uint64_t)1 << json->depth;
  if (json->has_item & bit) {
    lqa_buf_add_char(json->out, ',');
  }
  if (json->depth > 0) {
    new_line(json);
  }
  json->has_item |= bit;
}

static void open_level(lqa_json *json, char bracket) {
  begin_item(json);
  assert(json->depth < MAX_DEPTH);
  json->depth++;
  json->has_item &= ~((uint64_t)1 << json->depth);
  lqa_buf_add_char(json->out, bracket);
}

static void close_level(lqa_json *json, char bracket) {
  bool had_items = (json->has_item >> json->depth) & 1;
  json->depth--;
  if (had_items) {
    new_line(json);
  }
  lqa_buf_add_char(json->out, bracket);
}

void lqa_json_open_object(lqa_json *json) {
  open_level(json, '{');
}
void lqa_json_close_object(lqa_json *json) {
  close_level(json, '}');
}
void lqa_json_open_array(lqa_json *json) {
  open_level(json, '[');
}
void lqa_json_close_array(lqa_json *json) {
  close_level(json, ']');
}

/* True for bytes that stand for themselves inside a JSON string. */
static bool is_plain(unsigned char c) {
  return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

static void add_escaped_ascii(lqa_buf *out, unsigned char c) {
  static const char short_names[] = "btn?fr"; /* 8 to 13; 11 has none */
  if (c == '"' || c == '\\') {
    lqa_buf_add_char(out, '\\');
    lqa_buf_add_char(out, (char)c);
  } else if (c >= 8 && c <= 13 && c != 11) {
    lqa_buf_add_char(out, '\\');
    lqa_buf_add_char(out, short_names[c - 8]);
  } else {
    lqa_buf_printf(out, "\\u%04x", c);
  }
}

/* The first character of `text`, which does not stand for itself; returns its bytes. What could
 * steer a terminal is escaped, so that JSON may be printed on one. */
static size_t add_special(lqa_buf *out, const char *text, size_t size) {
  size_t length;
  uint32_t c = lqa_utf8_decode(text, size, &length);
  if (c < 0x80) {
    add_escaped_ascii(out, (unsigned char)c);
  } else if (!lqa_printable_is(c)) {
    lqa_buf_printf(out, "\\u%04x", (unsigned)c);
  } else {
    char bytes[4];
    lqa_buf_add(out, bytes, lqa_utf8_encode(c, bytes));
  }
  return length;
}

static void add_string(lqa_buf *out, lqa_str s) {
  lqa_buf_add_char(out, '"');
  for (size_t i = 0; i < s.size;) {
    size_t start = i;
    while (i < s.size && is_plain((unsigned char)s.data[i])) {
      i++;
    }
    lqa_buf_add(out, s.data + start, i - start);
    if (i == s.size) {
      break;
    }
    i += add_special(out, s.data + i, s.size - i);
  }
  lqa_buf_add_char(out, '"');
}

void lqa_json_key(lqa_json *json, const char *key) {
  begin_item(json);
  add_string(json->out, lqa_str_from(key));
  lqa_buf_add_text(json->out, json->indent > 0 ? ": " : ":");
  json->after_key = true;
}

void lqa_json_str(lqa_json *json, lqa_str value) {
  begin_item(json);
  if (lqa_str_is_null(value)) {
    lqa_buf_add_text(json->out, "null");
  } else {
    add_string(json->out, value);
  }
}

void lqa_json_text(lqa_json *json, const char *value) {
  lqa_json_str(json, lqa_str_from(value));
}

/* printf is a hundred times the price of a digit. */
static void format_int(int64_t value, char out[32]) {
  char digits[24];
  size_t n = 0, at = 0;
  uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
  do {
    digits[n++] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest > 0);
  if (value < 0) {
    out[at++] = '-';
  }
  while (n > 0) {
    out[at++] = digits[--n];
  }
  out[at] = '\0';
}

void lqa_json_int(lqa_json *json, int64_t value) {
  char text[32];
  begin_item(json);
  format_int(value, text);
  lqa_buf_add_text(json->out, text);
}

void lqa_json_double(lqa_json *json, double value) {
  begin_item(json);
  if (!isfinite(value)) {
    lqa_buf_add_text(json->out, "null");
    return;
  }
  char text[32];
  lqa_format_double(value, text);
  lqa_buf_add_text(json->out, text);
}

void lqa_json_bool(lqa_json *json, bool value) {
  begin_item(json);
  lqa_buf_add_text(json->out, value ? "true" : "false");
}

void lqa_json_null(lqa_json *json) {
  begin_item(json);
  lqa_buf_add_text(json->out, "null");
}

void lqa_json_raw(lqa_json *json, lqa_str value) {
  begin_item(json);
  lqa_buf_add_str(json->out, value);
}

void lqa_format_double(double value, char out[32]) {
  bool is_whole = value > -1e15 && value < 1e15 && value == (double)(int64_t)value;
  if (is_whole && !(value == 0 && signbit(value))) {
    format_int((int64_t)value, out);
    return;
  }
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(out, 32, "%.*g", digits, value);
    if (strtod(out, NULL) == value) {
      break;
    }
  }
  char *comma = strchr(out, ','); /* a host program may have set a locale */
  if (comma) {
    *comma = '.';
  }
}

void lqa_json_add_str(lqa_json *json, const char *key, lqa_str value) {
  lqa_json_key(json, key);
  lqa_json_str(json, value);
}

void lqa_json_add_text(lqa_json *json, const char *key, const char *value) {
  lqa_json_key(json, key);
  lqa_json_text(json, value);
}

void lqa_json_add_int(lqa_json *json, const char *key, int64_t value) {
  lqa_json_key(json, key);
  lqa_json_int(json, value);
}

void lqa_json_add_double(lqa_json *json, const char *key, double value) {
  lqa_json_key(json, key);
  lqa_json_double(json, value);
}

void lqa_json_add_bool(lqa_json *json, const char *key, bool value) {
  lqa_json_key(json, key);
  lqa_json_bool(json, value);
}
