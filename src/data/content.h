/* data/content.h - what makes two rows the same: the hash of their folded content. */
#ifndef LQA_DATA_CONTENT_H
#define LQA_DATA_CONTENT_H

#include "base/pool.h"
#include "data/dataset.h"

/* Marks blank content as NULL (content.valid) and fills content_hash, on `pool` (NULL: here). Rows
 * that have embeddings and no text column are known by the hash of their numbers. */
lqa_status lqa_content_finish(lqa_dataset *dataset, lqa_pool *pool, lqa_error *err);

#endif
