/* The last step of every blend, whatever its members were trained on; and its repetition.
 *
 * With few rows chance decides a lot about a fold's models: the mean over several deals of the
 * folds is steadier. The folds reported are those of the first deal.
 */
#include "model/crossval/crossval_job.h"

#include "base/memory.h"

#include <string.h>

enum {
  FEW_ROWS = 3000,     /* up to here folds are dealt three times, ... */
  VERY_FEW_ROWS = 1000 /* ... up to here five times */
};

/* The fitted weights in words, averaged over folds and repeats. */
static const char *describe(lqa_crossval_job *job, const lqa_blend *blend, const char *what) {
  lqa_arena *arena = &job->out->arena;
  const char *text = "blend of";
  for (int m = 0; text && m < blend->n_members; m++) {
    text = lqa_arena_printf(arena, "%s%s %s (weight %.2f)", text, m ? "," : "",
                            blend->members[m].name, job->weight[m]);
  }
  if (text && job->n_repeats > 1) {
    text = lqa_arena_printf(arena, "%s, mean of %d repeats,", text, job->n_repeats);
  }
  return text ? lqa_arena_printf(arena, "%s on %s, %d folds", text, what, job->out->n_folds) : NULL;
}

lqa_status lqa_job_blend(lqa_crossval_job *job, const lqa_problem *problem, lqa_blend *blend,
                         const char *what) {
  int n_folds = job->out->n_folds;
  lqa_job_begin(job, "blending");
  LQA_TRY(lqa_blend_run(problem, blend, job->out->pred_probs));
  lqa_job_end(job, "blending");
  if (job->fitted) {
    memcpy(job->fitted, blend->weight, (size_t)n_folds * sizeof *blend->weight);
    job->n_fitted = blend->n_members;
  }
  for (int m = 0; m < blend->n_members; m++) {
    for (int f = 0; f < n_folds; f++) {
      job->weight[m] += blend->weight[f][m] / (n_folds * job->n_repeats);
    }
  }
  job->out->model = "auto";
  job->out->description = describe(job, blend, what);
  return job->out->description ? LQA_OK : LQA_NO_MEMORY;
}

static int count_repeats(const lqa_crossval_job *job) {
  int64_t n = 0;
  for (int64_t row = 0; row < job->dataset->n_rows; row++) {
    n += job->label[row] >= 0;
  }
  return job->options->fixed_fold || n > FEW_ROWS ? 1 : n > VERY_FEW_ROWS ? 3 : 5;
}

/* Averages the probabilities of several deals into the result. */
static lqa_status run_repeats(lqa_crossval_job *job, lqa_job_step blend_once, void *data,
                              float *sum) {
  lqa_crossval_result *out = job->out;
  size_t n = (size_t)out->n_rows * (size_t)out->n_classes;
  for (int repeat = 0; repeat < job->n_repeats; repeat++) {
    if (repeat > 0) {
      LQA_TRY(lqa_job_deal_folds(job, repeat));
    }
    LQA_TRY(blend_once(job, data));
    for (size_t i = 0; i < n; i++) {
      sum[i] += out->pred_probs[i];
    }
    LQA_TRY(lqa_observe_check(job->options->observer, job->err));
  }
  for (size_t i = 0; i < n; i++) {
    out->pred_probs[i] = sum[i] / (float)job->n_repeats;
  }
  return LQA_OK;
}

lqa_status lqa_job_repeat(lqa_crossval_job *job, lqa_job_step blend_once, void *data) {
  lqa_crossval_result *out = job->out;
  size_t n_rows = (size_t)out->n_rows;
  job->n_repeats = count_repeats(job);
  job->wanted = lqa_malloc(n_rows, sizeof *job->wanted);
  if (!job->wanted || job->n_repeats == 1) {
    return job->wanted ? blend_once(job, data) : LQA_NO_MEMORY;
  }
  float *sum = lqa_calloc(n_rows, (size_t)out->n_classes * sizeof *sum);
  uint8_t *first_fold = lqa_malloc(n_rows, sizeof *first_fold);
  lqa_status status;
  LQA_TRY_OUT(sum && first_fold ? LQA_OK : LQA_NO_MEMORY);
  memcpy(first_fold, out->fold, n_rows);
  LQA_TRY_OUT(run_repeats(job, blend_once, data, sum));
  memcpy(out->fold, first_fold, n_rows);
out:
  free(sum);
  free(first_fold);
  return status;
}
