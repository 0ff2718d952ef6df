/* From a data set to out-of-fold probabilities: checks, folds, features, model, measures.
 *
 * Each stage is timed and may leave a note; what was done instead of what was asked (fewer folds,
 * characters instead of words) is always said.
 */
#include "model/out_of_fold/crossval.h"

#include "base/memory.h"
#include "model/crossval/crossval_job.h"
#include "model/embedding/embedding_model.h"
#include "model/problem/metrics.h"
#include "model/table/table_model.h"
#include "model/text/text_model.h"

#include <math.h>
#include <string.h>

static lqa_status check_options(const lqa_crossval_options *o, lqa_error *err) {
  if (o->n_folds < 2 || o->n_folds > LQA_MAX_FOLDS) {
    return lqa_fail(err, LQA_BAD_USAGE, "%d folds: expected 2 to %d", o->n_folds, LQA_MAX_FOLDS);
  }
  if (!(o->C > 0) || !isfinite(o->C)) {
    return lqa_fail(err, LQA_BAD_USAGE, "C must be a number above 0");
  }
  return LQA_OK;
}

/* At least two classes and a row per fold. */
static lqa_status check_rows(const lqa_crossval_job *job) {
  const lqa_dataset *d = job->dataset;
  int64_t n = 0;
  int32_t seen = -1;
  bool several = false;
  for (int64_t row = 0; row < d->n_rows; row++) {
    if (lqa_dataset_is_scorable(d, row)) {
      several = several || (seen >= 0 && d->label[row] != seen);
      seen = d->label[row];
      n++;
    }
  }
  if (n < job->options->n_folds) {
    return lqa_fail(job->err, LQA_BAD_DATA,
                    "only %lld of %lld rows have both content and a known label: %d-fold "
                    "cross-validation needs at least %d",
                    (long long)n, (long long)d->n_rows, job->options->n_folds,
                    job->options->n_folds);
  }
  if (!several) {
    return lqa_fail(job->err, LQA_BAD_DATA,
                    "all %lld usable rows have the same label \"%.*s\": labels can only be checked "
                    "against each other with at least two classes",
                    (long long)n, (int)(d->classes[seen].size < 200 ? d->classes[seen].size : 200),
                    d->classes[seen].data);
  }
  return LQA_OK;
}

/* Label codes with every row that is not scorable negative. */
static int32_t *scorable_labels(const lqa_dataset *d) {
  int32_t *label = lqa_malloc((size_t)d->n_rows, sizeof *label);
  for (int64_t row = 0; label && row < d->n_rows; row++) {
    label[row] = lqa_dataset_is_scorable(d, row) ? d->label[row] : -1;
  }
  return label;
}

static lqa_status alloc_results(lqa_crossval_result *out, const lqa_dataset *d) {
  size_t n_rows = (size_t)d->n_rows, n_classes = (size_t)d->n_classes;
  out->n_rows = d->n_rows;
  out->n_classes = d->n_classes;
  out->train_accuracy = NAN;
  out->fold = lqa_malloc(n_rows, sizeof *out->fold);
  out->pred_probs = lqa_malloc(n_rows, n_classes * sizeof *out->pred_probs);
  if (!out->fold || !out->pred_probs) {
    return LQA_NO_MEMORY;
  }
  for (size_t i = 0; i < n_rows * n_classes; i++) {
    out->pred_probs[i] = NAN;
  }
  return LQA_OK;
}

static lqa_status measure(lqa_crossval_job *job) {
  lqa_scored scored = {job->out->pred_probs, job->label, job->out->n_rows, job->out->n_classes};
  lqa_metrics metrics;
  LQA_TRY(lqa_metrics_run(&scored, &metrics));
  job->out->out_of_fold_accuracy = metrics.accuracy;
  job->out->log_loss = metrics.log_loss;
  job->out->prior_log_loss = metrics.prior_log_loss;
  return LQA_OK;
}

static lqa_status train(lqa_crossval_job *job) {
  lqa_content_kind content = job->dataset->kind;
  lqa_model_kind kind = job->options->kind;
  bool has_embeddings = job->dataset->embeddings != NULL;
  LQA_TRY(has_embeddings ? lqa_embeddings_read(job) : LQA_OK);
  if (has_embeddings &&
      (content == LQA_CONTENT_EMBEDDING || kind == LQA_MODEL_LOGISTIC || kind == LQA_MODEL_KNN)) {
    return lqa_embedding_model_run(job);
  }
  if (content == LQA_CONTENT_TEXT) {
    return lqa_text_model_run(job);
  }
  if (content == LQA_CONTENT_TABLE) {
    return lqa_table_model_run(job);
  }
  return lqa_fail(
      job->err, LQA_BAD_USAGE,
      "there is nothing to train on: name a " LQA_OPTION("text") " column, " LQA_OPTION(
          "features") ", " LQA_OPTION("embeddings") ", or "
                                                    "give out-of-fold probabilities of your own "
                                                    "(" LQA_OPTION("pred_probs") ")");
}

static lqa_status run_stages(lqa_crossval_job *job) {
  job->label = scorable_labels(job->dataset);
  if (!job->label) {
    return LQA_NO_MEMORY;
  }
  LQA_TRY(alloc_results(job->out, job->dataset));
  LQA_TRY(lqa_job_assign_folds(job));
  LQA_TRY(lqa_observe_check(job->options->observer, job->err));
  LQA_TRY(train(job));
  bool is_blend = strcmp(job->out->model, "auto") == 0;
  job->out->trained_member = is_blend ? job->member : NULL;
  LQA_TRY(measure(job));
  job->out->has_features = job->options->keep_features && job->out->features.matrix.row_start;
  if (!job->out->has_features) {
    lqa_tfidf_clear(&job->out->features);
  }
  return LQA_OK;
}

lqa_status lqa_crossval_run(const lqa_dataset *dataset, const lqa_crossval_options *options,
                            lqa_crossval_result *out, lqa_error *err) {
  lqa_crossval_job job = {.dataset = dataset, .options = options, .out = out, .err = err};
  *out = (lqa_crossval_result){0};
  lqa_arena_init(&out->arena);
  LQA_TRY(check_options(options, err));
  LQA_TRY(check_rows(&job));
  lqa_status status = run_stages(&job);
  free(job.label);
  free(job.wanted);
  free(job.group);
  lqa_dense_clear(&job.dense);
  if (status == LQA_NO_MEMORY) {
    status = lqa_fail_memory(err, "training the model");
  } else if (status == LQA_INTERRUPTED) {
    status = lqa_fail(err, LQA_INTERRUPTED, "interrupted while training the model");
  }
  if (status != LQA_OK) {
    lqa_crossval_clear(out);
  }
  return status;
}
