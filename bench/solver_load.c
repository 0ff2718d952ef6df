/* solver_load.c - how fast training moves memory, beside what the machine can move.
 *
 *     solver-load FILE TEXT LABEL MAX_FEATURES [RUNS]
 *
 * Builds the tf-idf matrix, deals five folds, trains logistic regression out of fold RUNS times and
 * prints one line of JSON. Bytes moved are counted, not sampled: a visit of a row reads its indices
 * and values once, its weights twice and writes them once, and reads and writes its duals. The
 * machine's rates are those of y += x over arrays of a thread's own, as many threads as training
 * has: small ones that lie in the near cache as the weights do, large ones that lie in memory.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "base/pool.h"
#include "data/dataset/folds.h"
#include "data/source/source.h"
#include "feature/tfidf.h"
#include "model/linear/softmax_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_FOLDS = 5, SMALL_BYTES = 1 << 19, LARGE_BYTES = 1 << 28, SWEEP_BYTES = 1 << 30 };

typedef struct load {
  lqa_dataset *dataset;
  lqa_pool *pool;
  lqa_tfidf tfidf;
  uint8_t *fold;
  float *probs;
  lqa_problem problem;
  lqa_softmax_fold folds[N_FOLDS];
  double seconds; /* the best run */
  double features_seconds;
} load;

static lqa_status read_problem(load *l, char **argv, lqa_error *err) {
  const char *paths[] = {argv[1]}, *texts[] = {argv[2]};
  lqa_source_options options = {.paths = {paths, 1}, .text = {texts, 1}, .label = argv[3]};
  LQA_TRY(lqa_dataset_load(&options, NULL, &l->dataset, err));
  lqa_dataset *d = l->dataset;
  lqa_tfidf_options features = lqa_tfidf_defaults();
  features.max_features = atoll(argv[4]);
  double started = lqa_clock_seconds();
  LQA_TRY(lqa_tfidf_build(&(lqa_text_rows){&d->content, NULL}, &features, l->pool, &l->tfidf, err));
  l->features_seconds = lqa_clock_seconds() - started;
  size_t n_rows = (size_t)d->n_rows;
  l->fold = lqa_malloc(n_rows, 1);
  l->probs = lqa_malloc(n_rows, (size_t)d->n_classes * sizeof *l->probs);
  if (!l->fold || !l->probs) {
    return lqa_fail_memory(err, "starting");
  }
  LQA_TRY(lqa_folds_assign(d->n_rows, d->label, d->n_classes, NULL, N_FOLDS, 0, l->fold, err));
  l->problem = (lqa_problem){&l->tfidf.matrix, d->label, l->fold, d->n_classes, N_FOLDS};
  return LQA_OK;
}

static lqa_status train(load *l, int n_runs) {
  lqa_softmax_options options = lqa_softmax_defaults();
  options.pool = l->pool;
  for (int i = 0; i < n_runs; i++) {
    double started = lqa_clock_seconds();
    LQA_TRY(
        lqa_softmax_run(&l->problem, &options, &(lqa_predictions){.outer = l->probs}, l->folds));
    double seconds = lqa_clock_seconds() - started;
    l->seconds = i == 0 || seconds < l->seconds ? seconds : l->seconds;
  }
  return LQA_OK;
}

/* Bytes that all groups move until their models have converged, predicting included. */
static lqa_status count_bytes(const load *l, double *bytes) {
  lqa_softmax_options options = lqa_softmax_defaults();
  options.pool = l->pool;
  lqa_softmax_plan plan;
  lqa_predictions out = {.outer = l->probs};
  lqa_status status = lqa_softmax_plan_init(&plan, &l->problem, &options, &out);
  double n_values = (double)l->tfidf.matrix.row_start[l->problem.x->n_rows];
  double n_rows = (double)l->problem.x->n_rows;
  *bytes = 0;
  for (int i = 0; status == LQA_OK && i < plan.n_groups; i++) {
    lqa_softmax_group g;
    status = lqa_softmax_group_open(&plan, i, 1, &g);
    double lanes = (double)g.n_vectors * sizeof(lqa_f8), epochs = 0;
    for (int m = 0; status == LQA_OK && m < g.n_models; m++) {
      double own = l->folds[g.first_model + m].epochs;
      epochs = own > epochs ? own : epochs;
    }
    *bytes += epochs * (n_values * (8 + 3 * lanes) + n_rows * 2 * lanes);
    *bytes += n_values * (8 + lanes) + n_rows * lanes;
    lqa_softmax_group_close(&g);
  }
  lqa_softmax_plan_clear(&plan);
  return status;
}

typedef struct sweep {
  size_t n; /* floats */
  float *arrays[64];
} sweep;

static lqa_status add_arrays(void *data, size_t task, size_t worker) {
  (void)worker;
  sweep *s = data;
  float *restrict y = s->arrays[task], *restrict x = y + s->n;
  for (size_t i = 0; i < SWEEP_BYTES / (s->n * 12); i++) {
    for (size_t j = 0; j < s->n; j++) {
      y[j] += x[j];
    }
    __asm__ volatile("" ::: "memory");
  }
  return LQA_OK;
}

/* Bytes a second that all threads together read and write, each in two arrays of `bytes` in all. */
static double rate(load *l, size_t bytes) {
  sweep s = {.n = bytes / 8};
  size_t n = lqa_pool_threads(l->pool);
  double best = 0;
  for (size_t i = 0; i < n && i < 64; i++) {
    s.arrays[i] = lqa_calloc(s.n, 8);
    memset(s.arrays[i], 1, s.n * 8);
  }
  for (int i = 0; i < 5; i++) {
    double started = lqa_clock_seconds();
    if (lqa_pool_run(l->pool, n, add_arrays, &s) == LQA_OK) {
      double r = (double)n * (double)(SWEEP_BYTES / (s.n * 12)) * (double)s.n * 12 /
                 (lqa_clock_seconds() - started);
      best = r > best ? r : best;
    }
  }
  for (size_t i = 0; i < n && i < 64; i++) {
    free(s.arrays[i]);
  }
  return best;
}

static int print(load *l) {
  double bytes, objective = 0, gap = 0;
  int epochs = 0;
  if (count_bytes(l, &bytes) != LQA_OK) {
    return 1;
  }
  for (int f = 0; f < N_FOLDS; f++) {
    objective += l->folds[f].objective;
    gap += l->folds[f].gap;
    epochs = l->folds[f].epochs > epochs ? l->folds[f].epochs : epochs;
  }
  printf("{\"threads\": %zu, \"rows\": %lld, \"columns\": %d, \"values\": %llu, "
         "\"features_seconds\": %.4f, \"seconds\": %.4f, \"epochs\": %d, \"objective\": %.4f, "
         "\"gap\": %.6f, \"bytes\": %.0f, \"near_bytes_per_second\": %.0f, "
         "\"memory_bytes_per_second\": %.0f}\n",
         lqa_pool_threads(l->pool), (long long)l->dataset->n_rows, l->tfidf.matrix.n_columns,
         (unsigned long long)l->tfidf.matrix.row_start[l->dataset->n_rows], l->features_seconds,
         l->seconds, epochs, objective, gap, bytes, rate(l, SMALL_BYTES), rate(l, LARGE_BYTES));
  return 0;
}

int main(int argc, char **argv) {
  load l = {.pool = lqa_pool_new(0)};
  lqa_error err;
  if (argc < 5 || !l.pool) {
    fputs("usage: solver-load FILE TEXT LABEL MAX_FEATURES [RUNS]\n", stderr);
    return 2;
  }
  if (read_problem(&l, argv, &err) != LQA_OK) {
    fprintf(stderr, "solver-load: %s\n", err.message);
    return 1;
  }
  return train(&l, argc > 5 ? atoi(argv[5]) : 3) == LQA_OK ? print(&l) : 1;
}
