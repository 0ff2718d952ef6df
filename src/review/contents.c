/* review/contents.c - texts in a nameless file, found by offset.
 *
 * Writing is buffered by a megabyte. A search reads blocks of whole rows and compares folded
 * letters: about a second for a gigabyte, and no index to keep. */
#include "review/contents.h"

#include "base/memory.h"

enum { BLOCK_BYTES = 1 << 20 };

typedef struct filler {
  lqa_contents *contents;
  lqa_buf pending;
  uint64_t written;
} filler;

static bool has_content(const lqa_contents *c, int64_t row) {
  return (c->valid[row >> 3] >> (row & 7)) & 1;
}

static lqa_status flush(filler *f, lqa_error *err) {
  LQA_TRY(lqa_buf_check(&f->pending, err));
  LQA_TRY(lqa_scratch_write(&f->contents->file, f->pending.data, f->pending.size, f->written, err));
  f->written += f->pending.size;
  lqa_buf_reset(&f->pending);
  return LQA_OK;
}

static lqa_status add(void *data, int64_t row, lqa_str content, lqa_error *err) {
  filler *f = data;
  lqa_contents *c = f->contents;
  if (!lqa_str_is_null(content)) {
    c->valid[row >> 3] |= (uint8_t)(1u << (row & 7));
    lqa_buf_add_str(&f->pending, content);
  }
  c->offsets[row + 1] = f->written + f->pending.size;
  return f->pending.size >= BLOCK_BYTES ? flush(f, err) : LQA_OK;
}

static lqa_status fill(const lqa_row_texts_input *input, lqa_contents *c, lqa_error *err) {
  filler f = {.contents = c};
  lqa_buf_init(&f.pending, SIZE_MAX / 4);
  lqa_status status;
  LQA_TRY_OUT(lqa_row_contents_each(input, add, &f, err));
  if (f.pending.size > 0) {
    LQA_TRY_OUT(flush(&f, err));
  }
out:
  lqa_buf_clear(&f.pending);
  return status;
}

static lqa_status alloc(lqa_contents *c, int64_t n_rows, lqa_error *err) {
  c->offsets = lqa_calloc((size_t)n_rows + 1, sizeof *c->offsets);
  c->valid = lqa_calloc((size_t)n_rows / 8 + 1, 1);
  c->n_rows = n_rows;
  return c->offsets && c->valid ? LQA_OK : lqa_fail_memory(err, "opening the contents");
}

lqa_status lqa_contents_open(const lqa_row_texts_input *input, lqa_contents *out, lqa_error *err) {
  lqa_contents c = {.file = {.fd = -1}, .n_rows = input->rows->n_rows};
  const lqa_source_options *source = &input->manifest->source;
  lqa_error why;
  if (source->text.n == 0 && source->features.n == 0) {
    *out = c;
    return LQA_OK;
  }
  lqa_error_clear(&why);
  lqa_status status;
  LQA_TRY_OUT(alloc(&c, input->rows->n_rows, err));
  LQA_TRY_OUT(lqa_scratch_open(&c.file, NULL, 0, err));
  status = fill(input, &c, &why);
  if (status == LQA_BAD_FILE || status == LQA_BAD_DATA) {
    lqa_contents_close(&c);
    lqa_observe_message(input->observer, LQA_MESSAGE_WARN,
                        "rows are shown without their contents: " LQA_WORDS, why.message);
    c.n_rows = input->rows->n_rows;
    status = LQA_OK;
  } else if (status != LQA_OK && err) {
    *err = why;
  }
out:
  if (status != LQA_OK) {
    lqa_contents_close(&c);
    return status;
  }
  *out = c;
  return LQA_OK;
}

void lqa_contents_close(lqa_contents *c) {
  lqa_scratch_close(&c->file);
  free(c->offsets);
  free(c->valid);
  *c = (lqa_contents){.file = {.fd = -1}};
}

uint64_t lqa_contents_size(const lqa_contents *c, int64_t row) {
  return c->offsets ? c->offsets[row + 1] - c->offsets[row] : 0;
}

lqa_status lqa_contents_get(const lqa_contents *c, int64_t row, size_t max_bytes, lqa_buf *out,
                            bool *found, lqa_error *err) {
  *found = c->offsets && has_content(c, row);
  if (!*found) {
    return LQA_OK;
  }
  uint64_t size = lqa_contents_size(c, row);
  size = max_bytes > 0 && size > max_bytes ? max_bytes : size;
  char *bytes = lqa_malloc((size_t)size + 1, 1);
  if (!bytes) {
    return lqa_fail_memory(err, "reading a row");
  }
  lqa_status status;
  LQA_TRY_OUT(lqa_scratch_read(&c->file, bytes, (size_t)size, c->offsets[row], err));
  lqa_buf_add(out, bytes, (size_t)size);
  status = lqa_buf_check(out, err);
out:
  free(bytes);
  return status;
}

/* ---- searching ---- */

/* A to Z become a to z, in place; the compiler makes vector code of it. */
static void fold(char *text, size_t size) {
  for (size_t i = 0; i < size; i++) {
    unsigned char c = (unsigned char)text[i];
    text[i] = (char)(c + (c >= 'A' && c <= 'Z' ? 32 : 0));
  }
}

/* Marks the rows [row, end) that hold `wanted`, both folded; `block` holds their contents. The
 * whole block is searched at once: a hit that runs over the end of a row is none. */
static void search_block(const lqa_contents *c, int64_t row, int64_t end, const char *block,
                         lqa_str wanted, uint8_t *found) {
  uint64_t base = c->offsets[row], size = c->offsets[end] - base, at = 0;
  const char *hit;
  while (at < size && (hit = memmem(block + at, size - at, wanted.data, wanted.size)) != NULL) {
    at = (uint64_t)(hit - block);
    while (c->offsets[row + 1] - base <= at) {
      row++;
    }
    if (at + wanted.size > c->offsets[row + 1] - base) {
      at++;
      continue;
    }
    found[row] = has_content(c, row);
    at = c->offsets[row + 1] - base;
  }
}

/* The rows from `row` on that fit into a block, one at least. */
static int64_t end_of_block(const lqa_contents *c, int64_t row) {
  int64_t end = row + 1;
  while (end < c->n_rows && c->offsets[end + 1] - c->offsets[row] <= BLOCK_BYTES) {
    end++;
  }
  return end;
}

/* Room for the largest block. */
static size_t find_room(const lqa_contents *c) {
  uint64_t most = BLOCK_BYTES;
  for (int64_t row = 0; c->offsets && row < c->n_rows; row++) {
    uint64_t size = lqa_contents_size(c, row);
    most = size > most ? size : most;
  }
  return (size_t)most;
}

lqa_status lqa_contents_search(const lqa_contents *c, lqa_str wanted, uint8_t *found,
                               lqa_error *err) {
  char *block = lqa_malloc(find_room(c) + 1, 1), *low = lqa_malloc(wanted.size + 1, 1);
  lqa_status status;
  LQA_TRY_OUT(block && low ? LQA_OK : lqa_fail_memory(err, "searching"));
  memset(found, wanted.size == 0, (size_t)c->n_rows);
  memcpy(low, wanted.data ? wanted.data : "", wanted.size);
  fold(low, wanted.size);
  for (int64_t row = 0, end; c->offsets && wanted.size > 0 && row < c->n_rows; row = end) {
    end = end_of_block(c, row);
    size_t size = (size_t)(c->offsets[end] - c->offsets[row]);
    LQA_TRY_OUT(lqa_scratch_read(&c->file, block, size, c->offsets[row], err));
    fold(block, size);
    search_block(c, row, end, block, (lqa_str){low, wanted.size}, found);
  }
out:
  free(low);
  free(block);
  return status;
}
