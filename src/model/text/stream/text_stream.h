/* model/text/stream/text_stream.h - a text model that is trained from disk.
 *
 * Why this folder exists: a matrix of features may be larger than the memory limit. Here the
 * features lie on disk in blocks and are read once an epoch, which takes several times as long as
 * training in memory (../text_memory.c), so it is done only where the plan (../text_plan.h) says
 * that the limit would be passed.
 */
#ifndef LQA_MODEL_TEXT_STREAM_TEXT_STREAM_H
#define LQA_MODEL_TEXT_STREAM_TEXT_STREAM_H

#include "model/text/stream/text_sample.h"
#include "model/text/text_plan.h"

typedef struct lqa_text_stream {
  lqa_crossval_job *job;
  const lqa_text_rows *rows;
  const lqa_text_plan *plan;
  lqa_hashed_blocks features;
  lqa_text_sample sample;     /* its weights are the blend's */
  int member;                 /* at hand: a column of the weights */
  float scale[LQA_MAX_FOLDS]; /* of a fold's scores, in the end */
} lqa_text_stream;

/* Log-probabilities are held above that of this, as in blend.c. */
#define LQA_SMALLEST_PROBABILITY 1e-9f

/* Naive Bayes on the words' blocks, or on the text's hashed characters: adds the member's weighted
 * log-probabilities to the scores in pred_probs, where NaN is the score before the first member. */
LQA_MUST_CHECK lqa_status lqa_text_stream_bayes(lqa_text_stream *stream, bool characters);

/* Trains from disk as planned: fills pred_probs, train_accuracy, model, description; notes what was
 * done instead of training in memory. */
LQA_MUST_CHECK lqa_status lqa_text_stream_run(lqa_crossval_job *job, const lqa_text_rows *rows,
                                              const lqa_text_plan *plan);

#endif
