/* A text model trains in memory (text_memory.c) unless the plan says that it would pass the memory
 * limit; then it trains from disk (stream/).
 */
#include "model/text/text_model.h"

#include "base/memory.h"
#include "model/text/stream/text_stream.h"
#include "model/text/text_memory.h"
#include "model/text/text_plan.h"

/* Only the kinds that read text. */
static lqa_status check_kind(const lqa_crossval_job *job) {
  lqa_model_kind kind = job->options->kind;
  bool reads_text =
      kind == LQA_MODEL_LOGISTIC || kind == LQA_MODEL_NAIVE_BAYES || kind == LQA_MODEL_AUTO;
  return reads_text ? LQA_OK
                    : lqa_fail(job->err, LQA_BAD_USAGE,
                               "text is modelled by auto, logistic or naive-bayes; trees "
                               "need " LQA_OPTION("features") ", knn needs " LQA_OPTION_AS(
                                   "embeddings", "FILE.npy") " (a vector for each row)");
}

lqa_status lqa_text_model_run(lqa_crossval_job *job) {
  int64_t n_rows = job->dataset->n_rows;
  lqa_text_rows rows;
  uint8_t *use;
  lqa_text_plan plan;
  lqa_status status;
  LQA_TRY(check_kind(job));
  use = lqa_malloc((size_t)n_rows, sizeof *use);
  LQA_TRY_OUT(use ? LQA_OK : LQA_NO_MEMORY);
  for (int64_t row = 0; row < n_rows; row++) {
    use[row] = job->label[row] >= 0;
  }
  rows = (lqa_text_rows){&job->dataset->content, use};
  LQA_TRY_OUT(lqa_text_plan_make(job, &rows, &plan));
  LQA_TRY_OUT(plan.streamed ? lqa_text_stream_run(job, &rows, &plan)
                            : lqa_text_memory_run(job, &rows));
out:
  free(use);
  return status;
}
