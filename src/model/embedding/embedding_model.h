/* model/embedding/embedding_model.h - models of embeddings, alone or as members of a blend. */
#ifndef LQA_MODEL_EMBEDDING_EMBEDDING_MODEL_H
#define LQA_MODEL_EMBEDDING_EMBEDDING_MODEL_H

#include "model/crossval/crossval_job.h"

/* States what training on the embeddings will take, then reads them into job->dense. LQA_BAD_USAGE
 * where that passes the memory limit. */
LQA_MUST_CHECK lqa_status lqa_embeddings_read(lqa_crossval_job *job);
/* Trains on the embeddings, where there is nothing else or only they are wanted: fills pred_probs,
 * train_accuracy, model, description. */
LQA_MUST_CHECK lqa_status lqa_embedding_model_run(lqa_crossval_job *job);
/* Adds the members trained on the embeddings to a blend, if there are any. */
LQA_MUST_CHECK lqa_status lqa_embedding_members_add(lqa_crossval_job *job, lqa_blend *blend);

#endif
