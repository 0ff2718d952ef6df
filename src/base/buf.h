/* base/buf.h - a growable byte buffer with a ceiling, after git's strbuf and curl's dynbuf.
 *
 * The ceiling is set at init and never passed: a hostile reply or a runaway report ends in an
 * error, not in swap. A failed append sets `failed` and later appends do nothing, so a writer may
 * append freely and check once at the end. data[size] is always NUL.
 */
#ifndef LQA_BASE_BUF_H
#define LQA_BASE_BUF_H

#include "base/status.h"
#include "base/str.h"

typedef struct lqa_buf {
  char *data; /* owned; NULL until the first append */
  size_t size;
  size_t capacity;
  size_t max_bytes;
  bool failed; /* an append did not fit or memory ran out */
  bool full;   /* it did not fit */
} lqa_buf;

void lqa_buf_init(lqa_buf *buf, size_t max_bytes);
void lqa_buf_clear(lqa_buf *buf); /* frees; the buffer may be used again */
void lqa_buf_reset(lqa_buf *buf); /* size 0, keeps the memory */
void lqa_buf_add(lqa_buf *buf, const void *data, size_t size);
void lqa_buf_add_text(lqa_buf *buf, const char *text);
void lqa_buf_add_str(lqa_buf *buf, lqa_str s);
void lqa_buf_add_char(lqa_buf *buf, char c);
void lqa_buf_printf(lqa_buf *buf, const char *format, ...) LQA_PRINTF(2, 3);
/* The ending of a noun behind a number: "%lld row%s". */
static inline const char *lqa_plural(int64_t n) {
  return n == 1 ? "" : "s";
}
lqa_str lqa_buf_str(const lqa_buf *buf); /* borrows; valid until the next append */
/* Moves the bytes out (free() them); the buffer is empty after. NULL if it failed. */
char *lqa_buf_take(lqa_buf *buf, size_t *size);
/* LQA_NO_MEMORY if memory ran out, LQA_BAD_DATA if the ceiling was reached. */
LQA_MUST_CHECK lqa_status lqa_buf_check(const lqa_buf *buf, lqa_error *err);

#endif
