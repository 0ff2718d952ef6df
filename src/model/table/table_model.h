/* model/table/table_model.h - models of a table of feature columns. */
#ifndef LQA_MODEL_TABLE_TABLE_MODEL_H
#define LQA_MODEL_TABLE_TABLE_MODEL_H

#include "model/crossval/crossval_job.h"

/* Trains on the feature columns: fills pred_probs, train_accuracy, model, description. */
LQA_MUST_CHECK lqa_status lqa_table_model_run(lqa_crossval_job *job);

#endif
