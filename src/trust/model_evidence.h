/* trust/model_evidence.h - what the model alone says of each given label, before anybody is asked.
 *
 * The out-of-fold probabilities are put behind a channel (channel.h) as far as the data supports
 * one, and give a class posterior and a score for every row. The scale of the score is then fitted
 * so that its mean is the share of wrong labels that the given labels' likelihood supports. Without
 * any verified row that share is a claim about the model's fit, and it is only made where the model
 * disagrees with labels for that reason rather than because it is weak: `is_claimed`.
 */
#ifndef LQA_TRUST_MODEL_EVIDENCE_H
#define LQA_TRUST_MODEL_EVIDENCE_H

#include "trust/log_blend.h"

typedef struct lqa_model_evidence_input {
  const lqa_trust_rows *rows;
  int n_members;
  const float *log_p[LQA_BLEND_MEMBERS]; /* out-of-fold log-probabilities, n_rows x n_classes */
  double prior[LQA_BLEND_MEMBERS];       /* their default weights */
  double min_claim; /* rate / disagreeing from which p_wrong is claimed; 0: .25 */
  float *room; /* n_rows x n_classes for the blend, which may be a member; NULL: it is allocated */
} lqa_model_evidence_input;

/* Owned; n_rows x n_classes matrices are row by row. */
typedef struct lqa_model_evidence {
  float *log_p;     /* the members' blend: log P(class | content); in `room` if that was given */
  bool is_borrowed; /* log_p is */
  float *log_class; /* log P(true class | content, given label), before calibration */
  double *p_wrong;  /* n_rows: probability that the given label is wrong */
  double *log_odds; /* n_rows: the same as log-odds, which tell rows apart where p_wrong is 1 */
  lqa_channel channel;
  double gate_z;      /* of lqa_channel_gate ... */
  double gate_weight; /* ... and how far the channel is believed, 0 to 1 */
  double rate;        /* mean of p_wrong */
  double disagreeing; /* share of rows whose likeliest class is not the given one */
  bool is_claimed;    /* false: p_wrong is a rank, not a probability */
} lqa_model_evidence;

/* LQA_NO_MEMORY. *out is to be cleared whatever the status. */
LQA_MUST_CHECK lqa_status lqa_model_evidence_run(const lqa_model_evidence_input *input,
                                                 lqa_model_evidence *out);
void lqa_model_evidence_clear(lqa_model_evidence *evidence);

/* log_class (n_rows x n_classes) = log of P(class)^power T[class, given], scaled to sum 1. May be
 * log_p itself. LQA_NO_MEMORY. */
typedef struct lqa_channel_input {
  const lqa_trust_rows *rows;
  const float *log_p;
  double power;
} lqa_channel_input;
LQA_MUST_CHECK lqa_status lqa_channel_posterior(const lqa_channel_input *input,
                                                const lqa_channel *channel, float *log_class);

/* log-odds that the given label is wrong, from the probability that it is right. */
double lqa_log_odds_wrong(double right);
double lqa_sigmoid(double z);

#endif
