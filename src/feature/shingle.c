/* feature/shingle.c - a text as the set of its shingles.
 *
 * The text is folded first (NFKC, case, white space), so that a copy through another editor has the
 * same shingles. Units (code points or words) are laid back to back with their offsets; a shingle
 * is the bytes from one offset to the k-th next, hashed to 64 bits. Up to eight bytes are one
 * number, which a bijection mixes, so that short shingles of one length never collide; longer ones
 * take XXH3, where two of two texts of a thousand characters collide with probability below 1e-13.
 * Reference: Broder, "On the resemblance and containment of documents", 1997.
 */
#include "feature/minhash.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/sort.h"
#include "base/unicode.h"
#include "base/vec.h"

enum { WORD_BYTES = 8, SORT_BUCKETS = 256, MAX_INSERTION = 32 };

struct lqa_shingler {
  int shingle;
  bool words;
  lqa_buf folded, units;   /* `units` holds the words with one space after each */
  LQA_VEC(size_t) offset;  /* unit starts, then the end */
  LQA_VEC(uint64_t) spare; /* for sorting */
};

lqa_shingler *lqa_shingler_new(int shingle, bool words) {
  lqa_shingler *shingler = lqa_calloc(1, sizeof *shingler);
  if (shingler) {
    shingler->shingle = shingle;
    shingler->words = words;
    lqa_buf_init(&shingler->folded, SIZE_MAX / 2);
    lqa_buf_init(&shingler->units, SIZE_MAX / 2);
  }
  return shingler;
}

void lqa_shingler_free(lqa_shingler *shingler) {
  if (shingler) {
    lqa_buf_clear(&shingler->folded);
    lqa_buf_clear(&shingler->units);
    lqa_vec_clear(&shingler->offset);
    lqa_vec_clear(&shingler->spare);
    free(shingler);
  }
}

void lqa_shingle_set_clear(lqa_shingle_set *set) {
  free(set->hash);
  *set = (lqa_shingle_set){0};
}

/* Offsets of the code points of `text`. */
static lqa_status cut_characters(lqa_shingler *shingler, lqa_str text) {
  LQA_TRY(lqa_vec_reserve(&shingler->offset, text.size + 1));
  size_t *offset = shingler->offset.data, n = 0;
  for (size_t at = 0; at < text.size; at++) {
    if (((unsigned char)text.data[at] & 0xc0) != 0x80) { /* not a continuation byte */
      offset[n++] = at;
    }
  }
  offset[n++] = text.size;
  shingler->offset.n = n;
  return LQA_OK;
}

/* Copies the words of `text` to shingler->units and notes where they start. */
static lqa_status cut_words(lqa_shingler *shingler, lqa_str text) {
  lqa_buf_reset(&shingler->units);
  shingler->offset.n = 0;
  bool inside = false;
  for (size_t at = 0, length; at < text.size; at += length) {
    bool is_word = lqa_unicode_is_word(lqa_utf8_decode(text.data + at, text.size - at, &length));
    if (is_word && !inside) {
      LQA_TRY(lqa_vec_push(&shingler->offset, shingler->units.size));
    }
    if (is_word) {
      lqa_buf_add(&shingler->units, text.data + at, length);
    } else if (inside) {
      lqa_buf_add_char(&shingler->units, ' ');
    }
    inside = is_word;
  }
  if (inside) {
    lqa_buf_add_char(&shingler->units, ' ');
  }
  LQA_TRY(lqa_vec_push(&shingler->offset, shingler->units.size));
  return shingler->units.failed ? LQA_NO_MEMORY : LQA_OK;
}

/* A bijection of 64-bit numbers (the finish of Steele's splitmix64). */
static uint64_t mix(uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

/* `text` has WORD_BYTES readable bytes from its start, whatever its size. */
static uint64_t hash_shingle(const char *text, size_t size) {
  if (size > WORD_BYTES || size == 0) {
    return lqa_hash64(text, size, 0);
  }
  uint64_t word;
  memcpy(&word, text, sizeof word);
  return mix((word & UINT64_MAX >> (64 - 8 * size)) + size * 0x9e3779b97f4a7c15u);
}

static lqa_status reserve_shingles(lqa_shingle_set *out, size_t n) {
  return n <= out->capacity
             ? LQA_OK
             : lqa_vec_grow((void **)&out->hash, &out->capacity, n, sizeof *out->hash);
}

/* Makes WORD_BYTES beyond the end readable. */
static lqa_status pad(lqa_buf *buf) {
  static const char zeros[WORD_BYTES];
  lqa_buf_add(buf, zeros, sizeof zeros);
  buf->size -= buf->failed ? 0 : sizeof zeros;
  return buf->failed ? LQA_NO_MEMORY : LQA_OK;
}

/* Units of one byte each: no offsets are needed. */
static lqa_status hash_ascii(const lqa_shingler *shingler, lqa_shingle_set *out) {
  const char *text = shingler->folded.data;
  size_t size = shingler->folded.size, k = (size_t)shingler->shingle;
  size_t n = size > k ? size - k + 1 : size > 0;
  LQA_TRY(reserve_shingles(out, n));
  out->n = n;
  if (k > WORD_BYTES || size < k) {
    for (size_t i = 0; i < n; i++) {
      out->hash[i] = hash_shingle(text + i, k < size ? k : size);
    }
    return LQA_OK;
  }
  uint64_t mask = UINT64_MAX >> (64 - 8 * k), length = k * 0x9e3779b97f4a7c15u;
  for (size_t i = 0; i < n; i++) {
    uint64_t word;
    memcpy(&word, text + i, sizeof word);
    out->hash[i] = mix((word & mask) + length);
  }
  return LQA_OK;
}

/* Cuts a text into shingles, unsorted and with repetitions: what MinHash needs. */
lqa_status lqa_shingler_cut(lqa_shingler *shingler, lqa_str text, lqa_shingle_set *out) {
  lqa_buf_reset(&shingler->folded);
  lqa_unicode_case_fold(text, &shingler->folded);
  LQA_TRY(pad(&shingler->folded));
  lqa_str units = lqa_buf_str(&shingler->folded);
  if (!shingler->words && lqa_utf8_ascii_prefix(units.data, units.size) == units.size) {
    return hash_ascii(shingler, out);
  }
  LQA_TRY(shingler->words ? cut_words(shingler, units) : cut_characters(shingler, units));
  if (shingler->words) {
    LQA_TRY(pad(&shingler->units));
    units = lqa_buf_str(&shingler->units);
  }
  size_t n_units = shingler->offset.n - 1, k = (size_t)shingler->shingle;
  size_t n = n_units > k ? n_units - k + 1 : n_units > 0;
  LQA_TRY(reserve_shingles(out, n));
  for (size_t i = 0; i < n; i++) {
    size_t from = shingler->offset.data[i], last = i + k < n_units ? i + k : n_units;
    out->hash[i] = hash_shingle(units.data + from, shingler->offset.data[last] - from);
  }
  out->n = n;
  return LQA_OK;
}

static void sort_by_insertion(uint64_t *hash, size_t n) {
  for (size_t i = 1; i < n; i++) {
    uint64_t value = hash[i];
    size_t at = i;
    for (; at > 0 && hash[at - 1] > value; at--) {
      hash[at] = hash[at - 1];
    }
    hash[at] = value;
  }
}

static void sort_part(uint64_t *hash, size_t n) {
  if (n > MAX_INSERTION) {
    qsort(hash, n, sizeof *hash, lqa_compare_uint64);
  } else {
    sort_by_insertion(hash, n);
  }
}

/* Hashes are uniform, so their first byte deals them to even buckets; a bucket that
 * is large all the same (a long text, repetitions) is sorted on its own. */
static lqa_status sort_hashes(lqa_shingler *shingler, uint64_t *hash, size_t n) {
  uint32_t start[SORT_BUCKETS + 1] = {0};
  LQA_TRY(lqa_vec_reserve(&shingler->spare, n));
  uint64_t *spare = shingler->spare.data;
  for (size_t i = 0; i < n; i++) {
    start[(hash[i] >> 56) + 1]++;
  }
  for (int b = 0; b < SORT_BUCKETS; b++) {
    start[b + 1] += start[b];
  }
  for (size_t i = 0; i < n; i++) {
    spare[start[hash[i] >> 56]++] = hash[i];
  }
  memcpy(hash, spare, n * sizeof *hash);
  size_t from = 0;
  for (int b = 0; b < SORT_BUCKETS; b++) {
    sort_part(hash + from, start[b] - from);
    from = start[b];
  }
  return LQA_OK;
}

lqa_status lqa_shingler_run(lqa_shingler *shingler, lqa_str text, lqa_shingle_set *out) {
  LQA_TRY(lqa_shingler_cut(shingler, text, out));
  if (out->n > 1) { /* an empty set may have no array yet */
    LQA_TRY(sort_hashes(shingler, out->hash, out->n));
  }
  size_t kept = 0;
  for (size_t i = 0; i < out->n; i++) {
    if (i == 0 || out->hash[i] != out->hash[i - 1]) {
      out->hash[kept++] = out->hash[i];
    }
  }
  out->n = kept;
  return LQA_OK;
}

double lqa_shingle_jaccard(const lqa_shingle_set *a, const lqa_shingle_set *b) {
  size_t i = 0, j = 0, common = 0;
  while (i < a->n && j < b->n) {
    uint64_t x = a->hash[i], y = b->hash[j];
    common += x == y;
    i += x <= y;
    j += y <= x;
  }
  size_t all = a->n + b->n - common;
  return all ? (double)common / (double)all : 1;
}
