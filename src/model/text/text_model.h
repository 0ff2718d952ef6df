/* model/text/text_model.h - models of text: in memory, or from disk where the limit asks for it. */
#ifndef LQA_MODEL_TEXT_TEXT_MODEL_H
#define LQA_MODEL_TEXT_TEXT_MODEL_H

#include "model/crossval/crossval_job.h"

/* Trains on text: fills pred_probs, train_accuracy, model, description. LQA_BAD_USAGE for a kind of
 * model that does not read text. */
LQA_MUST_CHECK lqa_status lqa_text_model_run(lqa_crossval_job *job);

#endif
