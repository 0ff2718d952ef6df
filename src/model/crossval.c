/* From a data set to out-of-fold probabilities: checks, folds, features, model, measures.
 *
 * Each stage is timed and may leave a note; what was done instead of what was asked (fewer folds,
 * characters instead of words) is always said.
 */
#include "model/crossval.h"

#include "base/clock.h"
#include "base/memory.h"
#include "data/folds.h"
#include "model/metrics.h"
#include "model/row_partition.h"
#include "model/softmax.h"

#include <math.h>

typedef struct validation {
  const lqa_dataset *dataset;
  const lqa_crossval_options *options;
  lqa_crossval_result *out;
  lqa_error *err;
  double stage_start;
} validation;

void lqa_crossval_options_init(lqa_crossval_options *options) {
  *options = (lqa_crossval_options){.kind = LQA_MODEL_AUTO,
                                    .n_folds = 5,
                                    .C = 1.0,
                                    .ngram_lo = 1,
                                    .ngram_hi = 2,
                                    .min_df = 2,
                                    .tolerance = lqa_softmax_defaults().tolerance};
}

static const char *const kind_names[] = {"auto", "logistic", "naive-bayes", "trees", "knn"};

bool lqa_model_kind_of(lqa_str name, lqa_model_kind *kind) {
  for (size_t i = 0; i < sizeof kind_names / sizeof *kind_names; i++) {
    if (lqa_str_equal(name, lqa_str_from(kind_names[i]))) {
      *kind = (lqa_model_kind)i;
      return true;
    }
  }
  return false;
}

static void begin_stage(validation *v, const char *name, double fraction) {
  lqa_observe_progress(v->options->observer, name, fraction);
  v->stage_start = lqa_clock_seconds();
}

static void end_stage(validation *v, const char *name) {
  if (v->out->n_stages < LQA_MAX_STAGES) {
    v->out->stages[v->out->n_stages++] = (lqa_stage){name, lqa_clock_seconds() - v->stage_start};
  }
}

static lqa_status add_note(validation *v, const char *note) {
  return note ? lqa_vec_push(&v->out->notes, note) : LQA_NO_MEMORY;
}

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
static lqa_status check_rows(const validation *v) {
  const lqa_dataset *d = v->dataset;
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
  if (n < v->options->n_folds) {
    return lqa_fail(v->err, LQA_BAD_DATA,
                    "only %lld of %lld rows have both content and a known label: %d-fold "
                    "cross-validation needs at least %d",
                    (long long)n, (long long)d->n_rows, v->options->n_folds, v->options->n_folds);
  }
  if (!several) {
    return lqa_fail(v->err, LQA_BAD_DATA,
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

/* Fewer groups than folds: fewer folds, or no groups if there is only one. */
static lqa_status fit_folds(validation *v, int64_t n_groups, bool *grouped) {
  v->out->n_folds = v->options->n_folds;
  *grouped = n_groups > 1;
  if (n_groups >= v->options->n_folds) {
    return LQA_OK;
  }
  if (!*grouped) {
    return add_note(v,
                    "All rows hold the same content or belong to one group, so equal rows had to "
                    "be put in different folds: probabilities are class frequencies at best.");
  }
  v->out->n_folds = (int)n_groups;
  return add_note(v,
                  lqa_arena_printf(&v->out->arena,
                                   "Only %d folds: the rows form no more than %d groups of equal "
                                   "content that must stay together.",
                                   (int)n_groups, (int)n_groups));
}

/* Folds the caller gave: every scorable row in 0..n_folds-1. */
static lqa_status copy_folds(validation *v, const int32_t *label) {
  v->out->n_folds = v->options->n_folds;
  for (int64_t row = 0; row < v->dataset->n_rows; row++) {
    uint8_t fold = v->options->fixed_fold[row];
    if (label[row] >= 0 && fold >= v->options->n_folds) {
      return lqa_fail(v->err, LQA_BAD_USAGE, "row %lld is in fold %d of %d", (long long)row, fold,
                      v->options->n_folds);
    }
    v->out->fold[row] = label[row] >= 0 ? fold : LQA_NO_FOLD;
  }
  return LQA_OK;
}

static lqa_status assign_folds(validation *v, const int32_t *label) {
  if (v->options->fixed_fold) {
    return copy_folds(v, label);
  }
  const lqa_dataset *d = v->dataset;
  uint32_t *group = lqa_malloc((size_t)d->n_rows, sizeof *group);
  int64_t n_groups;
  bool grouped;
  lqa_status status;
  begin_stage(v, "assigning folds", -1);
  LQA_TRY_OUT(group ? LQA_OK : LQA_NO_MEMORY);
  LQA_TRY_OUT(lqa_row_partition(d, v->options->cluster, group, &n_groups));
  LQA_TRY_OUT(fit_folds(v, n_groups, &grouped));
  LQA_TRY_OUT(lqa_folds_assign(d->n_rows, label, d->n_classes, grouped ? group : NULL,
                               v->out->n_folds, v->options->seed, v->out->fold, v->err));
  end_stage(v, "folds");
out:
  free(group);
  return status;
}

static uint8_t *used_rows(const int32_t *label, int64_t n_rows) {
  uint8_t *use = lqa_malloc((size_t)n_rows, sizeof *use);
  for (int64_t row = 0; use && row < n_rows; row++) {
    use[row] = label[row] >= 0;
  }
  return use;
}

/* Words; if no word occurs in min_df rows, character n-grams; if there are none either, an empty
 * matrix, from which any model gives class frequencies. */
static lqa_status build_features(validation *v, const int32_t *label) {
  const lqa_crossval_options *o = v->options;
  lqa_tfidf_options words = {.kind = LQA_TERMS_WORDS,
                             .ngram_lo = o->ngram_lo,
                             .ngram_hi = o->ngram_hi,
                             .min_df = o->min_df,
                             .max_features = o->max_features,
                             .memory_bytes = o->memory_bytes};
  uint8_t *use = used_rows(label, v->dataset->n_rows);
  lqa_text_rows rows = {&v->dataset->content, use};
  lqa_status status;
  begin_stage(v, "splitting texts", -1);
  LQA_TRY_OUT(use ? LQA_OK : LQA_NO_MEMORY);
  LQA_TRY_OUT(lqa_tfidf_build(&rows, &words, o->pool, &v->out->features, v->err));
  if (v->out->features.matrix.n_columns == 0) {
    lqa_tfidf_clear(&v->out->features);
    lqa_tfidf_options letters = words;
    letters.kind = LQA_TERMS_CHARACTERS;
    letters.ngram_lo = 1;
    letters.ngram_hi = 3;
    LQA_TRY_OUT(lqa_tfidf_build(&rows, &letters, o->pool, &v->out->features, v->err));
    LQA_TRY_OUT(add_note(v, v->out->features.matrix.n_columns > 0
                                ? "No word occurs in enough rows: character n-grams were used."
                                : "No word and no character n-gram occurs in enough rows: "
                                  "probabilities are class frequencies."));
  }
  end_stage(v, "features");
out:
  free(use);
  return status;
}

static void sum_training(lqa_crossval_result *out, const lqa_softmax_fold *folds) {
  int64_t n = 0, n_correct = 0;
  for (int f = 0; f < out->n_folds; f++) {
    n += folds[f].n_train;
    n_correct += folds[f].n_train_correct;
  }
  out->train_accuracy = (double)n_correct / (double)n;
}

static lqa_status describe_solution(validation *v, const lqa_softmax_fold *folds) {
  int most = 0;
  bool converged = true;
  for (int f = 0; f < v->out->n_folds; f++) {
    most = folds[f].epochs > most ? folds[f].epochs : most;
    converged = converged && folds[f].converged;
  }
  v->out->description = lqa_arena_printf(
      &v->out->arena,
      "logistic regression (C %g) on tf-idf of %d terms, %d folds, at most %d epochs",
      v->options->C, v->out->features.matrix.n_columns, v->out->n_folds, most);
  if (!v->out->description) {
    return LQA_NO_MEMORY;
  }
  return converged ? LQA_OK
                   : add_note(v, "Logistic regression did not reach its tolerance in every fold: a "
                                 "smaller C converges faster.");
}

static lqa_status train_logistic(validation *v, const int32_t *label) {
  const lqa_crossval_options *o = v->options;
  lqa_softmax_fold folds[LQA_MAX_FOLDS];
  lqa_softmax_options options = lqa_softmax_defaults();
  options.C = o->C;
  options.tolerance = o->tolerance;
  options.seed = o->seed;
  options.pool = o->pool;
  options.observer = o->observer;
  lqa_problem problem = {&v->out->features.matrix, label, v->out->fold, v->dataset->n_classes,
                         v->out->n_folds};
  begin_stage(v, "training", -1);
  LQA_TRY(lqa_softmax_run(&problem, &options, v->out->pred_probs, folds));
  sum_training(v->out, folds);
  end_stage(v, "training");
  v->out->model = "logistic";
  return describe_solution(v, folds);
}

static lqa_status take_results(lqa_crossval_result *out, const lqa_dataset *d) {
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

static lqa_status measure(validation *v, const int32_t *label) {
  lqa_scored scored = {v->out->pred_probs, label, v->out->n_rows, v->out->n_classes};
  lqa_metrics metrics;
  LQA_TRY(lqa_metrics_run(&scored, &metrics));
  v->out->out_of_fold_accuracy = metrics.accuracy;
  v->out->log_loss = metrics.log_loss;
  v->out->prior_log_loss = metrics.prior_log_loss;
  return LQA_OK;
}

static lqa_status run_stages(validation *v) {
  int32_t *label = scorable_labels(v->dataset);
  lqa_status status;
  LQA_TRY_OUT(label ? LQA_OK : LQA_NO_MEMORY);
  LQA_TRY_OUT(take_results(v->out, v->dataset));
  LQA_TRY_OUT(assign_folds(v, label));
  LQA_TRY_OUT(build_features(v, label));
  LQA_TRY_OUT(lqa_observe_check(v->options->observer, v->err));
  LQA_TRY_OUT(train_logistic(v, label));
  LQA_TRY_OUT(measure(v, label));
  v->out->has_features = v->options->keep_features;
  if (!v->out->has_features) {
    lqa_tfidf_clear(&v->out->features);
  }
out:
  free(label);
  return status;
}

lqa_status lqa_crossval_run(const lqa_dataset *dataset, const lqa_crossval_options *options,
                            lqa_crossval_result *out, lqa_error *err) {
  validation v = {.dataset = dataset, .options = options, .out = out, .err = err};
  *out = (lqa_crossval_result){0};
  lqa_arena_init(&out->arena);
  LQA_TRY(check_options(options, err));
  LQA_TRY(check_rows(&v));
  lqa_status status = run_stages(&v);
  if (status == LQA_NO_MEMORY) {
    lqa_fail_memory(err, "training the model");
  } else if (status == LQA_INTERRUPTED) {
    lqa_fail(err, LQA_INTERRUPTED, "interrupted while training the model");
  }
  if (status != LQA_OK) {
    lqa_crossval_clear(out);
  }
  return status;
}

void lqa_crossval_clear(lqa_crossval_result *result) {
  free(result->pred_probs);
  free(result->fold);
  lqa_vec_clear(&result->notes);
  lqa_tfidf_clear(&result->features);
  lqa_arena_clear(&result->arena);
  *result = (lqa_crossval_result){0};
}
