/* model/crossval_job.h - one cross-validation at work: what its stages share (internal to
 * crossval.c and the files that train for one kind of content).
 */
#ifndef LQA_MODEL_CROSSVAL_JOB_H
#define LQA_MODEL_CROSSVAL_JOB_H

#include "model/blend.h"
#include "model/crossval.h"
#include "model/problem.h"
#include "model/softmax.h"

typedef struct lqa_crossval_job {
  const lqa_dataset *dataset;
  const lqa_crossval_options *options;
  lqa_crossval_result *out; /* fold, n_folds and pred_probs are there when training starts */
  lqa_error *err;
  int32_t *label;  /* class codes; negative where the row is not scorable */
  uint8_t *wanted; /* rows that pair models predict, or NULL */
  uint32_t *group; /* rows with the same number share a fold; NULL where folds were given */
  bool grouped;
  double stage_start;
} lqa_crossval_job;

/* A stage is timed, and shown as progress while it runs. */
void lqa_job_begin(lqa_crossval_job *job, const char *name);
void lqa_job_end(lqa_crossval_job *job, const char *name);
/* Keeps a sentence for people; `note` lives as long as the result, NULL means out of memory. */
lqa_status lqa_job_note(lqa_crossval_job *job, const char *note) LQA_MUST_CHECK;
/* Deals the rows into out->fold anew, groups together; another repeat, other folds. */
lqa_status lqa_job_deal_folds(lqa_crossval_job *job, int repeat) LQA_MUST_CHECK;
/* The job's labels and folds over a matrix. */
lqa_problem lqa_job_problem(const lqa_crossval_job *job, const lqa_sparse *x);
/* Logistic regression with the job's options; notes if it did not converge. out->outer may be the
 * result's pred_probs. Fills train_accuracy. */
lqa_status lqa_job_logistic(lqa_crossval_job *job, const lqa_problem *problem,
                            const lqa_predictions *out) LQA_MUST_CHECK;
/* Room for a member's predictions, pair models included where the folds allow it. Freed by
 * lqa_predictions_clear. */
lqa_status lqa_predictions_take(const lqa_crossval_job *job, lqa_predictions *out) LQA_MUST_CHECK;
void lqa_predictions_clear(lqa_predictions *predictions);

/* Chooses the rows that pair models predict (job->wanted). */
lqa_status lqa_job_choose_rows(lqa_crossval_job *job, const lqa_problem *problem) LQA_MUST_CHECK;
/* Blends the members into the result's pred_probs; describes it as "blend of <members> on <what>".
 */
lqa_status lqa_job_blend(lqa_crossval_job *job, const lqa_problem *problem, lqa_blend *blend,
                         const char *what) LQA_MUST_CHECK;

/* Trains on text: fills pred_probs, train_accuracy, model, description. */
lqa_status lqa_text_model_run(lqa_crossval_job *job) LQA_MUST_CHECK;
/* The same for a table. */
lqa_status lqa_table_model_run(lqa_crossval_job *job) LQA_MUST_CHECK;

#endif
