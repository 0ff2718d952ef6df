/* Counting n-grams by partition.
 *
 * The keys of all n-grams are dealt by hash into partitions small enough for a near cache, in row
 * order; each partition is then counted in a table of its own. No lock, no shared table, and rows
 * arrive in order, so "is this the first time in this row" is one comparison. Partitions are cut
 * from the data alone; chosen terms are sorted by key at the end, so the order of work leaves no
 * trace.
 *
 * Cost: two scans of the symbols and 12 bytes per n-gram in flight (2 million word pairs: about 20
 * ms on two cores); under a memory limit the partitions are done in several rounds of scans.
 */
#include "feature/terms.h"

enum { PARTITION_KEYS = 16384, MAX_PARTITION_BITS = 12, DEFAULT_ROUND_BYTES = 512 << 20 };

typedef struct tally {
  uint64_t key;
  uint32_t count, n_rows, last_row;
} tally;

/* One worker's scratch and results. */
typedef struct counter {
  LQA_VEC(uint64_t) keys;
  LQA_VEC(uint32_t) slots;
  LQA_VEC(tally) tallies;
  LQA_VEC(lqa_keyed) kept;
  char apart[LQA_APART_BYTES];
} counter;

typedef struct counting {
  const lqa_symbols *symbols;
  lqa_terms *terms;
  counter *counters;
  unsigned partition_bits;
  size_t n_partitions, first, last; /* partitions of this round: [first, last) */
  uint64_t *place; /* n_chunks x n_partitions: counts, then where the next key goes */
  uint64_t *start; /* n_partitions + 1: where a partition begins within its round */
  uint64_t *keys;  /* of this round */
  uint32_t *rows;
} counting;

static unsigned bit_width(uint64_t value) {
  return value == 0 ? 0 : 64 - (unsigned)__builtin_clzll(value);
}

size_t lqa_terms_max_keys(const lqa_terms *terms, size_t n) {
  return n * (size_t)terms->options.ngram_hi;
}

/* Length of the run that begins at symbols[0] and ends before a break. */
static size_t segment_length(const uint32_t *symbols, size_t n) {
  size_t length = 0;
  while (length < n && symbols[length] != LQA_SYMBOL_BREAK) {
    length++;
  }
  return length;
}

/* Keys of the n-grams of lo..hi symbols that begin at symbols[0]. */
static size_t keys_from(const lqa_terms *terms, int lo, const uint32_t *symbols, size_t n,
                        uint64_t *keys) {
  size_t n_keys = 0, longest = (size_t)terms->options.ngram_hi;
  uint64_t key = 0;
  for (size_t i = 0; i < n && i < longest && symbols[i] != LQA_SYMBOL_NONE; i++) {
    key |= (uint64_t)(symbols[i] + 1) << terms->bits * (longest - 1 - i);
    if ((int)i + 1 >= lo) {
      keys[n_keys++] = key;
    }
  }
  return n_keys;
}

/* Pairs of neighbours; no branch depends on the data. */
static size_t pair_keys(const lqa_terms *terms, const uint32_t *symbols, size_t n, uint64_t *keys) {
  size_t n_keys = 0;
  for (size_t i = 0; i + 1 < n; i++) {
    uint32_t first = symbols[i], second = symbols[i + 1];
    keys[n_keys] = (uint64_t)(first + 1) << terms->bits | (second + 1);
    n_keys += (first < LQA_SYMBOL_BREAK) & (second < LQA_SYMBOL_BREAK);
  }
  return n_keys;
}

size_t lqa_terms_keys(const lqa_terms *terms, const uint32_t *symbols, size_t n, uint64_t *keys) {
  size_t n_keys = 0;
  int shortest = terms->options.ngram_lo > 2 ? terms->options.ngram_lo : 2;
  if (terms->options.ngram_hi < 2) {
    return 0;
  }
  if (terms->options.ngram_hi == 2 && !terms->options.short_words) {
    return pair_keys(terms, symbols, n, keys);
  }
  for (size_t at = 0; at < n;) {
    size_t length = segment_length(symbols + at, n - at);
    bool is_short = terms->options.short_words && (int)length < terms->options.ngram_lo;
    for (size_t i = 0; i < length && !(is_short && i > 0); i++) {
      n_keys += keys_from(terms, is_short ? (int)length : shortest, symbols + at + i, length - i,
                          keys + n_keys);
    }
    at += length + 1;
  }
  return n_keys;
}

static lqa_status row_keys(counting *job, size_t worker, const lqa_symbol_chunk *chunk, int64_t i,
                           size_t *n_keys) {
  size_t n;
  const uint32_t *symbols = lqa_symbol_row(chunk, i, &n);
  counter *c = &job->counters[worker];
  LQA_TRY(lqa_vec_reserve(&c->keys, lqa_terms_max_keys(job->terms, n)));
  *n_keys = lqa_terms_keys(job->terms, symbols, n, c->keys.data);
  return LQA_OK;
}

static inline size_t partition_of(const counting *job, uint64_t key) {
  return job->partition_bits ? lqa_term_hash(key) >> (64 - job->partition_bits) : 0;
}

static lqa_status count_chunk(void *data, size_t task, size_t worker) {
  counting *job = data;
  const lqa_symbol_chunk *chunk = &job->symbols->chunks[task];
  uint64_t *count = job->place + task * job->n_partitions;
  for (int64_t i = 0; i < chunk->n_rows; i++) {
    size_t n;
    LQA_TRY(row_keys(job, worker, chunk, i, &n));
    const uint64_t *keys = job->counters[worker].keys.data;
    for (size_t j = 0; j < n; j++) {
      count[partition_of(job, keys[j])]++;
    }
  }
  return LQA_OK;
}

static lqa_status deal_chunk(void *data, size_t task, size_t worker) {
  counting *job = data;
  const lqa_symbol_chunk *chunk = &job->symbols->chunks[task];
  uint64_t *place = job->place + task * job->n_partitions;
  for (int64_t i = 0; i < chunk->n_rows; i++) {
    size_t n;
    LQA_TRY(row_keys(job, worker, chunk, i, &n));
    const uint64_t *keys = job->counters[worker].keys.data;
    for (size_t j = 0; j < n; j++) {
      size_t partition = partition_of(job, keys[j]);
      if (partition >= job->first && partition < job->last) {
        uint64_t at = place[partition]++;
        job->keys[at] = keys[j];
        job->rows[at] = (uint32_t)(chunk->first_row + i);
      }
    }
  }
  return LQA_OK;
}

static void tally_key(counter *c, unsigned shift, uint64_t key, uint32_t row) {
  uint64_t hash = lqa_term_hash(key) << shift;
  size_t mask = c->slots.n - 1;
  size_t slot = hash >> (64 - bit_width(mask));
  for (; c->slots.data[slot]; slot = (slot + 1) & mask) {
    tally *t = &c->tallies.data[c->slots.data[slot] - 1];
    if (t->key == key) {
      t->count++;
      t->n_rows += t->last_row != row;
      t->last_row = row;
      return;
    }
  }
  c->tallies.data[c->tallies.n++] = (tally){key, 1, 1, row};
  c->slots.data[slot] = (uint32_t)c->tallies.n;
}

static lqa_status tally_partition(void *data, size_t task, size_t worker) {
  counting *job = data;
  counter *c = &job->counters[worker];
  size_t partition = job->first + task;
  uint64_t from = job->start[partition], to = job->start[partition + 1];
  size_t n = (size_t)(to - from), n_slots = (size_t)1 << (bit_width(n) + 1);
  LQA_TRY(lqa_vec_reserve(&c->slots, n_slots));
  LQA_TRY(lqa_vec_reserve(&c->tallies, n));
  memset(c->slots.data, 0, n_slots * sizeof *c->slots.data);
  c->slots.n = n_slots;
  c->tallies.n = 0;
  for (uint64_t i = from; i < to; i++) {
    tally_key(c, job->partition_bits, job->keys[i], job->rows[i]);
  }
  for (size_t i = 0; i < c->tallies.n; i++) {
    const tally *t = &c->tallies.data[i];
    if (t->n_rows >= job->terms->options.min_rows) {
      LQA_TRY(lqa_vec_push(&c->kept,
                           ((lqa_keyed){.key = t->key, .count = t->count, .n_rows = t->n_rows})));
    }
  }
  return LQA_OK;
}

/* Turns counts into places for the partitions [first, last); returns the keys of the round. */
static uint64_t place_round(counting *job) {
  uint64_t next = 0;
  for (size_t p = job->first; p < job->last; p++) {
    job->start[p] = next;
    for (size_t chunk = 0; chunk < job->symbols->n_chunks; chunk++) {
      uint64_t *place = &job->place[chunk * job->n_partitions + p];
      uint64_t count = *place;
      *place = next;
      next += count;
    }
    job->start[p + 1] = next;
  }
  return next;
}

/* Extends the round from job->first by whole partitions up to max_keys (at least one). */
static void choose_round(counting *job, uint64_t max_keys) {
  uint64_t n_keys = 0;
  for (job->last = job->first; job->last < job->n_partitions; job->last++) {
    uint64_t more = 0;
    for (size_t chunk = 0; chunk < job->symbols->n_chunks; chunk++) {
      more += job->place[chunk * job->n_partitions + job->last];
    }
    if (job->last > job->first && n_keys + more > max_keys) {
      return;
    }
    n_keys += more;
  }
}

static lqa_status run_round(counting *job, lqa_pool *pool) {
  uint64_t n_keys = place_round(job);
  job->keys = lqa_malloc(n_keys, sizeof *job->keys);
  job->rows = lqa_malloc(n_keys, sizeof *job->rows);
  lqa_status status;
  LQA_TRY_OUT(job->keys && job->rows ? LQA_OK : LQA_NO_MEMORY);
  LQA_TRY_OUT(lqa_pool_run(pool, job->symbols->n_chunks, deal_chunk, job));
  status = lqa_pool_run(pool, job->last - job->first, tally_partition, job);
out:
  free(job->keys);
  free(job->rows);
  return status;
}

/* Enough partitions that one fits a near cache. */
static void choose_partitions(counting *job) {
  uint64_t n_keys = 0;
  for (size_t i = 0; i < job->symbols->n_chunks; i++) {
    n_keys += lqa_terms_max_keys(job->terms, job->symbols->chunks[i].symbols.n);
  }
  unsigned bits = bit_width(n_keys / PARTITION_KEYS);
  job->partition_bits = bits > MAX_PARTITION_BITS ? MAX_PARTITION_BITS : bits;
  job->n_partitions = (size_t)1 << job->partition_bits;
}

static lqa_status count_long_terms(counting *job, lqa_pool *pool) {
  choose_partitions(job);
  job->place = lqa_calloc(job->symbols->n_chunks, job->n_partitions * sizeof *job->place);
  job->start = lqa_calloc(job->n_partitions + 1, sizeof *job->start);
  if (!job->place || !job->start) {
    return LQA_NO_MEMORY;
  }
  LQA_TRY(lqa_pool_run(pool, job->symbols->n_chunks, count_chunk, job));
  uint64_t limit = job->terms->options.memory_bytes / 4;
  uint64_t bytes = limit && limit < DEFAULT_ROUND_BYTES ? limit : DEFAULT_ROUND_BYTES;
  for (job->first = 0; job->first < job->n_partitions; job->first = job->last) {
    choose_round(job, bytes / 12);
    LQA_TRY(run_round(job, pool));
  }
  return LQA_OK;
}

static uint32_t capped(uint64_t count) {
  return count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
}

/* All candidates in one array: single symbols where wanted, and what the counters kept. */
static lqa_status gather(const counting *job, size_t n_counters, lqa_keyed **out, size_t *n_out) {
  const lqa_term_options *options = &job->terms->options;
  size_t n = options->ngram_lo == 1 ? job->symbols->n_symbols : 0, at = 0;
  for (size_t i = 0; i < n_counters; i++) {
    n += job->counters[i].kept.n;
  }
  lqa_keyed *all = lqa_malloc(n, sizeof *all);
  if (!all) {
    return LQA_NO_MEMORY;
  }
  unsigned shift = job->terms->bits * (unsigned)(options->ngram_hi - 1);
  for (uint32_t s = 0; options->ngram_lo == 1 && s < job->symbols->n_symbols; s++) {
    const lqa_word *word = &job->symbols->words[s];
    all[at++] = (lqa_keyed){
        .key = (uint64_t)(s + 1) << shift, .count = capped(word->count), .n_rows = word->n_rows};
  }
  for (size_t i = 0; i < n_counters; i++) {
    if (job->counters[i].kept.n > 0) {
      memcpy(all + at, job->counters[i].kept.data, job->counters[i].kept.n * sizeof *all);
    }
    at += job->counters[i].kept.n;
  }
  *out = all;
  *n_out = n;
  return LQA_OK;
}

/* Of the sorted `terms`, keeps the `wanted` with the highest counts; among equals the first. */
static lqa_status keep_most_frequent(lqa_keyed *terms, size_t *n, size_t wanted) {
  if (wanted == 0 || *n <= wanted) {
    return LQA_OK;
  }
  uint64_t *count = lqa_malloc(*n, sizeof *count);
  if (!count) {
    return LQA_NO_MEMORY;
  }
  for (size_t i = 0; i < *n; i++) {
    count[i] = terms[i].count;
  }
  uint64_t lowest = lqa_select_largest(count, *n, wanted);
  free(count);
  size_t n_above = 0, n_kept = 0;
  for (size_t i = 0; i < *n; i++) {
    n_above += terms[i].count > lowest;
  }
  size_t ties_left = wanted - n_above;
  for (size_t i = 0; i < *n; i++) {
    bool keep = terms[i].count > lowest || (terms[i].count == lowest && ties_left > 0);
    ties_left -= terms[i].count == lowest && keep;
    terms[n_kept] = terms[i];
    n_kept += keep;
  }
  *n = n_kept;
  return LQA_OK;
}

static void insert_term(lqa_terms *terms, uint32_t column) {
  size_t slot = lqa_terms_slot(terms, terms->terms[column].key);
  while (terms->slots[slot]) {
    slot = (slot + 1) & terms->mask;
  }
  terms->slots[slot] = column + 1;
}

/* Makes keys and symbols findable. */
static lqa_status index_terms(lqa_terms *terms, uint32_t n_symbols) {
  unsigned shift = terms->bits * (unsigned)(terms->options.ngram_hi - 1);
  uint64_t rest = ((uint64_t)1 << shift) - 1;
  terms->mask = (uint32_t)(((uint64_t)2 << bit_width(terms->n_terms)) - 1);
  terms->slot_shift = 64 - bit_width(terms->mask);
  terms->slots = lqa_calloc((size_t)terms->mask + 1, sizeof *terms->slots);
  terms->symbol_column = lqa_malloc(n_symbols, sizeof *terms->symbol_column);
  if (!terms->slots || !terms->symbol_column) {
    return LQA_NO_MEMORY;
  }
  memset(terms->symbol_column, 0xFF, n_symbols * sizeof *terms->symbol_column);
  for (uint32_t column = 0; column < terms->n_terms; column++) {
    uint64_t key = terms->terms[column].key;
    if ((key & rest) == 0) {
      terms->symbol_column[(key >> shift) - 1] = column;
    } else {
      insert_term(terms, column);
    }
  }
  return LQA_OK;
}

uint32_t lqa_terms_find(const lqa_terms *terms, uint64_t key) {
  size_t slot = lqa_terms_slot(terms, key);
  for (; terms->slots[slot]; slot = (slot + 1) & terms->mask) {
    uint32_t column = terms->slots[slot] - 1;
    if (terms->terms[column].key == key) {
      return column;
    }
  }
  return LQA_SYMBOL_NONE;
}

static lqa_status choose_terms(counting *job, size_t n_counters) {
  lqa_terms *terms = job->terms;
  size_t n;
  LQA_TRY(gather(job, n_counters, &terms->terms, &n));
  lqa_keyed *scratch = lqa_malloc(n, sizeof *scratch);
  if (!scratch) {
    return LQA_NO_MEMORY;
  }
  lqa_keyed *sorted =
      lqa_sort_keyed(terms->terms, scratch, n, terms->bits * (unsigned)terms->options.ngram_hi);
  free(sorted == scratch ? terms->terms : scratch);
  terms->terms = sorted;
  LQA_TRY(keep_most_frequent(terms->terms, &n, (size_t)terms->options.max_terms));
  if (n > INT32_MAX) {
    return LQA_NO_MEMORY;
  }
  terms->n_terms = (uint32_t)n;
  return index_terms(terms, job->symbols->n_symbols);
}

static void clear_counters(counter *counters, size_t n) {
  for (size_t i = 0; counters && i < n; i++) {
    lqa_vec_clear(&counters[i].keys);
    lqa_vec_clear(&counters[i].slots);
    lqa_vec_clear(&counters[i].tallies);
    lqa_vec_clear(&counters[i].kept);
  }
  free(counters);
}

static lqa_status check_bits(const lqa_symbols *symbols, const lqa_terms *terms, lqa_error *err) {
  if (terms->bits * (unsigned)terms->options.ngram_hi <= 64) {
    return LQA_OK;
  }
  return lqa_fail(
      err, LQA_BAD_USAGE,
      "n-grams of %d over %u distinct words do not fit: use n-grams of at most %u, or a "
      "higher " LQA_OPTION("min_df"),
      terms->options.ngram_hi, symbols->n_symbols, 64 / terms->bits);
}

lqa_status lqa_terms_count(const lqa_symbols *symbols, const lqa_term_options *options,
                           lqa_pool *pool, lqa_terms *out, lqa_error *err) {
  *out = (lqa_terms){.options = *options, .bits = bit_width(symbols->n_symbols)};
  out->bits += out->bits == 0;
  LQA_TRY(check_bits(symbols, out, err));
  size_t n_counters = lqa_pool_threads(pool);
  counting job = {.symbols = symbols, .terms = out};
  lqa_status status;
  job.counters = lqa_calloc(n_counters, sizeof *job.counters);
  LQA_TRY_OUT(job.counters ? LQA_OK : LQA_NO_MEMORY);
  LQA_TRY_OUT(options->ngram_hi > 1 ? count_long_terms(&job, pool) : LQA_OK);
  status = choose_terms(&job, n_counters);
out:
  clear_counters(job.counters, n_counters);
  free(job.place);
  free(job.start);
  return status == LQA_OK ? status : lqa_fail_memory(err, "counting terms");
}

void lqa_terms_clear(lqa_terms *terms) {
  free(terms->terms);
  free(terms->symbol_column);
  free(terms->slots);
  *terms = (lqa_terms){0};
}
