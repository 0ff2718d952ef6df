/* Ownership of a dataset's memory: an arena for small things, a list of large blocks. */
#include "data/dataset/storage.h"

#include <sys/mman.h>

enum { ARENA_MAX_BYTES = 1 << 16 }; /* larger requests get a block of their own */

lqa_dataset_storage *lqa_storage_new(void) {
  lqa_dataset_storage *storage = lqa_calloc(1, sizeof *storage);
  if (storage) {
    lqa_arena_init(&storage->arena);
  }
  return storage;
}

static void release(lqa_storage_block block) {
  if (block.map_bytes > 0) {
    munmap(block.data, block.map_bytes);
  } else {
    free(block.data);
  }
}

void lqa_storage_free(lqa_dataset_storage *storage) {
  if (!storage) {
    return;
  }
  for (size_t i = 0; i < storage->blocks.n; i++) {
    release(storage->blocks.data[i]);
  }
  lqa_vec_clear(&storage->blocks);
  if (storage->embeddings.map) {
    lqa_npy_close(&storage->embeddings);
  }
  if (storage->pred_probs.map) {
    lqa_npy_close(&storage->pred_probs);
  }
  lqa_arena_clear(&storage->arena);
  free(storage);
}

lqa_status lqa_storage_keep(lqa_dataset_storage *storage, void *data, size_t map_bytes) {
  lqa_storage_block block = {data, map_bytes};
  lqa_status status = lqa_vec_push(&storage->blocks, block);
  if (status != LQA_OK) {
    release(block);
  }
  return status;
}

void *lqa_storage_alloc(lqa_dataset_storage *storage, size_t n, size_t size) {
  if (size > 0 && n < ARENA_MAX_BYTES / size) {
    return lqa_arena_alloc(&storage->arena, n, size);
  }
  void *data = lqa_calloc(n, size);
  return data && lqa_storage_keep(storage, data, 0) == LQA_OK ? data : NULL;
}
