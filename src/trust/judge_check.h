/* trust/judge_check.h - whether a judge's answers verify anything. */
#ifndef LQA_TRUST_JUDGE_CHECK_H
#define LQA_TRUST_JUDGE_CHECK_H

#include "trust/calibrator.h"

#include <stdbool.h>

typedef struct lqa_judge_check {
  int64_t n;        /* answers */
  bool is_constant; /* it gives one and the same answer */
} lqa_judge_check;

/* rows, opinions and n_judges of `input`; p_wrong: n_rows, by the model alone; checks: n_judges. */
void lqa_judge_check_run(const lqa_calibrator_input *input, const double *p_wrong,
                         lqa_judge_check *checks);
/* Constant, or right in fewer than 65 of 100 answers before the calibrator's prior is added. */
bool lqa_judge_check_fails(const lqa_judge_check *check, double accuracy);

#endif
