/* confident/row_quotas.c - selection by counting, for many groups at once.
 *
 * The m smallest keys of a group are found without holding the keys: a first visit of all rows
 * counts keys by bin (a bin is a range of keys, so bins are in order), which tells the bin that the
 * m-th smallest lies in. The second visit takes what lies in a smaller bin, and keeps only what
 * lies in that one, from which the rest is selected. So memory does not grow with the rows, and
 * nothing is sorted.
 *
 * Once some rows were seen, a group's largest keys are known to be of no use: as many as its quota
 * are smaller. Visitors learn that limit and need not offer them.
 *
 * Each worker counts for itself, counts are added; what is kept is kept by chunk of rows and joined
 * in row order. So the answer does not depend on threads, nor on the number of bins.
 */
#include "confident/row_quotas.h"

#include "base/memory.h"
#include "base/vec.h"

#include <math.h>

enum { MIN_BINS = 16, MAX_BINS = 1024, COUNTS_SHARE = 128 };

struct filling {
  const lqa_row_quotas *quotas;
  int64_t n_bins;
  double scale;    /* bins per unit of key */
  uint32_t *count; /* per worker n_groups x n_bins */
  void *limit;     /* per worker n_groups, float or double */
  int64_t *n_seen; /* per worker: chunks */
  int32_t *cut;    /* n_groups: keys in smaller bins are taken */
  int64_t *room;   /* n_groups: how many in the bin `cut` are; 0 = none, they need not be kept */
  lqa_quota_item *items; /* per worker LQA_QUOTA_SINK + most_items */
  struct kept {
    LQA_VEC(lqa_quota_item) list;
  } * kept; /* per chunk; NULL while counting */
};

/* Rises with the key, so that bins are in order; NaN comes last. */
static inline int32_t bin_of(const struct filling *f, double key) {
  double bin = (key - f->quotas->low) * f->scale;
  double last = (double)(f->n_bins - 1);
  return bin < last ? bin > 0 ? (int32_t)bin : 0 : (int32_t)last;
}

static void count_items(const struct filling *f, const lqa_quota_sink *sink) {
  uint32_t *count = f->count + (int64_t)sink->worker * f->quotas->n_groups * f->n_bins;
  for (size_t i = 0; i < sink->n; i++) {
    count[sink->item[i].group * f->n_bins + bin_of(f, sink->item[i].key)]++;
  }
}

static lqa_status select_items(const struct filling *f, const lqa_quota_sink *sink) {
  const lqa_row_quotas *q = f->quotas;
  for (size_t i = 0; i < sink->n; i++) {
    const lqa_quota_item *item = &sink->item[i];
    int32_t bin = bin_of(f, item->key);
    if (bin < f->cut[item->group]) {
      q->flags[item->row] |= q->bit;
    } else if (bin == f->cut[item->group] && f->room[item->group] > 0) {
      LQA_TRY(lqa_vec_push(&f->kept[sink->chunk].list, *item));
    }
  }
  return LQA_OK;
}

/* ---- limits ---- */

/* Limits the worker's keys of a group to those in bin `last` and below. A little more room than
 * that does no harm: keys are looked at again. */
static void set_limit(const struct filling *f, size_t worker, int64_t group, int64_t last) {
  const lqa_row_quotas *q = f->quotas;
  const double room = 1e-6 * (q->high - q->low);
  double limit = q->low + (double)(last + 1) / f->scale + room;
  limit = last < f->n_bins - 1 && limit < q->limit ? limit : q->limit;
  int64_t at = (int64_t)worker * q->n_groups + group;
  if (q->cl->is_single) {
    float near = (float)limit;
    ((float *)f->limit)[at] = (double)near < limit ? nextafterf(near, INFINITY) : near;
  } else {
    ((double *)f->limit)[at] = limit;
  }
}

/* The first bin at whose end at least `quota` keys were counted, or n_bins. */
static int64_t find_bin(const struct filling *f, const uint32_t *count, int64_t quota) {
  int64_t bin = 0, n = 0;
  for (; bin < f->n_bins; bin++) {
    n += count[bin];
    if (n >= quota) {
      break;
    }
  }
  return bin;
}

/* From what the worker has counted so far. */
static void tighten(const struct filling *f, size_t worker) {
  int64_t n = f->quotas->n_groups;
  const uint32_t *count = f->count + (int64_t)worker * n * f->n_bins;
  for (int64_t group = 0; group < n; group++, count += f->n_bins) {
    set_limit(f, worker, group, find_bin(f, count, f->quotas->quota[group]));
  }
}

lqa_status lqa_quota_sink_empty(lqa_quota_sink *sink) {
  lqa_status status = LQA_OK;
  if (sink->filling->kept) {
    status = select_items(sink->filling, sink);
  } else {
    count_items(sink->filling, sink);
  }
  sink->n = 0;
  return status;
}

static lqa_status visit_chunk(void *data, size_t chunk, size_t worker) {
  struct filling *f = data;
  const lqa_row_quotas *q = f->quotas;
  size_t size = q->cl->is_single ? sizeof(float) : sizeof(double);
  lqa_quota_sink sink = {.item = f->items + worker * (LQA_QUOTA_SINK + q->most_items),
                         .limit = (char *)f->limit + worker * (size_t)q->n_groups * size,
                         .filling = f,
                         .chunk = chunk,
                         .worker = worker};
  int32_t label[LQA_LABEL_BLOCK];
  int64_t end = lqa_confident_chunk_end(q->cl, chunk);
  lqa_row_block rows = {
      .row = lqa_confident_chunk_start(q->cl, chunk), .label = label, .worker = worker};
  for (; rows.row < end; rows.row += rows.n) {
    rows.n = end - rows.row < q->cl->block_rows ? end - rows.row : q->cl->block_rows;
    LQA_TRY(lqa_confident_go_on(q->cl));
    lqa_confident_read_labels(q->cl, rows.row, rows.n, label);
    LQA_TRY(q->visit(q->data, &rows, &sink));
  }
  LQA_TRY(lqa_quota_sink_empty(&sink));
  int64_t n_seen = ++f->n_seen[worker];
  if (!f->kept && (n_seen & (n_seen - 1)) == 0) { /* after 1, 2, 4, 8, ... chunks */
    tighten(f, worker);
  }
  return LQA_OK;
}

/* ---- between the visits: where each quota ends ---- */

static void add_counts(const struct filling *f) {
  int64_t n = f->quotas->n_groups * f->n_bins;
  for (size_t worker = 1; worker < lqa_pool_threads(f->quotas->cl->pool); worker++) {
    for (int64_t i = 0; i < n; i++) {
      f->count[i] += f->count[(int64_t)worker * n + i];
    }
  }
}

static void find_end(const struct filling *f, int64_t group) {
  const uint32_t *count = f->count + group * f->n_bins;
  int64_t quota = f->quotas->quota[group], before = 0;
  int32_t bin = 0;
  while (bin < f->n_bins && before < quota && before + count[bin] <= quota) {
    before += count[bin++];
  }
  f->cut[group] = bin;
  f->room[group] = quota - before;
  f->quotas->open[group] = bin == f->n_bins && before < quota;
  for (size_t worker = 0; worker < lqa_pool_threads(f->quotas->cl->pool); worker++) {
    set_limit(f, worker, group, bin);
  }
}

/* ---- after them: the keys near the ends ---- */

struct near {
  int64_t *start; /* n_groups + 1: a group's keys */
  double *key;
  uint32_t *row;
  double *scratch;
};

static lqa_status join_kept(const struct filling *f, struct near *near) {
  int64_t n_groups = f->quotas->n_groups;
  near->start = lqa_calloc((size_t)n_groups + 2, sizeof *near->start);
  if (!near->start) {
    return LQA_NO_MEMORY;
  }
  int64_t *place = near->start + 1;
  for (int64_t g = 0; g < n_groups; g++) {
    bool is_kept = f->room[g] > 0 && f->cut[g] < f->n_bins;
    place[g + 1] = place[g] + (is_kept ? f->count[g * f->n_bins + f->cut[g]] : 0);
  }
  size_t n = (size_t)place[n_groups];
  near->key = lqa_malloc(n, sizeof *near->key);
  near->row = lqa_malloc(n, sizeof *near->row);
  near->scratch = lqa_malloc(n, sizeof *near->scratch);
  if (!near->key || !near->row || !near->scratch) {
    return LQA_NO_MEMORY;
  }
  for (int64_t chunk = 0; chunk < f->quotas->cl->n_chunks; chunk++) {
    struct kept *kept = &f->kept[chunk];
    for (size_t i = 0; i < kept->list.n; i++) {
      int64_t at = place[kept->list.data[i].group]++;
      near->key[at] = kept->list.data[i].key;
      near->row[at] = kept->list.data[i].row;
    }
    lqa_vec_clear(&kept->list);
  }
  return LQA_OK; /* place moved on: start[g] is where group g starts */
}

static void select_near(const struct filling *f, const struct near *near, int64_t group) {
  const lqa_row_quotas *q = f->quotas;
  const double *key = near->key + near->start[group];
  const uint32_t *row = near->row + near->start[group];
  int64_t n = near->start[group + 1] - near->start[group];
  if (n == 0) {
    return;
  }
  lqa_cut cut = lqa_find_cut(key, n, f->room[group], near->scratch);
  int64_t room = f->room[group] - cut.n_less; /* how many of the tied may be taken */
  q->open[group] = room < cut.n_equal && q->cl->ties == LQA_TIES_COMPAT;
  for (int64_t i = 0; i < n; i++) {
    if (lqa_key_less(key[i], cut.key) ||
        (lqa_key_equal(key[i], cut.key) && !q->open[group] && room-- > 0)) {
      q->flags[row[i]] |= q->bit;
    }
  }
}

static lqa_status select_rest(const struct filling *f) {
  struct near near = {0};
  lqa_status status;
  LQA_TRY_OUT(join_kept(f, &near));
  for (int64_t group = 0; group < f->quotas->n_groups; group++) {
    select_near(f, &near, group);
  }
out:
  free(near.start);
  free(near.key);
  free(near.row);
  free(near.scratch);
  return status;
}

static lqa_status prepare(struct filling *f) {
  const lqa_row_quotas *q = f->quotas;
  size_t n_groups = (size_t)q->n_groups, n_workers = lqa_pool_threads(q->cl->pool);
  int64_t size = q->cl->is_single ? sizeof(float) : sizeof(double);
  int64_t share = q->cl->n_rows * q->cl->n_classes * size / COUNTS_SHARE;
  int64_t bins = share / ((int64_t)sizeof *f->count * q->n_groups * (int64_t)n_workers);
  f->n_bins = bins < MIN_BINS ? MIN_BINS : bins > MAX_BINS ? MAX_BINS : bins;
  f->scale = (double)f->n_bins / (q->high - q->low);
  f->count = lqa_calloc(n_groups, (size_t)f->n_bins * n_workers * sizeof *f->count);
  f->limit = lqa_malloc(n_groups, n_workers * (size_t)size);
  f->n_seen = lqa_calloc(n_workers, sizeof *f->n_seen);
  f->cut = lqa_malloc(n_groups, sizeof *f->cut);
  f->room = lqa_malloc(n_groups, sizeof *f->room);
  f->items = lqa_malloc(LQA_QUOTA_SINK + q->most_items, n_workers * sizeof *f->items);
  if (!f->count || !f->limit || !f->n_seen || !f->cut || !f->room || !f->items) {
    return LQA_NO_MEMORY;
  }
  for (size_t i = 0; i < n_groups * n_workers; i++) {
    set_limit(f, i / n_groups, (int64_t)(i % n_groups), f->n_bins);
  }
  return LQA_OK;
}

static lqa_status fill(struct filling *f) {
  lqa_confident *cl = f->quotas->cl;
  size_t n_chunks = (size_t)cl->n_chunks;
  LQA_TRY(prepare(f));
  LQA_TRY(lqa_pool_run(cl->pool, n_chunks, visit_chunk, f));
  add_counts(f);
  for (int64_t group = 0; group < f->quotas->n_groups; group++) {
    find_end(f, group);
  }
  f->kept = lqa_calloc(n_chunks, sizeof *f->kept);
  LQA_TRY(f->kept ? LQA_OK : LQA_NO_MEMORY);
  LQA_TRY(lqa_pool_run(cl->pool, n_chunks, visit_chunk, f));
  return select_rest(f);
}

lqa_status lqa_row_quotas_fill(const lqa_row_quotas *quotas, lqa_error *err) {
  struct filling f = {.quotas = quotas};
  lqa_status status = quotas->n_groups == 0 ? LQA_OK : fill(&f);
  for (int64_t chunk = 0; f.kept && chunk < quotas->cl->n_chunks; chunk++) {
    lqa_vec_clear(&f.kept[chunk].list);
  }
  free(f.kept);
  free(f.count);
  free(f.limit);
  free(f.n_seen);
  free(f.cut);
  free(f.room);
  free(f.items);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "filling quotas") : status;
}
