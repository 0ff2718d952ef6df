/* Every block holds a small buffer; a full one becomes an extent at the end of the file. So rows
 * can be dealt to all blocks at once, in one pass, whatever order the source has: an external
 * shuffle.
 */
#include "feature/block_store.h"

#include "base/vec.h"

#include <string.h>

enum { EXTENT_WORDS = 32768 };

typedef struct block {
  LQA_VEC(uint32_t) held;    /* up to EXTENT_WORDS */
  LQA_VEC(uint64_t) extents; /* offsets in the file, of EXTENT_WORDS words but for the last */
  size_t n_words;
} block;

struct lqa_block_store {
  lqa_scratch_file file;
  block *blocks;
  size_t n_blocks;
  uint64_t file_bytes;
};

lqa_status lqa_block_store_open(const char *folder, size_t n_blocks, uint64_t need_bytes,
                                lqa_block_store **out, lqa_error *err) {
  lqa_block_store *store = lqa_calloc(1, sizeof *store);
  if (!store) {
    return lqa_fail_memory(err, "storing features on disk");
  }
  store->file.fd = -1;
  store->n_blocks = n_blocks;
  store->blocks = lqa_calloc(n_blocks, sizeof *store->blocks);
  lqa_status status = store->blocks ? lqa_scratch_open(&store->file, folder, need_bytes, err)
                                    : lqa_fail_memory(err, "storing features on disk");
  if (status != LQA_OK) {
    lqa_block_store_close(store);
    return status;
  }
  *out = store;
  return LQA_OK;
}

/* What the block holds becomes an extent. */
static lqa_status write_extent(lqa_block_store *store, block *b, lqa_error *err) {
  size_t size = b->held.n * sizeof *b->held.data;
  if (lqa_vec_push(&b->extents, store->file_bytes) != LQA_OK) {
    return lqa_fail_memory(err, "storing features on disk");
  }
  LQA_TRY(lqa_scratch_write(&store->file, b->held.data, size, store->file_bytes, err));
  store->file_bytes += size;
  b->held.n = 0;
  return LQA_OK;
}

lqa_status lqa_block_store_add(lqa_block_store *store, size_t number, const uint32_t *words,
                               size_t n, lqa_error *err) {
  block *b = &store->blocks[number];
  if (lqa_vec_reserve(&b->held, EXTENT_WORDS) != LQA_OK) {
    return lqa_fail_memory(err, "storing features on disk");
  }
  b->n_words += n;
  while (n > 0) {
    size_t room = EXTENT_WORDS - b->held.n, part = n < room ? n : room;
    memcpy(b->held.data + b->held.n, words, part * sizeof *words);
    b->held.n += part;
    words += part;
    n -= part;
    if (b->held.n == EXTENT_WORDS) {
      LQA_TRY(write_extent(store, b, err));
    }
  }
  return LQA_OK;
}

lqa_status lqa_block_store_finish(lqa_block_store *store, lqa_error *err) {
  for (size_t i = 0; i < store->n_blocks; i++) {
    block *b = &store->blocks[i];
    if (b->held.n > 0) {
      LQA_TRY(write_extent(store, b, err));
    }
    lqa_vec_clear(&b->held);
  }
  return LQA_OK;
}

size_t lqa_block_store_count(const lqa_block_store *store, size_t number) {
  return store->blocks[number].n_words;
}

lqa_status lqa_block_store_load(const lqa_block_store *store, size_t number, uint32_t *words,
                                lqa_error *err) {
  const block *b = &store->blocks[number];
  for (size_t i = 0, done = 0; done < b->n_words; i++, done += EXTENT_WORDS) {
    size_t left = b->n_words - done, n = left < EXTENT_WORDS ? left : EXTENT_WORDS;
    LQA_TRY(
        lqa_scratch_read(&store->file, words + done, n * sizeof *words, b->extents.data[i], err));
  }
  return LQA_OK;
}

lqa_status lqa_block_store_replace(lqa_block_store *store, size_t number, const uint32_t *words,
                                   size_t n, lqa_error *err) {
  block *b = &store->blocks[number];
  for (size_t i = 0, done = 0; done < n; i++, done += EXTENT_WORDS) {
    size_t left = n - done, part = left < EXTENT_WORDS ? left : EXTENT_WORDS;
    LQA_TRY(lqa_scratch_write(&store->file, words + done, part * sizeof *words, b->extents.data[i],
                              err));
  }
  b->n_words = n;
  return LQA_OK;
}

void lqa_block_store_close(lqa_block_store *store) {
  if (!store) {
    return;
  }
  for (size_t i = 0; store->blocks && i < store->n_blocks; i++) {
    lqa_vec_clear(&store->blocks[i].held);
    lqa_vec_clear(&store->blocks[i].extents);
  }
  free(store->blocks);
  lqa_scratch_close(&store->file);
  free(store);
}
