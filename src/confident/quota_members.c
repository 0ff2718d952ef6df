/* confident/quota_members.c - the largest margins of every pair of classes, in one
 * pass forwards.
 *
 * A quota of q rows keeps up to 2 q + SLACK candidates; when they are full all but the first q go,
 * and from then on a row must beat the q-th. Quotas sum to fewer rows than there are, and usually
 * to a tenth of them. Equal keys go to the earlier row, so what is taken does not depend on how the
 * rows are cut into batches.
 *
 * Most rows beat nothing, which one vector comparison of the row with `need` tells. Classes are
 * dealt to tasks, each of which goes over all rows of the batch: no two write to one taker.
 */
#include "confident/quota_members.h"

#include "confident/prune.h"
#include "base/memory.h"
#include "base/sort.h"

#include <math.h>

enum { SLACK = 16 };

static inline bool is_before(const lqa_taken *a, const lqa_taken *b) {
  return a->key != b->key ? a->key < b->key : a->row < b->row;
}

static int compare_taken(const void *a, const void *b) {
  return is_before(a, b) ? -1 : is_before(b, a);
}

LQA_DEFINE_SELECT(select_first, lqa_taken, is_before, compare_taken)

/* Keeps the first `quota`; *limit becomes the last one's key if there are so many. */
static void tighten(lqa_taker *taker, double *limit) {
  if (taker->n == 0 || (int64_t)taker->n < taker->quota) {
    return;
  }
  select_first(taker->data, taker->n, (size_t)taker->quota);
  taker->n = (size_t)taker->quota;
  *limit = taker->data[0].key;
  for (size_t i = 1; i < taker->n; i++) {
    *limit = taker->data[i].key > *limit ? taker->data[i].key : *limit;
  }
}

static lqa_status take(lqa_taker *taker, const lqa_taken *taken, double *limit) {
  if (taker->n == taker->capacity) {
    size_t most = 2 * (size_t)taker->quota + SLACK;
    size_t capacity = taker->capacity ? 2 * taker->capacity : SLACK;
    capacity = capacity < most ? capacity : most;
    lqa_taken *larger = lqa_realloc(taker->data, capacity, sizeof *larger);
    if (!larger) {
      return LQA_NO_MEMORY;
    }
    taker->data = larger;
    taker->capacity = capacity;
  }
  taker->data[taker->n++] = *taken;
  if (taker->n == 2 * (size_t)taker->quota + SLACK) {
    tighten(taker, limit);
  }
  return LQA_OK;
}

/* ---- the need of a margin ---- */

static double get_need(const lqa_quota_members *t, int64_t pair) {
  return t->is_single ? (double)((const float *)t->need)[pair] : ((const double *)t->need)[pair];
}

static void set_need(const lqa_quota_members *t, int64_t pair, double value) {
  if (t->is_single) {
    ((float *)t->need)[pair] = (float)value; /* a float's value already */
  } else {
    ((double *)t->need)[pair] = value;
  }
}

__attribute__((target_clones("default", "avx2"))) static bool
beats_f64(const double *row, double own, const double *need, int32_t n) {
  uint64_t any = 0;
  for (int32_t k = 0; k < n; k++) {
    any |= row[k] - own > need[k];
  }
  return any != 0;
}

__attribute__((target_clones("default", "avx2"))) static bool
beats_f32(const float *row, float own, const float *need, int32_t n) {
  uint32_t any = 0;
  for (int32_t k = 0; k < n; k++) {
    any |= row[k] - own > need[k];
  }
  return any != 0;
}

/* ---- one batch ---- */

struct offering {
  lqa_quota_members *members;
  lqa_confident *batch;
  lqa_scorer scorer;
  int64_t first;
  int32_t n_tasks;
};

/* A row of the batch and its values. */
struct offer {
  int64_t row;
  int32_t label;
  const void *values;
  size_t worker;
};

static lqa_taken taken_of(const struct offering *o, const struct offer *f, double key) {
  double score = lqa_scorer_score(&o->scorer, f->row, f->label, f->worker);
  return (lqa_taken){key, o->first + f->row, score};
}

static lqa_status offer_margins(const struct offering *o, const struct offer *f) {
  const lqa_quota_members *t = o->members;
  int64_t pair = (int64_t)f->label * t->n_classes;
  const float *single = f->values;
  const double *full = f->values;
  bool is_any = t->is_single
                    ? beats_f32(single, single[f->label], (float *)t->need + pair, t->n_classes)
                    : beats_f64(full, full[f->label], (double *)t->need + pair, t->n_classes);
  for (int32_t k = 0; is_any && k < t->n_classes; k++) {
    double margin =
        t->is_single ? (double)(single[k] - single[f->label]) : full[k] - full[f->label];
    double need = get_need(t, pair + k);
    if (margin > need) {
      lqa_taken taken = taken_of(o, f, -margin);
      double limit = -need;
      LQA_TRY(take(&t->taker[pair + k], &taken, &limit));
      set_need(t, pair + k, -limit);
    }
  }
  return LQA_OK;
}

static lqa_status offer_worst(const struct offering *o, const struct offer *f) {
  const lqa_quota_members *t = o->members;
  double own = t->is_single ? (double)((const float *)f->values)[f->label]
                            : ((const double *)f->values)[f->label];
  if (!(own < t->below[f->label])) {
    return LQA_OK;
  }
  lqa_taken taken = taken_of(o, f, own);
  return take(&t->worst[f->label], &taken, &t->below[f->label]);
}

/* The rows of the task's classes. */
static lqa_status offer_block(const struct offering *o, int64_t row, int64_t n, size_t task,
                              size_t worker) {
  int32_t label[LQA_LABEL_BLOCK];
  lqa_confident_read_labels(o->batch, row, n, label);
  for (int64_t i = 0; i < n; i++) {
    if (label[i] < 0 || label[i] % o->n_tasks != (int32_t)task) {
      continue;
    }
    int64_t stride;
    struct offer f = {row + i, label[i], NULL, worker};
    f.values = lqa_confident_read_rows(o->batch, worker, row + i, 1, &stride);
    if (o->members->taker) {
      LQA_TRY(offer_margins(o, &f));
    }
    if (o->members->worst) {
      LQA_TRY(offer_worst(o, &f));
    }
  }
  return LQA_OK;
}

static lqa_status offer_rows(void *data, size_t task, size_t worker) {
  const struct offering *o = data;
  int64_t n_rows = o->batch->n_rows;
  for (int64_t row = 0; row < n_rows; row += LQA_LABEL_BLOCK) {
    int64_t n = n_rows - row < LQA_LABEL_BLOCK ? n_rows - row : LQA_LABEL_BLOCK;
    LQA_TRY(lqa_confident_go_on(o->batch));
    LQA_TRY(offer_block(o, row, n, task, worker));
  }
  return LQA_OK;
}

lqa_status lqa_quota_members_add(lqa_quota_members *members, lqa_confident *batch,
                                 lqa_score_method method, int64_t first, lqa_error *err) {
  struct offering o = {.members = members, .batch = batch, .first = first};
  lqa_rank_options how = {method, false};
  LQA_TRY(lqa_scorer_init(&o.scorer, batch, &how, err));
  o.n_tasks = (int32_t)lqa_pool_threads(batch->pool);
  lqa_status status = lqa_pool_run(batch->pool, (size_t)o.n_tasks, offer_rows, &o);
  lqa_scorer_clear(&o.scorer);
  if (status == LQA_NO_MEMORY) {
    return lqa_fail_memory(err, "filling quotas");
  }
  return status;
}

/* ---- before and after ---- */

static void init_margins(lqa_quota_members *t, const int64_t *quota, const uint8_t *wanted) {
  for (int32_t g = 0; g < t->n_classes; g++) {
    for (int32_t k = 0; k < t->n_classes; k++) {
      int64_t pair = (int64_t)g * t->n_classes + k;
      bool is_wanted = wanted[g] && g != k && quota[pair] > 0;
      t->taker[pair].quota = is_wanted ? quota[pair] : 0;
      set_need(t, pair, is_wanted ? -(double)INFINITY : (double)INFINITY);
    }
  }
}

static void init_worst(lqa_quota_members *t, const lqa_confident *totals, const int64_t *quota,
                       const uint8_t *wanted) {
  for (int32_t g = 0; g < t->n_classes; g++) {
    int64_t n =
        lqa_prune_count_worst(quota[(int64_t)g * (t->n_classes + 1)], totals->class_count[g]);
    bool is_wanted = wanted[g] && n > 0;
    t->worst[g].quota = is_wanted ? n : 0;
    t->below[g] = is_wanted ? (double)INFINITY : -(double)INFINITY;
  }
}

lqa_status lqa_quota_members_init(lqa_quota_members *members, const lqa_confident *totals,
                                  const lqa_filter_options *options, const int64_t *quota,
                                  lqa_error *err) {
  size_t n = (size_t)totals->n_classes;
  size_t size = totals->is_single ? sizeof(float) : sizeof(double);
  bool by_rate = options->filter_by != LQA_FILTER_PRUNE_BY_CLASS;
  bool by_class = options->filter_by != LQA_FILTER_PRUNE_BY_NOISE_RATE;
  *members = (lqa_quota_members){.n_classes = totals->n_classes, .is_single = totals->is_single};
  uint8_t *wanted = lqa_malloc(n, 1);
  members->taker = by_rate ? lqa_calloc(n * n, sizeof *members->taker) : NULL;
  members->need = by_rate ? lqa_malloc(n * n, size) : NULL;
  members->worst = by_class ? lqa_calloc(n, sizeof *members->worst) : NULL;
  members->below = by_class ? lqa_malloc(n, sizeof *members->below) : NULL;
  if (!wanted || (by_rate && (!members->taker || !members->need)) ||
      (by_class && (!members->worst || !members->below))) {
    free(wanted);
    return lqa_fail_memory(err, "filling quotas");
  }
  lqa_prune_choose_classes(totals, options->min_examples_per_class, wanted);
  if (by_rate) {
    init_margins(members, quota, wanted);
  }
  if (by_class) {
    init_worst(members, totals, quota, wanted);
  }
  free(wanted);
  return LQA_OK;
}

static void clear_list(lqa_taker *list, size_t n) {
  for (size_t i = 0; list && i < n; i++) {
    free(list[i].data);
  }
  free(list);
}

void lqa_quota_members_clear(lqa_quota_members *members) {
  size_t n = (size_t)members->n_classes;
  clear_list(members->taker, n * n);
  clear_list(members->worst, n);
  free(members->need);
  free(members->below);
  *members = (lqa_quota_members){0};
}

static void mark_list(lqa_taker *list, size_t n, uint8_t bit, uint8_t *flags) {
  for (size_t i = 0; list && i < n; i++) {
    double limit;
    tighten(&list[i], &limit);
    for (size_t j = 0; j < list[i].n; j++) {
      flags[list[i].data[j].row] |= bit;
    }
  }
}

void lqa_quota_members_mark(lqa_quota_members *members, uint8_t *flags) {
  size_t n = (size_t)members->n_classes;
  mark_list(members->taker, n * n, LQA_ROW_BY_NOISE_RATE, flags);
  mark_list(members->worst, n, LQA_ROW_BY_CLASS, flags);
}
