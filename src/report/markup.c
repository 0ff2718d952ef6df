/* One writer for text that is not ours: rows, class names and manifests can hold anything. What
 * cannot be shown safely is replaced, never dropped, so that a reader sees that something was
 * there.
 */
#include "report/markup.h"

#include "base/printable.h"
#include "base/unicode.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { REPLACEMENT = 0xFFFD };

static const char *entity(uint32_t c) {
  switch (c) {
  case '&':
    return "&amp;";
  case '<':
    return "&lt;";
  case '>':
    return "&gt;";
  case '"':
    return "&quot;";
  case '\'':
    return "&#39;";
  default:
    return NULL;
  }
}

/* Carriage returns are no harm in markup; noncharacters are not allowed in XML. */
static uint32_t shown_as(uint32_t c) {
  return c == '\r' || (lqa_printable_is(c) && c != 0xFFFE && c != 0xFFFF) ? c : REPLACEMENT;
}

static void add_code_point(uint32_t c, lqa_buf *out) {
  char bytes[4];
  lqa_buf_add(out, bytes, lqa_utf8_encode(c, bytes));
}

void lqa_markup_escape(lqa_str text, lqa_buf *out) {
  for (size_t i = 0; i < text.size;) {
    size_t length;
    uint32_t c = lqa_utf8_decode(text.data + i, text.size - i, &length);
    i += length;
    const char *name = entity(c);
    if (name) {
      lqa_buf_add_text(out, name);
    } else {
      add_code_point(shown_as(c), out);
    }
  }
}

/* A quote or apostrophe needs no escape in Markdown, whose text is never an attribute. */
static void add_markdown(uint32_t c, lqa_buf *out) {
  const char *name = c == '"' || c == '\'' ? NULL : entity(c);
  if (name) {
    lqa_buf_add_text(out, name);
  } else if (lqa_unicode_is_space(c)) {
    lqa_buf_add_char(out, ' ');
  } else {
    if (c < 0x80 && c && strchr("|*_`[]\\~$", (int)c)) {
      lqa_buf_add_char(out, '\\');
    }
    add_code_point(shown_as(c), out);
  }
}

void lqa_markdown_escape(lqa_str text, lqa_buf *out) {
  for (size_t i = 0, length; i < text.size; i += length) {
    add_markdown(lqa_utf8_decode(text.data + i, text.size - i, &length), out);
  }
}

typedef void (*escape_fn)(lqa_str text, lqa_buf *out);

static void say(escape_fn escape, lqa_buf *out, const char *format, va_list args) {
  char *text = NULL;
  int size = vasprintf(&text, format, args);
  if (size < 0) {
    out->failed = true;
    return;
  }
  escape((lqa_str){text, (size_t)size}, out);
  free(text);
}

void lqa_html_say(lqa_buf *out, const char *format, ...) {
  va_list args;
  va_start(args, format);
  say(lqa_markup_escape, out, format, args);
  va_end(args);
}

void lqa_markdown_say(lqa_buf *out, const char *format, ...) {
  va_list args;
  va_start(args, format);
  say(lqa_markdown_escape, out, format, args);
  va_end(args);
}

static void escape_excerpt(escape_fn escape, lqa_str text, size_t n, lqa_buf *out) {
  lqa_buf flat;
  lqa_buf_init(&flat, 8 * n + 16);
  lqa_markup_excerpt(text, n, &flat);
  escape(lqa_buf_str(&flat), out);
  out->failed = out->failed || flat.failed;
  lqa_buf_clear(&flat);
}

void lqa_html_excerpt(lqa_str text, size_t n, lqa_buf *out) {
  escape_excerpt(lqa_markup_escape, text, n, out);
}

void lqa_markdown_excerpt(lqa_str text, size_t n, lqa_buf *out) {
  escape_excerpt(lqa_markdown_escape, text, n, out);
}

/* The next code point of a text on one line: runs of white space are one space, leading and
 * trailing ones none. False at the end. */
static bool next_flat(lqa_str text, size_t *at, bool first, uint32_t *c) {
  bool gap = false;
  while (*at < text.size) {
    size_t length;
    uint32_t next = lqa_utf8_decode(text.data + *at, text.size - *at, &length);
    if (lqa_unicode_is_space(next)) {
      gap = !first;
      *at += length;
      continue;
    }
    if (gap) {
      *c = ' ';
      return true;
    }
    *at += length;
    *c = lqa_printable_is(next) ? next : REPLACEMENT;
    return true;
  }
  return false;
}

static int unit_width(uint32_t c) {
  (void)c;
  return 1;
}

/* Appends what fits into `room`, an ellipsis at its end where something is left. `width` measures a
 * code point; those without width are counted, too, since a text may consist of nothing else. */
static int64_t fit(lqa_str text, int64_t room, int (*width)(uint32_t), lqa_buf *out) {
  int64_t used = 0, kept_used = 0, points = 0;
  size_t at = 0, kept = out->size; /* after the last code point that leaves room for an ellipsis */
  uint32_t c;
  while (next_flat(text, &at, points == 0, &c)) {
    int columns = width(c);
    if (used + columns > room || ++points > 4 * room) {
      out->size = kept;
      lqa_buf_add_text(out, room > 0 ? "…" : "");
      return kept_used + (room > 0);
    }
    add_code_point(c, out);
    used += columns;
    if (used < room && c != ' ') {
      kept = out->size;
      kept_used = used;
    }
  }
  return used;
}

void lqa_markup_excerpt(lqa_str text, size_t n, lqa_buf *out) {
  fit(text, (int64_t)n, unit_width, out);
}

/* Where the last n code points of a text begin; invalid bytes count as one each. */
static size_t find_tail(lqa_str text, size_t n) {
  size_t at = text.size;
  for (size_t i = 0; i < n && at > 0; i++) {
    for (at--; at > 0 && text.size - at < 4 * n && ((unsigned char)text.data[at] & 0xC0) == 0x80;) {
      at--;
    }
  }
  return at;
}

void lqa_markup_middle(lqa_str text, size_t n, lqa_buf *out) {
  size_t tail = n / 3, head = n - tail;
  if (n < 8 || text.size <= n || lqa_utf8_count(text.data, text.size) <= n) {
    lqa_markup_excerpt(text, n, out);
    return;
  }
  lqa_markup_excerpt(text, head, out);
  size_t at = find_tail(text, tail);
  lqa_markup_excerpt((lqa_str){text.data + at, text.size - at}, tail, out);
}

int lqa_markup_fit(lqa_str text, int columns, lqa_buf *out) {
  return (int)fit(text, columns, lqa_unicode_columns, out);
}

bool lqa_markup_line(lqa_str *text, lqa_str *line) {
  const char *end = text->size ? memchr(text->data, '\n', text->size) : NULL;
  *line = (lqa_str){text->data, end ? (size_t)(end - text->data) : text->size};
  size_t used = line->size + (end != NULL);
  *text = (lqa_str){text->data + used, text->size - used};
  return used > 0;
}
