/* audit/measure/hashed_rows.h - any row as a bag of hashed features, for quick models.
 *
 * Text gives its terms (the model's sparse matrix where there is one, else its words), a table its
 * columns' values in bins, an embedding its dimensions in bins. Feature numbers are hashed into
 * n_buckets, so that one small naive Bayes serves every kind of data.
 */
#ifndef LQA_AUDIT_MEASURE_HASHED_ROWS_H
#define LQA_AUDIT_MEASURE_HASHED_ROWS_H

#include "audit/audit.h"

/* Where bags come from; made once per audit. */
typedef struct lqa_hashed_row_source lqa_hashed_row_source;

/* n_buckets: a power of two. LQA_OK with *out = NULL where the data has no content to look at. */
LQA_MUST_CHECK lqa_status lqa_hashed_row_source_new(const lqa_audit_input *input,
                                                    uint32_t n_buckets, lqa_hashed_row_source **out,
                                                    lqa_error *err);
void lqa_hashed_row_source_free(lqa_hashed_row_source *source);
uint32_t lqa_hashed_row_source_buckets(const lqa_hashed_row_source *source);

/* Bags of some rows, in compressed rows. */
typedef struct lqa_hashed_rows {
  size_t n;
  int64_t *row;    /* ascending */
  uint64_t *start; /* n + 1 */
  uint32_t *bucket;
  uint8_t *half; /* 0 or 1: which of two folds; rows of one cluster share it */
} lqa_hashed_rows;

/* Up to `max_rows` rows with content of [from, to), drawn by `seed` (all, if they are fewer). */
LQA_MUST_CHECK lqa_status lqa_hashed_rows_draw(const lqa_hashed_row_source *source, int64_t from,
                                               int64_t to, size_t max_rows, uint64_t seed,
                                               lqa_hashed_rows *out, lqa_error *err);
void lqa_hashed_rows_clear(lqa_hashed_rows *bag);

#endif
