/* The sliding window, and the one byte test that all text readers share. */
#include "data/source/record_buffer.h"

#include "base/memory.h"

#include <string.h>

enum { FIRST_BYTES = 1 << 20 };

lqa_status lqa_record_buffer_open(lqa_record_buffer *window, lqa_input *input) {
  *window = (lqa_record_buffer){.input = input, .capacity = FIRST_BYTES};
  window->data = lqa_malloc(window->capacity, 1);
  return window->data ? LQA_OK : LQA_NO_MEMORY;
}

void lqa_record_buffer_open_memory(lqa_record_buffer *window, char *data, size_t size, bool whole) {
  *window = (lqa_record_buffer){
      .data = data, .end = size, .capacity = size, .at_end = whole, .is_borrowed = true};
}

void lqa_record_buffer_close(lqa_record_buffer *window) {
  if (!window->is_borrowed) {
    free(window->data);
  }
  window->data = NULL;
}

lqa_status lqa_record_buffer_refill(lqa_record_buffer *window, lqa_error *err) {
  size_t kept = window->end - window->start, got = 0;
  if (window->start > 0) {
    memmove(window->data, window->data + window->start, kept);
    window->start = 0;
    window->end = kept;
  }
  if (kept > window->capacity / 2) {
    char *larger = lqa_realloc(window->data, window->capacity, 2);
    if (!larger) {
      return lqa_fail_memory(err, "reading a long row");
    }
    window->data = larger;
    window->capacity *= 2;
  }
  while (!window->at_end && window->end < window->capacity) {
    LQA_TRY(lqa_input_read(window->input, window->data + window->end,
                           window->capacity - window->end, &got, err));
    window->end += got;
    window->at_end = got == 0;
  }
  return LQA_OK;
}

bool lqa_record_buffer_is_ascii(const char *p, const char *end) {
  uint64_t word, any = 0;
  for (; end - p >= 8; p += 8) {
    memcpy(&word, p, 8);
    any |= word;
  }
  for (; p < end; p++) {
    any |= (uint64_t)(unsigned char)*p;
  }
  return (any & 0x8080808080808080u) == 0;
}
