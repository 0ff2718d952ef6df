/* Two passes over the text. The first counts term hashes in a table of small counters (a counting
 * Bloom filter of one hash); the second keeps the terms whose counter reached min_df, maps them to
 * buckets and appends each row to its block: the row's number, its number of entries, then a word
 * for each entry, bucket above, occurrences in the low 8 bits. Document frequencies are counted on
 * the way, so weights are computed when a block is loaded: 4 bytes on disk for each entry, half of
 * what a matrix takes.
 *
 * Reference: Weinberger et al., "Feature hashing for large scale multitask learning" (2009).
 */
#include "feature/hashed_blocks.h"

#include "base/explog.h"
#include "feature/term_hash.h"

#include <math.h>
#include <stdatomic.h>

enum {
  PIECE_BYTES = 256 * 1024,
  PIECE_ROWS = 4096,
  WAVE_PIECES = 32, /* pieces that are read before their rows are appended */
  COUNT_BITS = 8,
  MAX_COUNT = 255,
  MAX_MIN_DF = 200
};

/* Rows that one task reads, and what they become. */
typedef struct piece {
  int64_t first, last;
  LQA_VEC(uint32_t) words;
} piece;

typedef struct hashing {
  const lqa_text_rows *rows;
  const lqa_hashed_options *options;
  lqa_hashed_blocks *out;
  _Atomic uint8_t *filter; /* NULL: every term is kept */
  uint8_t min_count;
  _Atomic uint32_t *n_rows;  /* per bucket */
  _Atomic uint32_t *n_times; /* per bucket, with max_features only */
  lqa_term_hasher *hashers;
  piece pieces[WAVE_PIECES];
  size_t n_pieces;
} hashing;

static bool is_used(const hashing *job, int64_t row) {
  return (!job->rows->use || job->rows->use[row]) &&
         !lqa_str_is_null(lqa_column_get(job->rows->text, row));
}

/* Cuts the next wave of pieces from `row`; returns where it ends. */
static int64_t cut_wave(hashing *job, int64_t row) {
  const lqa_column *text = job->rows->text;
  for (job->n_pieces = 0; job->n_pieces < WAVE_PIECES && row < text->n; job->n_pieces++) {
    piece *p = &job->pieces[job->n_pieces];
    uint64_t limit = text->offsets[row] + PIECE_BYTES;
    p->first = row++;
    while (row < text->n && text->offsets[row] < limit && row - p->first < PIECE_ROWS) {
      row++;
    }
    p->last = row;
  }
  return row;
}

static inline size_t slot_of(const hashing *job, uint64_t term) {
  return (size_t)(term & (((uint64_t)1 << job->options->filter_bits) - 1));
}

/* Counts up to min_count: the result does not depend on who counts first. */
static inline void count_term(const hashing *job, uint64_t term) {
  _Atomic uint8_t *slot = &job->filter[slot_of(job, term)];
  uint8_t seen = atomic_load_explicit(slot, memory_order_relaxed);
  while (seen < job->min_count &&
         !atomic_compare_exchange_weak_explicit(slot, &seen, (uint8_t)(seen + 1),
                                                memory_order_relaxed, memory_order_relaxed)) {
  }
}

static lqa_status read_row(const hashing *job, size_t worker, int64_t row) {
  return lqa_term_hasher_read(&job->hashers[worker], &job->options->terms,
                              lqa_column_get(job->rows->text, row));
}

static lqa_status count_piece(void *data, size_t task, size_t worker) {
  hashing *job = data;
  const piece *p = &job->pieces[task];
  const lqa_term_hasher *h = &job->hashers[worker];
  for (int64_t row = p->first; row < p->last; row++) {
    if (!is_used(job, row)) {
      continue;
    }
    LQA_TRY(read_row(job, worker, row));
    for (size_t i = 0; i < h->terms.n; i++) {
      __builtin_prefetch((const void *)&job->filter[slot_of(job, h->terms.data[i])], 1);
    }
    for (size_t i = 0; i < h->terms.n; i++) {
      count_term(job, h->terms.data[i]);
    }
  }
  return LQA_OK;
}

static int compare_words(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

/* The buckets of a row's frequent terms, shifted, sorted, repeats included; returns how many. */
static size_t find_buckets(const hashing *job, const lqa_term_hasher *h, uint32_t *out) {
  unsigned shift = 64 - job->options->bucket_bits;
  size_t n = 0;
  for (size_t i = 0; job->filter && i < h->terms.n; i++) {
    __builtin_prefetch((const void *)&job->filter[slot_of(job, h->terms.data[i])]);
  }
  for (size_t i = 0; i < h->terms.n; i++) {
    uint64_t term = h->terms.data[i];
    out[n] = (uint32_t)(term >> shift) << COUNT_BITS;
    n += !job->filter || atomic_load_explicit(&job->filter[slot_of(job, term)],
                                              memory_order_relaxed) >= job->min_count;
  }
  if (n > 128) {
    qsort(out, n, sizeof *out, compare_words);
    return n;
  }
  for (size_t i = 1; i < n; i++) {
    uint32_t word = out[i];
    size_t at = i;
    for (; at > 0 && out[at - 1] > word; at--) {
      out[at] = out[at - 1];
    }
    out[at] = word;
  }
  return n;
}

/* Appends the row to its piece: number, number of entries, entries. */
static lqa_status add_row(hashing *job, piece *p, const lqa_term_hasher *h, int64_t row) {
  LQA_TRY(lqa_vec_reserve(&p->words, p->words.n + 2 + h->terms.n));
  uint32_t *head = p->words.data + p->words.n, *entry = head + 2;
  size_t n = find_buckets(job, h, entry), n_entries = 0;
  for (size_t i = 0, next; i < n; i = next) {
    for (next = i + 1; next < n && entry[next] == entry[i]; next++) {
    }
    size_t count = next - i, bucket = entry[i] >> COUNT_BITS;
    atomic_fetch_add_explicit(&job->n_rows[bucket], 1, memory_order_relaxed);
    if (job->n_times) {
      atomic_fetch_add_explicit(&job->n_times[bucket], (uint32_t)count, memory_order_relaxed);
    }
    entry[n_entries++] = entry[i] | (uint32_t)(count < MAX_COUNT ? count : MAX_COUNT);
  }
  head[0] = (uint32_t)row;
  head[1] = (uint32_t)n_entries;
  p->words.n += 2 + n_entries;
  return LQA_OK;
}

static lqa_status write_piece(void *data, size_t task, size_t worker) {
  hashing *job = data;
  piece *p = &job->pieces[task];
  p->words.n = 0;
  for (int64_t row = p->first; row < p->last; row++) {
    if (is_used(job, row)) {
      LQA_TRY(read_row(job, worker, row));
      LQA_TRY(add_row(job, p, &job->hashers[worker], row));
    }
  }
  return LQA_OK;
}

/* A row's block: by hash, so that neighbours in the source are strangers in training. */
static size_t block_of(const hashing *job, uint32_t row) {
  uint64_t x = (job->options->seed + row) * 0x9E3779B97F4A7C15u;
  x = (x ^ x >> 32) * 0xD6E8FEB86659FD93u;
  x = (x ^ x >> 32) * 0xCA5A826395121157u;
  return (size_t)((x >> 32) * job->options->n_blocks >> 32);
}

/* The wave's rows into their blocks, in the order of the source. */
static lqa_status append_wave(hashing *job, lqa_error *err) {
  for (size_t i = 0; i < job->n_pieces; i++) {
    const piece *p = &job->pieces[i];
    for (size_t at = 0, size; at < p->words.n; at += size) {
      const uint32_t *head = p->words.data + at;
      size_t block = block_of(job, head[0]);
      size = 2 + (size_t)head[1];
      LQA_TRY(lqa_block_store_add(job->out->store, block, head, size, err));
      job->out->n_rows[block]++;
      job->out->n_documents++;
      job->out->n_entries += head[1];
    }
  }
  return LQA_OK;
}

/* All rows, wave by wave. */
static lqa_status pass(hashing *job, lqa_task_fn task, const char *stage, lqa_error *err) {
  const lqa_hashed_options *o = job->options;
  int64_t n = job->rows->text->n;
  for (int64_t row = 0; row < n;) {
    row = cut_wave(job, row);
    LQA_TRY(lqa_pool_run(o->pool, job->n_pieces, task, job));
    if (task == write_piece) {
      LQA_TRY(append_wave(job, err));
    }
    if (o->release) {
      o->release(o->release_data, row);
    }
    lqa_observe_progress(o->observer, stage, (double)row / (double)n);
    LQA_TRY(lqa_observe_check(o->observer, err));
  }
  return LQA_OK;
}

/* Of the buckets in at least min_df rows the max_features most frequent, the lowest among equals.
 */
static lqa_status choose_columns(hashing *job) {
  lqa_hashed_blocks *out = job->out;
  const lqa_tfidf_options *terms = &job->options->terms;
  size_t n = (size_t)out->n_columns, n_above = 0;
  uint64_t lowest = 0, wanted = (uint64_t)terms->max_features;
  uint64_t *count = wanted ? lqa_malloc(n, sizeof *count) : NULL;
  if (wanted && !count) {
    return LQA_NO_MEMORY;
  }
  for (size_t i = 0; i < n; i++) {
    out->n_used += job->n_rows[i] >= (uint64_t)terms->min_df;
  }
  if (wanted && out->n_used > wanted) {
    for (size_t i = 0; i < n; i++) {
      count[i] = job->n_rows[i] >= (uint64_t)terms->min_df ? job->n_times[i] : 0;
    }
    lowest = lqa_select_largest(count, n, (size_t)wanted);
    for (size_t i = 0; i < n; i++) {
      n_above += job->n_rows[i] >= (uint64_t)terms->min_df && job->n_times[i] > lowest;
    }
  }
  size_t ties_left = wanted > n_above ? (size_t)wanted - n_above : 0;
  out->n_used = 0;
  for (size_t i = 0; i < n; i++) {
    bool keep = job->n_rows[i] >= (uint64_t)terms->min_df;
    if (keep && lowest > 0) {
      keep = job->n_times[i] > lowest || (job->n_times[i] == lowest && ties_left > 0);
      ties_left -= keep && job->n_times[i] == lowest;
    }
    double rows = (double)job->n_rows[i];
    out->idf[i] = keep ? (float)(lqa_log((1 + (double)out->n_documents) / (1 + rows)) + 1) : 0;
    out->n_used += keep;
  }
  free(count);
  return LQA_OK;
}

static lqa_status take_tables(hashing *job) {
  const lqa_hashed_options *o = job->options;
  lqa_hashed_blocks *out = job->out;
  size_t n_workers = lqa_pool_threads(o->pool), n_columns = (size_t)1 << o->bucket_bits;
  int64_t min_df = o->terms.min_df;
  job->min_count = (uint8_t)(min_df < MAX_MIN_DF ? min_df : MAX_MIN_DF);
  job->filter = min_df > 1 ? lqa_calloc((size_t)1 << o->filter_bits, 1) : NULL;
  job->n_rows = lqa_calloc(n_columns, sizeof *job->n_rows);
  job->n_times = o->terms.max_features ? lqa_calloc(n_columns, sizeof *job->n_times) : NULL;
  job->hashers = lqa_calloc(n_workers, sizeof *job->hashers);
  out->n_rows = lqa_calloc(o->n_blocks, sizeof *out->n_rows);
  out->idf = lqa_malloc(n_columns, sizeof *out->idf);
  for (size_t i = 0; job->hashers && i < n_workers; i++) {
    lqa_term_hasher_init(&job->hashers[i]);
  }
  bool all = (min_df == 1 || job->filter) && job->n_rows && job->hashers && out->n_rows &&
             out->idf && (!o->terms.max_features || job->n_times);
  return all ? LQA_OK : LQA_NO_MEMORY;
}

static void clear_tables(hashing *job) {
  for (size_t i = 0; job->hashers && i < lqa_pool_threads(job->options->pool); i++) {
    lqa_term_hasher_clear(&job->hashers[i]);
  }
  for (size_t i = 0; i < WAVE_PIECES; i++) {
    lqa_vec_clear(&job->pieces[i].words);
  }
  free(job->hashers);
  free((void *)job->filter);
  free((void *)job->n_rows);
  free((void *)job->n_times);
}

static lqa_status run_passes(hashing *job, lqa_error *err) {
  lqa_hashed_blocks *out = job->out;
  const lqa_hashed_options *o = job->options;
  LQA_TRY(take_tables(job));
  LQA_TRY(lqa_block_store_open(o->folder, o->n_blocks, o->need_bytes, &out->store, err));
  if (job->filter) {
    LQA_TRY(pass(job, count_piece, "counting terms", err));
  }
  LQA_TRY(pass(job, write_piece, "writing features", err));
  LQA_TRY(lqa_block_store_finish(out->store, err));
  for (size_t i = 0; i < out->n_blocks; i++) {
    out->max_rows = out->n_rows[i] > out->max_rows ? out->n_rows[i] : out->max_rows;
  }
  return choose_columns(job);
}

lqa_status lqa_hashed_blocks_build(const lqa_text_rows *rows, const lqa_hashed_options *options,
                                   lqa_hashed_blocks *out, lqa_error *err) {
  *out = (lqa_hashed_blocks){.options = *options,
                             .n_blocks = options->n_blocks,
                             .n_source_rows = rows->text->n,
                             .n_columns = (int32_t)((uint32_t)1 << options->bucket_bits)};
  hashing *job = lqa_calloc(1, sizeof *job);
  if (!job) {
    return lqa_fail_memory(err, "hashing terms");
  }
  job->rows = rows;
  job->options = options;
  job->out = out;
  lqa_status status = run_passes(job, err);
  clear_tables(job);
  free(job);
  if (status == LQA_BAD_DATA) {
    return lqa_fail(err, status, "a text of 4 GB or more cannot be split");
  }
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "hashing terms") : status;
}

void lqa_hashed_blocks_clear(lqa_hashed_blocks *features) {
  lqa_block_store_close(features->store);
  free(features->n_rows);
  free(features->idf);
  *features = (lqa_hashed_blocks){0};
}

static lqa_status reserve_block(lqa_feature_block *b, size_t n_rows, size_t n_words) {
  LQA_TRY(lqa_vec_reserve(&b->words, n_words));
  LQA_TRY(lqa_vec_reserve(&b->rows, n_rows));
  LQA_TRY(lqa_vec_reserve(&b->norms, n_rows));
  LQA_TRY(lqa_vec_reserve(&b->starts, n_rows + 1));
  LQA_TRY(lqa_vec_reserve(&b->columns, n_words));
  return lqa_vec_reserve(&b->values, n_words);
}

/* Weighs a row's entries, scales them to length 1 and appends them at `at`; returns the new end. */
static uint64_t weigh_row(const lqa_hashed_blocks *f, const double *tf, lqa_feature_block *b,
                          const uint32_t *words, uint64_t at) {
  uint64_t end = at;
  double squares = 0;
  for (uint32_t i = 0; i < words[1]; i++) {
    uint32_t column = words[2 + i] >> COUNT_BITS;
    double weight = tf[words[2 + i] & MAX_COUNT] * (double)f->idf[column];
    b->columns.data[end] = column;
    b->values.data[end] = (float)weight;
    squares += weight * weight;
    end += weight > 0;
  }
  float scale = squares > 0 ? (float)(1 / sqrt(squares)) : 0, norm = 0;
  for (uint64_t i = at; i < end; i++) {
    b->values.data[i] *= scale;
    norm += b->values.data[i] * b->values.data[i];
  }
  b->norms.data[b->n_rows] = norm;
  return end;
}

lqa_status lqa_hashed_blocks_load(const lqa_hashed_blocks *f, size_t number, lqa_feature_block *b,
                                  lqa_error *err) {
  size_t n_words = lqa_block_store_count(f->store, number), n_rows = f->n_rows[number];
  if (reserve_block(b, n_rows, n_words) != LQA_OK) {
    return lqa_fail_memory(err, "loading features");
  }
  LQA_TRY(lqa_block_store_load(f->store, number, b->words.data, err));
  double tf[MAX_COUNT + 1] = {0};
  for (int i = 1; i <= MAX_COUNT; i++) {
    tf[i] = f->options.terms.sublinear_tf ? 1 + lqa_log((double)i) : i;
  }
  uint64_t end = 0;
  b->n_rows = 0;
  b->starts.data[0] = 0;
  for (size_t at = 0; at < n_words; at += 2 + b->words.data[at + 1]) {
    end = weigh_row(f, tf, b, b->words.data + at, end);
    b->rows.data[b->n_rows++] = b->words.data[at];
    b->starts.data[b->n_rows] = end;
  }
  b->row = b->rows.data;
  b->square_norm = b->norms.data;
  b->x = (lqa_sparse){.n_rows = (int64_t)b->n_rows,
                      .n_columns = f->n_columns,
                      .row_start = b->starts.data,
                      .column = b->columns.data,
                      .value = b->values.data};
  return LQA_OK;
}

void lqa_feature_block_clear(lqa_feature_block *b) {
  lqa_vec_clear(&b->words);
  lqa_vec_clear(&b->rows);
  lqa_vec_clear(&b->norms);
  lqa_vec_clear(&b->starts);
  lqa_vec_clear(&b->columns);
  lqa_vec_clear(&b->values);
  *b = (lqa_feature_block){0};
}
