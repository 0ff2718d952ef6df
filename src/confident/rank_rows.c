/* confident/rank_rows.c - the flagged rows, lowest label quality first.
 *
 * Scores are sorted in place, as integers that compare the way the scores do. Where scores are
 * float32 values, score and row number share one 64-bit word, in the place that the row number is
 * wanted in: no memory besides the result. Otherwise 8 bytes a flagged row.
 *
 * Sorting is by the most significant byte first, swapping words to where their byte begins
 * (McIlroy, Bostic and McIlroy, "Engineering Radix Sort", Computing Systems 6, 1993), and by
 * insertion for few words. Equal scores stay in row order. Compat order differs only there; it
 * sorts as the reference does.
 */
#include "confident/scores.h"

#include "base/memory.h"
#include "base/sort.h"
#include "confident/compat_order.h"

enum { RADIX = 256, FEW = 32 };

/* ---- sorting words, each with a row or without ---- */

struct words {
  uint64_t *word;
  int64_t *row; /* goes along, or NULL */
};

static inline void swap_words(const struct words *w, int64_t i, int64_t j) {
  uint64_t word = w->word[i];
  w->word[i] = w->word[j];
  w->word[j] = word;
  if (w->row) {
    int64_t row = w->row[i];
    w->row[i] = w->row[j];
    w->row[j] = row;
  }
}

static void insertion_sort(const struct words *w, int64_t from, int64_t end) {
  for (int64_t i = from + 1; i < end; i++) {
    for (int64_t j = i; j > from && w->word[j] < w->word[j - 1]; j--) {
      swap_words(w, j, j - 1);
    }
  }
}

/* Puts every word of [from, end) where its byte's words begin: place[b] .. start[b + 1]. */
static void deal(const struct words *w, int shift, const int64_t *start) {
  int64_t place[RADIX];
  memcpy(place, start, sizeof place);
  for (int byte = 0; byte < RADIX; byte++) {
    while (place[byte] < start[byte + 1]) {
      int own = (int)(w->word[place[byte]] >> shift & (RADIX - 1));
      if (own == byte) {
        place[byte]++;
      } else {
        swap_words(w, place[byte], place[own]++);
      }
    }
  }
}

/* Recursion is at most 8 deep. */
static void sort_words(const struct words *w, int64_t from, int64_t end, int shift) {
  int64_t start[RADIX + 1] = {0};
  if (end - from <= FEW) {
    insertion_sort(w, from, end);
    return;
  }
  for (int64_t i = from; i < end; i++) {
    start[(w->word[i] >> shift & (RADIX - 1)) + 1]++;
  }
  start[0] = from;
  for (int byte = 0; byte < RADIX; byte++) {
    start[byte + 1] += start[byte];
  }
  deal(w, shift, start);
  for (int byte = 0; byte < RADIX && shift > 0; byte++) {
    sort_words(w, start[byte], start[byte + 1], shift - 8);
  }
}

/* Words that are equal come in row order. */
static void order_ties(const struct words *w, int64_t n) {
  for (int64_t from = 0, end; from < n; from = end) {
    for (end = from + 1; end < n && w->word[end] == w->word[from]; end++) {
    }
    if (end - from > 1) {
      struct words rows = {(uint64_t *)w->row, NULL};
      sort_words(&rows, from, end, 56);
    }
  }
}

/* ---- flagged rows ---- */

struct ranking {
  const lqa_scorer *scorer;
  const uint8_t *issue;
  int64_t *start; /* per chunk: where its rows go */
  uint64_t *word; /* the scores; may be `row` */
  int64_t *row;
  double *score; /* in place of words, for the reference's sort; or NULL */
  uint32_t *flagged;
};

/* As lqa_key_bits for the float32 value, with the row below it. */
static inline uint64_t word_of_single(double score, int64_t row) {
  float single = (float)score + 0.f;
  uint32_t bits;
  memcpy(&bits, &single, sizeof bits);
  bits = single != single ? UINT32_MAX : bits >> 31 ? ~bits : bits | (uint32_t)1 << 31;
  return (uint64_t)bits << 32 | (uint32_t)row;
}

static lqa_status score_chunk(void *data, size_t chunk, size_t worker) {
  const struct ranking *r = data;
  const lqa_confident *cl = r->scorer->cl;
  int64_t end = lqa_confident_chunk_end(cl, chunk), at = r->start[chunk];
  for (int64_t row = lqa_confident_chunk_start(cl, chunk); row < end; row++) {
    if (r->issue[row]) {
      int32_t label;
      lqa_confident_read_labels(cl, row, 1, &label);
      double score = label < 0 ? 0 : lqa_scorer_score(r->scorer, row, label, worker);
      if (r->score) {
        r->score[at] = score;
        r->flagged[at++] = (uint32_t)row;
      } else if ((void *)r->word == (void *)r->row) {
        r->word[at++] = word_of_single(score, row);
      } else {
        r->word[at] = lqa_key_bits(score);
        r->row[at++] = row;
      }
    }
  }
  return lqa_confident_go_on(cl);
}

static int64_t count_flagged(const uint8_t *issue, int64_t n_rows) {
  int64_t n = 0;
  for (int64_t row = 0; row < n_rows; row++) {
    n += issue[row] != 0;
  }
  return n;
}

/* Where each chunk's flagged rows go; returns how many there are. */
static int64_t place_chunks(struct ranking *r) {
  const lqa_confident *cl = r->scorer->cl;
  int64_t n = 0;
  for (int64_t chunk = 0; chunk < cl->n_chunks; chunk++) {
    int64_t row = lqa_confident_chunk_start(cl, (size_t)chunk);
    r->start[chunk] = n;
    n += count_flagged(r->issue + row, lqa_confident_chunk_end(cl, (size_t)chunk) - row);
  }
  return n;
}

/* The words are sorted: do two rows have one score? */
static bool has_ties(const struct ranking *r, int64_t n) {
  for (int64_t i = 1; i < n; i++) {
    if (r->word[i] == r->word[i - 1]) {
      return true;
    }
  }
  return false;
}

static lqa_status score_flagged(struct ranking *r) {
  lqa_confident *cl = r->scorer->cl;
  return lqa_pool_run(cl->pool, (size_t)cl->n_chunks, score_chunk, r);
}

/* The flagged rows in the reference's order. */
static lqa_status sort_compat(struct ranking *r, int64_t n) {
  r->score = lqa_malloc((size_t)n, sizeof *r->score);
  r->flagged = lqa_malloc((size_t)n, sizeof *r->flagged);
  lqa_status status;
  LQA_TRY_OUT(r->score && r->flagged ? score_flagged(r) : LQA_NO_MEMORY);
  lqa_compat_argsort(r->score, n, r->row);
  for (int64_t i = 0; i < n; i++) {
    r->row[i] = r->flagged[r->row[i]];
  }
out:
  free(r->score);
  free(r->flagged);
  return status;
}

static lqa_status sort_rows(struct ranking *r, int64_t n) {
  bool is_packed = (void *)r->word == (void *)r->row;
  bool is_compat = r->scorer->cl->ties == LQA_TIES_COMPAT;
  struct words words = {r->word, is_packed ? NULL : r->row};
  if (is_compat && is_packed) {
    return sort_compat(r, n); /* float32 scores nearly always have ties */
  }
  LQA_TRY(score_flagged(r));
  sort_words(&words, 0, n, 56);
  if (is_compat && has_ties(r, n)) {
    return sort_compat(r, n);
  }
  if (!is_packed) {
    order_ties(&words, n);
  }
  for (int64_t i = 0; is_packed && i < n; i++) {
    r->row[i] = (int64_t)(r->word[i] & UINT32_MAX);
  }
  return LQA_OK;
}

lqa_status lqa_confident_rank_rows(lqa_confident *cl, const uint8_t *issue,
                                   const lqa_rank_options *options, int64_t *rows, lqa_error *err) {
  lqa_scorer scorer;
  LQA_TRY(lqa_scorer_init(&scorer, cl, options, err));
  struct ranking r = {.scorer = &scorer, .issue = issue, .row = rows};
  r.start = lqa_malloc((size_t)cl->n_chunks, sizeof *r.start);
  uint64_t *own = NULL;
  lqa_status status;
  LQA_TRY_OUT(r.start ? LQA_OK : LQA_NO_MEMORY);
  int64_t n = place_chunks(&r);
  own = scorer.is_single ? NULL : lqa_malloc((size_t)n, sizeof *own);
  r.word = scorer.is_single ? (uint64_t *)rows : own;
  status = r.word ? sort_rows(&r, n) : LQA_NO_MEMORY;
out:
  free(own);
  free(r.start);
  lqa_scorer_clear(&scorer);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "ranking label issues") : status;
}

lqa_status lqa_confident_rank(lqa_confident *cl, const uint8_t *issue,
                              const lqa_rank_options *options, lqa_ranking *ranking,
                              lqa_error *err) {
  int64_t n = count_flagged(issue, cl->n_rows);
  int64_t *rows = lqa_malloc((size_t)n, sizeof *rows);
  if (!rows) {
    return lqa_fail_memory(err, "ranking label issues");
  }
  lqa_status status = lqa_confident_rank_rows(cl, issue, options, rows, err);
  if (status != LQA_OK) {
    free(rows);
    return status;
  }
  *ranking = (lqa_ranking){rows, n};
  return LQA_OK;
}
