/* audit/confident_learning/confident_scan.c - the one pass that reads the whole matrix.
 *
 * For every row: the class it is confidently of (the only class whose probability reaches its
 * threshold, or the most probable class where several do), and whether the given label is beaten by
 * another class. Those two facts and the counts of the first give the confident joint and most
 * filters; flags that need a quota look again only at rows that disagree.
 *
 * The range check of the input is done in the same pass: a pass of its own would cost as much
 * again. The pass is bound by memory bandwidth from some 30 classes on.
 */
#include "audit/confident_learning/confident_internal.h"

#include "base/memory.h"

#include <math.h>

/* Counts are kept per worker up to this many classes, else shared and added atomically. */
enum { SMALL_JOINT = 256, FIRST_BAD_NONE = -1 };

/* One block of rows: inputs and outputs of the kernels. */
struct block {
  int64_t n;
  int32_t n_classes;
  double low, high; /* allowed range, rounding included */
  const int32_t *label;
  int32_t *guess;
  uint8_t *disagrees;
};

#define REAL double
#define INDEX uint64_t
#define LANES 4
#define NAME(x) x##_f64
#include "audit/confident_learning/scan_kernel.h"
#undef REAL
#undef INDEX
#undef LANES
#undef NAME
#define REAL float
#define INDEX uint32_t
#define LANES 8
#define NAME(x) x##_f32
#include "audit/confident_learning/scan_kernel.h"
#undef REAL
#undef INDEX
#undef LANES
#undef NAME

__attribute__((target_clones("default", "avx2"))) static int64_t
scan_f64(const void *rows, int64_t stride, const struct block *b, const void *cut, double eps) {
  return scan_rows_f64(rows, stride, b, cut, eps);
}

__attribute__((target_clones("default", "avx2"))) static int64_t
scan_f32(const void *rows, int64_t stride, const struct block *b, const void *cut, double eps) {
  return scan_rows_f32(rows, stride, b, cut, (float)eps);
}

struct scan {
  lqa_confident *cl;
  double slack; /* how far beyond [0, 1] values may lie */
  void *cut;    /* float or double, as the kernel */
  double eps;
  int64_t *joint; /* n_joints matrices of counts, or NULL */
  bool is_shared; /* one matrix for all workers */
  uint8_t *flags;
  int64_t *tally;   /* per chunk: off diagonal, disagree, both */
  int64_t *bad_row; /* per chunk */
};

static inline void count_guess(const struct scan *s, int64_t *joint, int32_t label, int32_t guess) {
  int64_t *cell = &joint[(int64_t)label * s->cl->n_classes + guess];
  if (s->is_shared) {
    __atomic_fetch_add(cell, 1, __ATOMIC_RELAXED);
  } else {
    ++*cell;
  }
}

static void keep_block(const struct scan *s, const struct block *b, int64_t row, int64_t *joint,
                       int64_t tally[3]) {
  for (int64_t i = 0; i < b->n; i++) {
    bool is_off = b->guess[i] >= 0 && b->guess[i] != b->label[i];
    if (joint && b->guess[i] >= 0) {
      count_guess(s, joint, b->label[i], b->guess[i]);
    }
    if (s->flags) {
      s->flags[row + i] = (uint8_t)((is_off ? LQA_ROW_OFF_DIAGONAL : 0) |
                                    (b->disagrees[i] ? LQA_ROW_DISAGREES : 0));
    }
    tally[0] += is_off;
    tally[1] += b->disagrees[i];
    tally[2] += is_off && b->disagrees[i];
  }
}

static lqa_status scan_chunk(void *data, size_t chunk, size_t worker) {
  struct scan *s = data;
  lqa_confident *cl = s->cl;
  int32_t label[LQA_LABEL_BLOCK], guess[LQA_LABEL_BLOCK];
  uint8_t disagrees[LQA_LABEL_BLOCK];
  struct block b = {.n_classes = cl->n_classes,
                    .low = -s->slack,
                    .high = 1 + s->slack,
                    .label = label,
                    .guess = guess,
                    .disagrees = disagrees};
  int64_t *joint = s->joint;
  if (joint && !s->is_shared) {
    joint += worker * (size_t)cl->n_classes * (size_t)cl->n_classes;
  }
  int64_t end = lqa_confident_chunk_end(cl, chunk);
  for (int64_t row = lqa_confident_chunk_start(cl, chunk); row < end; row += b.n) {
    b.n = end - row < cl->block_rows ? end - row : cl->block_rows;
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
    keep_block(s, &b, row, joint, s->tally + chunk * 3);
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
  if (with_joint) {
    s->joint =
        lqa_calloc(n * n, (s->is_shared ? 1 : lqa_pool_threads(s->cl->pool)) * sizeof *s->joint);
  }
  if (!s->cut || !s->tally || !s->bad_row || (with_joint && !s->joint)) {
    return lqa_fail_memory(err, "scanning probabilities");
  }
  for (size_t chunk = 0; chunk < n_chunks; chunk++) {
    s->bad_row[chunk] = FIRST_BAD_NONE;
  }
  return LQA_OK;
}

static void merge(const struct scan *s, lqa_confident_scan *out) {
  size_t n_cells = (size_t)s->cl->n_classes * (size_t)s->cl->n_classes;
  size_t n_joints = s->is_shared ? 1 : lqa_pool_threads(s->cl->pool);
  if (out->joint) {
    memset(out->joint, 0, n_cells * sizeof *out->joint);
    for (size_t i = 0; i < n_cells * n_joints; i++) {
      out->joint[i % n_cells] += s->joint[i];
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
  status = lqa_pool_run(cl->pool, (size_t)cl->n_chunks, scan_chunk, &s);
  if (status == LQA_BAD_DATA) {
    status = fail_range(&s, err);
  }
  LQA_TRY_OUT(status);
  merge(&s, scan);
  LQA_TRY_OUT(lqa_observe_check(cl->observer, err));
out:
  free(s.cut);
  free(s.joint);
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
