/* audit/confident_learning/prune_noise_rate.c - fills the quota of every (given, true) pair of
 * classes.
 *
 * Quota (g, t) takes the rows of g with the largest margin p_t - p_g. A row is only ever flagged
 * when another class beats its label, so this goes in two steps:
 *
 *  1. Among the rows that disagree with their label. A row that agrees has no margin above
 * rounding, so while a quota is met by larger margins, disagreeing rows decide it alone. They are
 * few, and each is read once.
 *  2. Where a quota reaches below that (or a tie at its end needs the reference's sort) and some
 *     disagreeing row of the class is still undecided, that pair is redone over all rows of the
 * class.
 *
 * Rows that agree still use up quota, as in the reference; they are only never flagged.
 */
#include "audit/confident_learning/prune.h"

#include "base/memory.h"
#include "base/vec.h"

#include <math.h>

struct pruning {
  lqa_confident *cl;
  const int64_t *quota;
  uint8_t *flags;    /* n_rows */
  uint8_t *deferred; /* n_classes x n_classes: pairs for the second step */
};

/* A margin above rounding. */
struct hit {
  double key;  /* minus the margin: smallest first */
  uint32_t at; /* position in the class's rows */
  int32_t t;   /* the class that leads */
};

/* One class's work in the first step. */
struct class_work {
  const struct pruning *pruning;
  const lqa_class_rows *rows;
  const int64_t *quota;
  LQA_VEC(struct hit) hits;
  int64_t *start; /* n_classes + 1: hits of class t are key and at [start[t], start[t + 1]) */
  double *key;
  uint32_t *at;
  double *scratch; /* as many values as hits */
};

static inline __attribute__((always_inline)) lqa_status
visit_row(struct class_work *w, const void *values, bool is_single, int64_t at) {
  const float *f = values;
  const double *d = values;
  int32_t n = w->pruning->cl->n_classes;
  int32_t given = w->rows->class_index;
  for (int32_t t = 0; t < n; t++) {
    double margin = is_single ? (double)(f[t] - f[given]) : d[t] - d[given];
    if (margin > LQA_CONFIDENT_MARGIN_BOUND && w->quota[t] > 0) {
      struct hit hit = {-margin, (uint32_t)at, t};
      LQA_TRY(lqa_vec_push(&w->hits, hit));
    }
  }
  return LQA_OK;
}

static lqa_status visit_rows(struct class_work *w) {
  const lqa_confident *cl = w->pruning->cl;
  const lqa_class_rows *r = w->rows;
  LQA_TRY(lqa_vec_reserve(&w->hits, (size_t)r->n));
  for (int64_t i = 0; i < r->n; i++) {
    int64_t stride;
    if (i + LQA_PREFETCH_ROWS < r->n) {
      lqa_confident_prefetch(cl, r->rows[i + LQA_PREFETCH_ROWS], 0);
      lqa_confident_prefetch(cl, r->rows[i + LQA_PREFETCH_ROWS], cl->n_classes - 1);
    }
    const void *values = lqa_confident_read_rows(cl, r->worker, r->rows[i], 1, &stride);
    LQA_TRY(cl->is_single ? visit_row(w, values, true, i) : visit_row(w, values, false, i));
  }
  return LQA_OK;
}

/* Groups the hits by leading class, keeping row order. */
static lqa_status group_hits(struct class_work *w) {
  size_t n_classes = (size_t)w->pruning->cl->n_classes;
  size_t n = w->hits.n;
  w->start = lqa_calloc(n_classes + 1, sizeof *w->start);
  w->key = lqa_malloc(n, sizeof *w->key);
  w->at = lqa_malloc(n, sizeof *w->at);
  if (!w->start || !w->key || !w->at) {
    return LQA_NO_MEMORY;
  }
  for (size_t i = 0; i < n; i++) {
    w->start[w->hits.data[i].t + 1]++;
  }
  for (size_t t = 0; t < n_classes; t++) {
    w->start[t + 1] += w->start[t];
  }
  for (size_t i = 0; i < n; i++) {
    int64_t place = w->start[w->hits.data[i].t]++;
    w->key[place] = w->hits.data[i].key;
    w->at[place] = w->hits.data[i].at;
  }
  memmove(w->start + 1, w->start, n_classes * sizeof *w->start);
  w->start[0] = 0;
  lqa_vec_clear(&w->hits);
  w->scratch = lqa_malloc(n, sizeof *w->scratch);
  return w->scratch ? LQA_OK : LQA_NO_MEMORY;
}

static void clear_work(struct class_work *w) {
  lqa_vec_clear(&w->hits);
  free(w->start);
  free(w->key);
  free(w->at);
  free(w->scratch);
}

/* Fills the quota of class t from the hits; true if all rows that it takes are known. */
static bool fill_quota(const struct class_work *w, int32_t t) {
  const struct pruning *p = w->pruning;
  const double *key = w->key + w->start[t];
  const uint32_t *at = w->at + w->start[t];
  int64_t n = w->start[t + 1] - w->start[t];
  int64_t quota = w->quota[t];
  if (n <= quota) {
    for (int64_t i = 0; i < n; i++) {
      p->flags[w->rows->rows[at[i]]] |= LQA_ROW_BY_NOISE_RATE;
    }
    return n == quota;
  }
  lqa_cut cut = lqa_find_cut(key, n, quota, w->scratch);
  int64_t room = quota - cut.n_less; /* how many of the tied may be taken */
  bool is_open = room < cut.n_equal && p->cl->ties == LQA_TIES_COMPAT;
  for (int64_t i = 0; i < n; i++) {
    if (key[i] < cut.key || (key[i] == cut.key && !is_open && room-- > 0)) {
      p->flags[w->rows->rows[at[i]]] |= LQA_ROW_BY_NOISE_RATE;
    }
  }
  return !is_open;
}

static bool is_undecided(const struct pruning *p, uint32_t row) {
  uint8_t bits = p->flags[row] & (LQA_ROW_DISAGREES | LQA_ROW_BY_NOISE_RATE);
  return bits == LQA_ROW_DISAGREES;
}

static bool any_undecided(const struct pruning *p, const lqa_class_rows *rows) {
  for (int64_t i = 0; i < rows->n; i++) {
    if (is_undecided(p, rows->rows[i])) {
      return true;
    }
  }
  return false;
}

static lqa_status prune_disagreeing(void *data, const lqa_class_rows *rows) {
  struct pruning *p = data;
  int32_t n_classes = p->cl->n_classes;
  int64_t pair = (int64_t)rows->class_index * n_classes;
  struct class_work w = {.pruning = p, .rows = rows, .quota = p->quota + pair};
  lqa_status status = LQA_OK;
  LQA_TRY_OUT(visit_rows(&w));
  LQA_TRY_OUT(group_hits(&w));
  for (int32_t t = 0; t < n_classes; t++) {
    if (t != rows->class_index && w.quota[t] > 0) {
      p->deferred[pair + t] = !fill_quota(&w, t);
    }
  }
  if (!any_undecided(p, rows)) {
    memset(p->deferred + pair, 0, (size_t)n_classes);
  }
out:
  clear_work(&w);
  return status;
}

/* Minus the margin of class t over the label, for all rows; returns the smallest of an undecided
 * row. */
static double fill_keys(const struct pruning *p, const lqa_class_rows *r, int32_t t, double *key) {
  double least = (double)NAN;
  for (int64_t i = 0; i < r->n; i++) {
    if (i + LQA_PREFETCH_ROWS < r->n) {
      lqa_confident_prefetch(p->cl, r->rows[i + LQA_PREFETCH_ROWS], t);
      lqa_confident_prefetch(p->cl, r->rows[i + LQA_PREFETCH_ROWS], r->class_index);
    }
    double margin = lqa_confident_value(p->cl, r->rows[i], t) -
                    lqa_confident_value(p->cl, r->rows[i], r->class_index);
    key[i] = -lqa_round_single(margin, p->cl->is_single);
    if (lqa_key_less(key[i], least) && is_undecided(p, r->rows[i])) {
      least = key[i];
    }
  }
  return least;
}

/* True if fewer than `quota` rows come before the first undecided one: it may be taken. */
static bool may_reach(const double *key, int64_t n, double first_undecided, int64_t quota) {
  int64_t before = 0;
  for (int64_t i = 0; i < n; i++) {
    before += lqa_key_less(key[i], first_undecided);
  }
  return before < quota;
}

static lqa_status prune_all(void *data, const lqa_class_rows *r) {
  struct pruning *p = data;
  int64_t pair = (int64_t)r->class_index * p->cl->n_classes;
  double *key = lqa_malloc((size_t)r->n, sizeof *key);
  uint8_t *chosen = lqa_calloc((size_t)r->n, 1);
  lqa_status status = key && chosen ? LQA_OK : LQA_NO_MEMORY;
  for (int32_t t = 0; status == LQA_OK && t < p->cl->n_classes; t++) {
    int64_t quota = p->quota[pair + t] < r->n ? p->quota[pair + t] : r->n;
    if (!p->deferred[pair + t] || !may_reach(key, r->n, fill_keys(p, r, t, key), quota)) {
      continue;
    }
    status = lqa_select_smallest(key, r->n, quota, p->cl->ties, chosen);
    for (int64_t i = 0; status == LQA_OK && i < r->n; i++) {
      p->flags[r->rows[i]] |= chosen[i] ? LQA_ROW_BY_NOISE_RATE : 0;
      chosen[i] = 0;
    }
  }
  free(chosen);
  free(key);
  return status;
}

lqa_status lqa_prune_by_noise_rate(lqa_confident *cl, const int64_t *quota, const uint8_t *wanted,
                                   uint8_t *flags, lqa_error *err) {
  size_t n = (size_t)cl->n_classes;
  lqa_status status = LQA_OK;
  uint8_t *again = lqa_calloc(n, 1);
  struct pruning p = {cl, quota, flags, lqa_calloc(n, n)};
  if (!again || !p.deferred) {
    status = lqa_fail_memory(err, "pruning by noise rate");
    goto out;
  }
  lqa_row_choice disagreeing = {wanted, flags, LQA_ROW_DISAGREES};
  LQA_TRY_OUT(lqa_confident_each_class(cl, &disagreeing, prune_disagreeing, &p, err));
  bool any = false;
  for (size_t k = 0; k < n; k++) {
    again[k] = memchr(p.deferred + k * n, 1, n) != NULL;
    any = any || again[k];
  }
  if (any) {
    lqa_row_choice all = {again, NULL, 0};
    status = lqa_confident_each_class(cl, &all, prune_all, &p, err);
  }
out:
  free(again);
  free(p.deferred);
  return status;
}
