/* model/text/text_memory.h - models of text whose features are held in memory. */
#ifndef LQA_MODEL_TEXT_TEXT_MEMORY_H
#define LQA_MODEL_TEXT_TEXT_MEMORY_H

#include "feature/word_sample.h"
#include "model/crossval/crossval_job.h"

/* Trains the kind of model that job->options name on `rows`: fills pred_probs, train_accuracy,
 * model, description. */
LQA_MUST_CHECK lqa_status lqa_text_memory_run(lqa_crossval_job *job, const lqa_text_rows *rows);

#endif
