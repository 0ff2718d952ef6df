/* judge/choose.h - which rows a judge is to look at, and with what probability each was chosen.
 *
 * `top` takes the most suspicious rows and a simple random sample of the others. `budget` draws
 * exactly n rows with unequal probabilities, which are recorded: whoever weights by their inverse
 * gets unbiased error rates from rows that were chosen because they look wrong.
 */
#ifndef LQA_JUDGE_CHOOSE_H
#define LQA_JUDGE_CHOOSE_H

#include "base/vec.h"
#include "judge/judge.h"

typedef enum lqa_choose_strategy {
  LQA_CHOOSE_CORRECTIONS, /* where a wrong label is most likely */
  LQA_CHOOSE_UNCERTAINTY, /* where the model is least sure that the label is right or wrong */
  LQA_CHOOSE_RANDOM,
  LQA_CHOOSE_PHASE /* as uncertain, spread over given labels and suspicion: see floor_share */
} lqa_choose_strategy;

/* One entry per row of the run; all borrowed. */
typedef struct lqa_choose_input {
  int64_t n_rows;
  const int32_t *label; /* class; negative = not known */
  const uint8_t *has_content;
  const uint8_t *is_suspicious;
  const int32_t *issue_rank; /* 0 = not flagged, else from 1 */
  const double *p_wrong;     /* probability that the label is wrong; NaN = not scored */
  const uint8_t *is_done;    /* rows that are not drawn again, or NULL; for lqa_choose_budget */
  double floor_share;        /* of a phase's draw: spread evenly over all rows */
  uint64_t seed;
} lqa_choose_input;

typedef struct lqa_choice {
  int64_t row;
  lqa_judge_kind kind;
  double inclusion;
  int32_t stratum; /* given class, -1 where none */
} lqa_choice;

typedef LQA_VEC(lqa_choice) lqa_choice_list;

/* Up to `top` suspicious rows with content and a known label (flagged ones first, by rank; then by
 * p_wrong), then `n_random` of the unsuspected ones in random order. Appends. */
LQA_MUST_CHECK lqa_status lqa_choose_top(const lqa_choose_input *input, int64_t top,
                                         int64_t n_random, lqa_choice_list *out, lqa_error *err);

/* n rows with content and a known label (or all of them, if there are fewer), by systematic
 * sampling with probabilities proportional to a score by `strategy`, stratified by suspicion and
 * given class. A fifth of the draw is spread evenly over the unsuspected rows whatever their score;
 * of a phase, floor_share evenly over all rows, which are drawn in the order (given class,
 * p_wrong). Appends. */
LQA_MUST_CHECK lqa_status lqa_choose_budget(const lqa_choose_input *input, int64_t n,
                                            lqa_choose_strategy strategy, lqa_choice_list *out,
                                            lqa_error *err);

/* Every row with content, in order (mode label). Appends. */
LQA_MUST_CHECK lqa_status lqa_choose_every(const lqa_choose_input *input, lqa_choice_list *out,
                                           lqa_error *err);

#endif
