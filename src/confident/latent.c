/* confident/latent.c - what the confident joint implies about the labels nobody saw.
 *
 *   noise matrix           P(given i | true j) = C_ij / column sum j
 *   inverse noise matrix   P(true i | given j) = C_ji / row sum j
 *   prior of true classes  P(true k), in four ways
 *
 * The prior's methods: cnt, inverse_kk / noise_kk * P(given k); eqn, the solution of noise x =
 * P(given); marginal, the joint's column sums; marginal_ps, inverse times P(given). Each is clipped
 * to [1e-6, 1] and scaled to sum 1. Noise rates are clipped to [0, 0.9999] off the diagonal and
 * columns scaled to sum 1. `converge` iterates the relations between the three until they agree
 * better.
 *
 * Sums run in the reference's order (a matrix it holds transposed is summed pairwise down its
 * columns, otherwise row after row); cnt and marginal have its bits, eqn and marginal_ps agree to
 * 1e-9, for the reference calls BLAS there. Solving is Gaussian elimination with partial pivoting.
 */
#include "confident/confident.h"

#include "base/pairwise_sum.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

#define MOST_NOISE 0.9999  /* largest rate off the diagonal */
#define LEAST_PRIOR 1e-6   /* smallest prior */
#define LEAST_REFINED 1e-5 /* and after converging */

enum { OUTER_ROUNDS = 3, INNER_ROUNDS = 5 };

struct column {
  const double *cell;
  int32_t n, j;
};

static double column_at(const void *data, int64_t i) {
  const struct column *c = data;
  return c->cell[i * c->n + c->j];
}

static double sum_column(const double *cell, int32_t n, int32_t j, bool is_pairwise) {
  if (is_pairwise) {
    return lqa_pairwise_sum_of(column_at, &(struct column){cell, n, j}, n, false);
  }
  double sum = 0;
  for (int64_t i = 0; i < n; i++) {
    sum += cell[i * n + j];
  }
  return sum;
}

static double at_least(double value, double least) {
  return value > least ? value : least;
}

static void clip_noise_rates(double *cell, int32_t n, bool is_pairwise) {
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) {
      double *rate = &cell[i * n + j];
      if (i != j) {
        *rate = *rate < 0 ? 0 : *rate > MOST_NOISE ? MOST_NOISE : *rate;
      }
    }
  }
  for (int32_t j = 0; j < n; j++) {
    double sum = at_least(sum_column(cell, n, j, is_pairwise), LQA_CONFIDENT_TINY);
    for (int64_t i = 0; i < n; i++) {
      cell[i * n + j] /= sum;
    }
  }
}

static void clip_prior(double *py, int32_t n, double least) {
  for (int32_t k = 0; k < n; k++) {
    py[k] = py[k] < least ? least : py[k] > 1 ? 1 : py[k];
  }
  double sum = at_least(lqa_pairwise_sum(py, n, false), LQA_CONFIDENT_TINY);
  for (int32_t k = 0; k < n; k++) {
    py[k] = py[k] / sum;
  }
}

/* ---- the prior, four ways ---- */

static void prior_by_counts(const lqa_latent *l, const double *ps) {
  for (int64_t k = 0; k < l->n; k++) {
    int64_t diagonal = k * l->n + k;
    l->py[k] = l->inverse[diagonal] / at_least(l->noise[diagonal], LQA_CONFIDENT_TINY) * ps[k];
  }
}

static void prior_by_inverse(const lqa_latent *l, const double *ps) {
  for (int64_t i = 0; i < l->n; i++) {
    l->py[i] = 0;
    for (int64_t j = 0; j < l->n; j++) {
      l->py[i] += l->inverse[i * l->n + j] * ps[j];
    }
  }
}

static int32_t find_pivot(const double *a, int64_t n, int64_t k) {
  int64_t best = k;
  for (int64_t i = k + 1; i < n; i++) {
    best = fabs(a[i * n + k]) > fabs(a[best * n + k]) ? i : best;
  }
  return (int32_t)best;
}

static void swap_rows(double *a, double *x, int64_t n, int64_t i, int64_t k) {
  for (int64_t j = 0; i != k && j < n; j++) {
    double swap = a[i * n + j];
    a[i * n + j] = a[k * n + j];
    a[k * n + j] = swap;
  }
  double swap = x[i];
  x[i] = x[k];
  x[k] = swap;
}

/* Solves a x = x in place; false if `a` is singular. */
static bool solve(double *a, double *x, int64_t n) {
  for (int64_t k = 0; k < n; k++) {
    swap_rows(a, x, n, find_pivot(a, n, k), k);
    if (a[k * n + k] == 0) {
      return false;
    }
    for (int64_t i = k + 1; i < n; i++) {
      double factor = a[i * n + k] / a[k * n + k];
      for (int64_t j = k; factor != 0 && j < n; j++) {
        a[i * n + j] -= factor * a[k * n + j];
      }
      x[i] -= factor * x[k];
    }
  }
  for (int64_t k = n - 1; k >= 0; k--) {
    for (int64_t j = k + 1; j < n; j++) {
      x[k] -= a[k * n + j] * x[j];
    }
    x[k] /= a[k * n + k];
  }
  return true;
}

static lqa_status prior_by_equation(const lqa_latent *l, const double *ps, lqa_error *err) {
  size_t n = (size_t)l->n;
  double *a = lqa_malloc(n * n, sizeof *a);
  if (!a) {
    return lqa_fail_memory(err, "solving for the class priors");
  }
  memcpy(a, l->noise, n * n * sizeof *a);
  memcpy(l->py, ps, n * sizeof *l->py);
  bool is_solved = solve(a, l->py, l->n);
  free(a);
  if (!is_solved) {
    return lqa_fail_because(
        lqa_fail(err, LQA_BAD_DATA, "the noise matrix is singular: py_method 'eqn' has no answer"),
        err, LQA_REASON_SINGULAR);
  }
  return LQA_OK;
}

static void prior_by_columns(const lqa_joint *joint, const lqa_latent *l) {
  double total = 0;
  for (int32_t k = 0; k < l->n; k++) {
    l->py[k] = sum_column(joint->cell, joint->n, k, joint->by_column);
    total += l->py[k];
  }
  for (int32_t k = 0; k < l->n; k++) {
    l->py[k] /= at_least(total, LQA_CONFIDENT_TINY);
  }
}

static lqa_status estimate_prior(const lqa_joint *joint, const double *ps, lqa_py_method method,
                                 lqa_latent *l, lqa_error *err) {
  switch (method) {
  case LQA_PY_CNT:
    prior_by_counts(l, ps);
    break;
  case LQA_PY_EQN:
    LQA_TRY(prior_by_equation(l, ps, err));
    break;
  case LQA_PY_MARGINAL:
    prior_by_columns(joint, l);
    break;
  case LQA_PY_MARGINAL_PS:
    prior_by_inverse(l, ps);
    break;
  }
  clip_prior(l->py, l->n, LEAST_PRIOR);
  return LQA_OK;
}

/* ---- the matrices, and their relations ---- */

static double sum_row(const lqa_joint *joint, int64_t i) {
  const double *row = joint->cell + i * joint->n;
  if (!joint->by_column) {
    return lqa_pairwise_sum(row, joint->n, false);
  }
  double sum = 0;
  for (int32_t j = 0; j < joint->n; j++) {
    sum += row[j];
  }
  return sum;
}

static void divide_joint(const lqa_joint *joint, lqa_latent *l) {
  int64_t n = joint->n;
  for (int32_t k = 0; k < n; k++) {
    double row = at_least(sum_row(joint, k), LQA_CONFIDENT_TINY);
    double column =
        at_least(sum_column(joint->cell, joint->n, k, joint->by_column), LQA_CONFIDENT_TINY);
    for (int64_t i = 0; i < n; i++) {
      l->noise[i * n + k] = joint->cell[i * n + k] / column;
      l->inverse[i * n + k] = joint->cell[k * n + i] / row;
    }
  }
}

static void inverse_from_noise(lqa_latent *l, const double *ps, bool by_column) {
  int64_t n = l->n;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) {
      l->inverse[i * n + j] = l->noise[j * n + i] * l->py[i] / at_least(ps[j], LQA_CONFIDENT_TINY);
    }
  }
  clip_noise_rates(l->inverse, l->n, !by_column);
}

static void noise_from_inverse(lqa_latent *l, const double *ps, bool by_column) {
  int64_t n = l->n;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) {
      l->noise[i * n + j] = l->inverse[j * n + i] * ps[i] / at_least(l->py[j], LQA_CONFIDENT_TINY);
    }
  }
  clip_noise_rates(l->noise, l->n, by_column);
}

static void converge(lqa_latent *l, const double *ps, bool by_column) {
  for (int outer = 0; outer < OUTER_ROUNDS; outer++) {
    for (int inner = 0; inner < INNER_ROUNDS; inner++) {
      inverse_from_noise(l, ps, by_column);
      prior_by_counts(l, ps);
      clip_prior(l->py, l->n, LEAST_PRIOR);
    }
    noise_from_inverse(l, ps, by_column);
  }
  clip_prior(l->py, l->n, LEAST_REFINED);
  clip_noise_rates(l->noise, l->n, by_column);
  clip_noise_rates(l->inverse, l->n, !by_column);
}

lqa_status lqa_joint_estimate_latent(const lqa_joint *joint, const int64_t *class_counts,
                                     const lqa_latent_options *options, lqa_latent *latent,
                                     lqa_error *err) {
  double n_rows = 0;
  double *ps = lqa_malloc((size_t)joint->n, sizeof *ps);
  if (!ps) {
    return lqa_fail_memory(err, "estimating latent priors");
  }
  for (int32_t k = 0; k < joint->n; k++) {
    n_rows += (double)class_counts[k];
  }
  for (int32_t k = 0; k < joint->n; k++) {
    ps[k] = (double)class_counts[k] / n_rows;
  }
  latent->n = joint->n;
  divide_joint(joint, latent);
  lqa_status status;
  LQA_TRY_OUT(estimate_prior(joint, ps, options->py_method, latent, err));
  clip_noise_rates(latent->noise, latent->n, joint->by_column);
  clip_noise_rates(latent->inverse, latent->n, !joint->by_column);
  if (options->converge) {
    converge(latent, ps, joint->by_column);
  }
out:
  free(ps);
  return status;
}
