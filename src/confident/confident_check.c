/* confident/confident_check.c - are these probabilities? and if nearly, make them
 * so.
 *
 * Real models hand over rows like 1.00001 or sums of 0.9997: saved with few digits, or quantised.
 * Such rows are scaled to sum 1 when they are read (the matrix itself is never touched): negative
 * values count as 0, the rest is divided by the row's sum. Rows within rounding are left exactly as
 * they are, so that clean input gives the same bits with and without the check. Anything further
 * off is refused with its row: it usually means logits, unnormalised counts or the wrong file.
 *
 * Cost: one pass, bound by memory bandwidth; 8 bytes a row only where some row is scaled.
 */
#include "confident/confident_internal.h"

#include "base/memory.h"
#include "base/lanes.h"

#include <math.h>

#define SUM_SLACK 1e-4 /* sums this close to 1 are taken for rounding */

enum { LANES = 4, SIDE_BY_SIDE = 32 };

typedef double quad __attribute__((vector_size(32)));
typedef int64_t quad_mask __attribute__((vector_size(32)));
typedef float quad_single __attribute__((vector_size(16)));

struct row_facts {
  double min, max, sum; /* NaN in sum if there is a NaN */
};

/* Of four rows, or of four columns, each in a lane. */
struct quad_facts {
  quad min, max, sum[LANES];
};

static inline __attribute__((always_inline)) void add_quad(struct quad_facts *q, quad p, int at) {
  quad_mask less = p<q->min, more = p> q->max;
  q->min = (quad)(((quad_mask)p & less) | ((quad_mask)q->min & ~less));
  q->max = (quad)(((quad_mask)p & more) | ((quad_mask)q->max & ~more));
  q->sum[at] += p;
}

static const struct quad_facts NOTHING = {
    .min = {(double)INFINITY, (double)INFINITY, (double)INFINITY, (double)INFINITY},
    .max = {-(double)INFINITY, -(double)INFINITY, -(double)INFINITY, -(double)INFINITY}};

struct checking {
  lqa_confident *cl;
  double tolerance;
  int64_t *bad_row;  /* per chunk, or -1 */
  int64_t *n_scaled; /* per chunk */
};

/* Column k is added to sum k % LANES, and those in a fixed order: here as in rows side by side. */
static inline __attribute__((always_inline)) struct row_facts
look_at_row(const void *values, bool is_single, int32_t n) {
  const float *f = values;
  const double *d = values;
  struct quad_facts q = NOTHING;
  struct row_facts row = {(double)INFINITY, -(double)INFINITY, 0};
  int32_t k = 0;
  for (; k + LANES <= n; k += LANES) {
    quad p;
    if (is_single) {
      quad_single single;
      memcpy(&single, f + k, sizeof single);
      p = __builtin_convertvector(single, quad);
    } else {
      memcpy(&p, d + k, sizeof p);
    }
    add_quad(&q, p, 0);
  }
  double sum[LANES];
  for (int i = 0; i < LANES; i++) {
    row.min = q.min[i] < row.min ? q.min[i] : row.min;
    row.max = q.max[i] > row.max ? q.max[i] : row.max;
    sum[i] = q.sum[0][i];
  }
  for (; k < n; k++) {
    double p = is_single ? (double)f[k] : d[k];
    row.min = p < row.min ? p : row.min;
    row.max = p > row.max ? p : row.max;
    sum[k % LANES] += p;
  }
  row.sum = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  return row;
}

/* Column k of LANES rows. */
static inline __attribute__((always_inline)) quad column_of(const void *values, bool is_single,
                                                            int64_t stride, int32_t k) {
  const float *f = (const float *)values + k;
  const double *d = (const double *)values + k;
  if (is_single) {
    quad_single single = {f[0], f[stride], f[2 * stride], f[3 * stride]};
    return __builtin_convertvector(single, quad);
  }
  return (quad){d[0], d[stride], d[2 * stride], d[3 * stride]};
}

/* True if LANES rows are clean, seen side by side. */
static inline __attribute__((always_inline)) bool are_clean(const void *values, bool is_single,
                                                            int64_t stride, int32_t n) {
  struct quad_facts q = NOTHING;
  int32_t k = 0;
  for (; k + LANES <= n; k += LANES) {
    for (int at = 0; at < LANES; at++) {
      add_quad(&q, column_of(values, is_single, stride, k + at), at);
    }
  }
  for (int at = 0; k < n; k++, at++) {
    add_quad(&q, column_of(values, is_single, stride, k), at);
  }
  quad off = (q.sum[0] + q.sum[1]) + (q.sum[2] + q.sum[3]) - 1;
  quad_mask is_clean = (q.min >= -LQA_CONFIDENT_EPS) & (q.max <= 1 + LQA_CONFIDENT_EPS) &
                       (off <= SUM_SLACK) & (off >= -SUM_SLACK);
  return (is_clean[0] & is_clean[1] & is_clean[2] & is_clean[3]) != 0;
}

/* The sum of the values above 0. */
static double divisor_of(const void *values, bool is_single, int32_t n) {
  double sum = 0;
  for (int32_t k = 0; k < n; k++) {
    double p = is_single ? (double)((const float *)values)[k] : ((const double *)values)[k];
    sum += p > 0 ? p : 0;
  }
  return sum;
}

static bool is_clean(const struct row_facts *row) {
  return row->min >= -LQA_CONFIDENT_EPS && row->max <= 1 + LQA_CONFIDENT_EPS &&
         fabs(row->sum - 1) <= SUM_SLACK;
}

static bool is_close(const struct row_facts *row, double tolerance) {
  return row->min >= -tolerance && row->max <= 1 + tolerance && fabs(row->sum - 1) <= tolerance;
}

/* The first of n rows that is not clean, or n. Rows left out count as well. */
static inline __attribute__((always_inline)) int64_t
find_unclean(const void *values, bool is_single, int64_t stride, int64_t n, int32_t n_classes) {
  size_t size = is_single ? sizeof(float) : sizeof(double);
  const char *at = values;
  int64_t i = 0;
  while (n_classes <= SIDE_BY_SIDE && i + LANES <= n &&
         are_clean(at + i * stride * (int64_t)size, is_single, stride, n_classes)) {
    i += LANES;
  }
  for (; i < n; i++) {
    struct row_facts row = look_at_row(at + i * stride * (int64_t)size, is_single, n_classes);
    if (!is_clean(&row)) {
      break;
    }
  }
  return i;
}

LQA_EVERY_LEVEL static int64_t find_unclean_f32(const void *values, int64_t stride, int64_t n,
                                                int32_t n_classes) {
  return find_unclean(values, true, stride, n, n_classes);
}
LQA_EVERY_LEVEL static int64_t find_unclean_f64(const void *values, int64_t stride, int64_t n,
                                                int32_t n_classes) {
  return find_unclean(values, false, stride, n, n_classes);
}

/* Checks a row that is not clean; notes its divisor if `divisor` is there. */
static bool check_row(const struct checking *c, const void *values, size_t chunk, double *divisor) {
  bool is_single = c->cl->is_single;
  int32_t n = c->cl->n_classes;
  struct row_facts row = is_single ? look_at_row(values, true, n) : look_at_row(values, false, n);
  if (!is_close(&row, c->tolerance)) {
    return false;
  }
  if (divisor) {
    *divisor = divisor_of(values, is_single, n);
  } else {
    c->n_scaled[chunk]++;
  }
  return true;
}

/* Checks n rows from `row` on; the first bad one's number goes to bad_row. */
static lqa_status check_rows(const struct checking *c, size_t chunk, size_t worker, int64_t row,
                             int64_t n) {
  const lqa_confident *cl = c->cl;
  int32_t label[LQA_LABEL_BLOCK];
  size_t size = cl->is_single ? sizeof(float) : sizeof(double);
  int64_t stride;
  lqa_confident_read_labels(cl, row, n, label);
  const char *values = lqa_confident_read_rows(cl, worker, row, n, &stride);
  for (int64_t i = 0; i < n; i++) {
    const void *rest = values + i * stride * (int64_t)size;
    i += cl->is_single ? find_unclean_f32(rest, stride, n - i, cl->n_classes)
                       : find_unclean_f64(rest, stride, n - i, cl->n_classes);
    double *divisor = cl->divisor ? &cl->divisor[row + i] : NULL;
    if (i < n && label[i] >= 0 &&
        !check_row(c, values + i * stride * (int64_t)size, chunk, divisor)) {
      c->bad_row[chunk] = row + i;
      return LQA_BAD_DATA;
    }
  }
  return LQA_OK;
}

static lqa_status check_chunk(void *data, size_t chunk, size_t worker) {
  const struct checking *c = data;
  const lqa_confident *cl = c->cl;
  int64_t end = lqa_confident_chunk_end(cl, chunk);
  int64_t n;
  for (int64_t row = lqa_confident_chunk_start(cl, chunk); row < end; row += n) {
    n = end - row < cl->block_rows ? end - row : cl->block_rows;
    LQA_TRY(lqa_confident_go_on(cl));
    LQA_TRY(check_rows(c, chunk, worker, row, n));
  }
  return LQA_OK;
}

static lqa_status fail_row(const lqa_confident *cl, int64_t row, double tolerance, lqa_error *err) {
  double sum = 0;
  for (int32_t k = 0; k < cl->n_classes; k++) {
    double p = lqa_confident_value(cl, row, k);
    sum += p;
    if (p != p) {
      return lqa_fail_at(err, LQA_BAD_DATA, NULL, row, NULL, "pred_probs[%lld, %d] is NaN",
                         (long long)row, (int)k);
    }
    if (p < -tolerance || p > 1 + tolerance) {
      return lqa_fail_at(err, LQA_BAD_DATA, NULL, row, NULL,
                         "pred_probs[%lld, %d] is %.9g, outside [0, 1] by more than the tolerance "
                         "%g: pass probabilities, not logits or counts",
                         (long long)row, (int)k, p, tolerance);
    }
  }
  return lqa_fail_at(err, LQA_BAD_DATA, NULL, row, NULL,
                     "pred_probs[%lld] sums to %.9g, which is off 1 by more than the tolerance %g: "
                     "scale its rows to sum 1, or raise the tolerance",
                     (long long)row, sum, tolerance);
}

/* First run: finds bad rows and counts those to be scaled. Second run, only if there are any: notes
 * their divisors. Rows are read unscaled both times. */
static lqa_status run_check(struct checking *c, lqa_error *err) {
  lqa_confident *cl = c->cl;
  lqa_status status = lqa_pool_run(cl->pool, (size_t)cl->n_chunks, check_chunk, c);
  int64_t n_scaled = 0;
  for (int64_t chunk = 0; chunk < cl->n_chunks; chunk++) {
    n_scaled += c->n_scaled[chunk];
    if (c->bad_row[chunk] >= 0) {
      return fail_row(cl, c->bad_row[chunk], c->tolerance, err);
    }
  }
  if (status != LQA_OK || n_scaled == 0) {
    return status;
  }
  cl->divisor = lqa_calloc((size_t)cl->n_rows, sizeof *cl->divisor);
  if (!cl->divisor) {
    return lqa_fail_memory(err, "scaling rows to sum 1");
  }
  LQA_TRY(lqa_pool_run(cl->pool, (size_t)cl->n_chunks, check_chunk, c));
  cl->n_scaled = n_scaled;
  cl->is_direct = false;
  return lqa_confident_make_scratch(cl, err);
}

lqa_status lqa_confident_check(lqa_confident *cl, double tolerance, lqa_error *err) {
  size_t n_chunks = (size_t)cl->n_chunks;
  struct checking c = {cl, tolerance, lqa_malloc(n_chunks, sizeof(int64_t)),
                       lqa_calloc(n_chunks, sizeof(int64_t))};
  lqa_status status = LQA_OK;
  if (!c.bad_row || !c.n_scaled) {
    status = lqa_fail_memory(err, "checking probabilities");
    goto out;
  }
  for (size_t chunk = 0; chunk < n_chunks; chunk++) {
    c.bad_row[chunk] = -1;
  }
  LQA_TRY_OUT(run_check(&c, err));
  if (cl->n_scaled > 0) {
    lqa_observe_message(cl->observer, LQA_MESSAGE_WARN,
                        "%lld of %lld rows of pred_probs did not sum to 1 (within %g): scaled",
                        (long long)cl->n_scaled, (long long)cl->n_used, tolerance);
  }
out:
  free(c.bad_row);
  free(c.n_scaled);
  return status;
}
