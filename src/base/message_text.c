/* base/message_text.c - see message_text.h; the marks themselves are message.c's.
 *
 * A file of its own, since arenas and buffers report through status.c, which uses message.c.
 */
#include "base/message_text.h"

#include <stdio.h>
#include <string.h>

enum { OPEN = 1, CLOSE = 2 };

char *lqa_message_new_v(lqa_arena *arena, const char *format, va_list args) {
  char shifted[LQA_MESSAGE_FORMAT];
  bool has_marks = lqa_message_shift(format, shifted);
  va_list again, once_more;
  va_copy(again, args);
  va_copy(once_more, args);
  int size = vsnprintf(NULL, 0, format, args);
  char *text = size < 0 ? NULL : lqa_arena_alloc(arena, (size_t)size + 1, 1);
  char *twin = text && has_marks ? lqa_arena_alloc(arena, (size_t)size + 1, 1) : NULL;
  if (text) {
    (void)vsnprintf(text, (size_t)size + 1, format, again);
  }
  if (twin) {
    (void)vsnprintf(twin, (size_t)size + 1, shifted, once_more);
  }
  va_end(once_more);
  va_end(again);
  if (!text || (has_marks && !twin)) {
    return NULL;
  }
  lqa_message_settle(text, twin);
  return text;
}

char *lqa_message_new(lqa_arena *arena, const char *format, ...) {
  va_list args;
  va_start(args, format);
  char *text = lqa_message_new_v(arena, format, args);
  va_end(args);
  return text;
}

const char *lqa_message_in_style(const char *message, lqa_option_style style, lqa_arena *arena) {
  if (!message || !strchr(message, OPEN)) {
    return message;
  }
  size_t size = lqa_message_render(message, style, NULL, 0) + 1;
  char *text = lqa_arena_alloc(arena, size, 1);
  if (text) {
    (void)lqa_message_render(message, style, text, size);
  }
  return text;
}

/* One option, marks included. */
static void add_option(lqa_str marked, lqa_option_style style, lqa_buf *out) {
  char option[LQA_MESSAGE_FORMAT], shown[LQA_MESSAGE_FORMAT + 2];
  size_t n = marked.size < sizeof option ? marked.size : sizeof option - 1;
  memcpy(option, marked.data, n);
  option[n] = '\0';
  (void)lqa_message_render(option, style, shown, sizeof shown);
  lqa_buf_add_text(out, shown);
}

void lqa_message_add(lqa_str text, lqa_option_style style, lqa_buf *out) {
  while (text.size > 0) {
    const char *open = memchr(text.data, OPEN, text.size);
    const char *close = open ? memchr(open, CLOSE, text.size - (size_t)(open - text.data)) : NULL;
    size_t done = close ? (size_t)(open - text.data) : text.size;
    lqa_buf_add(out, text.data, done);
    if (close) {
      add_option((lqa_str){open, (size_t)(close + 1 - open)}, style, out);
      done = (size_t)(close + 1 - text.data);
    }
    text = (lqa_str){text.data + done, text.size - done};
  }
}

void lqa_json_add_message(lqa_json *json, const char *key, const char *message) {
  char shown[2 * LQA_MESSAGE_BYTES];
  if (key) {
    lqa_json_key(json, key);
  }
  if (!message) {
    lqa_json_null(json);
    return;
  }
  (void)lqa_message_render(message, LQA_AS_FLAGS, shown, sizeof shown);
  lqa_json_text(json, shown);
}
