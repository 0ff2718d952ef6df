/* Each step of the fit is one pass: a row's weight is spread over true classes by the present
 * channel, and the spread weights are the counts of the next.
 *
 * Cost: rows x classes per step; 50 steps, six times over (once for each fold left out).
 */
#include "trust/channel.h"

#include "base/explog.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

enum { FIT_STEPS = 50, UNIFORM_STEPS = 60 };
static const double PRIOR_WRONG = .1, FIRST_WRONG = .05;

lqa_status lqa_channel_init(lqa_channel *channel, int32_t n_classes) {
  size_t n = (size_t)n_classes;
  channel->n_classes = n_classes;
  channel->cell = lqa_calloc(n, n * sizeof *channel->cell);
  return channel->cell ? LQA_OK : LQA_NO_MEMORY;
}

void lqa_channel_clear(lqa_channel *channel) {
  free(channel->cell);
  channel->cell = NULL;
}

static size_t count_cells(const lqa_channel *c) {
  return (size_t)c->n_classes * (size_t)c->n_classes;
}

lqa_status lqa_channel_copy(const lqa_channel *from, lqa_channel *to) {
  LQA_TRY(lqa_channel_init(to, from->n_classes));
  memcpy(to->cell, from->cell, count_cells(from) * sizeof *to->cell);
  return LQA_OK;
}

static double uniform_cell(int32_t n_classes, double wrong, bool is_diagonal) {
  return is_diagonal ? 1 - wrong : wrong / (n_classes - 1);
}

void lqa_channel_set_uniform(lqa_channel *channel, double wrong) {
  for (int32_t given = 0; given < channel->n_classes; given++) {
    for (int32_t truth = 0; truth < channel->n_classes; truth++) {
      channel->cell[(size_t)given * (size_t)channel->n_classes + (size_t)truth] =
          uniform_cell(channel->n_classes, wrong, given == truth);
    }
  }
}

/* Counts of a true class to probabilities. How many of its rows are given another label is counted
 * with prior_rows; which other label it is, with one row for each where there are many classes
 * (three rows in all, at least): else every single wrong label would be its own evidence. */
static void normalise_class(lqa_channel *channel, int32_t truth, double prior_rows) {
  size_t n = (size_t)channel->n_classes;
  double *own = channel->cell + (size_t)truth * n + (size_t)truth, wrong = 0;
  double per_cell = prior_rows * PRIOR_WRONG / (n - 1 < 3 ? (double)(n - 1) : 3);
  for (size_t given = 0; given < n; given++) {
    wrong += given == (size_t)truth ? 0 : channel->cell[given * n + (size_t)truth];
  }
  double all = wrong + *own + prior_rows, mass = (wrong + prior_rows * PRIOR_WRONG) / all;
  for (size_t given = 0; given < n; given++) {
    double *cell = channel->cell + given * n + (size_t)truth;
    *cell = mass * (*cell + per_cell) / (wrong + per_cell * (double)(n - 1));
  }
  *own = 1 - mass;
}

static void normalise(lqa_channel *channel, double prior_rows) {
  for (int32_t truth = 0; truth < channel->n_classes; truth++) {
    normalise_class(channel, truth, prior_rows);
  }
}

typedef struct step_data {
  const lqa_channel_problem *problem;
  const lqa_channel *channel;
  const float *soft;
} step_data;

static void add_expected(const void *data, int64_t from, int64_t to, double *sum) {
  const step_data *d = data;
  const lqa_channel_problem *p = d->problem;
  size_t n = (size_t)p->rows->n_classes;
  double *count = sum + n * n; /* scratch: one row's spread weight */
  for (int64_t row = from; row < to; row++) {
    if (p->rows->fold[row] == p->left_out) {
      continue;
    }
    const float *seen = p->p + (size_t)row * n;
    const double *cell = lqa_channel_given(d->channel, p->rows->label[row]);
    double *into = sum + (size_t)p->rows->label[row] * n, total = 0;
    for (size_t k = 0; k < n; k++) {
      count[k] = (double)seen[k] * cell[k];
      total += count[k];
    }
    double scale = total > 0 ? 1 / total : 0;
    for (size_t k = 0; k < n; k++) {
      into[k] += count[k] * scale;
    }
  }
}

lqa_status lqa_channel_fit(const lqa_channel_problem *problem, int steps, lqa_channel *channel) {
  size_t n = (size_t)channel->n_classes, n_sums = n * n + n;
  double *sum = lqa_malloc(n_sums, sizeof *sum);
  lqa_status status;
  LQA_TRY_OUT(sum ? LQA_OK : LQA_NO_MEMORY);
  for (int i = 0; i < steps; i++) {
    step_data d = {problem, channel, NULL};
    LQA_TRY_OUT(lqa_trust_sum(problem->rows, add_expected, &d, n_sums, sum));
    memcpy(channel->cell, sum, n * n * sizeof *sum);
    normalise(channel, problem->prior_rows);
  }
out:
  free(sum);
  return status;
}

typedef struct uniform_data {
  const lqa_channel_problem *problem;
  double wrong;
} uniform_data;

/* sum: rows, and the expected number of wrong labels among them. */
static void add_wrong(const void *data, int64_t from, int64_t to, double *sum) {
  const uniform_data *d = data;
  const lqa_channel_problem *p = d->problem;
  int32_t n = p->rows->n_classes;
  for (int64_t row = from; row < to; row++) {
    if (p->rows->fold[row] != p->left_out) {
      double own = (double)p->p[(size_t)row * (size_t)n + (size_t)p->rows->label[row]];
      double wrong = (1 - own) * d->wrong / (n - 1);
      double total = own * (1 - d->wrong) + wrong;
      sum[0] += 1;
      sum[1] += total > 0 ? wrong / total : 0;
    }
  }
}

lqa_status lqa_channel_fit_uniform(const lqa_channel_problem *problem, double *wrong) {
  uniform_data d = {problem, FIRST_WRONG};
  for (int i = 0; i < UNIFORM_STEPS; i++) {
    double sum[2];
    LQA_TRY(lqa_trust_sum(problem->rows, add_wrong, &d, 2, sum));
    d.wrong = sum[0] > 0 ? sum[1] / sum[0] : FIRST_WRONG;
  }
  *wrong = d.wrong;
  return LQA_OK;
}

typedef struct gain_data {
  const lqa_channel_problem *problem;
  const lqa_channel *pairs, *uniform;
  int fold;
} gain_data;

/* sum: the gain of the fold's rows and its square. */
static void add_gain(const void *data, int64_t from, int64_t to, double *sum) {
  const gain_data *d = data;
  const lqa_channel_problem *p = d->problem;
  size_t n = (size_t)p->rows->n_classes;
  for (int64_t row = from; row < to; row++) {
    if (p->rows->fold[row] != d->fold) {
      continue;
    }
    const float *seen = p->p + (size_t)row * n;
    const double *pairs = lqa_channel_given(d->pairs, p->rows->label[row]);
    const double *uniform = lqa_channel_given(d->uniform, p->rows->label[row]);
    double by_pairs = 0, by_uniform = 0;
    for (size_t k = 0; k < n; k++) {
      by_pairs += (double)seen[k] * pairs[k];
      by_uniform += (double)seen[k] * uniform[k];
    }
    double gain = lqa_log(by_pairs) - lqa_log(by_uniform);
    sum[0] += gain;
    sum[1] += gain * gain;
  }
}

static lqa_status gain_of_fold(const lqa_channel_problem *problem, lqa_channel *pairs,
                               lqa_channel *uniform, double total[2]) {
  double wrong, sum[2];
  lqa_channel_set_uniform(pairs, PRIOR_WRONG);
  LQA_TRY(lqa_channel_fit(problem, FIT_STEPS, pairs));
  LQA_TRY(lqa_channel_fit_uniform(problem, &wrong));
  lqa_channel_set_uniform(uniform, wrong);
  gain_data d = {problem, pairs, uniform, problem->left_out};
  LQA_TRY(lqa_trust_sum(problem->rows, add_gain, &d, 2, sum));
  total[0] += sum[0];
  total[1] += sum[1];
  return LQA_OK;
}

lqa_status lqa_channel_gate(const lqa_channel_problem *problem, double *z) {
  lqa_channel pairs = {0}, uniform = {0};
  lqa_channel_problem fold = *problem;
  double n = (double)problem->rows->n_rows, total[2] = {0, 0};
  lqa_status status;
  LQA_TRY_OUT(lqa_channel_init(&pairs, problem->rows->n_classes));
  LQA_TRY_OUT(lqa_channel_init(&uniform, problem->rows->n_classes));
  for (fold.left_out = 0; fold.left_out < problem->rows->n_folds; fold.left_out++) {
    LQA_TRY_OUT(gain_of_fold(&fold, &pairs, &uniform, total));
  }
  double mean = total[0] / n, variance = total[1] / n - mean * mean;
  *z = mean / (sqrt(variance > 0 ? variance : 0) / sqrt(n) + 1e-12);
out:
  lqa_channel_clear(&pairs);
  lqa_channel_clear(&uniform);
  return status;
}

typedef struct count_data {
  const lqa_trust_rows *rows;
  const float *soft;
} count_data;

static void add_soft(const void *data, int64_t from, int64_t to, double *sum) {
  const count_data *d = data;
  size_t n = (size_t)d->rows->n_classes;
  for (int64_t row = from; row < to; row++) {
    double *into = sum + (size_t)d->rows->label[row] * n;
    for (size_t k = 0; k < n; k++) {
      into[k] += (double)d->soft[(size_t)row * n + k];
    }
  }
}

lqa_status lqa_channel_count(const lqa_trust_rows *rows, const float *soft, double prior_rows,
                             lqa_channel *channel) {
  count_data d = {rows, soft};
  LQA_TRY(lqa_trust_sum(rows, add_soft, &d, count_cells(channel), channel->cell));
  normalise(channel, prior_rows);
  return LQA_OK;
}
