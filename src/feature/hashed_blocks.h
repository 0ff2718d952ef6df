/* feature/hashed_blocks.h - tf-idf rows on disk, in shuffled blocks, with hashed columns: for texts
 * whose matrix does not fit in memory.
 *
 *     lqa_hashed_blocks features;
 *     LQA_TRY_OUT(lqa_hashed_blocks_build(&rows, &options, &features, err));
 *     lqa_feature_block block = {0};
 *     for (size_t i = 0; i < features.n_blocks; i++) {
 *       LQA_TRY_OUT(lqa_hashed_blocks_load(&features, i, &block, err));
 *       ... block.x, block.row ...
 *     }
 *
 * Weights are those of feature/tfidf.h, with four differences. A column is a bucket of term hashes,
 * so terms may share one. Terms in fewer than min_df rows are dropped by a counting filter: one
 * that shares its slot with others may stay, and a term is counted once for every occurrence. A
 * term counts at most 255 times within a row. A weight is rounded: entry and weight share 32 bits
 * (hashed_pack.c), which leaves it at least 10 of them up to 4 million columns. max_features keeps
 * the most frequent buckets. Rows are dealt to blocks by a hash of seed and row number, so the
 * order of the source does not matter. The bytes do not depend on the pool.
 */
#ifndef LQA_FEATURE_HASHED_BLOCKS_H
#define LQA_FEATURE_HASHED_BLOCKS_H

#include "base/observer.h"
#include "feature/block_store.h"
#include "feature/tfidf.h"

typedef struct lqa_hashed_options {
  lqa_tfidf_options terms; /* memory_bytes is not used */
  unsigned bucket_bits;    /* 2^bucket_bits buckets, 8 to 24 */
  unsigned filter_bits;    /* slots of the counting filter, a byte each, 8 to 32 */
  size_t n_blocks;
  uint64_t seed;
  const char *folder;  /* for the file; NULL = /tmp */
  uint64_t need_bytes; /* on that disk, see lqa_scratch_open */
  lqa_pool *pool;      /* NULL: this thread alone */
  const lqa_observer *observer;
  void (*release)(void *data, int64_t row); /* told that rows below `row` were read; or NULL */
  void *release_data;
} lqa_hashed_options;

typedef struct lqa_hashed_blocks {
  lqa_hashed_options options;
  lqa_block_store *store;
  size_t n_blocks;
  size_t *n_rows; /* per block */
  size_t max_rows;
  int32_t n_columns;   /* n_used, at least 1; frequent ones first */
  unsigned value_bits; /* of a stored entry */
  int64_t n_source_rows, n_documents;
  uint64_t n_entries;
  uint32_t n_used; /* buckets that occur often enough */
} lqa_hashed_blocks;

/* A loaded block; zeroes to begin with, buffers are reused. Columns of a row are in no order. */
typedef struct lqa_feature_block {
  size_t n_rows;
  uint32_t *row;      /* of the source */
  float *square_norm; /* of the row of x */
  lqa_sparse x;
  LQA_VEC(uint32_t) words;
  LQA_VEC(uint32_t) rows, columns;
  LQA_VEC(uint64_t) starts;
  LQA_VEC(float) norms, values;
} lqa_feature_block;

/* *out is to be cleared whatever the status. Errors: LQA_NO_MEMORY, LQA_BAD_FILE (the disk),
 * LQA_INTERRUPTED, LQA_BAD_DATA. */
LQA_MUST_CHECK lqa_status lqa_hashed_blocks_build(const lqa_text_rows *rows,
                                                  const lqa_hashed_options *options,
                                                  lqa_hashed_blocks *out, lqa_error *err);
void lqa_hashed_blocks_clear(lqa_hashed_blocks *features);
/* May run in several threads, each with a block of its own. */
LQA_MUST_CHECK lqa_status lqa_hashed_blocks_load(const lqa_hashed_blocks *features, size_t number,
                                                 lqa_feature_block *block, lqa_error *err);
void lqa_feature_block_clear(lqa_feature_block *block);

#endif
