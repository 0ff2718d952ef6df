/* data/dataset/content.h - what makes two rows the same: the hash of their folded content. */
#ifndef LQA_DATA_DATASET_CONTENT_H
#define LQA_DATA_DATASET_CONTENT_H

#include "base/buf.h"
#include "base/pool.h"
#include "data/dataset/dataset.h"

/* Marks blank content as NULL (content.valid) and fills content_hash, on `pool` (NULL: here). Rows
 * that have embeddings and no text column are known by the hash of their numbers. */
LQA_MUST_CHECK lqa_status lqa_content_finish(lqa_dataset *dataset, lqa_pool *pool, lqa_error *err);

/* The hash of `text` as lqa_content_finish takes it; `scratch` is overwritten. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_content_hash(lqa_str text, lqa_buf *scratch, lqa_hash128 *hash);
/* The hash of a row that embeddings alone are known of. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_content_hash_numbers(const lqa_matrix *matrix, int64_t row,
                                                   lqa_buf *scratch, lqa_hash128 *hash);
/* Appends `text` without the apostrophes that CSV output puts before cells that a spreadsheet would
 * take for a formula, at its start and behind the separators of joined columns. False, with nothing
 * appended, where there is none. */
bool lqa_content_unguard(lqa_str text, lqa_buf *out);

#endif
