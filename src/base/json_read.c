/* base/json_read.c - recursive descent over one document.
 *
 * Nodes and texts are arena memory; nothing is freed singly. Numbers keep their text, because a
 * 64-bit integer does not fit a double. Cost: one pass, one node of 96 bytes a value; object lookup
 * is linear, and so is the search for duplicate keys, which is right for objects of tens of
 * members.
 */
#include "base/json_read.h"

#include "base/unicode.h"

#include <stdio.h>

enum { MAX_DEPTH = 64 };

typedef struct reader {
  const char *name, *start, *at, *end;
  lqa_arena *arena;
  lqa_error *err;
  int depth;
  bool may_repeat; /* keys */
} reader;

static lqa_status fail(reader *r, const char *what) {
  int64_t line = 1;
  if (!r->name) {
    return LQA_BAD_DATA;
  }
  for (const char *c = r->start; c < r->at; c++) {
    line += *c == '\n';
  }
  return lqa_fail_at(r->err, LQA_BAD_DATA, r->name, -1, NULL, "'%s', line %lld: not valid JSON: %s",
                     r->name, (long long)line, what);
}

static void skip_space(reader *r) {
  while (r->at < r->end && memchr(" \t\r\n", *r->at, 4)) {
    r->at++;
  }
}

static bool accept(reader *r, char c) {
  skip_space(r);
  if (r->at < r->end && *r->at == c) {
    r->at++;
    return true;
  }
  return false;
}

static bool accept_word(reader *r, const char *word) {
  size_t n = strlen(word);
  if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0) {
    return false;
  }
  r->at += n;
  return true;
}

static int hex_digit(char c) {
  const char *digits = "0123456789abcdef", lower = (char)(c | 0x20);
  const char *found = c >= '0' && c <= '9'           ? strchr(digits, c)
                      : lower >= 'a' && lower <= 'f' ? strchr(digits, lower)
                                                     : NULL;
  return found ? (int)(found - digits) : -1;
}

/* Four hex digits at r->at; -1 if they are not. */
static int32_t read_hex4(reader *r) {
  int32_t value = 0;
  for (int i = 0; i < 4; i++, r->at++) {
    int digit = r->at < r->end ? hex_digit(*r->at) : -1;
    if (digit < 0) {
      return -1;
    }
    value = value * 16 + digit;
  }
  return value;
}

/* After "\u"; appends UTF-8 to *out. Surrogates must come in pairs. */
static lqa_status read_code_point(reader *r, char **out) {
  int32_t high = read_hex4(r);
  if (high >= 0xd800 && high < 0xdc00 && accept_word(r, "\\u")) {
    int32_t low = read_hex4(r);
    high = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00) : -1;
  }
  if (high < 0 || (high >= 0xd800 && high < 0xe000)) {
    return fail(r, "a bad \\u escape");
  }
  *out += lqa_utf8_encode((uint32_t)high, *out);
  return LQA_OK;
}

static lqa_status read_escape(reader *r, char **out) {
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  char c = r->at < r->end ? *r->at++ : '\0';
  const char *found = c ? strchr(from, c) : NULL;
  if (found) {
    *(*out)++ = to[found - from];
    return LQA_OK;
  }
  return c == 'u' ? read_code_point(r, out) : fail(r, "an unknown escape");
}

/* After the opening quote. No text is longer than its source. */
static lqa_status read_text(reader *r, lqa_str *text) {
  const char *close = r->at;
  while (close < r->end && *close != '"') {
    close += *close == '\\' && close + 1 < r->end ? 2 : 1;
  }
  if (close >= r->end) {
    return fail(r, "a text without its closing quote");
  }
  char *copy = lqa_arena_alloc(r->arena, (size_t)(close - r->at) + 1, 1), *out = copy;
  if (!copy) {
    return lqa_fail_memory(r->err, "reading JSON");
  }
  while (r->at < close) {
    char c = *r->at++;
    if ((unsigned char)c < 0x20) {
      return fail(r, "a control character in a text");
    }
    if (c == '\\') {
      LQA_TRY(read_escape(r, &out));
    } else {
      *out++ = c;
    }
  }
  r->at = close + 1;
  *text = (lqa_str){copy, (size_t)(out - copy)};
  return LQA_OK;
}

static size_t count_digits(const char *at, const char *end) {
  const char *from = at;
  while (at < end && *at >= '0' && *at <= '9') {
    at++;
  }
  return (size_t)(at - from);
}

static lqa_status read_number(reader *r, lqa_json_node *node) {
  const char *from = r->at, *at = r->at + (*r->at == '-');
  size_t digits = count_digits(at, r->end);
  bool good = digits > 0 && (digits == 1 || *at != '0');
  at += digits;
  if (at < r->end && *at == '.') {
    digits = count_digits(at + 1, r->end);
    good = good && digits > 0;
    at += 1 + digits;
  }
  if (at < r->end && (*at | 0x20) == 'e') {
    at += 1 + (at + 1 < r->end && (at[1] == '+' || at[1] == '-'));
    digits = count_digits(at, r->end);
    good = good && digits > 0;
    at += digits;
  }
  node->text = (lqa_str){from, (size_t)(at - from)};
  if (!good || !lqa_str_to_double(node->text, &node->number)) {
    return fail(r, "a malformed value");
  }
  r->at = at;
  return LQA_OK;
}

static lqa_status read_value(reader *r, lqa_json_node *node);

static lqa_status read_key(reader *r, const lqa_json_node *parent, lqa_json_node *node) {
  if (!accept(r, '"')) {
    return fail(r, "a key is missing");
  }
  LQA_TRY(read_text(r, &node->key));
  for (const lqa_json_node *other = parent->first; other && !r->may_repeat; other = other->next) {
    if (lqa_str_equal(other->key, node->key)) {
      return fail(r, "a key occurs twice");
    }
  }
  return accept(r, ':') ? LQA_OK : fail(r, "a colon is missing");
}

/* After the opening bracket. */
static lqa_status read_members(reader *r, lqa_json_node *parent, char close) {
  const lqa_json_node **link = &parent->first;
  if (accept(r, close)) {
    return LQA_OK;
  }
  do {
    lqa_json_node *node = lqa_arena_alloc(r->arena, 1, sizeof *node);
    if (!node) {
      return lqa_fail_memory(r->err, "reading JSON");
    }
    if (parent->kind == LQA_JSON_OBJECT) {
      LQA_TRY(read_key(r, parent, node));
    }
    LQA_TRY(read_value(r, node));
    *link = node;
    link = &node->next;
    parent->n++;
  } while (accept(r, ','));
  return accept(r, close) ? LQA_OK : fail(r, "a comma or a closing bracket is missing");
}

static lqa_status read_container(reader *r, lqa_json_node *node, char open) {
  node->kind = open == '{' ? LQA_JSON_OBJECT : LQA_JSON_ARRAY;
  if (++r->depth > MAX_DEPTH) {
    return fail(r, "nested too deeply");
  }
  r->at++;
  LQA_TRY(read_members(r, node, open == '{' ? '}' : ']'));
  r->depth--;
  return LQA_OK;
}

static lqa_status read_value(reader *r, lqa_json_node *node) {
  skip_space(r);
  char c = r->at < r->end ? *r->at : '\0';
  if (c == '{' || c == '[') {
    return read_container(r, node, c);
  }
  if (c == '"') {
    r->at++;
    node->kind = LQA_JSON_TEXT;
    return read_text(r, &node->text);
  }
  if (accept_word(r, "null")) {
    node->kind = LQA_JSON_NULL;
    return LQA_OK;
  }
  node->kind = LQA_JSON_BOOL;
  if (accept_word(r, "true") || accept_word(r, "false")) {
    node->number = c == 't';
    return LQA_OK;
  }
  node->kind = LQA_JSON_NUMBER;
  return c == '-' || (c >= '0' && c <= '9') ? read_number(r, node) : fail(r, "a value is missing");
}

static lqa_status read_document(reader *r, const lqa_json_node **root) {
  int64_t bad = lqa_utf8_check(r->at, (size_t)(r->end - r->at));
  if (bad >= 0) {
    r->at += bad;
    return fail(r, "invalid UTF-8");
  }
  lqa_json_node *node = lqa_arena_alloc(r->arena, 1, sizeof *node);
  if (!node) {
    return lqa_fail_memory(r->err, "reading JSON");
  }
  LQA_TRY(read_value(r, node));
  skip_space(r);
  if (r->at != r->end) {
    return fail(r, "text after the end");
  }
  *root = node;
  return LQA_OK;
}

lqa_status lqa_json_parse(lqa_str text, const char *name, lqa_arena *arena,
                          const lqa_json_node **root, lqa_error *err) {
  reader r = {name, text.data, text.data, text.data + text.size, arena, err, 0, false};
  return read_document(&r, root);
}

const lqa_json_node *lqa_json_parse_foreign(lqa_str text, lqa_arena *arena) {
  reader r = {NULL, text.data, text.data, text.data + text.size, arena, NULL, 0, true};
  const lqa_json_node *root = NULL;
  return text.size && read_document(&r, &root) == LQA_OK ? root : NULL;
}

const lqa_json_node *lqa_json_find(const lqa_json_node *object, const char *key) {
  const lqa_json_node *node = object && object->kind == LQA_JSON_OBJECT ? object->first : NULL;
  const lqa_json_node *found = NULL;
  lqa_str name = lqa_str_from(key);
  for (; node; node = node->next) {
    found = lqa_str_equal(node->key, name) ? node : found;
  }
  return found;
}

double lqa_json_find_number(const lqa_json_node *object, const char *key, double fallback) {
  const lqa_json_node *node = lqa_json_find(object, key);
  return node && node->kind == LQA_JSON_NUMBER ? node->number : fallback;
}

int64_t lqa_json_find_int(const lqa_json_node *object, const char *key, int64_t fallback) {
  const lqa_json_node *node = lqa_json_find(object, key);
  long long value;
  return node && node->kind == LQA_JSON_NUMBER && lqa_str_to_int64(node->text, &value) ? value
                                                                                       : fallback;
}

bool lqa_json_find_bool(const lqa_json_node *object, const char *key, bool fallback) {
  const lqa_json_node *node = lqa_json_find(object, key);
  return node && node->kind == LQA_JSON_BOOL ? node->number != 0 : fallback;
}

const char *lqa_json_find_text(const lqa_json_node *object, const char *key) {
  const lqa_json_node *node = lqa_json_find(object, key);
  return node && node->kind == LQA_JSON_TEXT ? node->text.data : NULL;
}
