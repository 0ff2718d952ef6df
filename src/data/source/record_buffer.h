/* data/source/record_buffer.h - a sliding piece of an input, large enough for one whole record.
 *
 * A reader looks for a record in data[start, end); if it is incomplete it asks for a refill, which
 * moves the rest to the front (earlier pointers end there) and reads more behind it, and looks
 * again. The window doubles when a record fills more than half of it.
 */
#ifndef LQA_DATA_SOURCE_RECORD_BUFFER_H
#define LQA_DATA_SOURCE_RECORD_BUFFER_H

#include "data/source/input.h"

typedef struct lqa_record_buffer {
  lqa_input *input; /* borrowed; NULL: all there is lies in data */
  char *data;
  size_t start, end, capacity;
  bool at_end; /* nothing follows data[end) */
  bool is_borrowed;
} lqa_record_buffer;

LQA_MUST_CHECK lqa_status lqa_record_buffer_open(lqa_record_buffer *window, lqa_input *input);
/* `whole`: the text ends with the memory. */
void lqa_record_buffer_open_memory(lqa_record_buffer *window, char *data, size_t size, bool whole);
LQA_MUST_CHECK lqa_status lqa_record_buffer_refill(lqa_record_buffer *window, lqa_error *err);
void lqa_record_buffer_close(lqa_record_buffer *window);

/* True if every byte of [p, end) is below 0x80. */
bool lqa_record_buffer_is_ascii(const char *p, const char *end);

#endif
