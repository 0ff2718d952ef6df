/* feature/dictionary.h - distinct words with their counts, built for speed.
 *
 * As lqa_map, but tuned for tens of millions of short words: keys of up to 8 bytes are compared as
 * one integer, and the counts lie beside the key. Words are numbered 0, 1, ... in order of first
 * sight. Exact: no two words ever share a number. One thread at a time.
 */
#ifndef LQA_FEATURE_DICTIONARY_H
#define LQA_FEATURE_DICTIONARY_H

#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"

typedef struct lqa_word {
  const char *data; /* owned by the dictionary */
  uint32_t size;
  uint32_t hash;
  uint64_t head;     /* the first 8 bytes, zero-padded, first byte lowest */
  uint64_t count;    /* occurrences */
  uint32_t n_rows;   /* rows it occurs in */
  uint32_t last_row; /* the row counted last, plus 1 (modulo 2^32) */
} lqa_word;

typedef struct lqa_dictionary {
  LQA_VEC(lqa_word) words;
  uint32_t *slots; /* word number + 1, 0 = empty */
  uint32_t mask;   /* slot count - 1 */
  lqa_arena arena;
} lqa_dictionary;

LQA_MUST_CHECK lqa_status lqa_dictionary_init(lqa_dictionary *dictionary);
void lqa_dictionary_clear(lqa_dictionary *dictionary);

/* The number of the `size` > 0 bytes at `data`, added if new; at least 8 bytes must be readable
 * there. Counts are untouched. */
LQA_MUST_CHECK lqa_status lqa_dictionary_add(lqa_dictionary *dictionary, const char *data,
                                             uint32_t size, uint32_t *number);

/* The number of a word of another dictionary, added with counts of zero if new. */
LQA_MUST_CHECK lqa_status lqa_dictionary_add_word(lqa_dictionary *dictionary, const lqa_word *word,
                                                  uint32_t *number);

/* Counts one occurrence of word `number` in `row`; rows must come in one piece each. */
static inline void lqa_dictionary_count(lqa_dictionary *dictionary, uint32_t number, uint32_t row) {
  lqa_word *word = &dictionary->words.data[number];
  word->count++;
  word->n_rows += word->last_row != row + 1;
  word->last_row = row + 1;
}

#endif
