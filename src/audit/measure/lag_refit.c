/* audit/measure/lag_refit.c - refits a quick model with the labels moved.
 *
 * Where the labels of a whole file slipped, no model trained on them knows better: what it learns
 * is the slip. But a model trained with the labels moved back predicts unseen rows far better than
 * one trained on them as they are. So naive Bayes is refitted for every lag and for the reversed
 * order, on a sample of some thousand rows, beside a permutation null; McNemar's test on the rows
 * whose two labels differ decides (rows where they are equal would vote for both, which is what
 * makes sorted and blocked files silent). Only on suspicion is the winner refitted on far more
 * rows. Cost: sample x features x classes x lags; a tenth of a second for 8,192 news texts.
 */
#include "audit/measure/lag_refit.h"

#include "audit/measure/alignment.h"
#include "audit/measure/quick_bayes.h"
#include "base/memory.h"
#include "base/rng.h"

#include <math.h>

enum {
  MAX_HYPOTHESES = 2 * LQA_REFIT_MAX_LAG + 3,
  CHUNK_ROWS = 16384,
  PERMUTED = INT32_MAX, /* lag that stands for the permutation null */
  RNG_STREAM = 0x7266   /* "rf" */
};

int64_t lqa_hypothesis_row(const lqa_dataset *dataset, lqa_hypothesis hypothesis, int64_t row) {
  int64_t from, to;
  lqa_alignment_file_bounds(dataset, row, &from, &to);
  int64_t other = hypothesis.reversed ? from + to - 1 - row : row + hypothesis.lag;
  return other >= from && other < to ? other : -1;
}

/* Labels of the bag's items under a hypothesis; -1 where there is none. */
static void move_labels(const lqa_dataset *d, const lqa_hashed_rows *bag, lqa_hypothesis hypothesis,
                        int32_t *label) {
  for (size_t i = 0; i < bag->n; i++) {
    int64_t other = lqa_hypothesis_row(d, hypothesis, bag->row[i]);
    label[i] = other >= 0 && d->label[other] >= 0 ? d->label[other] : -1;
  }
}

static lqa_status permute_labels(const lqa_hashed_rows *bag, uint64_t seed, int32_t *label) {
  uint32_t *order = lqa_malloc(bag->n, sizeof *order);
  int32_t *moved = lqa_malloc(bag->n, sizeof *moved);
  if (!order || !moved) {
    free(order);
    free(moved);
    return LQA_NO_MEMORY;
  }
  for (size_t i = 0; i < bag->n; i++) {
    order[i] = (uint32_t)i;
  }
  lqa_rng rng;
  lqa_rng_init(&rng, seed, RNG_STREAM);
  lqa_rng_shuffle(&rng, order, bag->n);
  for (size_t i = 0; i < bag->n; i++) {
    moved[i] = label[order[i]];
  }
  memcpy(label, moved, bag->n * sizeof *label);
  free(order);
  free(moved);
  return LQA_OK;
}

/* One trial: the same bag, many labellings. */
typedef struct trial {
  const lqa_audit_input *input;
  const lqa_hashed_rows *bag;
  uint32_t n_buckets;
  lqa_hypothesis hypothesis[MAX_HYPOTHESES];
  int32_t *label[MAX_HYPOTHESES], *predicted[MAX_HYPOTHESES]; /* bag->n each */
  size_t n;
} trial;

static lqa_status fit_hypothesis(void *data, size_t task, size_t worker) {
  (void)worker;
  trial *r = data;
  const lqa_dataset *d = r->input->dataset;
  lqa_hypothesis hypothesis = r->hypothesis[task];
  bool permuted = hypothesis.lag == PERMUTED;
  move_labels(d, r->bag, permuted ? (lqa_hypothesis){0} : hypothesis, r->label[task]);
  if (permuted) {
    LQA_TRY(permute_labels(r->bag, r->input->seed, r->label[task]));
  }
  lqa_quick_bayes model = {0};
  LQA_TRY(lqa_quick_bayes_fit(&model, r->bag, r->n_buckets, d->n_classes, r->label[task]));
  lqa_status status = lqa_quick_bayes_predict(&model, r->bag, r->predicted[task]);
  lqa_quick_bayes_clear(&model);
  return status;
}

static double accuracy_of(const trial *r, size_t task) {
  int64_t right = 0, n = 0;
  for (size_t i = 0; i < r->bag->n; i++) {
    n += r->label[task][i] >= 0;
    right += r->label[task][i] >= 0 && r->label[task][i] == r->predicted[task][i];
  }
  return n ? (double)right / (double)n : 0;
}

/* McNemar's test of labelling `task` against labelling 0. */
static lqa_refit compare(const trial *r, size_t task) {
  lqa_refit out = {.hypothesis = r->hypothesis[task],
                   .accuracy = accuracy_of(r, task),
                   .given_accuracy = accuracy_of(r, 0)};
  for (size_t i = 0; i < r->bag->n; i++) {
    int32_t moved = r->label[task][i], given = r->label[0][i];
    if (moved < 0 || given < 0 || moved == given) {
      continue;
    }
    bool moved_right = r->predicted[task][i] == moved, given_right = r->predicted[0][i] == given;
    out.only_hypothesis += moved_right && !given_right;
    out.only_given += given_right && !moved_right;
  }
  double both = (double)(out.only_hypothesis + out.only_given);
  out.z = both > 0 ? (double)(out.only_hypothesis - out.only_given) / sqrt(both) : 0;
  return out;
}

static void trial_clear(trial *r) {
  for (size_t i = 0; i < r->n; i++) {
    free(r->label[i]);
    free(r->predicted[i]);
  }
}

static lqa_status run_trial(trial *r) {
  for (size_t i = 0; i < r->n; i++) {
    r->label[i] = lqa_malloc(r->bag->n, sizeof *r->label[i]);
    r->predicted[i] = lqa_malloc(r->bag->n, sizeof *r->predicted[i]);
  }
  for (size_t i = 0; i < r->n; i++) {
    if (!r->label[i] || !r->predicted[i]) {
      return LQA_NO_MEMORY;
    }
  }
  return lqa_pool_run(r->input->pool, r->n, fit_hypothesis, r);
}

static void add_hypotheses(trial *r, int max_lag) {
  r->hypothesis[r->n++] = (lqa_hypothesis){0};
  r->hypothesis[r->n++] = (lqa_hypothesis){.lag = PERMUTED};
  r->hypothesis[r->n++] = (lqa_hypothesis){.reversed = true};
  for (int32_t lag = 1; lag <= max_lag; lag++) {
    r->hypothesis[r->n++] = (lqa_hypothesis){.lag = lag};
    r->hypothesis[r->n++] = (lqa_hypothesis){.lag = -lag};
  }
}

lqa_status lqa_refit_search(const lqa_audit_input *input, int max_lag, size_t max_rows,
                            lqa_refit *out, double *null_accuracy, bool *tested, lqa_error *err) {
  const lqa_dataset *d = input->dataset;
  lqa_hashed_rows bag = {0};
  trial r = {.input = input, .bag = &bag, .n_buckets = lqa_quick_bayes_buckets(d->n_classes)};
  lqa_hashed_row_source *source = NULL;
  *tested = false;
  *out = (lqa_refit){0};
  LQA_TRY(lqa_hashed_row_source_new(input, r.n_buckets, &source, err));
  if (!source) {
    return LQA_OK;
  }
  lqa_status status = LQA_OK;
  LQA_TRY_OUT(lqa_hashed_rows_draw(source, 0, d->n_rows, max_rows, input->seed, &bag, err));
  add_hypotheses(&r, max_lag);
  LQA_TRY_OUT(run_trial(&r));
  *null_accuracy = accuracy_of(&r, 1);
  *tested = true;
  for (size_t i = 2; i < r.n; i++) {
    lqa_refit refit = compare(&r, i);
    *out = i == 2 || refit.z > out->z ? refit : *out;
  }
out:
  trial_clear(&r);
  lqa_hashed_rows_clear(&bag);
  lqa_hashed_row_source_free(source);
  return status;
}

/* Chunks of rows predicted by any thread. */
typedef struct prediction {
  const lqa_hashed_row_source *source;
  const lqa_quick_bayes *model;
  int64_t n_rows;
  int32_t *predicted;
} prediction;

static lqa_status predict_chunk(void *data, size_t task, size_t worker) {
  (void)worker;
  prediction *p = data;
  int64_t from = (int64_t)task * CHUNK_ROWS;
  int64_t to = from + CHUNK_ROWS < p->n_rows ? from + CHUNK_ROWS : p->n_rows;
  lqa_hashed_rows bag = {0};
  LQA_TRY(lqa_hashed_rows_draw(p->source, from, to, CHUNK_ROWS, 0, &bag, NULL));
  int32_t *predicted = lqa_malloc(bag.n, sizeof *predicted);
  lqa_status status;
  LQA_TRY_OUT(predicted ? lqa_quick_bayes_predict(p->model, &bag, predicted) : LQA_NO_MEMORY);
  for (size_t i = 0; i < bag.n; i++) {
    p->predicted[bag.row[i]] = predicted[i];
  }
out:
  free(predicted);
  lqa_hashed_rows_clear(&bag);
  return status;
}

static lqa_status predict_all(const lqa_audit_input *input, const lqa_hashed_row_source *source,
                              const lqa_quick_bayes *model, int32_t *predicted) {
  prediction p = {source, model, input->dataset->n_rows, predicted};
  for (int64_t row = 0; row < p.n_rows; row++) {
    predicted[row] = -1;
  }
  size_t n_tasks = ((size_t)p.n_rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
  return lqa_pool_run(input->pool, n_tasks, predict_chunk, &p);
}

lqa_status lqa_refit_predict(const lqa_audit_input *input, lqa_hypothesis hypothesis,
                             size_t max_rows, lqa_refit *out, int32_t *predicted, lqa_error *err) {
  const lqa_dataset *d = input->dataset;
  lqa_hashed_rows bag = {0};
  lqa_quick_bayes model = {0};
  trial r = {.input = input,
             .bag = &bag,
             .n_buckets = lqa_quick_bayes_buckets(d->n_classes),
             .hypothesis = {{0}, hypothesis},
             .n = 2};
  lqa_hashed_row_source *source = NULL;
  LQA_TRY(lqa_hashed_row_source_new(input, r.n_buckets, &source, err));
  lqa_status status = LQA_OK;
  LQA_TRY_OUT(lqa_hashed_rows_draw(source, 0, d->n_rows, max_rows, input->seed, &bag, err));
  LQA_TRY_OUT(run_trial(&r));
  *out = compare(&r, 1);
  LQA_TRY_OUT(lqa_quick_bayes_fit(&model, &bag, r.n_buckets, d->n_classes, r.label[1]));
  LQA_TRY_OUT(predict_all(input, source, &model, predicted));
out:
  lqa_quick_bayes_clear(&model);
  trial_clear(&r);
  lqa_hashed_rows_clear(&bag);
  lqa_hashed_row_source_free(source);
  return status;
}
