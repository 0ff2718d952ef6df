/* trust/judge_check.h - whether a judge's answers verify anything. */
#ifndef LQA_TRUST_JUDGE_CHECK_H
#define LQA_TRUST_JUDGE_CHECK_H

#include "trust/calibrator.h"

#include <stdbool.h>

typedef struct lqa_judge_check {
  int64_t n;        /* answers */
  bool is_constant; /* it gives one and the same answer */
  bool is_weak;     /* right too rarely for so few answers (lqa_judge_check_is_weak) */
} lqa_judge_check;

/* rows, opinions and n_judges of `input`; p_wrong: n_rows, by the model alone; checks: n_judges. */
void lqa_judge_check_run(const lqa_calibrator_input *input, const double *p_wrong,
                         lqa_judge_check *checks);
/* Constant, or right in fewer than 65 of 100 answers before the calibrator's prior is added. */
bool lqa_judge_check_fails(const lqa_judge_check *check, double accuracy);
/* What one answer is worth, in rows that a person verifies: the square of Youden's index (how much
 * more often the judge says NO of wrong labels than of right ones). */
double lqa_judge_check_worth(const lqa_judge_check *check, double accuracy, int32_t n_classes);
/* Right in fewer than 80 of 100 answers, which together are worth fewer than 150 verified rows. */
bool lqa_judge_check_is_weak(const lqa_judge_check *check, double accuracy, int32_t n_classes);

#endif
