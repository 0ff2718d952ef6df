/* feature/symbols.h - texts as sequences of numbered symbols: the first pass over the text.
 *
 * A symbol is a word (feature/token.h) or, for character n-grams, a code point. Symbols are
 * numbered by code-point order of their text, so comparing numbers compares texts, and an n-gram is
 * a tuple of numbers. A symbol that occurs in fewer rows than `min_rows` cannot be part of any term
 * that occurs in min_rows rows: it is not numbered and appears as LQA_SYMBOL_NONE.
 *
 * Rows are cut into chunks by their bytes alone, so nothing depends on the number of threads.
 */
#ifndef LQA_FEATURE_SYMBOLS_H
#define LQA_FEATURE_SYMBOLS_H

#include "base/observer.h"
#include "base/pool.h"
#include "data/dataset/dataset.h"
#include "feature/dictionary.h"

#define LQA_SYMBOL_NONE 0xFFFFFFFFu  /* a symbol in too few rows */
#define LQA_SYMBOL_BREAK 0xFFFFFFFEu /* no n-gram crosses it */

/* Texts to read: `use` has one byte per row, 0 = leave the row empty; NULL = all rows. */
typedef struct lqa_text_rows {
  const lqa_column *text;
  const uint8_t *use;
} lqa_text_rows;

typedef struct lqa_symbol_chunk {
  int64_t first_row, n_rows;
  LQA_VEC(uint32_t) symbols;
  uint64_t *row_end; /* n_rows; offsets into symbols */
  size_t worker;     /* whose numbers it holds, before merging */
} lqa_symbol_chunk;

typedef struct lqa_symbols {
  lqa_symbol_chunk *chunks;
  size_t n_chunks;
  int64_t n_documents; /* rows in use */
  uint32_t n_symbols;
  lqa_word *words; /* n_symbols, in text order */
  lqa_arena arena; /* their texts */
} lqa_symbols;

typedef struct lqa_symbol_options {
  bool characters;     /* code points of space-padded words instead of words */
  int64_t min_rows;    /* drop symbols in fewer rows; at least 1 */
  int64_t max_symbols; /* drop symbols that occur less often than the max_symbols-th most frequent
                        * (ties stay, so more may be kept); 0 = keep all */
} lqa_symbol_options;

/* Reads all texts. *out is to be cleared whatever the status. */
LQA_MUST_CHECK lqa_status lqa_symbols_read(const lqa_text_rows *rows,
                                           const lqa_symbol_options *options, lqa_pool *pool,
                                           lqa_symbols *out, lqa_error *err);
void lqa_symbols_clear(lqa_symbols *symbols);

/* The symbols of the i-th row of a chunk. */
static inline const uint32_t *lqa_symbol_row(const lqa_symbol_chunk *chunk, int64_t i, size_t *n) {
  uint64_t start = i > 0 ? chunk->row_end[i - 1] : 0;
  *n = (size_t)(chunk->row_end[i] - start);
  return chunk->symbols.data + start;
}

#endif
