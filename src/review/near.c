/* review/near.c - nearest rows by brute force over short lists of word hashes.
 *
 * Words are runs of letters and digits, folded; of a table a word is a column and its value. 32-bit
 * hashes may collide; a wrong neighbour once in a while costs a glance. Only MAX_WORDS rare ends of
 * a long text would matter, but the first ones are what a person reads first. */
#include "review/near.h"

#include "base/explog.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/unicode.h"

#include <math.h>

enum {
  MAX_ROWS = 100000,
  MAX_WORDS = 64,
  MAX_BYTES = 4096,
  SLOT_BITS = 17,
  SLOTS = 1 << SLOT_BITS
};
static const char FIELD_BREAK = 0x1f;

struct lqa_near {
  int64_t n;               /* rows remembered */
  int64_t *rows;           /* ascending */
  uint32_t *starts;        /* n + 1, into words */
  LQA_VEC(uint32_t) words; /* sorted within a row, each once */
  float *norms;
  uint32_t *count; /* rows by slot of a word's hash */
};

static int compare_words(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static uint32_t hash_word(const char *text, size_t size, uint64_t column) {
  return (uint32_t)lqa_hash64(text, size, column);
}

static int keep_distinct(uint32_t *words, int n) {
  int kept = 0;
  qsort(words, (size_t)n, sizeof *words, compare_words);
  for (int i = 0; i < n; i++) {
    if (kept == 0 || words[kept - 1] != words[i]) {
      words[kept++] = words[i];
    }
  }
  return kept;
}

static int split_fields(lqa_str text, uint32_t words[MAX_WORDS]) {
  int n = 0;
  uint64_t column = 1;
  for (size_t at = 0; at <= text.size && n < MAX_WORDS; column++) {
    const char *stop = memchr(text.data + at, FIELD_BREAK, text.size - at);
    size_t size = stop ? (size_t)(stop - text.data) - at : text.size - at;
    words[n++] = hash_word(text.data + at, size, column);
    at += size + 1;
  }
  return n;
}

static int split_words(lqa_str text, uint32_t words[MAX_WORDS]) {
  int n = 0;
  size_t start = 0;
  for (size_t i = 0, length; n < MAX_WORDS && i <= text.size; i += length) {
    length = 1;
    bool is_word = i < text.size &&
                   lqa_unicode_is_word(lqa_utf8_decode(text.data + i, text.size - i, &length));
    if (!is_word) {
      if (i > start) {
        words[n++] = hash_word(text.data + start, i - start, 0);
      }
      start = i + length;
    }
  }
  return n;
}

/* The distinct words of a row, sorted; `folded` is scratch. */
static lqa_status find_words(const lqa_review *review, int64_t row, lqa_buf *folded,
                             uint32_t words[MAX_WORDS], int *n, lqa_error *err) {
  lqa_buf text;
  bool has_content = false;
  lqa_buf_init(&text, 2 * MAX_BYTES);
  lqa_buf_reset(folded);
  *n = 0;
  lqa_status status = lqa_contents_get(&review->contents, row, MAX_BYTES, &text, &has_content, err);
  if (status == LQA_OK && has_content) {
    bool is_table = review->run->manifest.content_kind == LQA_CONTENT_TABLE;
    lqa_unicode_lower(lqa_buf_str(&text), folded);
    status = lqa_buf_check(folded, err);
    lqa_str lower = lqa_buf_str(folded);
    *n = status != LQA_OK ? 0 : is_table ? split_fields(lower, words) : split_words(lower, words);
    *n = keep_distinct(words, *n);
  }
  lqa_buf_clear(&text);
  return status;
}

static uint32_t slot_of(uint32_t word) {
  return word >> (32 - SLOT_BITS);
}

static double weight_of(const lqa_near *near, uint32_t word) {
  return lqa_log((1.0 + (double)near->n) / (1.0 + near->count[slot_of(word)])) + 1e-3;
}

static double norm_of(const lqa_near *near, const uint32_t *words, int n) {
  double sum = 0;
  for (int i = 0; i < n; i++) {
    double w = weight_of(near, words[i]);
    sum += w * w;
  }
  return sqrt(sum);
}

static lqa_status remember(lqa_near *near, const lqa_review *review, lqa_error *err) {
  int64_t n_rows = review->run->rows.n_rows;
  int64_t step = (n_rows + MAX_ROWS - 1) / MAX_ROWS;
  lqa_buf folded;
  lqa_buf_init(&folded, SIZE_MAX / 4);
  lqa_status status = LQA_OK;
  for (int64_t row = 0; row < n_rows; row += (step > 0 ? step : 1)) {
    uint32_t words[MAX_WORDS];
    int n = 0;
    LQA_TRY_OUT(find_words(review, row, &folded, words, &n, err));
    if (lqa_vec_reserve(&near->words, near->words.n + MAX_WORDS) != LQA_OK) {
      LQA_TRY_OUT(lqa_fail_memory(err, "remembering words"));
    }
    for (int i = 0; i < n; i++) {
      near->words.data[near->words.n++] = words[i];
      near->count[slot_of(words[i])]++;
    }
    near->rows[near->n++] = row;
    near->starts[near->n] = (uint32_t)near->words.n;
  }
out:
  lqa_buf_clear(&folded);
  for (int64_t i = 0; i < near->n; i++) {
    near->norms[i] = (float)norm_of(near, near->words.data + near->starts[i],
                                    (int)(near->starts[i + 1] - near->starts[i]));
  }
  return status;
}

lqa_status lqa_near_new(const lqa_review *review, lqa_near **out, lqa_error *err) {
  lqa_near *near = lqa_calloc(1, sizeof *near);
  if (near) {
    near->rows = lqa_malloc(MAX_ROWS + 1, sizeof *near->rows);
    near->starts = lqa_calloc(MAX_ROWS + 2, sizeof *near->starts);
    near->norms = lqa_calloc(MAX_ROWS + 1, sizeof *near->norms);
    near->count = lqa_calloc(SLOTS, sizeof *near->count);
  }
  bool has_all = near && near->rows && near->starts && near->norms && near->count;
  lqa_status status;
  LQA_TRY_OUT(has_all ? LQA_OK : lqa_fail_memory(err, "remembering words"));
  if (review->contents.offsets) {
    LQA_TRY_OUT(remember(near, review, err));
  }
out:
  if (status != LQA_OK) {
    lqa_near_free(near);
    return status;
  }
  *out = near;
  return LQA_OK;
}

void lqa_near_free(lqa_near *near) {
  if (near) {
    free(near->rows);
    free(near->starts);
    free(near->norms);
    free(near->count);
    lqa_vec_clear(&near->words);
    free(near);
  }
}

/* Dot product of two sorted lists. */
static double dot(const lqa_near *near, const uint32_t *a, int n_a, const uint32_t *b, int n_b) {
  double sum = 0;
  for (int i = 0, k = 0; i < n_a && k < n_b;) {
    if (a[i] == b[k]) {
      double w = weight_of(near, a[i]);
      sum += w * w;
      i++;
      k++;
    } else if (a[i] < b[k]) {
      i++;
    } else {
      k++;
    }
  }
  return sum;
}

/* Keeps the list sorted, nearest first; of equals the earlier row. */
static void insert(lqa_near_row *out, int *n, lqa_near_row item) {
  int at = *n;
  while (at > 0 && out[at - 1].similarity < item.similarity) {
    at--;
  }
  if (at >= LQA_NEAR_MAX) {
    return;
  }
  *n += *n < LQA_NEAR_MAX;
  for (int i = *n - 1; i > at; i--) {
    out[i] = out[i - 1];
  }
  out[at] = item;
}

static bool is_equal(const lqa_review *review, int64_t a, int64_t b) {
  const lqa_hash128 *hash = review->run->rows.content_hash;
  return a == b || (hash && hash[a].high == hash[b].high && hash[a].low == hash[b].low);
}

lqa_status lqa_near_find(const lqa_near *near, const lqa_review *review, int64_t row,
                         lqa_near_row *out, int *n, lqa_error *err) {
  uint32_t words[MAX_WORDS];
  int n_words = 0;
  lqa_buf folded;
  lqa_buf_init(&folded, SIZE_MAX / 4);
  *n = 0;
  lqa_status status = find_words(review, row, &folded, words, &n_words, err);
  lqa_buf_clear(&folded);
  double norm = status == LQA_OK ? norm_of(near, words, n_words) : 0;
  for (int64_t i = 0; norm > 0 && i < near->n; i++) {
    const uint32_t *other = near->words.data + near->starts[i];
    int n_other = (int)(near->starts[i + 1] - near->starts[i]);
    double sum = n_other > 0 ? dot(near, words, n_words, other, n_other) : 0;
    if (sum > 0 && !is_equal(review, row, near->rows[i])) {
      insert(out, n, (lqa_near_row){near->rows[i], sum / (norm * near->norms[i])});
    }
  }
  return status;
}

int lqa_equal_find(const lqa_review *review, int64_t row, int64_t *out, int max, int64_t *total) {
  const lqa_hash128 *hash = review->run->rows.content_hash;
  int n = 0;
  *total = 0;
  if (!hash || (hash[row].high == 0 && hash[row].low == 0)) {
    return 0;
  }
  for (int64_t other = 0; other < review->run->rows.n_rows; other++) {
    if (other != row && is_equal(review, row, other)) {
      if (n < max) {
        out[n++] = other;
      }
      (*total)++;
    }
  }
  return n;
}
