/* Breaking lines for a terminal. Tables and command lines are lines like any other: what does not
 * fit is continued on the next line instead of being cut, because cut text is lost text.
 */
#include "base/text_wrap.h"

#include "base/unicode.h"

enum { MIN_WIDTH = 20, STEP = 2 };

/* Bytes of the escape sequence that `text` begins with, 0 if it is none. */
static size_t escape_size(lqa_str text) {
  if (text.size < 2 || text.data[0] != '\x1b' || text.data[1] != '[') {
    return 0;
  }
  size_t i = 2;
  while (i < text.size && (text.data[i] < '@' || text.data[i] > '~')) {
    i++;
  }
  return i < text.size ? i + 1 : 0;
}

int lqa_text_columns(lqa_str text) {
  int columns = 0;
  for (size_t i = 0, length; i < text.size; i += length) {
    length = escape_size((lqa_str){text.data + i, text.size - i});
    if (length == 0) {
      columns += lqa_unicode_columns(lqa_utf8_decode(text.data + i, text.size - i, &length));
    }
  }
  return columns;
}

static lqa_str rest_of(lqa_str text, size_t from) {
  return (lqa_str){text.data + from, text.size - from};
}

static size_t count_spaces(lqa_str text) {
  size_t n = 0;
  while (n < text.size && text.data[n] == ' ') {
    n++;
  }
  return n;
}

/* Bytes of `line` that fit into `width` columns, up to a space; its first word where not even that
 * fits. */
static size_t find_break(lqa_str line, int width) {
  size_t best = 0, at = count_spaces(line);
  int columns = (int)at;
  while (at < line.size) {
    lqa_str left = rest_of(line, at);
    const char *space = memchr(left.data, ' ', left.size);
    size_t word = space ? (size_t)(space - left.data) : left.size;
    columns += lqa_text_columns((lqa_str){left.data, word});
    if (columns > width) {
      return best ? best : at + word;
    }
    at += word;
    best = at;
    size_t gap = count_spaces(rest_of(line, at));
    columns += (int)gap;
    at += gap;
  }
  return best;
}

static void wrap_line(lqa_str line, int width, lqa_buf *out) {
  size_t indent = count_spaces(line);
  bool is_command = lqa_str_starts_with(rest_of(line, indent), LQA_STR("labelqa "));
  int further = (int)indent + STEP, room = width;
  further = width - further < MIN_WIDTH ? 0 : further;
  while (lqa_text_columns(line) > room) {
    size_t size = find_break(line, is_command ? room - STEP : room);
    size_t next = size + count_spaces(rest_of(line, size));
    if (next == line.size) { /* only spaces are too many */
      line.size = size;
      break;
    }
    lqa_buf_add(out, line.data, size);
    lqa_buf_printf(out, "%s\n%*s", is_command ? " \\" : "", further, "");
    line = rest_of(line, next);
    room = width - further;
  }
  lqa_buf_add(out, line.data, line.size);
}

void lqa_text_wrap(lqa_str text, int width, lqa_buf *out) {
  width = width < MIN_WIDTH ? MIN_WIDTH : width;
  while (text.size > 0) {
    const char *end = memchr(text.data, '\n', text.size);
    size_t size = end ? (size_t)(end - text.data) : text.size;
    wrap_line((lqa_str){text.data, size}, width, out);
    lqa_buf_add_text(out, end ? "\n" : "");
    text = rest_of(text, size + (end != NULL));
  }
}
