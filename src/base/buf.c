/* Growth by half as much again, never past the ceiling; the closing NUL is kept at all times. */
#include "base/buf.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>

void lqa_buf_init(lqa_buf *buf, size_t max_bytes) {
  *buf = (lqa_buf){.max_bytes = max_bytes};
}

void lqa_buf_clear(lqa_buf *buf) {
  free(buf->data);
  lqa_buf_init(buf, buf->max_bytes);
}

void lqa_buf_reset(lqa_buf *buf) {
  buf->size = 0;
  buf->failed = buf->full = false;
  if (buf->data) {
    buf->data[0] = '\0';
  }
}

/* Makes room for `more` bytes and the NUL; on failure marks the buffer. */
static bool reserve(lqa_buf *buf, size_t more) {
  if (buf->failed) {
    return false;
  }
  if (more > buf->max_bytes || buf->size > buf->max_bytes - more) {
    buf->failed = buf->full = true;
    return false;
  }
  size_t need = buf->size + more + 1;
  if (need <= buf->capacity) {
    return true;
  }
  size_t wanted = buf->capacity + buf->capacity / 2 + 64;
  wanted = wanted > buf->max_bytes + 1 ? buf->max_bytes + 1 : wanted;
  wanted = wanted < need ? need : wanted;
  char *grown = lqa_realloc(buf->data, wanted, 1);
  if (!grown) {
    buf->failed = true;
    return false;
  }
  buf->data = grown;
  buf->capacity = wanted;
  return true;
}

void lqa_buf_add(lqa_buf *buf, const void *data, size_t size) {
  if (!reserve(buf, size)) {
    return;
  }
  if (size) {
    memcpy(buf->data + buf->size, data, size);
  }
  buf->size += size;
  buf->data[buf->size] = '\0';
}

void lqa_buf_add_text(lqa_buf *buf, const char *text) {
  lqa_buf_add(buf, text, strlen(text));
}

void lqa_buf_add_str(lqa_buf *buf, lqa_str s) {
  lqa_buf_add(buf, s.data, s.size);
}

void lqa_buf_add_char(lqa_buf *buf, char c) {
  lqa_buf_add(buf, &c, 1);
}

void lqa_buf_printf(lqa_buf *buf, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (length < 0 || !reserve(buf, (size_t)length)) {
    buf->failed = true;
    return;
  }
  va_start(args, format);
  vsnprintf(buf->data + buf->size, (size_t)length + 1, format, args);
  va_end(args);
  buf->size += (size_t)length;
}

lqa_str lqa_buf_str(const lqa_buf *buf) {
  return (lqa_str){buf->data ? buf->data : "", buf->size};
}

char *lqa_buf_take(lqa_buf *buf, size_t *size) {
  lqa_buf_add(buf, "", 0);
  char *data = buf->failed ? NULL : buf->data;
  if (!data) {
    free(buf->data);
  }
  if (size) {
    *size = data ? buf->size : 0;
  }
  lqa_buf_init(buf, buf->max_bytes);
  return data;
}

lqa_status lqa_buf_check(const lqa_buf *buf, lqa_error *err) {
  if (buf->full) {
    return lqa_fail(err, LQA_BAD_DATA, "a text is longer than the limit of %zu bytes",
                    buf->max_bytes);
  }
  return buf->failed ? lqa_fail_memory(err, "putting a text together") : LQA_OK;
}
