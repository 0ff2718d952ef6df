/* feature/shingle.c - a text as the set of its shingles.
 *
 * The text is folded first (NFKC, case, white space), so that a copy through another editor has the
 * same shingles. Units (code points or words) are laid back to back with their offsets; a shingle
 * is the bytes from one offset to the k-th next, hashed to 64 bits (XXH3). Two different shingles
 * of two texts of a thousand characters collide with probability below 1e-13. Reference: Broder,
 * "On the resemblance and containment of documents", 1997.
 */
#include "feature/minhash.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/unicode.h"
#include "base/vec.h"

struct lqa_shingler {
  int shingle;
  bool words;
  lqa_buf folded, units;  /* `units` holds the words with one space after each */
  LQA_VEC(size_t) offset; /* unit starts, then the end */
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

static int compare_hashes(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

/* Cuts a text into shingles, unsorted and with repetitions: what MinHash needs. */
lqa_status lqa_shingler_cut(lqa_shingler *shingler, lqa_str text, lqa_shingle_set *out) {
  lqa_buf_reset(&shingler->folded);
  lqa_unicode_fold(text, &shingler->folded);
  if (shingler->folded.failed) {
    return LQA_NO_MEMORY;
  }
  lqa_str units = lqa_buf_str(&shingler->folded);
  LQA_TRY(shingler->words ? cut_words(shingler, units) : cut_characters(shingler, units));
  if (shingler->words) {
    units = lqa_buf_str(&shingler->units);
  }
  size_t n_units = shingler->offset.n - 1, k = (size_t)shingler->shingle;
  size_t n = n_units > k ? n_units - k + 1 : n_units > 0;
  if (n > out->capacity) {
    LQA_TRY(lqa_vec_grow((void **)&out->hash, &out->capacity, n, sizeof *out->hash));
  }
  for (size_t i = 0; i < n; i++) {
    size_t from = shingler->offset.data[i], last = i + k < n_units ? i + k : n_units;
    out->hash[i] = lqa_hash64(units.data + from, shingler->offset.data[last] - from, 0);
  }
  out->n = n;
  return LQA_OK;
}

lqa_status lqa_shingler_run(lqa_shingler *shingler, lqa_str text, lqa_shingle_set *out) {
  LQA_TRY(lqa_shingler_cut(shingler, text, out));
  if (out->n > 1) { /* an empty set may have no array yet */
    qsort(out->hash, out->n, sizeof *out->hash, compare_hashes);
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
