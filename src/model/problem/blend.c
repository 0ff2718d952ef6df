/* Log-linear pooling with non-negative weights.
 *
 * Fitting is a convex problem in as many unknowns as members: Newton's method with the variables at
 * zero that want to stay there left out, and halving of steps that do not improve. A few thousand
 * rows are plenty for so few unknowns, so of larger data only some are used. The logarithmic pool
 * (rather than an average) keeps what a confident member rules out ruled out, and its free scale
 * calibrates. Reference: Genest and Zidek, "Combining probability distributions" (1986).
 */
#include "model/problem/blend.h"

#include "base/explog.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

#define SMALLEST 1e-9f /* probabilities are held above this before their logarithm is taken */
#define CLOSE 1e-4
#define PULL 1.0 /* weight of the squared distance to the default weights */

enum {
  FIT_VALUES = 65536 / 2, /* rows x classes of a fold that weights are fitted on, within ... */
  MIN_FIT_ROWS = 250,     /* ... these bounds of rows */
  MAX_FIT_ROWS = 2000,
  MAX_STEPS = 50,
  MAX_HALVINGS = 30,
  BLOCK_ROWS = 4096
};

/* The rows a fold's weights are fitted on: their members' log-probabilities. */
typedef struct fit {
  int n_members;
  int32_t n_classes;
  size_t n_rows;
  double *log_p;  /* n_rows x n_members x n_classes */
  int32_t *label; /* n_rows */
  double *score;  /* n_classes scratch */
  const lqa_blend_member *members;
} fit;

typedef struct point {
  double loss;
  double slope[LQA_MAX_MEMBERS], curve[LQA_MAX_MEMBERS][LQA_MAX_MEMBERS];
} point;

typedef struct blending {
  const lqa_problem *problem;
  lqa_blend *blend;
  float *pred_probs;
} blending;

/* Softmax of the weighted scores in f->score. The row's log-loss is log(*total) - the result. */
static double mix_row(const fit *f, const double *weight, size_t row, double *total) {
  const double *log_p = f->log_p + row * (size_t)f->n_members * (size_t)f->n_classes;
  double max = -INFINITY, sum = 0;
  for (int32_t k = 0; k < f->n_classes; k++) {
    double score = 0;
    for (int m = 0; m < f->n_members; m++) {
      score += weight[m] * log_p[m * f->n_classes + k];
    }
    f->score[k] = score;
    max = score > max ? score : max;
  }
  double own = f->score[f->label[row]] - max;
  for (int32_t k = 0; k < f->n_classes; k++) {
    f->score[k] = lqa_exp(f->score[k] - max);
    sum += f->score[k];
  }
  for (int32_t k = 0; k < f->n_classes; k++) {
    f->score[k] /= sum;
  }
  *total = sum;
  return own;
}

/* Adds a row's first and second derivatives: mean and covariance of the members' log-probabilities.
 */
static void add_derivatives(const fit *f, size_t row, point *p) {
  const double *log_p = f->log_p + row * (size_t)f->n_members * (size_t)f->n_classes;
  double mean[LQA_MAX_MEMBERS];
  for (int a = 0; a < f->n_members; a++) {
    mean[a] = 0;
    for (int32_t k = 0; k < f->n_classes; k++) {
      mean[a] += f->score[k] * log_p[a * f->n_classes + k];
    }
    p->slope[a] += mean[a] - log_p[a * f->n_classes + f->label[row]];
    for (int b = 0; b <= a; b++) {
      double product = 0;
      for (int32_t k = 0; k < f->n_classes; k++) {
        product += f->score[k] * log_p[a * f->n_classes + k] * log_p[b * f->n_classes + k];
      }
      p->curve[a][b] += product - mean[a] * mean[b];
    }
  }
}

/* Total log-loss plus the pull, with derivatives. Totals of rows are multiplied until the product
 * is large: a logarithm of many costs a logarithm of one. */
static void evaluate(const fit *f, const double *weight, point *p) {
  double product = 1;
  memset(p, 0, sizeof *p);
  for (size_t row = 0; row < f->n_rows; row++) {
    double total;
    p->loss -= mix_row(f, weight, row, &total);
    add_derivatives(f, row, p);
    product *= total; /* from 1 to the number of classes */
    if (product > 1e200) {
      p->loss += lqa_log(product);
      product = 1;
    }
  }
  p->loss += lqa_log(product);
  for (int m = 0; m < f->n_members; m++) {
    double apart = weight[m] - f->members[m].default_weight;
    p->loss += PULL / 2 * apart * apart;
    p->slope[m] += PULL * apart;
    p->curve[m][m] += PULL;
  }
}

/* Solves curve * step = slope for the free variables by elimination; the pull makes it definite. */
static void solve(point *p, const bool *is_free, int n, double *step) {
  for (int a = 0; a < n; a++) {
    for (int b = 0; b <= a; b++) {
      bool both = is_free[a] && is_free[b];
      p->curve[a][b] = p->curve[b][a] = both ? p->curve[a][b] : a == b;
    }
    step[a] = is_free[a] ? p->slope[a] : 0;
  }
  for (int a = 0; a < n; a++) {
    for (int b = a + 1; b < n; b++) {
      double factor = p->curve[b][a] / p->curve[a][a];
      for (int c = a; c < n; c++) {
        p->curve[b][c] -= factor * p->curve[a][c];
      }
      step[b] -= factor * step[a];
    }
  }
  for (int a = n - 1; a >= 0; a--) {
    for (int b = a + 1; b < n; b++) {
      step[a] -= p->curve[a][b] * step[b];
    }
    step[a] /= p->curve[a][a];
  }
}

/* Moves along -step, cut at zero, halving until the loss falls; *at becomes the new point. Returns
 * how far the weights moved. */
static double descend(const fit *f, const double *step, double *weight, point *at) {
  double length = 1;
  for (int i = 0; i < MAX_HALVINGS; i++, length /= 2) {
    double moved = 0, tried[LQA_MAX_MEMBERS];
    for (int m = 0; m < f->n_members; m++) {
      double to = weight[m] - length * step[m];
      tried[m] = to > 0 ? to : 0;
      moved += fabs(tried[m] - weight[m]);
    }
    point p;
    evaluate(f, tried, &p);
    if (p.loss < at->loss) {
      memcpy(weight, tried, (size_t)f->n_members * sizeof *weight);
      *at = p;
      return moved;
    }
  }
  return 0;
}

/* Newton's method squares the distance: after a move of CLOSE the next would be its square. */
static void fit_weights(const fit *f, double *weight) {
  point at;
  evaluate(f, weight, &at);
  for (int step_number = 0; step_number < MAX_STEPS; step_number++) {
    bool is_free[LQA_MAX_MEMBERS];
    double step[LQA_MAX_MEMBERS];
    for (int m = 0; m < f->n_members; m++) {
      is_free[m] = weight[m] > 0 || at.slope[m] < 0;
    }
    point local = at;
    solve(&local, is_free, f->n_members, step);
    if (descend(f, step, weight, &at) < CLOSE) {
      return;
    }
  }
}

static double log_probability(float p) {
  return (double)lqa_logf(p > SMALLEST ? p : SMALLEST);
}

static bool is_fitted(const blending *job, int64_t row, int fold) {
  return job->problem->fold[row] == fold && lqa_prediction_wanted(&job->blend->members[0].p, row);
}

/* Appends the rows of `fold` as the pair models predict them. */
static void collect_rows(const blending *job, fit *f, int fold, bool next) {
  const lqa_problem *p = job->problem;
  for (int64_t row = 0; row < p->x->n_rows; row++) {
    if (!is_fitted(job, row, fold)) {
      continue;
    }
    double *to = f->log_p + f->n_rows * (size_t)f->n_members * (size_t)f->n_classes;
    for (int m = 0; m < f->n_members; m++) {
      const float *from = next ? f->members[m].p.next : f->members[m].p.previous;
      for (int32_t k = 0; k < f->n_classes; k++) {
        *to++ = log_probability(from[row * f->n_classes + k]);
      }
    }
    f->label[f->n_rows++] = p->label[row];
  }
}

static size_t count_rows(const blending *job, int fold) {
  size_t n = 0;
  for (int64_t row = 0; row < job->problem->x->n_rows; row++) {
    n += is_fitted(job, row, fold);
  }
  return n;
}

/* Of the fitted blend on the rows it was fitted on. */
static lqa_status find_confusion(const fit *f, const double *weight, lqa_confusion *out) {
  size_t n_classes = (size_t)f->n_classes;
  double *p = lqa_malloc(f->n_rows, n_classes * sizeof *p);
  if (!p) {
    return LQA_NO_MEMORY;
  }
  for (size_t row = 0; row < f->n_rows; row++) {
    double total;
    mix_row(f, weight, row, &total);
    memcpy(p + row * n_classes, f->score, n_classes * sizeof *p);
  }
  lqa_status status = lqa_confusion_fit(p, f->label, f->n_rows, f->n_classes, out);
  free(p);
  return status;
}

static lqa_status fit_fold(void *data, size_t task, size_t worker) {
  (void)worker;
  blending *job = data;
  const lqa_problem *p = job->problem;
  int n_folds = p->n_folds, after = ((int)task + 1) % n_folds,
      before = ((int)task + n_folds - 1) % n_folds;
  fit f = {.n_members = job->blend->n_members,
           .n_classes = p->n_classes,
           .members = job->blend->members};
  size_t n = count_rows(job, after) + count_rows(job, before);
  lqa_status status;
  f.log_p = lqa_malloc(n * (size_t)f.n_members, (size_t)p->n_classes * sizeof *f.log_p);
  f.label = lqa_malloc(n, sizeof *f.label);
  f.score = lqa_malloc((size_t)p->n_classes, sizeof *f.score);
  LQA_TRY_OUT(f.log_p && f.label && f.score ? LQA_OK : LQA_NO_MEMORY);
  collect_rows(job, &f, after, false);
  collect_rows(job, &f, before, true);
  fit_weights(&f, job->blend->weight[task]);
  if (job->blend->looks_for_confusion) {
    status = find_confusion(&f, job->blend->weight[task], &job->blend->confusion[task]);
  }
out:
  free(f.log_p);
  free(f.label);
  free(f.score);
  return status;
}

/* Mixes one row's members into `out`. */
static void mix_into(const blending *job, int64_t row, float *score, float *out) {
  int32_t n_classes = job->problem->n_classes;
  const double *weight = job->blend->weight[job->problem->fold[row]];
  float max = -INFINITY, sum = 0;
  memset(score, 0, (size_t)n_classes * sizeof *score);
  for (int m = 0; m < job->blend->n_members; m++) {
    const float *p = job->blend->members[m].p.outer + row * n_classes;
    float w = (float)weight[m];
    for (int32_t k = 0; k < n_classes; k++) {
      score[k] += w * lqa_logf(p[k] > SMALLEST ? p[k] : SMALLEST);
    }
  }
  for (int32_t k = 0; k < n_classes; k++) {
    max = score[k] > max ? score[k] : max;
  }
  for (int32_t k = 0; k < n_classes; k++) {
    float low = score[k] - max;
    out[k] = lqa_expf(low < -80.f ? -80.f : low);
    sum += out[k];
  }
  for (int32_t k = 0; k < n_classes; k++) {
    out[k] /= sum;
  }
}

static lqa_status mix_block(void *data, size_t task, size_t worker) {
  (void)worker;
  blending *job = data;
  int64_t n_rows = job->problem->x->n_rows, first = (int64_t)task * BLOCK_ROWS;
  float *score = lqa_malloc((size_t)job->problem->n_classes, sizeof *score);
  if (!score) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = first; row < n_rows && row < first + BLOCK_ROWS; row++) {
    if (job->problem->fold[row] != LQA_NO_FOLD) {
      mix_into(job, row, score, job->pred_probs + row * job->problem->n_classes);
    }
  }
  free(score);
  return LQA_OK;
}

void lqa_blend_choose_rows(const lqa_problem *problem, uint8_t *wanted) {
  int64_t in_fold[LQA_MAX_FOLDS] = {0}, seen[LQA_MAX_FOLDS] = {0};
  int64_t most = FIT_VALUES / problem->n_classes;
  most = most < MIN_FIT_ROWS ? MIN_FIT_ROWS : most > MAX_FIT_ROWS ? MAX_FIT_ROWS : most;
  for (int64_t row = 0; row < problem->x->n_rows; row++) {
    if (problem->fold[row] != LQA_NO_FOLD) {
      in_fold[problem->fold[row]]++;
    }
  }
  for (int64_t row = 0; row < problem->x->n_rows; row++) {
    int fold = problem->fold[row];
    wanted[row] = fold != LQA_NO_FOLD && seen[fold]++ % (in_fold[fold] / most + 1) == 0;
  }
}

lqa_status lqa_blend_run(const lqa_problem *problem, lqa_blend *blend, float *pred_probs) {
  blending job = {.problem = problem, .blend = blend};
  bool can_fit = true;
  for (int m = 0; m < blend->n_members; m++) {
    can_fit = can_fit && blend->members[m].p.next && blend->members[m].p.previous;
    for (int f = 0; f < problem->n_folds; f++) {
      blend->weight[f][m] = blend->members[m].default_weight;
    }
  }
  if (can_fit) {
    LQA_TRY(lqa_pool_run(blend->pool, (size_t)problem->n_folds, fit_fold, &job));
  }
  for (int m = 0; m < blend->n_members; m++) {
    for (int f = 0; f < problem->n_folds && blend->members[m].emphasis > 0; f++) {
      blend->weight[f][m] *= blend->members[m].emphasis;
    }
  }
  return lqa_blend_mix(problem, blend, pred_probs);
}

lqa_status lqa_blend_mix(const lqa_problem *problem, lqa_blend *blend, float *pred_probs) {
  blending job = {problem, blend, pred_probs};
  size_t n_blocks = ((size_t)problem->x->n_rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
  return lqa_pool_run(blend->pool, n_blocks, mix_block, &job);
}
