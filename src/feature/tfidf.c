/* The third pass: symbols to rows of weights.
 *
 * Each chunk of rows looks up its columns (hashes of a whole row first, so that the table's cache
 * misses overlap), sorts them, counts equals and scales; chunks are then copied behind one another.
 * Reference for the formula: scikit-learn, feature_extraction/text.py, TfidfTransformer with
 * smooth_idf.
 */
#include "feature/tfidf.h"

#include "base/explog.h"
#include "feature/column_sort.h"

#include <math.h>

/* A chunk's rows of the matrix, before they are put together. */
typedef struct piece {
  LQA_VEC(uint32_t) columns;
  LQA_VEC(float) values;
  uint64_t first; /* offset in the matrix */
  char apart[LQA_APART_BYTES];
} piece;

typedef struct scratch {
  LQA_VEC(uint64_t) keys;
  LQA_VEC(uint32_t) columns, scratch;
  LQA_VEC(double) weights;
  char apart[LQA_APART_BYTES];
} scratch;

typedef struct weighting {
  const lqa_symbols *symbols;
  const lqa_tfidf_options *options;
  lqa_tfidf *out;
  piece *pieces;
  scratch *scratches;
} weighting;

lqa_tfidf_options lqa_tfidf_defaults(void) {
  return (lqa_tfidf_options){.kind = LQA_TERMS_WORDS, .ngram_lo = 1, .ngram_hi = 2, .min_df = 2};
}

/* The columns of all terms of a row, sorted, repeats included. */
static lqa_status find_columns(const weighting *job, scratch *s, const uint32_t *symbols,
                               size_t n) {
  const lqa_terms *terms = &job->out->terms;
  size_t max_keys = lqa_terms_max_keys(terms, n);
  LQA_TRY(lqa_vec_reserve(&s->keys, max_keys));
  LQA_TRY(lqa_vec_reserve(&s->columns, n + max_keys));
  LQA_TRY(lqa_vec_reserve(&s->scratch, n + max_keys));
  size_t n_keys = lqa_terms_keys(terms, symbols, n, s->keys.data), n_columns = 0;
  for (size_t i = 0; i < n_keys; i++) {
    lqa_terms_prefetch(terms, s->keys.data[i]);
  }
  for (size_t i = 0; i < n; i++) {
    uint32_t column =
        symbols[i] < LQA_SYMBOL_BREAK ? terms->symbol_column[symbols[i]] : LQA_SYMBOL_NONE;
    s->columns.data[n_columns] = column;
    n_columns += column != LQA_SYMBOL_NONE;
  }
  for (size_t i = 0; i < n_keys; i++) {
    uint32_t column = lqa_terms_find(terms, s->keys.data[i]);
    s->columns.data[n_columns] = column;
    __builtin_prefetch(job->out->idf + (column != LQA_SYMBOL_NONE ? column : 0));
    n_columns += column != LQA_SYMBOL_NONE;
  }
  if (n_columns > 0) { /* buffers may be NULL */
    lqa_sort_columns(s->columns.data, s->scratch.data, n_columns);
  }
  s->columns.n = n_columns;
  return LQA_OK;
}

/* Sorted columns with repeats become distinct columns with weights; returns the sum of squares. */
static double weigh(const weighting *job, scratch *s) {
  double squares = 0;
  size_t n = 0;
  for (size_t i = 0, next; i < s->columns.n; i = next) {
    uint32_t column = s->columns.data[i];
    for (next = i + 1; next < s->columns.n && s->columns.data[next] == column; next++) {
    }
    double count = (double)(next - i);
    double tf = job->options->sublinear_tf && count > 1 ? 1 + lqa_log(count) : count;
    double weight = tf * job->out->idf[column];
    s->columns.data[n] = column;
    s->weights.data[n++] = weight;
    squares += weight * weight;
  }
  s->columns.n = n;
  return squares;
}

static lqa_status add_row(const weighting *job, scratch *s, piece *p, const uint32_t *symbols,
                          size_t n) {
  LQA_TRY(find_columns(job, s, symbols, n));
  LQA_TRY(lqa_vec_reserve(&s->weights, s->columns.n));
  double norm = sqrt(weigh(job, s));
  LQA_TRY(lqa_vec_reserve(&p->columns, p->columns.n + s->columns.n));
  LQA_TRY(lqa_vec_reserve(&p->values, p->values.n + s->columns.n));
  for (size_t i = 0; i < s->columns.n; i++) {
    p->columns.data[p->columns.n++] = s->columns.data[i];
    p->values.data[p->values.n++] = (float)(s->weights.data[i] / norm);
  }
  return LQA_OK;
}

static lqa_status weigh_chunk(void *data, size_t task, size_t worker) {
  weighting *job = data;
  const lqa_symbol_chunk *chunk = &job->symbols->chunks[task];
  piece *p = &job->pieces[task];
  for (int64_t i = 0; i < chunk->n_rows; i++) {
    size_t n;
    const uint32_t *symbols = lqa_symbol_row(chunk, i, &n);
    LQA_TRY(add_row(job, &job->scratches[worker], p, symbols, n));
    job->out->matrix.row_start[chunk->first_row + i + 1] = p->columns.n;
  }
  return LQA_OK;
}

static lqa_status place_chunk(void *data, size_t task, size_t worker) {
  (void)worker;
  weighting *job = data;
  const lqa_symbol_chunk *chunk = &job->symbols->chunks[task];
  piece *p = &job->pieces[task];
  lqa_sparse *matrix = &job->out->matrix;
  if (p->columns.n > 0) {
    memcpy(matrix->column + p->first, p->columns.data, p->columns.n * sizeof *matrix->column);
    memcpy(matrix->value + p->first, p->values.data, p->values.n * sizeof *matrix->value);
  }
  for (int64_t i = 0; i < chunk->n_rows; i++) {
    matrix->row_start[chunk->first_row + i + 1] += p->first;
  }
  lqa_vec_clear(&p->columns);
  lqa_vec_clear(&p->values);
  return LQA_OK;
}

static lqa_status fill_matrix(weighting *job, lqa_pool *pool) {
  size_t n_chunks = job->symbols->n_chunks;
  LQA_TRY(lqa_pool_run(pool, n_chunks, weigh_chunk, job));
  uint64_t n_values = 0;
  for (size_t i = 0; i < n_chunks; i++) {
    job->pieces[i].first = n_values;
    n_values += job->pieces[i].columns.n;
  }
  job->out->matrix.column = lqa_malloc(n_values, sizeof *job->out->matrix.column);
  job->out->matrix.value = lqa_malloc(n_values, sizeof *job->out->matrix.value);
  if (!job->out->matrix.column || !job->out->matrix.value) {
    return LQA_NO_MEMORY;
  }
  return lqa_pool_run(pool, n_chunks, place_chunk, job);
}

static lqa_status compute_idf(lqa_tfidf *out) {
  out->idf = lqa_malloc(out->terms.n_terms, sizeof *out->idf);
  if (!out->idf) {
    return LQA_NO_MEMORY;
  }
  for (uint32_t i = 0; i < out->terms.n_terms; i++) {
    double rows = (double)out->terms.terms[i].n_rows;
    out->idf[i] = lqa_log((1 + (double)out->n_documents) / (1 + rows)) + 1;
  }
  return LQA_OK;
}

static lqa_status build_matrix(weighting *job, int64_t n_rows, lqa_pool *pool) {
  lqa_tfidf *out = job->out;
  size_t n_workers = lqa_pool_threads(pool);
  lqa_status status;
  job->pieces = lqa_calloc(job->symbols->n_chunks, sizeof *job->pieces);
  job->scratches = lqa_calloc(n_workers, sizeof *job->scratches);
  out->matrix.row_start = lqa_calloc((size_t)n_rows + 1, sizeof *out->matrix.row_start);
  LQA_TRY_OUT(job->pieces && job->scratches && out->matrix.row_start ? LQA_OK : LQA_NO_MEMORY);
  out->matrix.n_rows = n_rows;
  out->matrix.n_columns = (int32_t)out->terms.n_terms;
  LQA_TRY_OUT(compute_idf(out));
  LQA_TRY_OUT(fill_matrix(job, pool));
out:
  for (size_t i = 0; job->pieces && i < job->symbols->n_chunks; i++) {
    lqa_vec_clear(&job->pieces[i].columns);
    lqa_vec_clear(&job->pieces[i].values);
  }
  for (size_t i = 0; job->scratches && i < n_workers; i++) {
    lqa_vec_clear(&job->scratches[i].keys);
    lqa_vec_clear(&job->scratches[i].columns);
    lqa_vec_clear(&job->scratches[i].scratch);
    lqa_vec_clear(&job->scratches[i].weights);
  }
  free(job->pieces);
  free(job->scratches);
  return status;
}

static lqa_term_options term_options(const lqa_tfidf_options *o) {
  return (lqa_term_options){.ngram_lo = o->ngram_lo,
                            .ngram_hi = o->ngram_hi,
                            .min_rows = o->min_df,
                            .max_terms = o->max_features,
                            .short_words = o->kind == LQA_TERMS_CHARACTERS,
                            .memory_bytes = o->memory_bytes};
}

static lqa_status check_options(const lqa_tfidf_options *o, lqa_error *err) {
  if (o->ngram_lo < 1 || o->ngram_hi < o->ngram_lo || o->ngram_hi > 16) {
    return lqa_fail(err, LQA_BAD_USAGE, "n-grams %d to %d: expected 1 <= first <= last <= 16",
                    o->ngram_lo, o->ngram_hi);
  }
  if (o->min_df < 1 || o->max_features < 0) {
    return lqa_fail(err, LQA_BAD_USAGE, "min_df must be 1 or more, max_features 0 or more");
  }
  return LQA_OK;
}

lqa_status lqa_tfidf_build(const lqa_text_rows *rows, const lqa_tfidf_options *options,
                           lqa_pool *pool, lqa_tfidf *out, lqa_error *err) {
  *out = (lqa_tfidf){.kind = options->kind};
  LQA_TRY(check_options(options, err));
  lqa_symbol_options symbol_options = {.characters = options->kind == LQA_TERMS_CHARACTERS,
                                       .min_rows = options->min_df,
                                       .max_symbols =
                                           options->ngram_lo == 1 ? options->max_features : 0};
  lqa_term_options terms = term_options(options);
  lqa_symbols symbols;
  lqa_status status;
  LQA_TRY_OUT(lqa_symbols_read(rows, &symbol_options, pool, &symbols, err));
  LQA_TRY_OUT(lqa_terms_count(&symbols, &terms, pool, &out->terms, err));
  out->n_documents = symbols.n_documents;
  weighting job = {.symbols = &symbols, .options = options, .out = out};
  status = build_matrix(&job, rows->text->n, pool);
  if (status == LQA_NO_MEMORY) {
    status = lqa_fail_memory(err, "weighing terms");
  }
  out->words = symbols.words;
  out->n_symbols = symbols.n_symbols;
  out->arena = symbols.arena;
  symbols.words = NULL;
  lqa_arena_init(&symbols.arena);
out:
  lqa_symbols_clear(&symbols);
  return status;
}

void lqa_tfidf_clear(lqa_tfidf *tfidf) {
  lqa_sparse_clear(&tfidf->matrix);
  lqa_terms_clear(&tfidf->terms);
  lqa_arena_clear(&tfidf->arena);
  free(tfidf->idf);
  free(tfidf->words);
  *tfidf = (lqa_tfidf){0};
}

void lqa_tfidf_term(const lqa_tfidf *tfidf, uint32_t column, lqa_buf *out) {
  const lqa_terms *terms = &tfidf->terms;
  uint64_t key = terms->terms[column].key, mask = ((uint64_t)1 << terms->bits) - 1;
  for (int i = terms->options.ngram_hi - 1; i >= 0; i--) {
    uint64_t code = key >> terms->bits * (unsigned)i & mask;
    if (code == 0) {
      return;
    }
    if (i < terms->options.ngram_hi - 1 && tfidf->kind == LQA_TERMS_WORDS) {
      lqa_buf_add_char(out, ' ');
    }
    lqa_buf_add_str(out, (lqa_str){tfidf->words[code - 1].data, tfidf->words[code - 1].size});
  }
}
