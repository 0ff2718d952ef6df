/* Columns, and the second form of the blocks.
 *
 * Columns are numbered by falling document frequency (in steps of an eighth of a power of two): the
 * few that most entries belong to lie together, so whatever a model keeps per column is mostly read
 * from the cache. Buckets that no row uses often enough get no number, so no model has room for
 * them.
 *
 * A weight of a row of length 1 lies between 0 and 1. Of its float only the bits that matter are
 * kept: four of the exponent (down to 2^-15, less becomes that) and the upper ones of the mantissa,
 * as many as the column leaves: six for 4 million columns, an error of at most .8 %; all of them
 * for 512. The square of the row's length is that of the weights as they are kept.
 */
#include "feature/hashed_pack.h"

#include "base/sort.h"
#include "base/explog.h"

#include <math.h>
#include <string.h>

enum {
  NO_COLUMN = -1,
  LEVELS = 33 * 8, /* of document frequency */
  EXPONENT_BITS = 4,
  FIRST_EXPONENT = 127 - 15, /* biased, of the smallest weight */
  MANTISSA_BITS = 23,
  MAX_VALUE_BITS = EXPONENT_BITS + MANTISSA_BITS,
  FETCH_AHEAD = 48 /* entries */
};

/* A bucket's place among the columns. */
typedef struct column {
  int32_t number; /* or NO_COLUMN */
  float idf;
} column;

typedef struct packing {
  lqa_hashed_blocks *features;
  column *columns; /* per bucket */
  double tf[LQA_MAX_COUNT + 1];
  LQA_VEC(uint32_t) * words; /* per worker */
  lqa_error *errors;         /* per worker */
} packing;

/* --- columns --- */

static bool is_frequent(const lqa_hashed_blocks *f, const lqa_bucket_counts *c, size_t bucket) {
  return c->n_rows[bucket] >= (uint64_t)f->options.terms.min_df;
}

/* The least count of a bucket among the max_features most frequent, and how many buckets of that
 * very count are among them. */
static lqa_status find_least(const lqa_hashed_blocks *f, const lqa_bucket_counts *c,
                             uint64_t *least, size_t *n_ties) {
  size_t n = (size_t)1 << f->options.bucket_bits, n_above = 0;
  size_t wanted = (size_t)f->options.terms.max_features;
  uint64_t *count = lqa_malloc(n, sizeof *count);
  if (!count) {
    return LQA_NO_MEMORY;
  }
  for (size_t i = 0; i < n; i++) {
    count[i] = is_frequent(f, c, i) ? c->n_times[i] : 0;
  }
  *least = lqa_select_largest(count, n, wanted);
  for (size_t i = 0; i < n; i++) {
    n_above += count[i] > *least;
  }
  *n_ties = wanted - n_above;
  free(count);
  return LQA_OK;
}

/* Of the buckets in at least min_df rows the max_features most frequent, the lowest among equals,
 * get a column and an idf; numbers come later. */
static lqa_status choose_columns(packing *p, const lqa_bucket_counts *c) {
  lqa_hashed_blocks *f = p->features;
  size_t n = (size_t)1 << f->options.bucket_bits, n_ties = 0, n_frequent = 0;
  uint64_t least = 0, wanted = (uint64_t)f->options.terms.max_features;
  for (size_t i = 0; i < n; i++) {
    n_frequent += is_frequent(f, c, i);
  }
  if (wanted && n_frequent > wanted) {
    LQA_TRY(find_least(f, c, &least, &n_ties));
  }
  for (size_t i = 0; i < n; i++) {
    bool keep = is_frequent(f, c, i);
    if (keep && least > 0) {
      bool tie = c->n_times[i] == least;
      keep = c->n_times[i] > least || (tie && n_ties > 0);
      n_ties -= tie && keep;
    }
    double rows = (double)c->n_rows[i], n_documents = (double)f->n_documents;
    p->columns[i].number = keep ? 0 : NO_COLUMN;
    p->columns[i].idf = keep ? (float)(lqa_log((1 + n_documents) / (1 + rows)) + 1) : 0;
    f->n_used += keep;
  }
  return LQA_OK;
}

/* Falls as the number of rows grows. */
static size_t level_of(uint32_t n_rows) {
  unsigned power = n_rows > 7 ? 31 - (unsigned)__builtin_clz(n_rows) - 3 : 0;
  size_t rising = n_rows > 7 ? (power + 1) * 8 + (n_rows >> power) - 8 : n_rows;
  return LEVELS - 1 - rising;
}

static void number_columns(packing *p, const lqa_bucket_counts *c) {
  size_t n = (size_t)1 << p->features->options.bucket_bits, start[LEVELS] = {0}, sum = 0;
  for (size_t i = 0; i < n; i++) {
    start[level_of(c->n_rows[i])] += p->columns[i].number != NO_COLUMN;
  }
  for (size_t i = 0; i < LEVELS; i++) {
    size_t count = start[i];
    start[i] = sum;
    sum += count;
  }
  for (size_t i = 0; i < n; i++) {
    if (p->columns[i].number != NO_COLUMN) {
      p->columns[i].number = (int32_t)start[level_of(c->n_rows[i])]++;
    }
  }
}

/* How wide a weight may be beside a column. */
static void set_widths(lqa_hashed_blocks *f) {
  unsigned column_bits = 0;
  f->n_columns = f->n_used > 0 ? (int32_t)f->n_used : 1;
  while (column_bits < 32 && (uint64_t)f->n_columns > (uint64_t)1 << column_bits) {
    column_bits++;
  }
  f->value_bits = 32 - column_bits < MAX_VALUE_BITS ? 32 - column_bits : MAX_VALUE_BITS;
}

/* --- weights --- */

static inline uint32_t smallest_of(unsigned value_bits) {
  return (uint32_t)FIRST_EXPONENT << (value_bits - EXPONENT_BITS);
}

static inline uint32_t encode(float value, unsigned value_bits) {
  unsigned shift = MAX_VALUE_BITS - value_bits;
  uint32_t bits, smallest = smallest_of(value_bits), largest = ((uint32_t)1 << value_bits) - 1;
  memcpy(&bits, &value, sizeof bits);
  bits = (bits + ((uint32_t)1 << shift >> 1)) >> shift;
  bits = bits > smallest ? bits - smallest : 0;
  return bits < largest ? bits : largest;
}

static inline float decode(uint32_t code, unsigned value_bits) {
  float value;
  uint32_t bits = (code + smallest_of(value_bits)) << (MAX_VALUE_BITS - value_bits);
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* --- blocks --- */

/* Turns a row's words into their second form at `to`, which may be where they are; returns how many
 * they are now. */
static size_t pack_row(const packing *p, const uint32_t *words, uint32_t *to) {
  unsigned value_bits = p->features->value_bits;
  uint32_t n = words[1], n_kept = 0, row = words[0];
  const uint32_t *entry = words + LQA_ROW_HEAD;
  double squares = 0;
  for (uint32_t i = 0; i < n; i++) {
    double weight =
        p->tf[entry[i] & LQA_MAX_COUNT] * (double)p->columns[entry[i] >> LQA_COUNT_BITS].idf;
    squares += weight * weight;
  }
  double scale = squares > 0 ? 1 / sqrt(squares) : 0;
  float norm = 0;
  for (uint32_t i = 0; i < n; i++) {
    const column *c = &p->columns[entry[i] >> LQA_COUNT_BITS];
    if (c->number != NO_COLUMN) {
      double weight = p->tf[entry[i] & LQA_MAX_COUNT] * (double)c->idf * scale;
      uint32_t code = encode((float)weight, value_bits);
      float kept = decode(code, value_bits);
      norm += kept * kept;
      to[LQA_ROW_HEAD + n_kept++] = (uint32_t)c->number << value_bits | code;
    }
  }
  to[0] = row;
  to[1] = n_kept;
  memcpy(to + 2, &norm, sizeof norm);
  return LQA_ROW_HEAD + n_kept;
}

/* Asks for the columns of words that come soon; heads are taken for entries, which does no harm. */
static inline void fetch_columns(const packing *p, const uint32_t *words, size_t n) {
  size_t last = ((size_t)1 << p->features->options.bucket_bits) - 1;
  for (size_t i = 0; i < n; i++) {
    __builtin_prefetch(p->columns + ((words[i] >> LQA_COUNT_BITS) & last));
  }
}

static lqa_status pack_block(void *data, size_t number, size_t worker) {
  packing *p = data;
  lqa_hashed_blocks *f = p->features;
  lqa_error *err = &p->errors[worker];
  size_t n_words = lqa_block_store_count(f->store, number), end = 0;
  if (lqa_observe_cancelled(f->options.observer)) {
    return LQA_INTERRUPTED;
  }
  LQA_TRY(lqa_vec_reserve(&p->words[worker], n_words));
  uint32_t *words = p->words[worker].data;
  LQA_TRY(lqa_block_store_load(f->store, number, words, err));
  for (size_t at = 0, size; at < n_words; at += size) {
    size = LQA_ROW_HEAD + words[at + 1];
    size_t soon = at + size, left = n_words - soon;
    fetch_columns(p, words + soon, left < FETCH_AHEAD * 2 ? left : FETCH_AHEAD * 2);
    end += pack_row(p, words + at, words + end);
  }
  return lqa_block_store_replace(f->store, number, words, end, err);
}

static lqa_status take(packing *p, size_t n_workers) {
  const lqa_tfidf_options *terms = &p->features->options.terms;
  p->columns = lqa_calloc_table((size_t)1 << p->features->options.bucket_bits, sizeof *p->columns);
  p->words = lqa_calloc(n_workers, sizeof *p->words);
  p->errors = lqa_calloc(n_workers, sizeof *p->errors);
  for (int i = 1; i <= LQA_MAX_COUNT; i++) {
    p->tf[i] = terms->sublinear_tf ? 1 + lqa_log((double)i) : i;
  }
  return p->columns && p->words && p->errors ? LQA_OK : LQA_NO_MEMORY;
}

static void clear(packing *p, size_t n_workers) {
  for (size_t i = 0; p->words && i < n_workers; i++) {
    lqa_vec_clear(&p->words[i]);
  }
  free(p->columns);
  free(p->words);
  free(p->errors);
}

/* The error of a worker that has this one. */
static lqa_status tell(const packing *p, size_t n_workers, lqa_status status, lqa_error *err) {
  for (size_t i = 0; err && i < n_workers; i++) {
    if (p->errors[i].status == status) {
      *err = p->errors[i];
      return status;
    }
  }
  return status == LQA_INTERRUPTED ? lqa_observe_check(p->features->options.observer, err) : status;
}

lqa_status lqa_hashed_blocks_pack(lqa_hashed_blocks *features, const lqa_bucket_counts *counts,
                                  lqa_error *err) {
  packing p = {.features = features};
  size_t n_workers = lqa_pool_threads(features->options.pool);
  lqa_status status;
  LQA_TRY_OUT(take(&p, n_workers));
  LQA_TRY_OUT(choose_columns(&p, counts));
  number_columns(&p, counts);
  set_widths(features);
  status = lqa_pool_run(features->options.pool, features->n_blocks, pack_block, &p);
  status = status == LQA_OK ? status : tell(&p, n_workers, status, err);
out:
  clear(&p, n_workers);
  return status;
}

/* --- loading --- */

static lqa_status reserve_block(lqa_feature_block *b, size_t n_rows, size_t n_words) {
  LQA_TRY(lqa_vec_reserve(&b->words, n_words));
  LQA_TRY(lqa_vec_reserve(&b->rows, n_rows));
  LQA_TRY(lqa_vec_reserve(&b->norms, n_rows));
  LQA_TRY(lqa_vec_reserve(&b->starts, n_rows + 1));
  LQA_TRY(lqa_vec_reserve(&b->columns, n_words));
  return lqa_vec_reserve(&b->values, n_words);
}

static inline void unpack_row(const uint32_t *entry, size_t n, unsigned value_bits,
                              uint32_t *restrict columns, float *restrict values) {
  uint32_t mask = ((uint32_t)1 << value_bits) - 1;
  for (size_t i = 0; i < n; i++) {
    columns[i] = entry[i] >> value_bits;
    values[i] = decode(entry[i] & mask, value_bits);
  }
}

lqa_status lqa_hashed_blocks_load(const lqa_hashed_blocks *f, size_t number, lqa_feature_block *b,
                                  lqa_error *err) {
  size_t n_words = lqa_block_store_count(f->store, number), end = 0;
  if (reserve_block(b, f->n_rows[number], n_words) != LQA_OK) {
    return lqa_fail_memory(err, "loading features");
  }
  LQA_TRY(lqa_block_store_load(f->store, number, b->words.data, err));
  b->n_rows = 0;
  b->starts.data[0] = 0;
  for (size_t at = 0; at < n_words; b->n_rows++) {
    const uint32_t *head = b->words.data + at;
    unpack_row(head + LQA_ROW_HEAD, head[1], f->value_bits, b->columns.data + end,
               b->values.data + end);
    end += head[1];
    at += LQA_ROW_HEAD + head[1];
    b->rows.data[b->n_rows] = head[0];
    memcpy(b->norms.data + b->n_rows, head + 2, sizeof *b->norms.data);
    b->starts.data[b->n_rows + 1] = end;
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
