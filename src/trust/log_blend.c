/* A handful of weights, so Newton's method with the exact second derivatives: one pass over the
 * rows sums loss, gradient and curvature. Behind a channel the loss is a difference of two convex
 * functions; where its curvature is not positive the first function's, which bounds it, is used.
 * Weights at a bound that the gradient pushes outwards are held there (Bertsekas 1982, projected
 * Newton).
 */
#include "trust/log_blend.h"

#include "base/explog.h"
#include "base/memory.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { M = LQA_BLEND_MEMBERS, MAX_STEPS = 60, MAX_HALVINGS = 30 };
enum {
  AT_LOSS = 0,
  AT_GRADIENT = 1,
  AT_CURVATURE = AT_GRADIENT + M,
  AT_BOUND = AT_CURVATURE + M * M,
  N_SUMS = AT_BOUND + M * M
};
static const double MAX_WEIGHT = 5, FLOOR = -30, TINY = 1e-12;

typedef struct sums_data {
  const lqa_log_blend *blend;
  const double *weight;
  bool loss_only;
} sums_data;

static double member_value(const lqa_log_blend *b, int m, size_t cell) {
  double value = (double)b->log_p[m][cell];
  return value > FLOOR ? value : FLOOR;
}

/* Mean and second moments of the members' values under `p`, an n-class distribution. */
static void moments(const lqa_log_blend *b, size_t first, const double *p, double mean[M],
                    double second[M * M]) {
  size_t n = (size_t)b->rows->n_classes;
  memset(mean, 0, M * sizeof *mean);
  memset(second, 0, M * M * sizeof *second);
  for (size_t k = 0; k < n; k++) {
    double value[M];
    for (int m = 0; m < b->n_members; m++) {
      value[m] = member_value(b, m, first + k);
      mean[m] += p[k] * value[m];
    }
    for (int m = 0; m < b->n_members; m++) {
      for (int o = 0; o <= m; o++) {
        second[m * M + o] += p[k] * value[m] * value[o];
      }
    }
  }
}

static void add_covariance(const double mean[M], const double second[M * M], double sign,
                           double *sum) {
  for (int m = 0; m < M; m++) {
    for (int o = 0; o <= m; o++) {
      sum[m * M + o] += sign * (second[m * M + o] - mean[m] * mean[o]);
    }
  }
}

/* z = the blend's scores of a row; returns the logarithm of the sum of their exponentials. */
static double score(const lqa_log_blend *b, const double *weight, size_t first, double *z) {
  size_t n = (size_t)b->rows->n_classes;
  double largest = -INFINITY, total = 0;
  for (size_t k = 0; k < n; k++) {
    z[k] = 0;
    for (int m = 0; m < b->n_members; m++) {
      z[k] += weight[m] * member_value(b, m, first + k);
    }
    largest = z[k] > largest ? z[k] : largest;
  }
  for (size_t k = 0; k < n; k++) {
    total += lqa_exp(z[k] - largest);
  }
  return largest + lqa_log(total);
}

/* The target's distribution into q, from log-probabilities z; returns the row's loss. */
static double target(const lqa_log_blend *b, int64_t row, const double *z, double *q) {
  size_t n = (size_t)b->rows->n_classes;
  int32_t given = b->rows->label[row];
  double loss = 0, total = 0;
  if (b->channel) {
    const double *cell = lqa_channel_given(b->channel, given);
    for (size_t k = 0; k < n; k++) {
      q[k] = lqa_exp(z[k]) * (cell[k] + TINY);
      total += q[k];
    }
    for (size_t k = 0; k < n; k++) {
      q[k] = total > 0 ? q[k] / total : 0;
    }
    return -lqa_log(total);
  }
  for (size_t k = 0; k < n; k++) {
    q[k] = b->soft ? (double)b->soft[(size_t)row * n + k] : (double)((int32_t)k == given);
    loss -= q[k] > 0 ? q[k] * z[k] : 0;
  }
  return loss;
}

static void add_row(const sums_data *d, int64_t row, double *scratch, double *sum) {
  const lqa_log_blend *b = d->blend;
  size_t n = (size_t)b->rows->n_classes, first = (size_t)row * n;
  double *z = scratch, *q = scratch + n;
  double total = score(b, d->weight, first, z);
  for (size_t k = 0; k < n; k++) {
    z[k] -= total;
  }
  sum[AT_LOSS] += target(b, row, z, q);
  if (d->loss_only) {
    return;
  }
  double mean[M], second[M * M], own[M];
  for (size_t k = 0; k < n; k++) {
    z[k] = lqa_exp(z[k]);
  }
  moments(b, first, z, mean, second);
  add_covariance(mean, second, 1, sum + AT_CURVATURE);
  add_covariance(mean, second, 1, sum + AT_BOUND);
  moments(b, first, q, own, second);
  if (b->channel) {
    add_covariance(own, second, -1, sum + AT_CURVATURE);
  }
  for (int m = 0; m < M; m++) {
    sum[AT_GRADIENT + m] += mean[m] - own[m];
  }
}

/* The scratch of a block stands behind its sums. */
static void add_rows(const void *data, int64_t from, int64_t to, double *sum) {
  const sums_data *d = data;
  for (int64_t row = from; row < to; row++) {
    add_row(d, row, sum + N_SUMS, sum);
  }
}

/* Loss, gradient and curvature of all rows with the ridge. */
static lqa_status evaluate(const lqa_log_blend *b, const double *weight, bool loss_only,
                           double sum[N_SUMS]) {
  size_t n_sums = N_SUMS + 2 * (size_t)b->rows->n_classes;
  double *all = lqa_malloc(n_sums, sizeof *all), ridge = b->ridge * (double)b->rows->n_rows;
  sums_data d = {b, weight, loss_only};
  lqa_status status;
  LQA_TRY_OUT(all ? lqa_trust_sum(b->rows, add_rows, &d, n_sums, all) : LQA_NO_MEMORY);
  memcpy(sum, all, N_SUMS * sizeof *sum);
  for (int m = 0; m < b->n_members; m++) {
    double away = weight[m] - b->prior[m];
    sum[AT_LOSS] += .5 * ridge * away * away;
    sum[AT_GRADIENT + m] += ridge * away;
    sum[AT_CURVATURE + m * M + m] += ridge;
    sum[AT_BOUND + m * M + m] += ridge;
  }
out:
  free(all);
  return status;
}

/* Solves curvature x = -gradient over the free weights by Cholesky; false where it is not
 * positive. */
static bool solve(const double *curvature, const double *gradient, const bool *is_free, int n,
                  double *x) {
  double l[M * M] = {0}, y[M] = {0};
  for (int i = 0; i < n; i++) {
    for (int j = 0; j <= i; j++) {
      bool both = is_free[i] && is_free[j];
      double value = both ? curvature[i * M + j] : (double)(i == j);
      for (int k = 0; k < j; k++) {
        value -= l[i * M + k] * l[j * M + k];
      }
      if (i == j && !(value > 1e-12)) {
        return false;
      }
      l[i * M + j] = i == j ? sqrt(value) : value / l[j * M + j];
    }
  }
  for (int i = 0; i < n; i++) {
    y[i] = is_free[i] ? -gradient[i] : 0;
    for (int k = 0; k < i; k++) {
      y[i] -= l[i * M + k] * y[k];
    }
    y[i] /= l[i * M + i];
  }
  for (int i = n - 1; i >= 0; i--) {
    x[i] = y[i];
    for (int k = i + 1; k < n; k++) {
      x[i] -= l[k * M + i] * x[k];
    }
    x[i] /= l[i * M + i];
  }
  return true;
}

static double clamp(double weight) {
  return weight < 0 ? 0 : weight > MAX_WEIGHT ? MAX_WEIGHT : weight;
}

/* The Newton step from `weight` into `step`; returns the largest free gradient. */
static double find_step(const lqa_log_blend *b, const double *weight, const double *sum,
                        double step[M]) {
  bool is_free[M] = {false};
  double largest = 0;
  for (int m = 0; m < b->n_members; m++) {
    double g = sum[AT_GRADIENT + m];
    is_free[m] = !((weight[m] <= 0 && g > 0) || (weight[m] >= MAX_WEIGHT && g < 0));
    largest = is_free[m] && fabs(g) > largest ? fabs(g) : largest;
  }
  if (!solve(sum + AT_CURVATURE, sum + AT_GRADIENT, is_free, b->n_members, step) &&
      !solve(sum + AT_BOUND, sum + AT_GRADIENT, is_free, b->n_members, step)) {
    memset(step, 0, M * sizeof *step);
  }
  return largest;
}

/* Halves the step until the loss falls; *moved says how far it went, `sum` is what is there. */
static lqa_status search(const lqa_log_blend *b, const double step[M], double *weight, double sum[],
                         double *moved) {
  double loss = sum[AT_LOSS], share = 1;
  *moved = 0;
  for (int i = 0; i < MAX_HALVINGS; i++, share /= 2) {
    double next[M] = {0}, reached[N_SUMS], furthest = 0;
    for (int m = 0; m < b->n_members; m++) {
      next[m] = clamp(weight[m] + share * step[m]);
      furthest = fmax(furthest, fabs(next[m] - weight[m]));
    }
    LQA_TRY(evaluate(b, next, i > 0, reached));
    if (reached[AT_LOSS] <= loss) {
      LQA_TRY(i > 0 ? evaluate(b, next, false, reached) : LQA_OK);
      memcpy(sum, reached, sizeof reached);
      memcpy(weight, next, (size_t)b->n_members * sizeof *weight);
      *moved = furthest;
      return LQA_OK;
    }
  }
  return LQA_OK;
}

lqa_status lqa_log_blend_fit(const lqa_log_blend *b, double *weight) {
  double sum[N_SUMS], step[M];
  double enough = 1e-8 * (double)b->rows->n_rows;
  LQA_TRY(evaluate(b, weight, false, sum));
  for (int i = 0; i < MAX_STEPS; i++) {
    double moved;
    if (find_step(b, weight, sum, step) <= enough) {
      break;
    }
    LQA_TRY(search(b, step, weight, sum, &moved));
    if (moved < 1e-7) {
      break;
    }
  }
  return LQA_OK;
}

typedef struct mix_data {
  const lqa_log_blend *blend;
  const double *weight;
  float *out;
} mix_data;

static double mixed(const lqa_log_blend *b, const double *weight, size_t cell) {
  double z = 0;
  for (int m = 0; m < b->n_members; m++) {
    z += weight[m] * member_value(b, m, cell);
  }
  return z;
}

static void mix_rows(const void *data, int64_t from, int64_t to, double *sum) {
  const mix_data *d = data;
  const lqa_log_blend *b = d->blend;
  size_t n = (size_t)b->rows->n_classes;
  (void)sum;
  for (int64_t row = from; row < to; row++) {
    float *out = d->out + (size_t)row * n;
    double largest = -INFINITY, total = 0;
    for (size_t k = 0; k < n; k++) {
      double z = mixed(b, d->weight, (size_t)row * n + k);
      largest = z > largest ? z : largest;
    }
    for (size_t k = 0; k < n; k++) {
      total += lqa_exp(mixed(b, d->weight, (size_t)row * n + k) - largest);
    }
    double shift = largest + lqa_log(total);
    for (size_t k = 0; k < n; k++) {
      out[k] = (float)(mixed(b, d->weight, (size_t)row * n + k) - shift);
    }
  }
}

lqa_status lqa_log_blend_mix(const lqa_log_blend *b, const double *weight, float *out) {
  mix_data d = {b, weight, out};
  return lqa_trust_each(b->rows, mix_rows, &d);
}
