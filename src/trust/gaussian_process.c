/* Effects are numbered: intercept, margin, then a value and a slope for each given class, a value
 * for each other class, a value and a slope for each pair. Prior standard deviations are folded
 * into the features, so all effects have a standard normal prior:
 *
 *     effects = (I + F' W F)^-1 F' b      b = W u + weight (target - p),  W = weight p (1 - p)
 *
 * or, over rows, with B = I + sqrt(W) F F' sqrt(W): effects = F' (b - sqrt(W) B^-1 sqrt(W) F F' b).
 *
 * The number of pairs is bounded, so that a step costs at most (3 classes + 514)^3 operations
 * however many rows are verified.
 */
#include "trust/gaussian_process.h"

#include "base/memory.h"
#include "trust/model_evidence.h"

#include <math.h>
#include <string.h>

enum { MAX_PAIRS = 256 };
static const double SD_INTERCEPT = 1.5, SD_MARGIN = 1, SD_GIVEN = .7, SD_GIVEN_SLOPE = .5;
static const double SD_OTHER = .7, SD_PAIR = 1, SD_PAIR_SLOPE = .5;

typedef struct pair_count {
  uint64_t pair;
  size_t n;
} pair_count;

struct lqa_gp {
  size_t n, n_effects;
  int32_t n_classes;
  lqa_gp_row *rows;
  uint64_t *pairs; /* ascending */
  size_t n_pairs;
  double *effect;
};

static uint64_t pair_of(const lqa_gp *gp, const lqa_gp_row *row) {
  return (uint64_t)row->given * (uint64_t)gp->n_classes + (uint64_t)row->other;
}

static int compare_pairs(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

/* Most frequent first, then by number. */
static int compare_counts(const void *a, const void *b) {
  const pair_count *x = a, *y = b;
  if (x->n != y->n) {
    return x->n > y->n ? -1 : 1;
  }
  return x->pair < y->pair ? -1 : x->pair > y->pair;
}

/* Lists the pairs that get effects, ascending, into gp->pairs (room for n). */
static lqa_status list_pairs(lqa_gp *gp) {
  pair_count *count = lqa_malloc(gp->n, sizeof *count);
  size_t n = 0;
  if (!count) {
    return LQA_NO_MEMORY;
  }
  for (size_t i = 0; i < gp->n; i++) {
    gp->pairs[i] = pair_of(gp, &gp->rows[i]);
  }
  qsort(gp->pairs, gp->n, sizeof *gp->pairs, compare_pairs);
  for (size_t i = 0; i < gp->n; i++) {
    if (n == 0 || count[n - 1].pair != gp->pairs[i]) {
      count[n++] = (pair_count){gp->pairs[i], 0};
    }
    count[n - 1].n++;
  }
  qsort(count, n, sizeof *count, compare_counts);
  gp->n_pairs = n < MAX_PAIRS ? n : MAX_PAIRS;
  for (size_t i = 0; i < gp->n_pairs; i++) {
    gp->pairs[i] = count[i].pair;
  }
  qsort(gp->pairs, gp->n_pairs, sizeof *gp->pairs, compare_pairs);
  free(count);
  return LQA_OK;
}

lqa_gp *lqa_gp_new(const lqa_gp_row *rows, size_t n, int32_t n_classes) {
  lqa_gp *gp = lqa_calloc(1, sizeof *gp);
  if (!gp) {
    return NULL;
  }
  gp->n = n;
  gp->n_classes = n_classes;
  gp->rows = lqa_malloc(n, sizeof *rows);
  gp->pairs = lqa_malloc(n, sizeof *gp->pairs);
  if (!gp->rows || !gp->pairs) {
    lqa_gp_free(gp);
    return NULL;
  }
  memcpy(gp->rows, rows, n * sizeof *rows);
  if (list_pairs(gp) != LQA_OK) {
    lqa_gp_free(gp);
    return NULL;
  }
  gp->n_effects = 2 + 3 * (size_t)n_classes + 2 * gp->n_pairs;
  gp->effect = lqa_calloc(gp->n_effects, sizeof *gp->effect);
  if (!gp->effect) {
    lqa_gp_free(gp);
    return NULL;
  }
  return gp;
}

void lqa_gp_free(lqa_gp *gp) {
  if (gp) {
    free(gp->rows);
    free(gp->pairs);
    free(gp->effect);
    free(gp);
  }
}

/* A row's effects and their values; returns how many there are. */
static int features(const lqa_gp *gp, const lqa_gp_row *row, size_t at[LQA_EFFECTS],
                    double value[LQA_EFFECTS]) {
  size_t n = (size_t)gp->n_classes, given = 2 + 2 * (size_t)row->given;
  uint64_t pair = pair_of(gp, row);
  const uint64_t *found = bsearch(&pair, gp->pairs, gp->n_pairs, sizeof *gp->pairs, compare_pairs);
  const size_t place[] = {0, 1, given, given + 1, 2 + 2 * n + (size_t)row->other};
  const double size[] = {SD_INTERCEPT, SD_MARGIN * row->margin, SD_GIVEN,
                         SD_GIVEN_SLOPE * row->margin, SD_OTHER};
  memcpy(at, place, sizeof place);
  memcpy(value, size, sizeof size);
  if (!found) {
    return 5;
  }
  at[5] = 2 + 3 * n + 2 * (size_t)(found - gp->pairs);
  at[6] = at[5] + 1;
  value[5] = SD_PAIR;
  value[6] = SD_PAIR_SLOPE * row->margin;
  return LQA_EFFECTS;
}

double lqa_gp_correct(const lqa_gp *gp, const lqa_gp_row *row) {
  size_t at[LQA_EFFECTS];
  double value[LQA_EFFECTS], sum = 0;
  int n = features(gp, row, at, value);
  for (int i = 0; i < n; i++) {
    sum += gp->effect[at[i]] * value[i];
  }
  return sum;
}

/* Solves a x = b in place for a positive matrix of which the upper triangle is given (row by row);
 * the rows below are spoilt. Right-looking Cholesky, whose inner loop is a sum of vectors. */
static void solve(double *a, size_t n, double *b) {
  for (size_t k = 0; k < n; k++) {
    double *pivot = a + k * n, root = sqrt(pivot[k] > 1e-300 ? pivot[k] : 1e-300);
    for (size_t j = k; j < n; j++) {
      pivot[j] /= root;
    }
    for (size_t i = k + 1; i < n; i++) {
      double *row = a + i * n, factor = pivot[i];
      for (size_t j = i; factor != 0 && j < n; j++) {
        row[j] -= factor * pivot[j];
      }
    }
    b[k] /= pivot[k];
    for (size_t j = k + 1; j < n; j++) {
      b[j] -= b[k] * pivot[j];
    }
  }
  for (size_t k = n; k-- > 0;) {
    double sum = b[k];
    for (size_t j = k + 1; j < n; j++) {
      sum -= a[k * n + j] * b[j];
    }
    b[k] = sum / a[k * n + k];
  }
}

/* effect = (I + F' W F)^-1 F' b. */
static lqa_status solve_effects(lqa_gp *gp, const double *w, const double *b) {
  size_t n = gp->n_effects;
  double *a = lqa_calloc(n, n * sizeof *a);
  if (!a) {
    return LQA_NO_MEMORY;
  }
  memset(gp->effect, 0, n * sizeof *gp->effect);
  for (size_t row = 0; row < gp->n; row++) {
    size_t at[LQA_EFFECTS];
    double value[LQA_EFFECTS];
    int m = features(gp, &gp->rows[row], at, value);
    for (int i = 0; i < m; i++) {
      gp->effect[at[i]] += value[i] * b[row];
      for (int j = 0; j < m; j++) {
        a[at[i] * n + at[j]] += w[row] * value[i] * value[j];
      }
    }
  }
  for (size_t i = 0; i < n; i++) {
    a[i * n + i] += 1;
  }
  solve(a, n, gp->effect);
  free(a);
  return LQA_OK;
}

/* The inner product of two rows' features. */
static double kernel(const lqa_gp *gp, const lqa_gp_row *x, const lqa_gp_row *y) {
  size_t at[LQA_EFFECTS], other[LQA_EFFECTS];
  double value[LQA_EFFECTS], factor[LQA_EFFECTS], sum = 0;
  int n = features(gp, x, at, value), m = features(gp, y, other, factor);
  for (int i = 0; i < n && i < m; i++) { /* the same effects stand in the same places */
    sum += at[i] == other[i] ? value[i] * factor[i] : 0;
  }
  return sum;
}

/* effect = F' (b - sqrt(W) B^-1 sqrt(W) F F' b), B = I + sqrt(W) F F' sqrt(W). */
static lqa_status solve_rows(lqa_gp *gp, const double *w, const double *b) {
  size_t n = gp->n;
  double *a = lqa_malloc(n, n * sizeof *a), *x = lqa_calloc(n, sizeof *x);
  lqa_status status;
  LQA_TRY_OUT(a && x ? LQA_OK : LQA_NO_MEMORY);
  for (size_t i = 0; i < n; i++) {
    for (size_t j = i; j < n; j++) {
      double k = kernel(gp, &gp->rows[i], &gp->rows[j]);
      a[i * n + j] = sqrt(w[i]) * k * sqrt(w[j]) + (double)(i == j);
      x[i] += k * b[j];
      x[j] += i != j ? k * b[i] : 0;
    }
  }
  for (size_t i = 0; i < n; i++) {
    x[i] *= sqrt(w[i]);
  }
  solve(a, n, x);
  memset(gp->effect, 0, gp->n_effects * sizeof *gp->effect);
  for (size_t i = 0; i < n; i++) {
    size_t at[LQA_EFFECTS];
    double value[LQA_EFFECTS], rest = b[i] - sqrt(w[i]) * x[i];
    int m = features(gp, &gp->rows[i], at, value);
    for (int j = 0; j < m; j++) {
      gp->effect[at[j]] += value[j] * rest;
    }
  }
out:
  free(a);
  free(x);
  return status;
}

lqa_status lqa_gp_step(lqa_gp *gp, const double *offset, const double *target, const double *weight,
                       double *u, double *moved) {
  double *w = lqa_malloc(gp->n, sizeof *w), *b = lqa_malloc(gp->n, sizeof *b);
  lqa_status status;
  LQA_TRY_OUT(w && b ? LQA_OK : LQA_NO_MEMORY);
  *moved = 0;
  for (size_t i = 0; i < gp->n; i++) {
    double p = lqa_sigmoid(offset[i] + u[i]);
    w[i] = weight[i] * p * (1 - p);
    b[i] = w[i] * u[i] + weight[i] * (target[i] - p);
  }
  LQA_TRY_OUT(gp->n < gp->n_effects ? solve_rows(gp, w, b) : solve_effects(gp, w, b));
  for (size_t i = 0; i < gp->n; i++) {
    double next = lqa_gp_correct(gp, &gp->rows[i]);
    *moved = fmax(*moved, fabs(next - u[i]));
    u[i] = next;
  }
out:
  free(w);
  free(b);
  return status;
}
