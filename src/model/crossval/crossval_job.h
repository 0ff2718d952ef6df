/* model/crossval/crossval_job.h - one cross-validation at work: what its stages share (internal to
 * crossval.c and the files that train for one kind of content).
 */
#ifndef LQA_MODEL_CROSSVAL_CROSSVAL_JOB_H
#define LQA_MODEL_CROSSVAL_CROSSVAL_JOB_H

#include "feature/dense.h"
#include "model/problem/blend.h"
#include "data/dataset/dataset.h"
#include "model/crossval/crossval_result.h"
#include "model/problem/problem.h"
#include "model/linear/softmax.h"

#define LQA_BLENDED_TOLERANCE 1000 /* of a blend's logistic regression, times the option's */

typedef struct lqa_crossval_job {
  const lqa_dataset *dataset;
  const lqa_crossval_options *options;
  lqa_crossval_result *out; /* fold, n_folds and pred_probs are there when training starts */
  lqa_error *err;
  int32_t *label;  /* class codes; negative where the row is not scorable */
  uint8_t *wanted; /* rows that pair models predict, or NULL */
  lqa_dense dense; /* the embeddings, where there are any */
  uint32_t *group; /* rows with the same number share a fold; NULL where folds were given */
  bool grouped;
  const char *member; /* the one that out->train_accuracy is of, or NULL */
  double stage_start;
  int n_repeats;                     /* of lqa_job_repeat */
  double weight[LQA_MAX_MEMBERS];    /* of the blend, mean over folds and repeats */
  double (*fitted)[LQA_MAX_MEMBERS]; /* n_folds: where a blend leaves its weights, or NULL */
  int n_fitted;                      /* members it had */
} lqa_crossval_job;

/* A stage is timed, and shown as progress while it runs. */
void lqa_job_begin(lqa_crossval_job *job, const char *name);
void lqa_job_end(lqa_crossval_job *job, const char *name);
/* Keeps a sentence for people; `note` lives as long as the result, NULL means out of memory. */
LQA_MUST_CHECK lqa_status lqa_job_note(lqa_crossval_job *job, const char *note);
/* Which rows stay together, how many folds there are, and the first deal; notes what had to be done
 * otherwise than asked, and folds that are too unequal to be of use. */
LQA_MUST_CHECK lqa_status lqa_job_assign_folds(lqa_crossval_job *job);
/* Deals the rows into out->fold anew, groups together; another repeat, other folds. */
LQA_MUST_CHECK lqa_status lqa_job_deal_folds(lqa_crossval_job *job, int repeat);
/* The job's labels and folds over a matrix. */
lqa_problem lqa_job_problem(const lqa_crossval_job *job, const lqa_sparse *x);
/* Logistic regression with the job's options; notes if it did not converge. out->outer may be the
 * result's pred_probs. Fills train_accuracy. */
LQA_MUST_CHECK lqa_status lqa_job_logistic(lqa_crossval_job *job, const lqa_problem *problem,
                                           const lqa_predictions *out);
/* Accuracy of the fold models on what they were trained on; notes if one did not converge. */
LQA_MUST_CHECK lqa_status lqa_job_sum_training(lqa_crossval_job *job,
                                               const lqa_softmax_fold *folds);
/* Room for a member's predictions, pair models included where the folds allow it. Freed by
 * lqa_predictions_clear. */
LQA_MUST_CHECK lqa_status lqa_predictions_init(const lqa_crossval_job *job, lqa_predictions *out);
void lqa_predictions_clear(lqa_predictions *predictions);

/* Trains and blends on the folds as they are dealt. */
typedef lqa_status (*lqa_job_step)(lqa_crossval_job *job, void *data);
/* Runs it once, or for few rows on several deals of the folds, and averages pred_probs. */
LQA_MUST_CHECK lqa_status lqa_job_repeat(lqa_crossval_job *job, lqa_job_step blend_once,
                                         void *data);
/* The last act of a step: blends the members into pred_probs; describes it as "blend of <members>
 * on <what>". */
LQA_MUST_CHECK lqa_status lqa_job_blend(lqa_crossval_job *job, const lqa_problem *problem,
                                        lqa_blend *blend, const char *what);

#endif
