/* feature/char_hash.h - hashed character n-grams: a second view of the text that needs no
 * vocabulary.
 *
 * Every text is lower-cased and cut at white space; each word, with a blank on both sides, gives
 * its runs of `n` code points (a shorter word gives itself). A run is known by its hash alone; two
 * runs may share one, which is harmless for counting models as long as there are more hash values
 * than frequent runs. A row holds each of its hashes once, with value 1 / sqrt(number of them).
 * Hashes that occur in one row only are dropped and the others numbered in order. Bytes do not
 * depend on the pool.
 */
#ifndef LQA_FEATURE_CHAR_HASH_H
#define LQA_FEATURE_CHAR_HASH_H

#include "base/pool.h"
#include "feature/sparse.h"
#include "feature/symbols.h"

typedef struct lqa_char_hash_options {
  unsigned n;         /* code points, 1 to 8 */
  unsigned hash_bits; /* 2^hash_bits hash values, 8 to 24 */
  lqa_pool *pool;     /* NULL: this thread alone */
} lqa_char_hash_options;

/* Columns of a row are in order of first appearance, not ascending. *out is to be cleared whatever
 * the status: LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_char_hash_build(const lqa_text_rows *rows,
                                              const lqa_char_hash_options *options,
                                              lqa_sparse *out);

#endif
