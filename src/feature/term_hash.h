/* feature/term_hash.h - a text's n-grams as 64-bit hashes, for features without a vocabulary.
 *
 * The same n-grams as feature/tfidf.h has: of words, or of the code points of space-padded words.
 */
#ifndef LQA_FEATURE_TERM_HASH_H
#define LQA_FEATURE_TERM_HASH_H

#include "feature/tfidf.h"
#include "feature/token.h"

/* Scratch of one thread; zeroes to begin with. */
typedef struct lqa_term_hasher {
  lqa_tokenizer tokenizer;
  LQA_VEC(uint64_t) symbols; /* 0: no n-gram crosses it */
  LQA_VEC(uint64_t) terms;   /* result of lqa_term_hasher_read, repeats included */
} lqa_term_hasher;

void lqa_term_hasher_init(lqa_term_hasher *hasher);
void lqa_term_hasher_clear(lqa_term_hasher *hasher);
/* Fills hasher->terms. LQA_NO_MEMORY, LQA_BAD_DATA for a text of 4 GB or more. */
LQA_MUST_CHECK lqa_status lqa_term_hasher_read(lqa_term_hasher *hasher,
                                               const lqa_tfidf_options *options, lqa_str text);

#endif
