/* model/text/stream/text_sample.h - the weights of a streamed blend, fitted in memory on a sample.
 */
#ifndef LQA_MODEL_TEXT_STREAM_TEXT_SAMPLE_H
#define LQA_MODEL_TEXT_STREAM_TEXT_SAMPLE_H

#include "model/text/text_plan.h"

/* What training in memory on a sample of the rows tells. */
typedef struct lqa_text_sample {
  bool fitted; /* else the sample was too small: default weights, no rows */
  double weight[LQA_MAX_FOLDS][LQA_MAX_MEMBERS]; /* of logistic, naive Bayes and characters */
  int64_t n_rows;
  uint32_t *row;
  float *margin; /* by how much the sample's blend favours the row's likeliest class over the next,
                  * in log-odds */
} lqa_text_sample;

/* Trains a blend on plan->sample_rows rows. Nothing of a fold's labels reaches its weights, or the
 * margins of its rows. Clear *out whatever the status. */
LQA_MUST_CHECK lqa_status lqa_text_sample_run(const lqa_crossval_job *job,
                                              const lqa_text_rows *rows, const lqa_text_plan *plan,
                                              lqa_text_sample *out);
void lqa_text_sample_clear(lqa_text_sample *sample);
/* The difference of the two largest of n scores. */
float lqa_score_margin(const float *score, int32_t n);

#endif
