/* feature/tfidf.h - texts to a sparse matrix of tf-idf weights, as scikit-learn's TfidfVectorizer.
 *
 *     lqa_tfidf_options options = lqa_tfidf_defaults();
 *     lqa_tfidf tfidf;
 *     lqa_status status = lqa_tfidf_build(&rows, &options, pool, &tfidf, err);
 *     ... tfidf.matrix ...
 *     lqa_tfidf_clear(&tfidf);
 *
 * weight(t, row) = tf * idf(t), rows scaled to l2 norm 1, idf(t) = ln((1 + n) / (1 + df(t))) + 1,
 * tf = occurrences or 1 + ln(occurrences) (sublinear). Computed in double, stored as float32.
 * Vocabulary and idf come from all rows in use; they hold no label. Columns are in alphabetical
 * (code point) order of the terms. With max_features the most frequent terms by total occurrences
 * are kept, ties in alphabetical order (scikit-learn leaves ties to an unstable sort). The bytes of
 * the result do not depend on the pool.
 */
#ifndef LQA_FEATURE_TFIDF_H
#define LQA_FEATURE_TFIDF_H

#include "base/buf.h"
#include "feature/sparse.h"
#include "feature/terms.h"

typedef enum lqa_term_kind {
  LQA_TERMS_WORDS,     /* analyzer "word" */
  LQA_TERMS_CHARACTERS /* analyzer "char_wb": code points within space-padded words */
} lqa_term_kind;

typedef struct lqa_tfidf_options {
  lqa_term_kind kind;
  int ngram_lo, ngram_hi;
  int64_t min_df;       /* rows a term must occur in */
  int64_t max_features; /* 0 = all */
  bool sublinear_tf;
  uint64_t memory_bytes; /* limit for counting, 0 = none */
} lqa_tfidf_options;

typedef struct lqa_tfidf {
  lqa_sparse matrix; /* n_columns 0 and empty rows if no term occurs often enough */
  double *idf;       /* n_columns */
  int64_t n_documents;
  lqa_term_kind kind;
  lqa_terms terms;
  uint32_t n_symbols;
  lqa_word *words; /* the symbols, whose texts lie in arena */
  lqa_arena arena;
} lqa_tfidf;

/* Words, 1-2-grams, min_df 2, all features. */
lqa_tfidf_options lqa_tfidf_defaults(void);

/* *out is to be cleared whatever the status. */
LQA_MUST_CHECK lqa_status lqa_tfidf_build(const lqa_text_rows *rows,
                                          const lqa_tfidf_options *options, lqa_pool *pool,
                                          lqa_tfidf *out, lqa_error *err);
void lqa_tfidf_clear(lqa_tfidf *tfidf);

/* Appends the text of a column's term ("oil prices"). */
void lqa_tfidf_term(const lqa_tfidf *tfidf, uint32_t column, lqa_buf *out);

#endif
