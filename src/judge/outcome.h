/* judge/outcome.h - what a reply means for the request that it answers: an answer, a reason to try
 * again, the end of this row, or the end of the whole endpoint. A pure function of reply and
 * capabilities.
 */
#ifndef LQA_JUDGE_OUTCOME_H
#define LQA_JUDGE_OUTCOME_H

#include "judge/transport.h"
#include "judge/wire.h"

typedef enum lqa_outcome_kind {
  LQA_OUTCOME_ANSWER,  /* `completion` holds it (also a refusal) */
  LQA_OUTCOME_LEARNT,  /* a field was refused: the same again without it */
  LQA_OUTCOME_LIMITED, /* too many requests: wait, then try again */
  LQA_OUTCOME_RETRY,   /* failed, may work the next time */
  LQA_OUTCOME_ROW,     /* this row will not be answered */
  LQA_OUTCOME_END      /* nothing will be answered: wrong key, no such model, no money left */
} lqa_outcome_kind;

typedef struct lqa_call_outcome {
  lqa_outcome_kind kind;
  bool counts;    /* as a paid call: sent, and not refused with an error status */
  bool has_usage; /* else the bound is charged */
  double wait;    /* LIMITED and RETRY: seconds the server asked for; NaN = it did not */
  bool is_error_status;
  lqa_completion completion; /* ANSWER: owned by the outcome */
  char message[400];         /* all but ANSWER and LEARNT */
} lqa_call_outcome;

/* `proven`: the endpoint has answered before, so a refusal concerns the row. *refused is added to.
 */
void lqa_outcome_of(const lqa_http_reply *reply, const lqa_judge_options *options, bool proven,
                    unsigned *refused, lqa_call_outcome *out);
void lqa_outcome_clear(lqa_call_outcome *outcome);

#endif
