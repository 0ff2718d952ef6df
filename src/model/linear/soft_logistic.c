/* Dual coordinate ascent with soft targets. A row's dual variables are its probabilities alpha; at
 * the optimum alpha = softmax(scores) and the weights are C * sum of (target - alpha) x. A visit
 * moves alpha towards the softmax of the scores that it would itself bring about, by a damped fixed
 * point of four steps, and moves the weights along. A few epochs are enough: the result is a member
 * of a blend, and its targets are themselves estimates.
 *
 * Each fold is one task with weights of its own; orders of rows depend on seed and fold alone.
 */
#include "model/linear/soft_targets.h"

#include "base/explog.h"
#include "base/memory.h"
#include "base/rng.h"

#include <math.h>
#include <string.h>

enum { INNER_STEPS = 4, ORDER_STREAM = 57 };

typedef struct logistic_job {
  const lqa_soft_problem *problem;
  const lqa_soft_logistic_options *options;
  float *log_p;
} logistic_job;

/* One fold's model in training. */
typedef struct fold_model {
  const logistic_job *job;
  int fold;
  size_t n_classes;
  uint32_t *order; /* of the training rows */
  size_t n_train;
  float *weight;   /* n_columns x n_classes */
  float *alpha;    /* n_rows x n_classes */
  double *scratch; /* 4 x n_classes */
  double *intercept;
} fold_model;

static lqa_status alloc(fold_model *m) {
  const lqa_soft_problem *p = m->job->problem;
  size_t n = (size_t)p->x->n_rows, k = m->n_classes;
  m->order = lqa_malloc(n, sizeof *m->order);
  m->weight = lqa_calloc((size_t)p->x->n_columns, k * sizeof *m->weight);
  m->alpha = lqa_malloc(n, k * sizeof *m->alpha);
  m->scratch = lqa_malloc(4 * k, sizeof *m->scratch);
  m->intercept = lqa_calloc(k, sizeof *m->intercept);
  bool whole = m->order && m->weight && m->alpha && m->scratch && m->intercept;
  return whole ? LQA_OK : LQA_NO_MEMORY;
}

/* Lists the training rows; intercepts start at the logarithms of the soft class shares. */
static void start(fold_model *m) {
  const lqa_soft_problem *p = m->job->problem;
  size_t k = m->n_classes;
  double total = 0;
  memcpy(m->alpha, p->soft, (size_t)p->x->n_rows * k * sizeof *m->alpha);
  for (int64_t row = 0; row < p->x->n_rows; row++) {
    if (p->fold[row] != m->fold) {
      m->order[m->n_train++] = (uint32_t)row;
      for (size_t j = 0; j < k; j++) {
        m->intercept[j] += (double)p->soft[(size_t)row * k + j];
      }
    }
  }
  for (size_t j = 0; j < k; j++) {
    m->intercept[j] += 1e-3;
    total += m->intercept[j];
  }
  for (size_t j = 0; j < k; j++) {
    m->intercept[j] = lqa_log(m->intercept[j] / total);
  }
}

/* The columns of a row's entries; those of a dense matrix are written once. */
static const uint32_t *columns_of(const lqa_sparse *x, uint32_t row) {
  return x->is_dense ? x->column : x->column + x->row_start[row];
}

/* z = scores of a row; returns 1 + |x|^2. */
static double score(const fold_model *m, uint32_t row, double *z) {
  const lqa_sparse *x = m->job->problem->x;
  size_t k = m->n_classes;
  double square = 1;
  const uint32_t *column = columns_of(x, row);
  memcpy(z, m->intercept, k * sizeof *z);
  for (uint64_t i = x->row_start[row]; i < x->row_start[row + 1]; i++) {
    const float *w = m->weight + (size_t)*column++ * k;
    double v = (double)x->value[i];
    square += v * v;
    for (size_t j = 0; j < k; j++) {
      z[j] += (double)w[j] * v;
    }
  }
  return square;
}

/* a = the row's new dual variables, from the old ones. */
static void improve(const fold_model *m, const double *z, double square, const float *old,
                    double *a) {
  double C = m->job->options->C, damping = 1 / (1 + .5 * C * square);
  double *t = m->scratch + 2 * m->n_classes;
  for (size_t j = 0; j < m->n_classes; j++) {
    a[j] = (double)old[j];
  }
  for (int step = 0; step < INNER_STEPS; step++) {
    double largest = -INFINITY, total = 0;
    for (size_t j = 0; j < m->n_classes; j++) {
      t[j] = z[j] - C * square * (a[j] - (double)old[j]);
      largest = t[j] > largest ? t[j] : largest;
    }
    for (size_t j = 0; j < m->n_classes; j++) {
      t[j] = lqa_exp(t[j] - largest);
      total += t[j];
    }
    for (size_t j = 0; j < m->n_classes; j++) {
      a[j] = (1 - damping) * a[j] + damping * t[j] / total;
    }
  }
}

static void visit(fold_model *m, uint32_t row) {
  const lqa_sparse *x = m->job->problem->x;
  size_t k = m->n_classes;
  double *z = m->scratch, *a = m->scratch + k, *step = m->scratch + 2 * k;
  float *alpha = m->alpha + (size_t)row * k;
  double square = score(m, row, z);
  improve(m, z, square, alpha, a);
  for (size_t j = 0; j < k; j++) {
    step[j] = m->job->options->C * ((double)alpha[j] - a[j]);
    alpha[j] = (float)a[j];
    m->intercept[j] += step[j];
  }
  const uint32_t *column = columns_of(x, row);
  for (uint64_t i = x->row_start[row]; i < x->row_start[row + 1]; i++) {
    float *w = m->weight + (size_t)*column++ * k;
    double v = (double)x->value[i];
    for (size_t j = 0; j < k; j++) {
      w[j] += (float)(step[j] * v);
    }
  }
}

static void predict(fold_model *m) {
  const lqa_soft_problem *p = m->job->problem;
  size_t k = m->n_classes;
  for (int64_t row = 0; row < p->x->n_rows; row++) {
    if (p->fold[row] == m->fold) {
      float *out = m->job->log_p + (size_t)row * k;
      score(m, (uint32_t)row, m->scratch);
      for (size_t j = 0; j < k; j++) {
        out[j] = (float)m->scratch[j];
      }
      lqa_log_softmax(out, 1, p->n_classes);
    }
  }
}

static lqa_status train_fold(void *data, size_t task, size_t worker) {
  logistic_job *job = data;
  fold_model m = {.job = job, .fold = (int)task, .n_classes = (size_t)job->problem->n_classes};
  lqa_rng rng;
  lqa_status status;
  (void)worker;
  LQA_TRY_OUT(alloc(&m));
  start(&m);
  lqa_rng_init(&rng, job->options->seed, ORDER_STREAM + task);
  for (int epoch = 0; epoch < job->options->epochs; epoch++) {
    LQA_TRY_OUT(lqa_observe_check(job->options->observer, NULL));
    lqa_rng_shuffle(&rng, m.order, m.n_train);
    for (size_t i = 0; i < m.n_train; i++) {
      visit(&m, m.order[i]);
    }
  }
  predict(&m);
out:
  free(m.order);
  free(m.weight);
  free(m.alpha);
  free(m.scratch);
  free(m.intercept);
  return status;
}

lqa_status lqa_soft_logistic_run(const lqa_soft_problem *problem,
                                 const lqa_soft_logistic_options *options, float *log_p) {
  logistic_job job = {problem, options, log_p};
  return lqa_pool_run(problem->pool, (size_t)problem->n_folds, train_fold, &job);
}
