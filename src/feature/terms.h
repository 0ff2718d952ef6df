/* feature/terms.h - which n-grams become columns: the second pass, over symbol numbers.
 *
 * An n-gram is a 64-bit key: its symbols' numbers plus one, in `bits` bits each, first symbol
 * highest, zeroes after the last. Keys are exact (no hashing of text), and their order is the
 * alphabetical order of the terms: every word character sorts after the space that joins words.
 * Columns are numbered in that order, as scikit-learn's vocabulary_ is.
 */
#ifndef LQA_FEATURE_TERMS_H
#define LQA_FEATURE_TERMS_H

#include "base/sort.h"
#include "feature/symbols.h"

typedef struct lqa_term_options {
  int ngram_lo, ngram_hi; /* symbols per term, 1 <= lo <= hi <= 16 */
  int64_t min_rows;       /* rows a term must occur in, at least 1 */
  int64_t max_terms;      /* keep the most frequent by occurrences, ties in term order; 0 = all */
  bool short_words;       /* character n-grams: a word shorter than ngram_lo is one term */
  uint64_t memory_bytes;  /* for counting; more rounds are made rather than more memory taken */
} lqa_term_options;

typedef struct lqa_terms {
  lqa_term_options options;
  unsigned bits; /* per symbol */
  uint32_t n_terms;
  lqa_keyed *terms; /* n_terms, ascending by key: the columns */
  uint32_t
      *symbol_column;  /* per symbol: the column of the term that is this symbol alone, or NONE */
  uint32_t *slots;     /* hash table of the longer terms: column + 1 */
  uint32_t mask;       /* slot count - 1 */
  unsigned slot_shift; /* hash bits that are no slot number */
} lqa_terms;

/* Counts and chooses. Errors: LQA_BAD_USAGE if n-grams of that length over that many symbols do not
 * fit 64 bits, LQA_NO_MEMORY. *out is to be cleared whatever the status. */
LQA_MUST_CHECK lqa_status lqa_terms_count(const lqa_symbols *symbols,
                                          const lqa_term_options *options, lqa_pool *pool,
                                          lqa_terms *out, lqa_error *err);
void lqa_terms_clear(lqa_terms *terms);

/* Most keys that a row of n symbols can give. */
size_t lqa_terms_max_keys(const lqa_terms *terms, size_t n);
/* Writes the keys of all n-grams of two symbols or more in a row (short words: of one too); returns
 * how many. Those with a dropped symbol are left out. */
size_t lqa_terms_keys(const lqa_terms *terms, const uint32_t *symbols, size_t n, uint64_t *keys);

/* A well-mixed hash of a key. */
static inline uint64_t lqa_term_hash(uint64_t key) {
  key *= 0x9E3779B97F4A7C15u;
  return (key ^ key >> 32) * 0xD6E8FEB86659FD93u;
}
/* Where the search for a key begins. */
static inline size_t lqa_terms_slot(const lqa_terms *terms, uint64_t key) {
  return lqa_term_hash(key) >> terms->slot_shift;
}
/* Asks for the memory that lqa_terms_find(terms, key) will read. */
static inline void lqa_terms_prefetch(const lqa_terms *terms, uint64_t key) {
  __builtin_prefetch(&terms->slots[lqa_terms_slot(terms, key)]);
}
/* The column of a key of lqa_terms_keys, or LQA_SYMBOL_NONE. */
uint32_t lqa_terms_find(const lqa_terms *terms, uint64_t key);

#endif
