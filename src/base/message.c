/* base/message.c - messages that name options by key, and how a front end shows them.
 *
 * A message is made by printf, so the marks of options (control characters, see status.h) and the
 * user's data come out of one buffer, and data may hold the same characters. Therefore a format
 * with marks is written twice, the second time with other characters for the marks: where the two
 * texts differ, and nowhere else, a mark of the format stands. What only looks like one becomes
 * '?'. Errors are rare; the second writing costs nothing that matters.
 */
#include "base/message.h"

#include "base/printable.h"

#include <stdio.h>
#include <string.h>

enum { OPEN = 1, CLOSE = 2, VALUE = 3, WORDS = 14, END_WORDS = 15, SHIFT = 16 };

static bool is_mark(char c) {
  return c == OPEN || c == CLOSE || c == VALUE || c == WORDS || c == END_WORDS;
}

/* The format with its marks shifted; false where it has none, or is too long to be one of ours. */
bool lqa_message_shift(const char *format, char out[LQA_MESSAGE_FORMAT]) {
  size_t n = strlen(format);
  bool has_marks = false;
  if (n >= LQA_MESSAGE_FORMAT) {
    return false;
  }
  for (size_t i = 0; i <= n; i++) {
    has_marks = has_marks || is_mark(format[i]);
    out[i] = is_mark(format[i]) ? (char)(format[i] + SHIFT) : format[i];
  }
  return has_marks;
}

/* Keeps the marks of the format and those of our own words; `twin` differs at the former. */
void lqa_message_settle(char *text, const char *twin) {
  bool in_words = false;
  char *out = text;
  for (size_t i = 0; text[i]; i++) {
    bool is_ours = twin && text[i] != twin[i];
    if (is_ours && (text[i] == WORDS || text[i] == END_WORDS)) {
      in_words = text[i] == WORDS;
      continue;
    }
    *out++ = is_mark(text[i]) && !is_ours && !in_words ? '?' : text[i];
  }
  *out = '\0';
}

void lqa_message_format(char *out, size_t size, const char *format, va_list args) {
  char shifted[LQA_MESSAGE_FORMAT], twin[LQA_MESSAGE_BYTES];
  bool has_marks = size <= sizeof twin && lqa_message_shift(format, shifted);
  va_list again;
  va_copy(again, args);
  (void)vsnprintf(out, size, format, args);
  if (has_marks) {
    (void)vsnprintf(twin, size, shifted, again);
  }
  va_end(again);
  lqa_message_settle(out, has_marks ? twin : NULL);
}

/* ---- showing ---- */

typedef struct writer {
  char *out;
  size_t size, n;
} writer;

static void put(writer *w, char c) {
  if (w->n + 1 < w->size) {
    w->out[w->n] = c;
  }
  w->n++;
}

/* An option as `style` has it; returns what stands behind it. */
static const char *put_option(writer *w, const char *at, lqa_option_style style) {
  const char *dashes = style == LQA_AS_FLAGS ? "--" : "";
  for (; *dashes; dashes++) {
    put(w, *dashes);
  }
  for (; *at && *at != CLOSE && *at != VALUE; at++) {
    bool is_joint = *at == '-' || *at == '_';
    put(w, !is_joint ? *at : style == LQA_AS_FLAGS ? '-' : '_');
  }
  if (style == LQA_AS_KEYWORDS) {
    put(w, '=');
  } else if (*at == VALUE) {
    put(w, ' ');
  }
  for (at += *at == VALUE; *at && *at != CLOSE; at++) {
    put(w, *at);
  }
  return at + (*at == CLOSE);
}

size_t lqa_message_render(const char *message, lqa_option_style style, char *out, size_t size) {
  writer w = {out, size, 0};
  while (*message) {
    if (*message == OPEN) {
      message = put_option(&w, message + 1, style);
    } else {
      put(&w, *message++);
    }
  }
  if (size > 0) {
    size_t n = w.n < size ? w.n : size - 1;
    out[n] = '\0';
    lqa_printable_clean(out, n);
  }
  return w.n;
}
