/* Two ways of showing text that is not ours: rows can hold anything. */
#include "report/markup.h"

#include "base/unicode.h"

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

static bool is_forbidden(uint32_t c) {
  return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F || c == 0xFFFE ||
         c == 0xFFFF;
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
      char bytes[4];
      lqa_buf_add(out, bytes, lqa_utf8_encode(is_forbidden(c) ? 0xFFFD : c, bytes));
    }
  }
}

void lqa_markup_excerpt(lqa_str text, size_t n, lqa_buf *out) {
  bool gap = false;
  size_t written = 0;
  for (size_t i = 0; i < text.size;) {
    size_t length;
    uint32_t c = lqa_utf8_decode(text.data + i, text.size - i, &length);
    i += length;
    if (lqa_unicode_is_space(c)) {
      gap = written > 0;
      continue;
    }
    if (written + gap + 1 > n) {
      lqa_buf_add_text(out, "…");
      return;
    }
    char bytes[4];
    if (gap) {
      lqa_buf_add_char(out, ' ');
    }
    lqa_buf_add(out, bytes, lqa_utf8_encode(c < 0x20 || c == 0x7F ? 0xFFFD : c, bytes));
    written += 1 + gap;
    gap = false;
  }
}

bool lqa_markup_line(lqa_str *text, lqa_str *line) {
  const char *end = text->size ? memchr(text->data, '\n', text->size) : NULL;
  *line = (lqa_str){text->data, end ? (size_t)(end - text->data) : text->size};
  size_t used = line->size + (end != NULL);
  *text = (lqa_str){text->data + used, text->size - used};
  return used > 0;
}
