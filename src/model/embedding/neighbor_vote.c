/* Votes of near rows, a block of queries at a time so that the neighbours' list stays small.
 *
 * Cost: rows x voters x dimensions multiplications (feature/knn.c); where max_points limits the
 * voters, one row of each stretch of equal length is drawn, so time grows with the rows, not with
 * their square.
 */
#include "model/embedding/neighbor_vote.h"

#include "base/explog.h"
#include "base/memory.h"
#include "base/rng.h"
#include "feature/knn.h"

#include <math.h>
#include <string.h>

enum { QUERY_ROWS = 8192, TASK_ROWS = 512, WIDER = 2, VOTER_STREAM = 29 };

/* Rows that may vote. */
typedef struct voters {
  lqa_matrix matrix;
  uint8_t *fold;
  uint32_t *row; /* of the problem */
  float *value;  /* owned, where the voters were drawn; else matrix is the points' */
} voters;

typedef struct election {
  const lqa_problem *problem;
  const lqa_dense *points;
  const lqa_neighbor_vote_options *options;
  const lqa_predictions *out;
  voters voters;
  int32_t n_wide;     /* neighbours looked for */
  int64_t *in_class;  /* n_folds x n_classes: rows */
  double *share;      /* n_models x n_classes: smoothed shares in a model's training rows */
  double *distance;   /* QUERY_ROWS x n_wide */
  int64_t *index;     /* the same */
  int64_t first, end; /* query rows of the present block */
} election;

lqa_neighbor_vote_options lqa_vote_defaults(void) {
  return (lqa_neighbor_vote_options){.k = 50};
}

/* ---- who votes ---- */

static lqa_status draw_voters(election *e, uint64_t seed) {
  const lqa_sparse *x = &e->points->x;
  int64_t n_rows = x->n_rows, most = e->options->max_points;
  int64_t n = most > 0 && most < n_rows ? most : n_rows;
  size_t width = (size_t)x->n_columns;
  voters *v = &e->voters;
  lqa_rng rng;
  lqa_rng_init(&rng, seed, VOTER_STREAM);
  v->matrix = e->points->matrix;
  v->row = lqa_malloc((size_t)n, sizeof *v->row);
  v->fold = lqa_malloc((size_t)n, sizeof *v->fold);
  v->value = n < n_rows ? lqa_malloc((size_t)n, width * sizeof *v->value) : NULL;
  if (!v->row || !v->fold || (n < n_rows && !v->value)) {
    return LQA_NO_MEMORY;
  }
  for (int64_t i = 0; i < n; i++) {
    int64_t from = i * n_rows / n, to = (i + 1) * n_rows / n;
    int64_t row = from + (int64_t)lqa_rng_below(&rng, (uint64_t)(to - from));
    v->row[i] = (uint32_t)row;
    v->fold[i] = e->problem->fold[row];
    if (v->value) {
      memcpy(v->value + (size_t)i * width, x->value + (size_t)row * width, width * sizeof(float));
    }
  }
  v->matrix.n_rows = n;
  v->matrix.data = v->value ? v->value : v->matrix.data;
  return LQA_OK;
}

/* Laplace's estimate, so that a class unknown to the model keeps a chance. */
static void set_shares(election *e, int n_models) {
  const lqa_problem *p = e->problem;
  for (int64_t row = 0; row < p->x->n_rows; row++) {
    if (p->fold[row] != LQA_NO_FOLD) {
      e->in_class[p->fold[row] * p->n_classes + p->label[row]]++;
    }
  }
  for (int m = 0; m < n_models; m++) {
    lqa_holdout holdout = lqa_holdout_of(m, p->n_folds);
    double *share = e->share + (size_t)m * (size_t)p->n_classes, total = 0;
    for (int32_t k = 0; k < p->n_classes; k++) {
      share[k] = 1;
      for (int f = 0; f < p->n_folds; f++) {
        bool trains = f != holdout.first && f != holdout.second;
        share[k] += trains ? (double)e->in_class[f * p->n_classes + k] : 0;
      }
      total += share[k];
    }
    for (int32_t k = 0; k < p->n_classes; k++) {
      share[k] /= total;
    }
  }
}

/* ---- votes ---- */

/* The first k of a row's neighbours that the model may use; returns how many. */
static int32_t pick(const election *e, size_t at, int second_fold, int32_t *chosen) {
  int32_t n = 0;
  const int64_t *index = e->index + at * (size_t)e->n_wide;
  for (int32_t i = 0; i < e->n_wide && n < e->options->k && index[i] >= 0; i++) {
    if (e->voters.fold[index[i]] != second_fold) {
      chosen[n++] = i;
    }
  }
  return n;
}

static void vote(const election *e, size_t at, int model, int second_fold, float *out) {
  const lqa_problem *p = e->problem;
  const double *distance = e->distance + at * (size_t)e->n_wide;
  const int64_t *index = e->index + at * (size_t)e->n_wide;
  const double *share = e->share + (size_t)model * (size_t)p->n_classes;
  int32_t chosen[LQA_MAX_VOTERS];
  int32_t n = pick(e, at, second_fold, chosen);
  double spread = 0, total = LQA_VOTE_PRIOR;
  for (int32_t i = 0; i < n; i++) {
    spread += (distance[chosen[i]] - distance[chosen[0]]) / n;
  }
  for (int32_t k = 0; k < p->n_classes; k++) {
    out[k] = (float)(LQA_VOTE_PRIOR * share[k]);
  }
  for (int32_t i = 0; i < n; i++) {
    double further = distance[chosen[i]] - distance[chosen[0]];
    double weight = spread > 0 ? lqa_exp(-2 * further / spread) : 1;
    out[p->label[e->voters.row[index[chosen[i]]]]] += (float)weight;
    total += weight;
  }
  for (int32_t k = 0; k < p->n_classes; k++) {
    out[k] /= (float)total;
  }
}

static lqa_status vote_rows(void *data, size_t task, size_t worker) {
  (void)worker;
  const election *e = data;
  const lqa_problem *p = e->problem;
  int64_t from = e->first + (int64_t)task * TASK_ROWS, to = from + TASK_ROWS;
  for (int64_t row = from; row < to && row < e->end; row++) {
    int fold = p->fold[row], n = p->n_folds;
    size_t at = (size_t)(row - e->first);
    if (fold == LQA_NO_FOLD) {
      continue;
    }
    vote(e, at, fold, -1, e->out->outer + row * p->n_classes);
    if (e->out->next && lqa_prediction_wanted(e->out, row)) {
      int before = (fold + n - 1) % n;
      vote(e, at, n + fold, (fold + 1) % n, e->out->next + row * p->n_classes);
      vote(e, at, n + before, before, e->out->previous + row * p->n_classes);
    }
  }
  return LQA_OK;
}

static lqa_status run_block(election *e) {
  const lqa_matrix *all = &e->points->matrix;
  lqa_matrix queries = *all;
  queries.data = (const char *)all->data + e->first * all->row_stride;
  queries.n_rows = e->end - e->first;
  lqa_case_fold_points from = {&e->voters.matrix, e->voters.fold};
  lqa_case_fold_points to = {&queries, e->problem->fold + e->first};
  lqa_neighbors_options options = {
      .metric = LQA_METRIC_COSINE, .k = e->n_wide, .observer = e->options->observer};
  lqa_neighbors found = {e->distance, e->index};
  LQA_TRY(lqa_neighbors_out_of_fold(&from, &to, &options, e->options->pool, &found));
  size_t n_tasks = ((size_t)queries.n_rows + TASK_ROWS - 1) / TASK_ROWS;
  return lqa_pool_run(e->options->pool, n_tasks, vote_rows, e);
}

static lqa_status alloc_memory(election *e, int n_models) {
  size_t n_classes = (size_t)e->problem->n_classes, n_wide = (size_t)e->n_wide;
  e->in_class = lqa_calloc((size_t)e->problem->n_folds * n_classes, sizeof *e->in_class);
  e->share = lqa_calloc((size_t)n_models * n_classes, sizeof *e->share);
  e->distance = lqa_malloc(QUERY_ROWS * n_wide, sizeof *e->distance);
  e->index = lqa_malloc(QUERY_ROWS * n_wide, sizeof *e->index);
  return e->in_class && e->share && e->distance && e->index ? LQA_OK : LQA_NO_MEMORY;
}

lqa_status lqa_neighbor_vote_run(const lqa_problem *problem, const lqa_dense *points,
                                 const lqa_neighbor_vote_options *options,
                                 const lqa_predictions *out) {
  election e = {.problem = problem, .points = points, .options = options, .out = out};
  int n_models = lqa_model_count(out, problem->n_folds);
  int64_t n_rows = problem->x->n_rows;
  e.n_wide = out->next ? WIDER * options->k : options->k;
  lqa_status status;
  LQA_TRY_OUT(alloc_memory(&e, n_models));
  LQA_TRY_OUT(draw_voters(&e, options->seed));
  set_shares(&e, n_models);
  for (e.first = 0; e.first < n_rows; e.first = e.end) {
    e.end = n_rows - e.first < QUERY_ROWS ? n_rows : e.first + QUERY_ROWS;
    LQA_TRY_OUT(run_block(&e));
  }
out:
  free(e.voters.row);
  free(e.voters.fold);
  free(e.voters.value);
  free(e.in_class);
  free(e.share);
  free(e.distance);
  free(e.index);
  return status;
}
