/* confident/prune_noise_rate.c - fills the quota of every (given, true) pair of
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
#include "confident/prune.h"
#include "confident/row_quotas.h"

#include "base/memory.h"
#include "base/lanes.h"

#include <math.h>

/* The pairs of classes that have a quota. A given class with a quota for most of the others has all
 * of them, some with quota 0, so that its rows are looked at vector by vector. */
struct pairs {
  int64_t *start; /* n_classes + 1: pairs of given class g are start[g] .. start[g + 1] */
  int32_t *t;     /* the class that leads */
  int64_t *quota;
};

struct pruning {
  lqa_confident *cl;
  struct pairs pairs;
  uint8_t *flags;     /* n_rows */
  uint8_t *open;      /* per pair: for the second step */
  uint8_t *undecided; /* per given class: some row disagrees and is not taken */
};

/* How many pairs a given class has: all, those with a quota, or none. `quota`: its n quotas. */
static int64_t count_pairs(const int64_t *quota, int64_t given, int64_t n) {
  int64_t count = 0;
  for (int64_t t = 0; t < n; t++) {
    count += t != given && quota[t] > 0;
  }
  return count > n / 2 ? n : count;
}

static lqa_status list_pairs(struct pairs *pairs, const int64_t *quota, const uint8_t *wanted,
                             int64_t n) {
  pairs->start = lqa_calloc((size_t)n + 1, sizeof *pairs->start);
  if (!pairs->start) {
    return LQA_NO_MEMORY;
  }
  for (int64_t g = 0; g < n; g++) {
    int64_t count = wanted[g] ? count_pairs(quota + g * n, g, n) : 0;
    pairs->start[g + 1] = pairs->start[g] + count;
  }
  pairs->t = lqa_malloc((size_t)pairs->start[n], sizeof *pairs->t);
  pairs->quota = lqa_malloc((size_t)pairs->start[n], sizeof *pairs->quota);
  if (!pairs->t || !pairs->quota) {
    return LQA_NO_MEMORY;
  }
  for (int64_t g = 0; g < n; g++) {
    int64_t at = pairs->start[g];
    bool is_all = pairs->start[g + 1] - at == n;
    for (int64_t t = 0; t < n && at < pairs->start[g + 1]; t++) {
      bool has_quota = t != g && quota[g * n + t] > 0;
      if (is_all || has_quota) {
        pairs->t[at] = (int32_t)t;
        pairs->quota[at++] = has_quota ? quota[g * n + t] : 0;
      }
    }
  }
  return LQA_OK;
}

static void clear_pairs(struct pairs *pairs) {
  free(pairs->start);
  free(pairs->t);
  free(pairs->quota);
}

/* ---- first step: rows that disagree ---- */

/* What offering a row's margins needs. The key of an item is minus the margin, own - p_t; its group
 * is the pair. */
struct row {
  const void *values;
  const void *limit; /* of the given class's pairs */
  const int32_t *t;
  int64_t n;
  double own;
  lqa_quota_item item; /* `group`: the first pair */
};

/* n pairs from `from` on; a place past the last item is written to in any case. */
static inline __attribute__((always_inline)) lqa_quota_item *
offer_pairs(const struct row *r, bool is_single, int64_t from, int64_t n, lqa_quota_item *at) {
  const float *f = r->values;
  const double *d = r->values;
  for (int64_t i = from; i < from + n; i++) {
    int32_t t = r->t[i];
    double key = is_single ? (double)((float)r->own - f[t]) : r->own - d[t];
    double limit = is_single ? (double)((const float *)r->limit)[i] : ((const double *)r->limit)[i];
    *at = r->item;
    at->key = key;
    at->group += (int32_t)i;
    at += key < limit;
  }
  return at;
}

enum { STEP = 16 };

/* True if one of STEP keys is below its limit. */
static inline __attribute__((always_inline)) bool any_below(const struct row *r, bool is_single,
                                                            int64_t from) {
  const float *f = (const float *)r->values + from;
  const double *d = (const double *)r->values + from;
  const float *single_limit = (const float *)r->limit + from;
  const double *limit = (const double *)r->limit + from;
  int32_t any = 0;
  for (int k = 0; k < STEP; k++) {
    any |= is_single ? (float)r->own - f[k] < single_limit[k] : r->own - d[k] < limit[k];
  }
  return any != 0;
}

/* All classes: most steps have nothing to offer. */
static inline __attribute__((always_inline)) lqa_quota_item *
offer_all(const struct row *r, bool is_single, lqa_quota_item *at) {
  int64_t from = 0;
  for (; from + STEP <= r->n; from += STEP) {
    if (any_below(r, is_single, from)) {
      at = offer_pairs(r, is_single, from, STEP, at);
    }
  }
  return offer_pairs(r, is_single, from, r->n - from, at);
}

LQA_EVERY_LEVEL static lqa_quota_item *offer_all_f32(const struct row *r, lqa_quota_item *at) {
  return offer_all(r, true, at);
}
LQA_EVERY_LEVEL static lqa_quota_item *offer_all_f64(const struct row *r, lqa_quota_item *at) {
  return offer_all(r, false, at);
}

static void offer_row(const struct pruning *p, const void *values, int32_t given, int64_t row,
                      lqa_quota_sink *sink) {
  bool is_single = p->cl->is_single;
  int64_t first = p->pairs.start[given];
  struct row r = {.values = values,
                  .t = p->pairs.t + first,
                  .n = p->pairs.start[given + 1] - first,
                  .item = {.row = (uint32_t)row, .group = (int32_t)first}};
  r.own = is_single ? (double)((const float *)values)[given] : ((const double *)values)[given];
  r.limit =
      (const char *)sink->limit + first * (int64_t)(is_single ? sizeof(float) : sizeof(double));
  lqa_quota_item *at = sink->item + sink->n;
  if (r.n == p->cl->n_classes && r.n >= STEP) {
    at = is_single ? offer_all_f32(&r, at) : offer_all_f64(&r, at);
  } else {
    at = is_single ? offer_pairs(&r, true, 0, r.n, at) : offer_pairs(&r, false, 0, r.n, at);
  }
  sink->n = (size_t)(at - sink->item);
}

static lqa_status visit_disagreeing(void *data, const lqa_row_block *rows, lqa_quota_sink *sink) {
  const struct pruning *p = data;
  const lqa_confident *cl = p->cl;
  int64_t stride;
  const char *values = lqa_confident_read_rows(cl, rows->worker, rows->row, rows->n, &stride);
  stride *= (int64_t)(cl->is_single ? sizeof(float) : sizeof(double));
  for (int64_t i = 0; i < rows->n; i++, values += stride) {
    __builtin_prefetch(values + LQA_PREFETCH_ROWS * stride);
    if (p->flags[rows->row + i] & LQA_ROW_DISAGREES) {
      LQA_TRY(lqa_quota_sink_room(sink));
      offer_row(p, values, rows->label[i], rows->row + i, sink);
    }
  }
  return LQA_OK;
}

static bool is_undecided(const struct pruning *p, int64_t row) {
  uint8_t bits = p->flags[row] & (LQA_ROW_DISAGREES | LQA_ROW_BY_NOISE_RATE);
  return bits == LQA_ROW_DISAGREES;
}

static lqa_status note_undecided(void *data, size_t chunk, size_t worker) {
  const struct pruning *p = data;
  int32_t label[LQA_LABEL_BLOCK];
  int64_t end = lqa_confident_chunk_end(p->cl, chunk);
  (void)worker;
  for (int64_t row = lqa_confident_chunk_start(p->cl, chunk); row < end; row += LQA_LABEL_BLOCK) {
    int64_t n = end - row < LQA_LABEL_BLOCK ? end - row : LQA_LABEL_BLOCK;
    LQA_TRY(lqa_confident_go_on(p->cl));
    lqa_confident_read_labels(p->cl, row, n, label);
    for (int64_t i = 0; i < n; i++) {
      if (is_undecided(p, row + i)) {
        __atomic_store_n(&p->undecided[label[i]], 1, __ATOMIC_RELAXED);
      }
    }
  }
  return LQA_OK;
}

static lqa_status prune_disagreeing(struct pruning *p, lqa_error *err) {
  lqa_confident *cl = p->cl;
  lqa_row_quotas quotas = {.cl = cl,
                           .n_groups = p->pairs.start[cl->n_classes],
                           .quota = p->pairs.quota,
                           .low = -1,
                           .high = 0,
                           .limit = -LQA_CONFIDENT_MARGIN_BOUND,
                           .most_items = (size_t)cl->n_classes + 1,
                           .visit = visit_disagreeing,
                           .data = p,
                           .flags = p->flags,
                           .bit = LQA_ROW_BY_NOISE_RATE,
                           .open = p->open};
  return lqa_row_quotas_fill(&quotas, err);
}

/* ---- second step: all rows of a class ---- */

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
  const struct pairs *pairs = &p->pairs;
  double *key = lqa_malloc((size_t)r->n, sizeof *key);
  uint8_t *chosen = lqa_calloc((size_t)r->n, 1);
  lqa_status status;
  LQA_TRY_OUT(key && chosen ? LQA_OK : LQA_NO_MEMORY);
  int64_t end = pairs->start[r->class_index + 1];
  for (int64_t i = pairs->start[r->class_index]; i < end; i++) {
    int64_t quota = pairs->quota[i] < r->n ? pairs->quota[i] : r->n;
    if (!p->open[i] || !may_reach(key, r->n, fill_keys(p, r, pairs->t[i], key), quota)) {
      continue;
    }
    LQA_TRY_OUT(lqa_select_smallest(key, r->n, quota, p->cl->ties, chosen));
    for (int64_t j = 0; j < r->n; j++) {
      p->flags[r->rows[j]] |= chosen[j] ? LQA_ROW_BY_NOISE_RATE : 0;
      chosen[j] = 0;
    }
  }
out:
  free(chosen);
  free(key);
  return status;
}

/* again[k] = 1 for classes with an open pair and an undecided row. */
static lqa_status choose_again(struct pruning *p, uint8_t *again, bool *any, lqa_error *err) {
  *any = memchr(p->open, 1, (size_t)p->pairs.start[p->cl->n_classes]) != NULL;
  if (!*any) {
    return LQA_OK;
  }
  LQA_TRY(lqa_pool_run(p->cl->pool, (size_t)p->cl->n_chunks, note_undecided, p));
  LQA_TRY(lqa_observe_check(p->cl->observer, err));
  *any = false;
  for (int32_t k = 0; k < p->cl->n_classes; k++) {
    const uint8_t *open = p->open + p->pairs.start[k];
    size_t n = (size_t)(p->pairs.start[k + 1] - p->pairs.start[k]);
    again[k] = p->undecided[k] && memchr(open, 1, n) != NULL;
    *any = *any || again[k];
  }
  return LQA_OK;
}

lqa_status lqa_prune_by_noise_rate(lqa_confident *cl, const int64_t *quota, const uint8_t *wanted,
                                   uint8_t *flags, lqa_error *err) {
  size_t n = (size_t)cl->n_classes;
  lqa_status status = LQA_OK;
  struct pruning p = {.cl = cl, .flags = flags, .undecided = lqa_calloc(n, 1)};
  uint8_t *again = lqa_calloc(n, 1);
  bool any = false;
  if (!again || !p.undecided || list_pairs(&p.pairs, quota, wanted, cl->n_classes) != LQA_OK) {
    status = lqa_fail_memory(err, "pruning by noise rate");
    goto out;
  }
  p.open = lqa_calloc((size_t)p.pairs.start[n], 1);
  if (!p.open) {
    status = lqa_fail_memory(err, "pruning by noise rate");
    goto out;
  }
  LQA_TRY_OUT(prune_disagreeing(&p, err));
  LQA_TRY_OUT(choose_again(&p, again, &any, err));
  if (any) {
    lqa_row_choice all = {again, NULL, 0};
    status = lqa_confident_each_class(cl, &all, prune_all, &p, err);
  }
out:
  free(again);
  free(p.undecided);
  free(p.open);
  clear_pairs(&p.pairs);
  return status;
}
