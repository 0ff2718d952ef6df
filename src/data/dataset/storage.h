/* data/dataset/storage.h - what owns the memory of a dataset.
 *
 * Small things live in one arena; large blocks come from malloc or mmap and are handed over, so
 * that nothing is copied on its way into the dataset.
 */
#ifndef LQA_DATA_DATASET_STORAGE_H
#define LQA_DATA_DATASET_STORAGE_H

#include "base/arena.h"
#include "base/npy.h"
#include "base/vec.h"

/* One block: heap memory, or a map when map_bytes > 0. */
typedef struct lqa_storage_block {
  void *data;
  size_t map_bytes;
} lqa_storage_block;

typedef struct lqa_dataset_storage {
  lqa_arena arena;
  LQA_VEC(lqa_storage_block) blocks;
  lqa_npy embeddings, pred_probs; /* map NULL where not open */
  /* The 0-based row in its file of every row, where rows were filtered out; else NULL. */
  const int64_t *row_in_file;
  bool is_cut;            /* reading stopped at a limit */
  bool is_content_mapped; /* the content's bytes lie in a file */
} lqa_dataset_storage;

lqa_dataset_storage *lqa_storage_new(void); /* NULL when out of memory */
void lqa_storage_free(lqa_dataset_storage *storage);
/* Takes a malloc'ed block (or a map of map_bytes); it is released at once where that fails. */
LQA_MUST_CHECK lqa_status lqa_storage_keep(lqa_dataset_storage *storage, void *data,
                                           size_t map_bytes);
/* n * size zeroed bytes that live as long as the storage; NULL when out of memory. */
void *lqa_storage_alloc(lqa_dataset_storage *storage, size_t n, size_t size);

#endif
