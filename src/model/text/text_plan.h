/* model/text/text_plan.h - how a text model will be trained within a memory limit, decided before
 * memory is taken.
 *
 * From the data and the limit alone (never from threads or what is free at the moment), so a run's
 * bytes are the same on every machine. The estimate takes a sample of rows; it is meant to be too
 * large rather than too small.
 */
#ifndef LQA_MODEL_TEXT_TEXT_PLAN_H
#define LQA_MODEL_TEXT_TEXT_PLAN_H

#include "feature/hashed_blocks.h"
#include "model/crossval/crossval_job.h"

typedef struct lqa_text_plan {
  bool streamed;            /* features on disk; else all in memory */
  uint64_t limit;           /* 0 = none */
  uint64_t rows_bytes;      /* what rows take outside the model */
  uint64_t memory_bytes;    /* what training in memory would take */
  uint64_t available_bytes; /* limit - rows_bytes, at least a minimum */
  bool below_minimum;       /* the limit leaves less than that minimum */
  uint64_t disk_bytes;      /* temporary space that streaming takes */
  unsigned bucket_bits, filter_bits, character_bits;
  size_t n_blocks;
  bool word_bayes, characters; /* members of the blend whose tables fit */
  int64_t sample_rows;         /* on which the blend's weights are fitted, in memory */
} lqa_text_plan;

/* Looks at the text. job->out->n_folds is set. LQA_NO_MEMORY, LQA_BAD_DATA. */
LQA_MUST_CHECK lqa_status lqa_text_plan_make(const lqa_crossval_job *job, const lqa_text_rows *rows,
                                             lqa_text_plan *plan);

#endif
