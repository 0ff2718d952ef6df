/* The last step of every blend, whatever its members were trained on. */
#include "model/crossval_job.h"

#include "base/memory.h"

lqa_status lqa_job_choose_rows(lqa_crossval_job *job, const lqa_problem *problem) {
  job->wanted = lqa_malloc((size_t)job->dataset->n_rows, sizeof *job->wanted);
  if (!job->wanted) {
    return LQA_NO_MEMORY;
  }
  lqa_blend_choose_rows(problem, job->wanted);
  return LQA_OK;
}

/* The fitted weights in words, averaged over folds. */
static const char *describe(lqa_crossval_job *job, const lqa_blend *blend, const char *what) {
  lqa_arena *arena = &job->out->arena;
  double mean[LQA_MAX_MEMBERS] = {0};
  const char *text = "blend of";
  for (int m = 0; text && m < blend->n_members; m++) {
    for (int f = 0; f < job->out->n_folds; f++) {
      mean[m] += blend->weight[f][m] / job->out->n_folds;
    }
    text = lqa_arena_printf(arena, "%s%s %s (weight %.2f)", text, m ? "," : "",
                            blend->members[m].name, mean[m]);
  }
  return text ? lqa_arena_printf(arena, "%s on %s, %d folds", text, what, job->out->n_folds) : NULL;
}

lqa_status lqa_job_blend(lqa_crossval_job *job, const lqa_problem *problem, lqa_blend *blend,
                         const char *what) {
  lqa_job_begin(job, "blending");
  LQA_TRY(lqa_blend_run(problem, blend, job->out->pred_probs));
  lqa_job_end(job, "blending");
  job->out->model = "auto";
  job->out->description = describe(job, blend, what);
  return job->out->description ? LQA_OK : LQA_NO_MEMORY;
}
