/* trust/log_blend.h - several models' log-probabilities into one distribution per row.
 *
 * log P(class) = sum over members of weight(member) * log p_member(class), up to a constant;
 * weights lie in [0, 5] and their sum is free, which is the calibration (temperature). They
 * minimise a held-out loss plus a ridge towards default weights. The members must be out of fold.
 */
#ifndef LQA_TRUST_LOG_BLEND_H
#define LQA_TRUST_LOG_BLEND_H

#include "trust/channel.h"

enum { LQA_BLEND_MEMBERS = 4 };

typedef struct lqa_log_blend {
  const lqa_trust_rows *rows;
  int n_members;
  const float *log_p[LQA_BLEND_MEMBERS]; /* n_rows x n_classes each */
  double prior[LQA_BLEND_MEMBERS];       /* default weights */
  double ridge;                          /* per row; .002 in the source of the method */
  /* What the blend is to predict: `soft` class probabilities (n_rows x n_classes); else the given
   * label behind `channel`; else the given label itself. */
  const float *soft;
  const lqa_channel *channel;
} lqa_log_blend;

/* Fits weight[n_members], from what it holds. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_log_blend_fit(const lqa_log_blend *blend, double *weight);
/* out (n_rows x n_classes) = the blend's log-probabilities; may be a member. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_log_blend_mix(const lqa_log_blend *blend, const double *weight,
                                            float *out);

#endif
