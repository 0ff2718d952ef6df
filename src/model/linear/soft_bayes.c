/* One pass over the columns: the expected weight of a column in each class is summed for each fold,
 * the fold's own share taken off, and the logarithm kept; then every row is predicted from its own
 * fold's table. A column is summed by one task in the order of its rows, so the bits do not depend
 * on threads.
 */
#include "model/linear/soft_targets.h"

#include "base/explog.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

enum { COLUMN_TASKS = 64, ROW_TASKS = 64 };

lqa_status lqa_sparse_columns_init(const lqa_sparse *x, lqa_sparse_columns *out) {
  uint64_t n = x->row_start[x->n_rows];
  *out = (lqa_sparse_columns){.n_columns = x->n_columns};
  out->start = lqa_calloc((size_t)x->n_columns + 2, sizeof *out->start);
  out->row = lqa_malloc(n, sizeof *out->row);
  out->value = lqa_malloc(n, sizeof *out->value);
  if (!out->start || !out->row || !out->value) {
    lqa_sparse_columns_clear(out);
    return LQA_NO_MEMORY;
  }
  for (uint64_t i = 0; i < n; i++) {
    out->start[x->column[i] + 2]++;
  }
  for (int32_t c = 0; c < x->n_columns; c++) {
    out->start[c + 2] += out->start[c + 1];
  }
  for (int64_t row = 0; row < x->n_rows; row++) {
    for (uint64_t i = x->row_start[row]; i < x->row_start[row + 1]; i++) {
      uint64_t to = out->start[x->column[i] + 1]++;
      out->row[to] = (uint32_t)row;
      out->value[to] = x->value[i];
    }
  }
  return LQA_OK;
}

void lqa_sparse_columns_clear(lqa_sparse_columns *columns) {
  free(columns->start);
  free(columns->row);
  free(columns->value);
  *columns = (lqa_sparse_columns){0};
}

void lqa_log_softmax(float *scores, int64_t n_rows, int32_t n_classes) {
  for (int64_t row = 0; row < n_rows; row++) {
    float *z = scores + (size_t)row * (size_t)n_classes;
    double largest = -INFINITY, total = 0;
    for (int32_t k = 0; k < n_classes; k++) {
      largest = (double)z[k] > largest ? (double)z[k] : largest;
    }
    for (int32_t k = 0; k < n_classes; k++) {
      total += lqa_exp((double)z[k] - largest);
    }
    for (int32_t k = 0; k < n_classes; k++) {
      z[k] = (float)((double)z[k] - largest - lqa_log(total));
    }
  }
}

typedef struct bayes_job {
  const lqa_soft_problem *problem;
  const lqa_sparse_columns *columns;
  double alpha;
  size_t n_cells; /* folds x classes */
  float *table;   /* n_columns x n_cells: log of weight + alpha without the fold */
  double *sum;    /* COLUMN_TASKS x n_cells, then n_cells in all: weight without the fold */
  double *bias;   /* n_cells: log prior */
  float *log_p;
} bayes_job;

uint64_t lqa_soft_bayes_bytes(const lqa_soft_problem *problem) {
  return (uint64_t)problem->x->n_columns * (uint64_t)problem->n_folds *
         (uint64_t)problem->n_classes * sizeof(float);
}

/* The column's weight in each fold and class. */
static void count_column(const bayes_job *job, int32_t column, double *weight) {
  const lqa_soft_problem *p = job->problem;
  const lqa_sparse_columns *c = job->columns;
  size_t k = (size_t)p->n_classes;
  memset(weight, 0, job->n_cells * sizeof *weight);
  for (uint64_t i = c->start[column]; i < c->start[column + 1]; i++) {
    const float *soft = p->soft + (size_t)c->row[i] * k;
    double *to = weight + (size_t)p->fold[c->row[i]] * k;
    for (size_t j = 0; j < k; j++) {
      to[j] += (double)c->value[i] * (double)soft[j];
    }
  }
}

static lqa_status count_columns(void *data, size_t task, size_t worker) {
  const bayes_job *job = data;
  size_t k = (size_t)job->problem->n_classes, n_folds = (size_t)job->problem->n_folds;
  int64_t n = job->columns->n_columns, t = (int64_t)task;
  double *sum = job->sum + task * job->n_cells;
  double *weight = lqa_malloc(job->n_cells, sizeof *weight);
  (void)worker;
  if (!weight) {
    return LQA_NO_MEMORY;
  }
  for (int64_t column = n * t / COLUMN_TASKS; column < n * (t + 1) / COLUMN_TASKS; column++) {
    float *to = job->table + (size_t)column * job->n_cells;
    count_column(job, (int32_t)column, weight);
    for (size_t j = 0; j < k; j++) {
      double total = 0;
      for (size_t f = 0; f < n_folds; f++) {
        total += weight[f * k + j];
      }
      for (size_t f = 0; f < n_folds; f++) {
        double rest = total - weight[f * k + j];
        rest = rest > 0 ? rest : 0;
        sum[f * k + j] += rest;
        to[f * k + j] = (float)lqa_log(rest + job->alpha);
      }
    }
  }
  free(weight);
  return LQA_OK;
}

/* Log priors from the soft class sizes, and the logarithms of the tables' sums. */
static void finish_tables(bayes_job *job) {
  const lqa_soft_problem *p = job->problem;
  size_t k = (size_t)p->n_classes;
  double *total = job->sum;
  for (size_t task = 1; task < COLUMN_TASKS; task++) {
    for (size_t i = 0; i < job->n_cells; i++) {
      total[i] += job->sum[task * job->n_cells + i];
    }
  }
  for (size_t i = 0; i < job->n_cells; i++) {
    total[i] = lqa_log(total[i] + job->alpha * job->columns->n_columns);
    job->bias[i] = 0;
  }
  for (int64_t row = 0; row < p->x->n_rows; row++) {
    for (size_t j = 0; j < k; j++) {
      for (int f = 0; f < p->n_folds; f++) {
        job->bias[(size_t)f * k + j] +=
            f == p->fold[row] ? 0 : (double)p->soft[(size_t)row * k + j];
      }
    }
  }
  for (int f = 0; f < p->n_folds; f++) {
    double *bias = job->bias + (size_t)f * k, n = 0;
    for (size_t j = 0; j < k; j++) {
      n += bias[j];
    }
    for (size_t j = 0; j < k; j++) {
      bias[j] = lqa_log((bias[j] + 1) / (n + (double)k));
    }
  }
}

/* `z` is scratch for one row: sums in double, since hundreds of terms meet. */
static void predict_row(const bayes_job *job, int64_t row, double *z) {
  const lqa_soft_problem *p = job->problem;
  size_t k = (size_t)p->n_classes, at = (size_t)p->fold[row] * k;
  float *out = job->log_p + (size_t)row * k;
  double length = 0;
  for (size_t j = 0; j < k; j++) {
    z[j] = job->bias[at + j];
  }
  for (uint64_t i = p->x->row_start[row]; i < p->x->row_start[row + 1]; i++) {
    const float *cell = job->table + (size_t)p->x->column[i] * job->n_cells + at;
    double value = (double)p->x->value[i];
    length += value;
    for (size_t j = 0; j < k; j++) {
      z[j] += value * (double)cell[j];
    }
  }
  for (size_t j = 0; j < k; j++) {
    out[j] = (float)(z[j] - length * job->sum[at + j]);
  }
  lqa_log_softmax(out, 1, p->n_classes);
}

static lqa_status predict_rows(void *data, size_t task, size_t worker) {
  const bayes_job *job = data;
  int64_t n = job->problem->x->n_rows, t = (int64_t)task;
  double *z = lqa_malloc((size_t)job->problem->n_classes, sizeof *z);
  (void)worker;
  if (!z) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = n * t / ROW_TASKS; row < n * (t + 1) / ROW_TASKS; row++) {
    predict_row(job, row, z);
  }
  free(z);
  return LQA_OK;
}

lqa_status lqa_soft_bayes_run(const lqa_soft_problem *problem, const lqa_sparse_columns *columns,
                              float alpha, float *log_p) {
  bayes_job job = {.problem = problem, .columns = columns, .alpha = (double)alpha, .log_p = log_p};
  lqa_status status;
  job.n_cells = (size_t)problem->n_folds * (size_t)problem->n_classes;
  job.table = lqa_malloc((size_t)columns->n_columns, job.n_cells * sizeof *job.table);
  job.sum = lqa_calloc(COLUMN_TASKS, job.n_cells * sizeof *job.sum);
  job.bias = lqa_malloc(job.n_cells, sizeof *job.bias);
  LQA_TRY_OUT(job.table && job.sum && job.bias ? LQA_OK : LQA_NO_MEMORY);
  LQA_TRY_OUT(lqa_pool_run(problem->pool, COLUMN_TASKS, count_columns, &job));
  finish_tables(&job);
  LQA_TRY_OUT(lqa_pool_run(problem->pool, ROW_TASKS, predict_rows, &job));
out:
  free(job.table);
  free(job.sum);
  free(job.bias);
  return status;
}
