/* feature/hashed_pack.h - what a stored row becomes once all rows have been counted, and back
 * (internal to hashed_blocks.c).
 *
 * As rows are read, an entry is a bucket and a count. Its column and its weight are known when all
 * rows were read; then every block is written again, an entry a column above and a weight below,
 * and every load is a shift and a mask.
 */
#ifndef LQA_FEATURE_HASHED_PACK_H
#define LQA_FEATURE_HASHED_PACK_H

#include "feature/hashed_blocks.h"

enum {
  LQA_ROW_HEAD = 3,   /* words before a row's entries: number, number of entries, square norm */
  LQA_COUNT_BITS = 8, /* of an entry as it is read: how often the term occurs, below the bucket */
  LQA_MAX_COUNT = 255
};

/* What all rows amount to; n_times is needed with max_features only. */
typedef struct lqa_bucket_counts {
  const uint32_t *n_rows;  /* per bucket */
  const uint32_t *n_times; /* or NULL */
} lqa_bucket_counts;

/* Chooses the columns and rewrites all blocks; fills n_used, n_columns and value_bits. */
LQA_MUST_CHECK lqa_status lqa_hashed_blocks_pack(lqa_hashed_blocks *features,
                                                 const lqa_bucket_counts *counts, lqa_error *err);

#endif
