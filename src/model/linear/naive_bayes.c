/* Naive Bayes by fold: one table of column weights per fold and class; the model that leaves out
 * some folds adds up the tables of the others, never the total minus the held-out ones: a
 * difference of floats would carry traces of the held-out labels.
 *
 * Tables hold a column's classes side by side (padded to 2, 4 or a multiple of 8 floats), so that a
 * non-zero costs one short vector addition, in counting and in predicting. Reference: McCallum and
 * Nigam, "A comparison of event models for naive Bayes text classification" (1998).
 */
#include "model/linear/naive_bayes.h"

#include "base/explog.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

typedef struct run {
  const lqa_problem *problem;
  const lqa_naive_bayes_options *options;
  const lqa_predictions *out;
  size_t width;                    /* floats per column */
  uint32_t *rows;                  /* rows by fold */
  size_t start[LQA_MAX_FOLDS + 1]; /* of a fold in `rows` */
  float *table;                    /* n_folds x n_columns x width */
  float *table_sum;                /* n_folds x width: weight of all columns */
  int64_t *n_in_class;             /* n_folds x n_classes */
} run;

/* One model's parameters. */
typedef struct model {
  lqa_holdout holdout;
  float *theta; /* n_columns x width: log theta */
  float *prior; /* width: log share, -infinity for a class without training rows */
  float *score; /* width: scratch */
  int64_t n_train;
  int32_t n_absent;
} model;

static size_t padded(int32_t n_classes) {
  return n_classes <= 2 ? 2 : n_classes <= 4 ? 4 : ((size_t)n_classes + 7) / 8 * 8;
}

uint64_t lqa_naive_bayes_bytes(const lqa_problem *problem, size_t n_threads) {
  uint64_t tables = (uint64_t)problem->n_folds + n_threads;
  return tables * (uint64_t)problem->x->n_columns * padded(problem->n_classes) * sizeof(float);
}

/* Lists the rows of each fold. */
static void sort_rows(const lqa_problem *p, uint32_t *rows, size_t *start) {
  size_t count[LQA_MAX_FOLDS] = {0};
  for (int64_t row = 0; row < p->x->n_rows; row++) {
    if (p->fold[row] != LQA_NO_FOLD) {
      count[p->fold[row]]++;
    }
  }
  for (int f = 0; f < p->n_folds; f++) {
    start[f + 1] = start[f] + count[f];
    count[f] = start[f];
  }
  for (int64_t row = 0; row < p->x->n_rows; row++) {
    if (p->fold[row] != LQA_NO_FOLD) {
      rows[count[p->fold[row]]++] = (uint32_t)row;
    }
  }
}

/* Adds the rows of a fold to its table. */
static void count_rows(const run *r, size_t fold) {
  const lqa_problem *p = r->problem;
  float *table = r->table + fold * (size_t)p->x->n_columns * r->width;
  for (size_t i = r->start[fold]; i < r->start[fold + 1]; i++) {
    uint32_t row = r->rows[i];
    size_t label = (size_t)p->label[row];
    r->n_in_class[fold * (size_t)p->n_classes + label]++;
    for (uint64_t at = p->x->row_start[row]; at < p->x->row_start[row + 1]; at++) {
      table[p->x->column[at] * r->width + label] += p->x->value[at];
    }
  }
}

static lqa_status sum_table(void *data, size_t task, size_t worker) {
  (void)worker;
  run *r = data;
  size_t n_columns = (size_t)r->problem->x->n_columns;
  float *table = r->table + task * n_columns * r->width, *sum = r->table_sum + task * r->width;
  for (size_t column = 0; column < n_columns; column++) {
    for (size_t k = 0; k < r->width; k++) {
      sum[k] += table[column * r->width + k];
    }
  }
  return LQA_OK;
}

static lqa_status count_fold(void *data, size_t task, size_t worker) {
  count_rows(data, task);
  return sum_table(data, task, worker);
}

static bool trains_on(const model *m, int fold) {
  return fold != m->holdout.first && fold != m->holdout.second;
}

/* theta[i] = log(sum of the training folds' tables + alpha), for all columns and classes. */
static void add_tables(const run *r, model *m) {
  size_t n = (size_t)r->problem->x->n_columns * r->width;
  float alpha = r->options->alpha;
  for (size_t i = 0; i < n; i++) {
    m->theta[i] = alpha;
  }
  for (int f = 0; f < r->problem->n_folds; f++) {
    const float *table = r->table + (size_t)f * n;
    for (size_t i = 0; trains_on(m, f) && i < n; i++) {
      m->theta[i] += table[i];
    }
  }
  for (size_t i = 0; i < n; i++) {
    m->theta[i] = lqa_logf(m->theta[i]);
  }
}

/* Class shares, and what normalises theta: the same for every column, so it is taken row by row. */
static void set_priors(const run *r, model *m, float *normaliser) {
  int32_t n_classes = r->problem->n_classes;
  float all_alpha = r->options->alpha * (float)r->problem->x->n_columns;
  m->n_train = 0;
  for (int32_t k = 0; k < n_classes; k++) {
    float weight = all_alpha;
    int64_t count = 0;
    for (int f = 0; f < r->problem->n_folds; f++) {
      weight += trains_on(m, f) ? r->table_sum[(size_t)f * r->width + (size_t)k] : 0;
      count += trains_on(m, f) ? r->n_in_class[f * n_classes + k] : 0;
    }
    normaliser[k] = weight > 0 ? lqa_logf(weight) : 0;
    m->prior[k] = (float)count;
    m->n_train += count;
    m->n_absent += count == 0;
  }
  for (int32_t k = 0; k < n_classes; k++) {
    m->prior[k] = m->prior[k] > 0 ? lqa_logf(m->prior[k] / (float)m->n_train) : -INFINITY;
  }
}

/* score[k] = sum over the row of value * theta[column, k], for a width that the compiler knows: the
 * sums stay in registers. */
#define SCORE_ROW(WIDTH)                                                      \
  static float score_row_##WIDTH(const run *r, const model *m, int64_t row) { \
    const lqa_sparse *x = r->problem->x;                                      \
    float score[WIDTH] = {0}, sum = 0;                                        \
    for (uint64_t at = x->row_start[row]; at < x->row_start[row + 1]; at++) { \
      const float *theta = m->theta + (size_t)x->column[at] * WIDTH;          \
      sum += x->value[at];                                                    \
      for (int k = 0; k < WIDTH; k++) {                                       \
        score[k] += x->value[at] * theta[k];                                  \
      }                                                                       \
    }                                                                         \
    memcpy(m->score, score, sizeof score);                                    \
    return sum;                                                               \
  }

SCORE_ROW(2)
SCORE_ROW(4)
SCORE_ROW(8)

static float score_row_wide(const run *r, const model *m, int64_t row) {
  const lqa_sparse *x = r->problem->x;
  float sum = 0;
  memset(m->score, 0, r->width * sizeof *m->score);
  for (uint64_t at = x->row_start[row]; at < x->row_start[row + 1]; at++) {
    const float *theta = m->theta + x->column[at] * r->width;
    float value = x->value[at];
    sum += value;
    for (size_t k = 0; k < r->width; k++) {
      m->score[k] += value * theta[k];
    }
  }
  return sum;
}

/* Fills m->score; returns the sum of the row's values. */
static float score_row(const run *r, const model *m, int64_t row) {
  switch (r->width) {
  case 2:
    return score_row_2(r, m, row);
  case 4:
    return score_row_4(r, m, row);
  case 8:
    return score_row_8(r, m, row);
  default:
    return score_row_wide(r, m, row);
  }
}

/* Softmax of the scores into `out`; absent classes get their share. */
static void store_probabilities(const run *r, const model *m, float *out) {
  int32_t n_classes = r->problem->n_classes;
  float max = -INFINITY, sum = 0;
  for (int32_t k = 0; k < n_classes; k++) {
    max = m->score[k] > max ? m->score[k] : max;
  }
  for (int32_t k = 0; k < n_classes; k++) {
    float low = m->score[k] - max < -87.f ? -87.f : m->score[k] - max;
    out[k] = m->prior[k] == -INFINITY ? 0 : lqa_expf(low);
    sum += out[k];
  }
  float absent = 1.f / (float)(m->n_train + n_classes);
  float scale = (1.f - absent * (float)m->n_absent) / sum;
  for (int32_t k = 0; k < n_classes; k++) {
    out[k] = m->prior[k] == -INFINITY ? absent : out[k] * scale;
  }
}

/* Asks for the parameters that a row will need. */
static void fetch_row(const run *r, const model *m, int64_t row) {
  const lqa_sparse *x = r->problem->x;
  for (uint64_t at = x->row_start[row]; at < x->row_start[row + 1]; at++) {
    __builtin_prefetch(m->theta + x->column[at] * r->width);
  }
}

static void predict_fold(const run *r, const model *m, const float *normaliser, int fold) {
  float *out = lqa_prediction_place(r->out, m->holdout, fold);
  int32_t n_classes = r->problem->n_classes;
  for (size_t i = r->start[fold]; out && i < r->start[fold + 1]; i++) {
    int64_t row = r->rows[i];
    if (m->holdout.second >= 0 && !lqa_prediction_wanted(r->out, row)) {
      continue;
    }
    if (i + 1 < r->start[fold + 1]) {
      fetch_row(r, m, r->rows[i + 1]);
    }
    float sum = score_row(r, m, row);
    for (int32_t k = 0; k < n_classes; k++) {
      m->score[k] += m->prior[k] - sum * normaliser[k];
    }
    store_probabilities(r, m, out + row * n_classes);
  }
}

static lqa_status run_model(void *data, size_t task, size_t worker) {
  (void)worker;
  run *r = data;
  model m = {.holdout = lqa_holdout_of((int)task, r->problem->n_folds)};
  m.theta = lqa_malloc((size_t)r->problem->x->n_columns, r->width * sizeof *m.theta);
  m.prior = lqa_calloc(r->width * 3, sizeof *m.prior);
  lqa_status status;
  LQA_TRY_OUT(m.theta && m.prior ? LQA_OK : LQA_NO_MEMORY);
  float *normaliser = m.prior + r->width;
  m.score = m.prior + 2 * r->width;
  add_tables(r, &m);
  set_priors(r, &m, normaliser);
  predict_fold(r, &m, normaliser, m.holdout.first);
  if (m.holdout.second >= 0) {
    predict_fold(r, &m, normaliser, m.holdout.second);
  }
out:
  free(m.theta);
  free(m.prior);
  return status;
}

lqa_status lqa_naive_bayes_run(const lqa_problem *problem, const lqa_naive_bayes_options *options,
                               const lqa_predictions *out) {
  run r = {.problem = problem, .options = options, .out = out, .width = padded(problem->n_classes)};
  size_t n_folds = (size_t)problem->n_folds;
  size_t n_models = (size_t)lqa_model_count(out, problem->n_folds);
  lqa_status status;
  r.rows = lqa_malloc((size_t)problem->x->n_rows, sizeof *r.rows);
  r.table = lqa_calloc(n_folds * (size_t)problem->x->n_columns, r.width * sizeof *r.table);
  r.table_sum = lqa_calloc(n_folds, r.width * sizeof *r.table_sum);
  r.n_in_class = lqa_calloc(n_folds, (size_t)problem->n_classes * sizeof *r.n_in_class);
  LQA_TRY_OUT(r.rows && r.table && r.table_sum && r.n_in_class ? LQA_OK : LQA_NO_MEMORY);
  sort_rows(problem, r.rows, r.start);
  LQA_TRY_OUT(lqa_pool_run(options->pool, n_folds, count_fold, &r));
  LQA_TRY_OUT(lqa_pool_run(options->pool, n_models, run_model, &r));
out:
  free(r.rows);
  free(r.table);
  free(r.table_sum);
  free(r.n_in_class);
  return status;
}

/* Rows that come in pieces: the tables turn into the models' parameters where they lie. */
struct lqa_bayes_stream {
  run r;
  lqa_naive_bayes_options options;
  lqa_problem shape;  /* folds and classes */
  lqa_sparse columns; /* of no rows, for the number of columns */
  model models[LQA_MAX_FOLDS];
  float *normaliser; /* n_folds x width */
};

enum { STREAM_COLUMNS = 65536 /* columns that a task turns into parameters */ };

uint64_t lqa_bayes_stream_bytes(int32_t n_columns, int32_t n_classes, int n_folds) {
  return (uint64_t)n_folds * (uint64_t)n_columns * padded(n_classes) * sizeof(float);
}

lqa_status lqa_bayes_stream_open(int32_t n_columns, int32_t n_classes, int n_folds,
                                 const lqa_naive_bayes_options *options, lqa_bayes_stream **out) {
  lqa_bayes_stream *s = lqa_calloc(1, sizeof *s);
  if (!s) {
    return LQA_NO_MEMORY;
  }
  s->options = *options;
  s->columns.n_columns = n_columns;
  s->shape = (lqa_problem){.x = &s->columns, .n_classes = n_classes, .n_folds = n_folds};
  s->r = (run){.problem = &s->shape, .options = &s->options, .width = padded(n_classes)};
  run *r = &s->r;
  size_t n = (size_t)n_folds;
  r->table = lqa_calloc_table(n * (size_t)n_columns, r->width * sizeof *r->table);
  r->table_sum = lqa_calloc(n, r->width * sizeof *r->table_sum);
  r->n_in_class = lqa_calloc(n, (size_t)n_classes * sizeof *r->n_in_class);
  s->normaliser = lqa_calloc(n, r->width * sizeof *s->normaliser);
  bool all = r->table && r->table_sum && r->n_in_class && s->normaliser;
  for (int f = 0; f < n_folds; f++) {
    model *m = &s->models[f];
    m->holdout = lqa_holdout_of(f, n_folds);
    m->theta = all ? r->table + (size_t)f * (size_t)n_columns * r->width : NULL;
    m->prior = lqa_calloc(r->width * 2, sizeof *m->prior);
    m->score = m->prior ? m->prior + r->width : NULL;
    all = all && m->prior;
  }
  if (!all) {
    lqa_bayes_stream_close(s);
    return LQA_NO_MEMORY;
  }
  *out = s;
  return LQA_OK;
}

void lqa_bayes_stream_close(lqa_bayes_stream *s) {
  if (!s) {
    return;
  }
  for (int f = 0; f < s->shape.n_folds; f++) {
    free(s->models[f].prior);
  }
  free(s->r.table);
  free(s->r.table_sum);
  free(s->r.n_in_class);
  free(s->normaliser);
  free(s);
}

lqa_status lqa_bayes_piece_sort(lqa_bayes_piece *piece) {
  LQA_TRY(lqa_vec_reserve(&piece->rows, (size_t)piece->problem.x->n_rows));
  sort_rows(&piece->problem, piece->rows.data, piece->start);
  return LQA_OK;
}

void lqa_bayes_piece_clear(lqa_bayes_piece *piece) {
  lqa_vec_clear(&piece->rows);
}

/* The stream's run with the piece at hand. */
static run enter_piece(const lqa_bayes_stream *s, const lqa_bayes_piece *piece) {
  run r = s->r;
  r.problem = &piece->problem;
  r.rows = piece->rows.data;
  memcpy(r.start, piece->start, sizeof r.start);
  return r;
}

void lqa_bayes_stream_count(lqa_bayes_stream *s, const lqa_bayes_piece *piece, int fold) {
  run r = enter_piece(s, piece);
  count_rows(&r, (size_t)fold);
}

/* As add_tables, for some columns, every model's sum into the table of the fold it leaves out. */
static lqa_status turn_columns(void *data, size_t task, size_t worker) {
  (void)worker;
  lqa_bayes_stream *s = data;
  size_t n = (size_t)s->columns.n_columns * s->r.width, step = STREAM_COLUMNS * s->r.width;
  size_t first = task * step, last = first + step < n ? first + step : n;
  int n_folds = s->shape.n_folds;
  for (size_t i = first; i < last; i++) {
    float counts[LQA_MAX_FOLDS];
    for (int f = 0; f < n_folds; f++) {
      counts[f] = s->r.table[(size_t)f * n + i];
    }
    for (int m = 0; m < n_folds; m++) {
      float sum = s->options.alpha;
      for (int f = 0; f < n_folds; f++) {
        sum += f != m ? counts[f] : 0;
      }
      s->models[m].theta[i] = lqa_logf(sum);
    }
  }
  return LQA_OK;
}

lqa_status lqa_bayes_stream_train(lqa_bayes_stream *s) {
  size_t n_tasks = ((size_t)s->columns.n_columns + STREAM_COLUMNS - 1) / STREAM_COLUMNS;
  s->r.problem = &s->shape;
  LQA_TRY(lqa_pool_run(s->options.pool, (size_t)s->shape.n_folds, sum_table, &s->r));
  for (int f = 0; f < s->shape.n_folds; f++) {
    set_priors(&s->r, &s->models[f], s->normaliser + (size_t)f * s->r.width);
  }
  return lqa_pool_run(s->options.pool, n_tasks, turn_columns, s);
}

void lqa_bayes_stream_predict(lqa_bayes_stream *s, const lqa_bayes_piece *piece, int fold,
                              float *out) {
  const lqa_predictions predictions = {.outer = out};
  run r = enter_piece(s, piece);
  r.out = &predictions;
  predict_fold(&r, &s->models[fold], s->normaliser + (size_t)fold * r.width, fold);
}
