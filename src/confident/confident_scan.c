/* confident/confident_scan.c - the one pass that reads the whole matrix.
 *
 * For every row: the class it is confidently of (the only class whose probability reaches its
 * threshold, or the most probable class where several do), and whether the given label is beaten by
 * another class. Those two facts and the counts of the first give the confident joint and most
 * filters; flags that need a quota look again only at rows that disagree.
 *
 * The range check of the input is done in the same pass: a pass of its own would cost as much
 * again. The pass is bound by memory bandwidth from some 30 classes on.
 */
#include "confident/confident_internal.h"

#include "base/memory.h"
#include "base/lanes.h"

#include <math.h>

/* Counts are kept per worker up to this many classes, else shared and added atomically. */
enum { SMALL_JOINT = 256, FIRST_BAD_NONE = -1 };

/* Up to this many classes rows are looked at side by side. */
enum { SIDE_BY_SIDE = 32, VECTOR_BYTES = 32 };

/* One block of rows: inputs and outputs of the kernels. */
struct block {
  int64_t n;
  int32_t n_classes;
  double low, high; /* allowed range, rounding included */
  const int32_t *label;
  int32_t *guess;
  uint8_t *flags; /* LQA_ROW_* bits */
};

#define REAL double
#define INDEX uint64_t
#define LANES (VECTOR_BYTES / 8)
#define NAME(x) x##_f64
#include "confident/scan_kernel.h"
#undef REAL
#undef INDEX
#undef LANES
#undef NAME
#define REAL float
#define INDEX uint32_t
#define LANES (VECTOR_BYTES / 4)
#define NAME(x) x##_f32
#include "confident/scan_kernel.h"
#undef REAL
#undef INDEX
#undef LANES
#undef NAME

LQA_EVERY_LEVEL static int64_t scan_f64(const void *rows, int64_t stride, const struct block *b,
                                        const void *cut, double eps) {
  return scan_rows_f64(rows, stride, b, cut, eps);
}

LQA_EVERY_LEVEL static int64_t scan_f32(const void *rows, int64_t stride, const struct block *b,
                                        const void *cut, double eps) {
  return scan_rows_f32(rows, stride, b, cut, (float)eps);
}

struct scan {
  lqa_confident *cl;
  double slack; /* how far beyond [0, 1] values may lie */
  void *cut;    /* float or double, as the kernel */
  double eps;
  int64_t *joint;     /* counts, and a cell more: a matrix per worker, or the caller's; or NULL */
  int64_t *own_joint; /* the first */
  bool is_shared;     /* the second: all workers add to one matrix */
  uint8_t *flags;
  int64_t *tally;   /* per chunk: off diagonal, disagree, both */
  int64_t *bad_row; /* per chunk */
};

/* Adds a block's guesses to the joint. Rows without one count in a cell past the end: a branch
 * would be mispredicted. */
static void count_guesses(const struct scan *s, const struct block *b, int64_t *joint) {
  int64_t n = b->n_classes;
  for (int64_t i = 0; !s->is_shared && i < b->n; i++) {
    joint[b->guess[i] >= 0 ? b->label[i] * n + b->guess[i] : n * n]++;
  }
  for (int64_t i = 0; s->is_shared && i < b->n; i++) {
    if (b->guess[i] >= 0) {
      __atomic_fetch_add(&joint[b->label[i] * n + b->guess[i]], 1, __ATOMIC_RELAXED);
    }
  }
}

static void count_flags(const struct block *b, int64_t tally[3]) {
  int32_t n_off = 0, n_disagree = 0, n_both = 0; /* of at most LQA_LABEL_BLOCK rows */
  for (int64_t i = 0; i < b->n; i++) {
    uint8_t bits = b->flags[i];
    n_off += bits & 1;
    n_disagree += bits >> 1;
    n_both += bits & bits >> 1;
  }
  tally[0] += n_off;
  tally[1] += n_disagree;
  tally[2] += n_both;
}

static lqa_status scan_chunk(void *data, size_t chunk, size_t worker) {
  struct scan *s = data;
  lqa_confident *cl = s->cl;
  int32_t label[LQA_LABEL_BLOCK], guess[LQA_LABEL_BLOCK];
  uint8_t flags[LQA_LABEL_BLOCK];
  struct block b = {.n_classes = cl->n_classes,
                    .low = -s->slack,
                    .high = 1 + s->slack,
                    .label = label,
                    .guess = guess,
                    .flags = flags};
  int64_t *joint = s->joint;
  if (joint && !s->is_shared) {
    joint += worker * ((size_t)cl->n_classes * (size_t)cl->n_classes + 1);
  }
  int64_t end = lqa_confident_chunk_end(cl, chunk);
  for (int64_t row = lqa_confident_chunk_start(cl, chunk); row < end; row += b.n) {
    b.n = end - row < cl->block_rows ? end - row : cl->block_rows;
    b.flags = s->flags ? s->flags + row : flags;
    lqa_confident_read_labels(cl, row, b.n, label);
    int64_t stride;
    LQA_TRY(lqa_confident_go_on(cl));
    const void *rows = lqa_confident_read_rows(cl, worker, row, b.n, &stride);
    int64_t bad = cl->is_single ? scan_f32(rows, stride, &b, s->cut, s->eps)
                                : scan_f64(rows, stride, &b, s->cut, s->eps);
    if (bad >= 0) {
      s->bad_row[chunk] = row + bad;
      return LQA_BAD_DATA;
    }
    if (joint) {
      count_guesses(s, &b, joint);
    }
    count_flags(&b, s->tally + chunk * 3);
  }
  return LQA_OK;
}

/* A row is confident from threshold - EPS on, in the thresholds' own precision. A float kernel gets
 * the smallest float that is not below the exact cut. */
static void fill_cuts(struct scan *s, const lqa_thresholds *thresholds) {
  double eps = LQA_CONFIDENT_EPS;
  for (int32_t k = 0; k < s->cl->n_classes; k++) {
    double cut = thresholds->value[k] - eps;
    if (thresholds->is_single) {
      cut = (double)((float)thresholds->value[k] - (float)eps);
    }
    if (s->cl->is_single) {
      float near = (float)cut;
      ((float *)s->cut)[k] = (double)near < cut ? nextafterf(near, INFINITY) : near;
    } else {
      ((double *)s->cut)[k] = cut;
    }
  }
}

static lqa_status fail_range(const struct scan *s, lqa_error *err) {
  for (int64_t chunk = 0; chunk < s->cl->n_chunks; chunk++) {
    int64_t row = s->bad_row[chunk];
    for (int32_t k = 0; row >= 0 && k < s->cl->n_classes; k++) {
      double p = lqa_confident_value(s->cl, row, k);
      if (p < -LQA_CONFIDENT_EPS || p > 1 + LQA_CONFIDENT_EPS) {
        return lqa_fail_at(err, LQA_BAD_DATA, NULL, row, NULL,
                           "pred_probs[%lld, %d] is %.9g, outside [0, 1]", (long long)row, (int)k,
                           p);
      }
    }
  }
  return lqa_fail(err, LQA_INTERNAL, "no probability is out of range");
}

static lqa_status allocate(struct scan *s, bool with_joint, lqa_error *err) {
  size_t n = (size_t)s->cl->n_classes;
  size_t n_chunks = (size_t)s->cl->n_chunks;
  s->is_shared = s->cl->n_classes > SMALL_JOINT;
  s->cut = lqa_malloc(n, sizeof(double));
  s->tally = lqa_calloc(n_chunks, 3 * sizeof *s->tally);
  s->bad_row = lqa_malloc(n_chunks, sizeof *s->bad_row);
  if (with_joint && !s->is_shared) {
    s->own_joint = lqa_calloc(n * n + 1, lqa_pool_threads(s->cl->pool) * sizeof *s->joint);
  }
  if (!s->cut || !s->tally || !s->bad_row || (with_joint && !s->is_shared && !s->own_joint)) {
    return lqa_fail_memory(err, "scanning probabilities");
  }
  for (size_t chunk = 0; chunk < n_chunks; chunk++) {
    s->bad_row[chunk] = FIRST_BAD_NONE;
  }
  return LQA_OK;
}

static void merge(const struct scan *s, lqa_confident_scan *out) {
  size_t n_cells = (size_t)s->cl->n_classes * (size_t)s->cl->n_classes;
  for (size_t worker = 0; out->joint && !s->is_shared && worker < lqa_pool_threads(s->cl->pool);
       worker++) {
    for (size_t i = 0; i < n_cells; i++) {
      out->joint[i] += s->joint[worker * (n_cells + 1) + i];
    }
  }
  out->n_off_diagonal = out->n_disagree = out->n_both = 0;
  for (int64_t chunk = 0; chunk < s->cl->n_chunks; chunk++) {
    out->n_off_diagonal += s->tally[chunk * 3];
    out->n_disagree += s->tally[chunk * 3 + 1];
    out->n_both += s->tally[chunk * 3 + 2];
  }
}

lqa_status lqa_confident_scan_rows(lqa_confident *cl, const lqa_thresholds *thresholds,
                                   lqa_confident_scan *scan, lqa_error *err) {
  struct scan s = {.cl = cl, .flags = scan->flags};
  lqa_status status = LQA_OK;
  s.eps = cl->is_integral ? 0.0 : LQA_CONFIDENT_EPS;
  s.slack = scan->any_range ? (double)INFINITY : LQA_CONFIDENT_EPS;
  LQA_TRY_OUT(allocate(&s, scan->joint != NULL, err));
  fill_cuts(&s, thresholds);
  if (scan->joint) {
    memset(scan->joint, 0, (size_t)cl->n_classes * (size_t)cl->n_classes * sizeof *scan->joint);
    s.joint = s.is_shared ? scan->joint : s.own_joint;
  }
  status = lqa_pool_run(cl->pool, (size_t)cl->n_chunks, scan_chunk, &s);
  if (status == LQA_BAD_DATA) {
    status = fail_range(&s, err);
  }
  LQA_TRY_OUT(status);
  merge(&s, scan);
  LQA_TRY_OUT(lqa_observe_check(cl->observer, err));
out:
  free(s.cut);
  free(s.own_joint);
  free(s.tally);
  free(s.bad_row);
  return status;
}

lqa_status lqa_confident_check_range(lqa_confident *cl, lqa_error *err) {
  lqa_thresholds none = {.value = lqa_calloc((size_t)cl->n_classes, sizeof(double))};
  if (!none.value) {
    return lqa_fail_memory(err, "checking probabilities");
  }
  lqa_confident_scan scan = {0};
  lqa_status status = lqa_confident_scan_rows(cl, &none, &scan, err);
  free(none.value);
  return status;
}
