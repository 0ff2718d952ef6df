/* Two passes over the text. The first counts term hashes in a table of small counters (a counting
 * Bloom filter of one hash); the second keeps the terms whose counter reached min_df, maps them to
 * buckets and appends each row to its block: the row's number, its number of entries, then a word
 * for each entry, bucket above, occurrences in the low 8 bits. Document frequencies are counted on
 * the way. A third pass, over the blocks, puts columns and weights in the place of buckets and
 * occurrences (hashed_pack.c): 4 bytes on disk for each entry, half of what a matrix takes.
 *
 * For counting, a piece's entries are dealt into ranges of buckets, and each range is counted by
 * one task: no counter is shared, and those at work fit into the cache.
 *
 * Reference: Weinberger et al., "Feature hashing for large scale multitask learning" (2009).
 */
#include "feature/hashed_blocks.h"

#include "feature/hashed_pack.h"
#include "feature/term_hash.h"

#include <stdatomic.h>

enum {
  PIECE_BYTES = 256 * 1024,
  PIECE_ROWS = 4096,
  WAVE_PIECES = 32, /* pieces that are read before their rows are appended */
  RANGE_BITS = 4,   /* 2^RANGE_BITS ranges of buckets */
  MAX_MIN_DF = 200,
  SORT_ENTRIES = 512 /* more are for qsort */
};

/* Rows that one task reads, and what they become. */
typedef struct piece {
  int64_t first, last;
  LQA_VEC(uint32_t) words;
  LQA_VEC(uint32_t) unsorted;                /* of one row */
  LQA_VEC(uint32_t) dealt;                   /* all entries, by range */
  size_t range_start[(1 << RANGE_BITS) + 1]; /* in `dealt` */
} piece;

typedef struct hashing {
  const lqa_text_rows *rows;
  const lqa_hashed_options *options;
  lqa_hashed_blocks *out;
  _Atomic uint8_t *filter; /* NULL: every term is kept */
  uint8_t min_count;
  uint32_t *n_rows;  /* per bucket */
  uint32_t *n_times; /* per bucket, with max_features only */
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

/* The buckets of a row's frequent terms, shifted, repeats included; returns how many. */
static size_t find_buckets(const hashing *job, const lqa_term_hasher *h, uint32_t *out) {
  unsigned shift = 64 - job->options->bucket_bits;
  size_t n = 0;
  for (size_t i = 0; job->filter && i < h->terms.n; i++) {
    __builtin_prefetch((const void *)&job->filter[slot_of(job, h->terms.data[i])]);
  }
  for (size_t i = 0; i < h->terms.n; i++) {
    uint64_t term = h->terms.data[i];
    out[n] = (uint32_t)(term >> shift) << LQA_COUNT_BITS;
    n += !job->filter || atomic_load_explicit(&job->filter[slot_of(job, term)],
                                              memory_order_relaxed) >= job->min_count;
  }
  return n;
}

static inline unsigned range_of(const hashing *job, uint32_t entry) {
  return entry >> (job->options->bucket_bits + LQA_COUNT_BITS - RANGE_BITS);
}

/* Sorts into `to`: first by range, so that what is left to do within each is little. */
static void sort_entries(const hashing *job, const uint32_t *from, size_t n, uint32_t *to) {
  size_t start[(1 << RANGE_BITS) + 1] = {0};
  for (size_t i = 0; i < n; i++) {
    start[range_of(job, from[i]) + 1]++;
  }
  for (size_t range = 0; range < (size_t)1 << RANGE_BITS; range++) {
    start[range + 1] += start[range];
  }
  for (size_t i = 0; i < n; i++) {
    to[start[range_of(job, from[i])]++] = from[i];
  }
  if (n > SORT_ENTRIES) {
    qsort(to, n, sizeof *to, compare_words);
    return;
  }
  for (size_t i = 1; i < n; i++) {
    uint32_t word = to[i];
    size_t at = i;
    for (; at > 0 && to[at - 1] > word; at--) {
      to[at] = to[at - 1];
    }
    to[at] = word;
  }
}

/* Appends the row to its piece: head, entries. */
static lqa_status add_row(hashing *job, piece *p, const lqa_term_hasher *h, int64_t row) {
  LQA_TRY(lqa_vec_reserve(&p->words, p->words.n + LQA_ROW_HEAD + h->terms.n));
  LQA_TRY(lqa_vec_reserve(&p->unsorted, h->terms.n));
  uint32_t *head = p->words.data + p->words.n, *entry = head + LQA_ROW_HEAD;
  size_t n = find_buckets(job, h, p->unsorted.data), n_entries = 0;
  sort_entries(job, p->unsorted.data, n, entry);
  for (size_t i = 0, next; i < n; i = next) {
    for (next = i + 1; next < n && entry[next] == entry[i]; next++) {
    }
    size_t count = next - i;
    entry[n_entries++] = entry[i] | (uint32_t)(count < LQA_MAX_COUNT ? count : LQA_MAX_COUNT);
  }
  head[0] = (uint32_t)row;
  head[1] = (uint32_t)n_entries;
  head[2] = 0;
  p->words.n += LQA_ROW_HEAD + n_entries;
  return LQA_OK;
}

/* Deals the piece's entries into ranges. */
static lqa_status deal_piece(const hashing *job, piece *p) {
  size_t place[1 << RANGE_BITS] = {0}, n = 0;
  for (size_t at = 0, end; at < p->words.n; at = end) {
    end = at + LQA_ROW_HEAD + p->words.data[at + 1];
    for (size_t i = at + LQA_ROW_HEAD; i < end; i++) {
      place[range_of(job, p->words.data[i])]++;
    }
  }
  for (size_t range = 0; range < (size_t)1 << RANGE_BITS; range++) {
    p->range_start[range] = n;
    n += place[range];
    place[range] = p->range_start[range];
  }
  p->range_start[1 << RANGE_BITS] = n;
  LQA_TRY(lqa_vec_reserve(&p->dealt, n));
  for (size_t at = 0, end; at < p->words.n; at = end) {
    end = at + LQA_ROW_HEAD + p->words.data[at + 1];
    for (size_t i = at + LQA_ROW_HEAD; i < end; i++) {
      p->dealt.data[place[range_of(job, p->words.data[i])]++] = p->words.data[i];
    }
  }
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
  return deal_piece(job, p);
}

/* Counts the wave's entries in one range of buckets. */
static lqa_status count_range(void *data, size_t range, size_t worker) {
  (void)worker;
  hashing *job = data;
  for (size_t i = 0; i < job->n_pieces; i++) {
    const piece *p = &job->pieces[i];
    for (size_t e = p->range_start[range]; e < p->range_start[range + 1]; e++) {
      uint32_t entry = p->dealt.data[e];
      job->n_rows[entry >> LQA_COUNT_BITS]++;
      if (job->n_times) {
        job->n_times[entry >> LQA_COUNT_BITS] += entry & LQA_MAX_COUNT;
      }
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
      size = LQA_ROW_HEAD + (size_t)head[1];
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
      LQA_TRY(lqa_pool_run(o->pool, (size_t)1 << RANGE_BITS, count_range, job));
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

static lqa_status alloc_tables(hashing *job) {
  const lqa_hashed_options *o = job->options;
  lqa_hashed_blocks *out = job->out;
  size_t n_workers = lqa_pool_threads(o->pool), n_buckets = (size_t)1 << o->bucket_bits;
  int64_t min_df = o->terms.min_df;
  job->min_count = (uint8_t)(min_df < MAX_MIN_DF ? min_df : MAX_MIN_DF);
  job->filter = min_df > 1 ? lqa_calloc_table((size_t)1 << o->filter_bits, 1) : NULL;
  job->n_rows = lqa_calloc_table(n_buckets, sizeof *job->n_rows);
  job->n_times = o->terms.max_features ? lqa_calloc_table(n_buckets, sizeof *job->n_times) : NULL;
  job->hashers = lqa_calloc(n_workers, sizeof *job->hashers);
  out->n_rows = lqa_calloc(o->n_blocks, sizeof *out->n_rows);
  for (size_t i = 0; job->hashers && i < n_workers; i++) {
    lqa_term_hasher_init(&job->hashers[i]);
  }
  bool all = (min_df == 1 || job->filter) && job->n_rows && job->hashers && out->n_rows &&
             (!o->terms.max_features || job->n_times);
  return all ? LQA_OK : LQA_NO_MEMORY;
}

static void clear_tables(hashing *job) {
  for (size_t i = 0; job->hashers && i < lqa_pool_threads(job->options->pool); i++) {
    lqa_term_hasher_clear(&job->hashers[i]);
  }
  for (size_t i = 0; i < WAVE_PIECES; i++) {
    lqa_vec_clear(&job->pieces[i].words);
    lqa_vec_clear(&job->pieces[i].unsorted);
    lqa_vec_clear(&job->pieces[i].dealt);
  }
  free(job->hashers);
  free((void *)job->filter);
  free(job->n_rows);
  free(job->n_times);
}

static lqa_status run_passes(hashing *job, lqa_error *err) {
  lqa_hashed_blocks *out = job->out;
  const lqa_hashed_options *o = job->options;
  LQA_TRY(alloc_tables(job));
  LQA_TRY(lqa_block_store_open(o->folder, o->n_blocks, o->need_bytes, &out->store, err));
  if (job->filter) {
    LQA_TRY(pass(job, count_piece, "counting terms", err));
  }
  LQA_TRY(pass(job, write_piece, "writing features", err));
  LQA_TRY(lqa_block_store_finish(out->store, err));
  for (size_t i = 0; i < out->n_blocks; i++) {
    out->max_rows = out->n_rows[i] > out->max_rows ? out->n_rows[i] : out->max_rows;
  }
  free((void *)job->filter); /* room for the columns */
  job->filter = NULL;
  return lqa_hashed_blocks_pack(out, &(lqa_bucket_counts){job->n_rows, job->n_times}, err);
}

lqa_status lqa_hashed_blocks_build(const lqa_text_rows *rows, const lqa_hashed_options *options,
                                   lqa_hashed_blocks *out, lqa_error *err) {
  *out = (lqa_hashed_blocks){
      .options = *options, .n_blocks = options->n_blocks, .n_source_rows = rows->text->n};
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
  *features = (lqa_hashed_blocks){0};
}
