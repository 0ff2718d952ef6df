/* model/linear/softmax_row.h - what training and predicting share: one row's scores and softmax in
 * lanes. Internal to softmax_epoch.c and softmax_predict.c.
 */
#ifndef LQA_MODEL_LINEAR_SOFTMAX_ROW_H
#define LQA_MODEL_LINEAR_SOFTMAX_ROW_H

#include "model/linear/softmax_group.h"

/* A row's non-zeroes. */
typedef struct lqa_row_entries {
  const uint32_t *column;
  const float *value;
  size_t n;
} lqa_row_entries;

LQA_INLINE lqa_row_entries lqa_row_get(const lqa_sparse *x, int64_t row) {
  uint64_t start = x->row_start[row];
  return (lqa_row_entries){x->is_dense ? x->column : x->column + start, x->value + start,
                           (size_t)(x->row_start[row + 1] - start)};
}

/* z[0..n) += sum of value * weight[0..n) over the row; two chains hide the latency of an add. */
LQA_INLINE void lqa_add_dot(const lqa_row_entries *x, const lqa_f8 *weight, size_t stride,
                            lqa_f8 *z, int n) {
  lqa_f8 even[LQA_SMALL_VECTORS] = {{0}}, odd[LQA_SMALL_VECTORS] = {{0}};
  size_t i = 0;
  for (; i + 1 < x->n; i += 2) {
    const lqa_f8 *a = weight + x->column[i] * stride, *b = weight + x->column[i + 1] * stride;
    float xa = x->value[i], xb = x->value[i + 1];
    for (int j = 0; j < n; j++) {
      even[j] += a[j] * xa;
      odd[j] += b[j] * xb;
    }
  }
  if (i < x->n) {
    const lqa_f8 *a = weight + x->column[i] * stride;
    for (int j = 0; j < n; j++) {
      even[j] += a[j] * x->value[i];
    }
  }
  for (int j = 0; j < n; j++) {
    z[j] += even[j] + odd[j];
  }
}

LQA_INLINE void lqa_row_scores(const lqa_softmax_group *g, const lqa_row_entries *x, lqa_f8 *z,
                               int n) {
  for (int j = 0; j < n; j++) {
    z[j] = g->centre[j] + g->pull[j];
  }
  if (n <= LQA_SMALL_VECTORS) {
    lqa_add_dot(x, g->weight, (size_t)n, z, n);
    return;
  }
  int j = 0;
  for (; j + LQA_SMALL_VECTORS <= n; j += LQA_SMALL_VECTORS) {
    lqa_add_dot(x, g->weight + j, (size_t)n, z + j, LQA_SMALL_VECTORS);
  }
  for (; j < n; j++) {
    lqa_add_dot(x, g->weight + j, (size_t)n, z + j, 1);
  }
}

/* Sums over the classes of a fold, in every lane of it; `to` may be `from`. */
LQA_INLINE void lqa_fold_sums(const lqa_f8 *from, lqa_f8 *to, int n, int width) {
  if (width <= LQA_LANES) {
    for (int j = 0; j < n; j++) {
      to[j] = lqa_f8_group_sum(from[j], width);
    }
    return;
  }
  lqa_f8 sum = from[0];
  for (int j = 1; j < n; j++) {
    sum += from[j];
  }
  sum = lqa_f8_group_sum(sum, LQA_LANES);
  for (int j = 0; j < n; j++) {
    to[j] = sum;
  }
}

LQA_INLINE void lqa_subtract_fold_max(lqa_f8 *z, int n, int width) {
  if (width <= LQA_LANES) {
    for (int j = 0; j < n; j++) {
      z[j] -= lqa_f8_group_max(z[j], width);
    }
    return;
  }
  lqa_f8 max = z[0];
  for (int j = 1; j < n; j++) {
    max = lqa_f8_max(max, z[j]);
  }
  max = lqa_f8_group_max(max, LQA_LANES);
  for (int j = 0; j < n; j++) {
    z[j] -= max;
  }
}

/* z becomes lqa_fold_softmax(z) within each fold; lanes that are not valid get (almost) nothing. */
LQA_INLINE void lqa_fold_softmax(const lqa_softmax_group *g, lqa_f8 *z, lqa_f8 *sum, int n,
                                 int width) {
  for (int j = 0; j < n; j++) {
    z[j] = lqa_f8_choose(g->valid[j], z[j], lqa_f8_all(-1e30f));
  }
  lqa_subtract_fold_max(z, n, width);
  for (int j = 0; j < n; j++) {
    z[j] = lqa_f8_choose(g->valid[j], lqa_f8_exp(z[j]), lqa_f8_all(0));
  }
  lqa_fold_sums(z, sum, n, width);
  for (int j = 0; j < n; j++) {
    z[j] = z[j] / sum[j];
  }
}

/* Lanes of `vector` that learn from a row of this fold. */
LQA_INLINE lqa_i8 lqa_lane_learns(const lqa_softmax_group *g, int vector, int32_t fold) {
  return (g->first_out[vector] != fold) & (g->second_out[vector] != fold);
}

/* 1 in the lanes of the row's class. */
LQA_INLINE lqa_f8 lqa_lane_target(const lqa_softmax_group *g, int vector, int32_t label) {
  return lqa_f8_choose(g->lane_class[vector] == label, lqa_f8_all(1), lqa_f8_all(0));
}

/* (alpha - p)^2 / p in lanes that learn; bounds alpha log(alpha / p), summed over the classes. */
LQA_INLINE lqa_f8 lqa_gap_term(lqa_f8 alpha, lqa_f8 p, lqa_i8 counts) {
  lqa_f8 d = alpha - p;
  return lqa_f8_choose(counts, d * d / (p + 1e-12f), lqa_f8_all(0));
}

#endif
