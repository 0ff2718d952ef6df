/* feature/band.h - rows that share a hash, as buckets. */
#ifndef LQA_FEATURE_BAND_H
#define LQA_FEATURE_BAND_H

#include "base/vec.h"

/* One band of a MinHash: buckets of two rows or more, in the order of their hash, rows ascending.
 * Bucket b is row.data[end.data[b - 1]] .. row.data[end.data[b] - 1]. */
typedef struct lqa_band {
  LQA_VEC(uint32_t) row;
  LQA_VEC(size_t) end;
  uint64_t *entries, *spare; /* scratch */
} lqa_band;

/* For up to `n` rows. */
LQA_MUST_CHECK lqa_status lqa_band_init(lqa_band *band, size_t n);
void lqa_band_clear(lqa_band *band);
/* hash[i] is that of row[i]; rows ascend. */
LQA_MUST_CHECK lqa_status lqa_band_find_buckets(lqa_band *band, const uint32_t *hash,
                                                const uint32_t *row, size_t n);

#endif
