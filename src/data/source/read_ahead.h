/* data/source/read_ahead.h - a stream that a thread of its own reads before it is asked for.
 *
 * For streams whose bytes cost processor time (decompression), so that whoever parses them need not
 * wait. The bytes, and where an error comes, are the same as without it.
 */
#ifndef LQA_DATA_SOURCE_READ_AHEAD_H
#define LQA_DATA_SOURCE_READ_AHEAD_H

#include "base/status.h"

/* Reads up to `capacity` bytes; *got 0 is the end. */
typedef lqa_status (*lqa_read_fn)(void *data, char *to, size_t capacity, size_t *got,
                                  lqa_error *err);

typedef struct lqa_read_ahead lqa_read_ahead;

/* From now on `read` is called on another thread, until the end, an error or lqa_read_ahead_free.
 * NULL where there is no memory or no thread to be had: then call `read` yourself. */
lqa_read_ahead *lqa_read_ahead_new(lqa_read_fn read, void *data);
/* As lqa_read_fn. */
LQA_MUST_CHECK lqa_status lqa_read_ahead_get(lqa_read_ahead *ahead, char *to, size_t capacity,
                                             size_t *got, lqa_error *err);
/* Returns once the thread has ended. NULL is fine. */
void lqa_read_ahead_free(lqa_read_ahead *ahead);

#endif
