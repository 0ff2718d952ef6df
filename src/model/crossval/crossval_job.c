/* The parts of a cross-validation that every kind of content shares: stages, notes, members'
 * predictions, logistic regression with its certificate.
 */
#include "model/crossval/crossval_job.h"

#include "base/clock.h"
#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <string.h>

void lqa_crossval_options_init(lqa_crossval_options *options) {
  *options = (lqa_crossval_options){.kind = LQA_MODEL_AUTO,
                                    .n_folds = 5,
                                    .C = 1.0,
                                    .ngram_lo = 1,
                                    .ngram_hi = 2,
                                    .min_df = 2,
                                    .tolerance = lqa_softmax_defaults().tolerance};
}

#define MODEL(kind, name) name,
static const char *const kind_names[LQA_MODEL_COUNT] = {
    "auto",
#include "model/crossval/model_list.h"
};
#undef MODEL

#define MODEL(kind, name) "|" name
const char lqa_model_choices[] = "auto"
#include "model/crossval/model_list.h"
    ;
#undef MODEL

bool lqa_model_kind_of(lqa_str name, lqa_model_kind *kind) {
  for (size_t i = 0; i < LQA_MODEL_COUNT; i++) {
    if (lqa_str_equal(name, lqa_str_from(kind_names[i]))) {
      *kind = (lqa_model_kind)i;
      return true;
    }
  }
  return false;
}

void lqa_job_begin(lqa_crossval_job *job, const char *name) {
  lqa_observe_progress(job->options->observer, name, -1);
  job->stage_start = lqa_clock_seconds();
}

void lqa_job_end(lqa_crossval_job *job, const char *name) {
  double seconds = lqa_clock_seconds() - job->stage_start;
  int i = 0;
  while (i < job->out->n_stages && strcmp(job->out->stages[i].name, name) != 0) {
    i++;
  }
  if (i < job->out->n_stages) { /* a repeat */
    job->out->stages[i].seconds += seconds;
  } else if (i < LQA_MAX_STAGES) {
    job->out->stages[job->out->n_stages++] = (lqa_stage){name, seconds};
  }
}

lqa_status lqa_job_note(lqa_crossval_job *job, const char *note) {
  return note ? lqa_vec_push(&job->out->notes, note) : LQA_NO_MEMORY;
}

lqa_problem lqa_job_problem(const lqa_crossval_job *job, const lqa_sparse *x) {
  return (lqa_problem){x, job->label, job->out->fold, job->dataset->n_classes, job->out->n_folds};
}

lqa_status lqa_predictions_init(const lqa_crossval_job *job, lqa_predictions *out) {
  size_t n = (size_t)job->dataset->n_rows, bytes = (size_t)job->dataset->n_classes * sizeof(float);
  bool pairs = job->out->n_folds >= 3;
  *out = (lqa_predictions){.wanted = job->wanted};
  out->outer = lqa_malloc(n, bytes);
  out->next = pairs ? lqa_malloc(n, bytes) : NULL;
  out->previous = pairs ? lqa_malloc(n, bytes) : NULL;
  bool all = out->outer && (!pairs || (out->next && out->previous));
  return all ? LQA_OK : LQA_NO_MEMORY;
}

void lqa_predictions_clear(lqa_predictions *predictions) {
  free(predictions->outer);
  free(predictions->next);
  free(predictions->previous);
  *predictions = (lqa_predictions){0};
}

lqa_status lqa_job_sum_training(lqa_crossval_job *job, const lqa_softmax_fold *folds) {
  int64_t n = 0, n_correct = 0;
  bool converged = true;
  for (int f = 0; f < job->out->n_folds; f++) {
    n += folds[f].n_train;
    n_correct += folds[f].n_train_correct;
    converged = converged && folds[f].converged;
  }
  job->out->train_accuracy = (double)n_correct / (double)n;
  job->member = "logistic regression";
  return converged ? LQA_OK
                   : lqa_job_note(job, "Logistic regression did not reach its tolerance in every "
                                       "fold: a smaller C converges faster.");
}

/* For the report; a repeat takes the place of the deal before. */
static void keep_optimum(lqa_crossval_job *job, const lqa_problem *problem,
                         const lqa_softmax_options *options, const lqa_softmax_fold *folds) {
  const char *of = problem->x->is_dense                      ? "embeddings"
                   : job->dataset->kind == LQA_CONTENT_TABLE ? "columns"
                                                             : "tf-idf";
  lqa_crossval_result *out = job->out;
  int i = 0;
  while (i < out->n_optima && strcmp(out->optima[i].of, of) != 0) {
    i++;
  }
  assert(i < LQA_MAX_OPTIMA);
  out->n_optima = i < out->n_optima ? out->n_optima : i + 1;
  out->optima[i] = (lqa_optimum){.of = of, .C = options->C, .tolerance = options->tolerance};
  memcpy(out->optima[i].folds, folds, (size_t)out->n_folds * sizeof *folds);
}

lqa_status lqa_job_logistic(lqa_crossval_job *job, const lqa_problem *problem,
                            const lqa_predictions *out) {
  lqa_softmax_fold folds[LQA_MAX_FOLDS];
  lqa_softmax_options options = lqa_softmax_defaults();
  options.C = job->options->C;
  bool blended = out->next != NULL; /* the blend forgives more than its weights' own error */
  options.tolerance = job->options->tolerance * (blended ? LQA_BLENDED_TOLERANCE : 1);
  options.seed = job->options->seed;
  options.pool = job->options->pool;
  options.observer = job->options->observer;
  lqa_job_begin(job, "training");
  LQA_TRY(lqa_softmax_run(problem, &options, out, folds));
  lqa_job_end(job, "training");
  keep_optimum(job, problem, &options, folds);
  return lqa_job_sum_training(job, folds);
}

void lqa_crossval_clear(lqa_crossval_result *result) {
  free(result->pred_probs);
  free(result->fold);
  lqa_vec_clear(&result->notes);
  lqa_tfidf_clear(&result->features);
  lqa_arena_clear(&result->arena);
  *result = (lqa_crossval_result){0};
}
