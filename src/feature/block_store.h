/* feature/block_store.h - rows of 32-bit words on disk, in blocks that are loaded whole.
 *
 * Records are appended to any block in any order; each block then comes back with its records in
 * the order they were added. One file without a name (base/scratch_file.h) holds all blocks as
 * extents. Adding is for one thread; loading may run in several at once.
 */
#ifndef LQA_FEATURE_BLOCK_STORE_H
#define LQA_FEATURE_BLOCK_STORE_H

#include "base/scratch_file.h"

typedef struct lqa_block_store lqa_block_store;

/* need_bytes: as for lqa_scratch_open. */
LQA_MUST_CHECK lqa_status lqa_block_store_open(const char *folder, size_t n_blocks,
                                               uint64_t need_bytes, lqa_block_store **out,
                                               lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_block_store_add(lqa_block_store *store, size_t block,
                                              const uint32_t *words, size_t n, lqa_error *err);
/* Writes what is still held; no more may be added. */
LQA_MUST_CHECK lqa_status lqa_block_store_finish(lqa_block_store *store, lqa_error *err);
size_t lqa_block_store_count(const lqa_block_store *store, size_t block); /* words */
/* Fills words[0..count). */
LQA_MUST_CHECK lqa_status lqa_block_store_load(const lqa_block_store *store, size_t block,
                                               uint32_t *words, lqa_error *err);
/* Puts words[0..n) in the place of the block's words; n is at most their count. Blocks may be
 * replaced and loaded in several threads at once, each by one of them. */
LQA_MUST_CHECK lqa_status lqa_block_store_replace(lqa_block_store *store, size_t block,
                                                  const uint32_t *words, size_t n, lqa_error *err);
void lqa_block_store_close(lqa_block_store *store); /* NULL is fine */

#endif
