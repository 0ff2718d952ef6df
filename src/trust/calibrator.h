/* trust/calibrator.h - from verified rows to probabilities for all rows.
 *
 * Gaussian-process logistic regression on the rows that people or judges have looked at (Laplace
 * approximation; Rasmussen and Williams 2006, algorithm 3.1). It corrects the model's log-odds that
 * a label is wrong by an intercept, the model's margin, the given class, the best other class and
 * the pair of both, each with a prior standard deviation, so that a few verified rows move much
 * where they agree and little where they are few. Judges are witnesses with an accuracy of their
 * own that is estimated along (Dawid and Skene 1979, one number for each judge, Beta prior; a whole
 * confusion matrix from 100 answers a class on), whose errors are correlated; people are right.
 */
#ifndef LQA_TRUST_CALIBRATOR_H
#define LQA_TRUST_CALIBRATOR_H

#include "trust/channel.h"
#include "trust/trust_rows.h"

/* A judge starts as one that was right in 18 of 20 answers. */
#define LQA_JUDGE_PRIOR_RIGHT 18.
#define LQA_JUDGE_PRIOR_WRONG 2.

/* Who said that a row is of a class. */
typedef struct lqa_opinion {
  int64_t row;
  int32_t class_code;
  int32_t judge;    /* 0 .. n_judges-1; negative: a person */
  double inclusion; /* probability with which the row was chosen to be looked at, in (0, 1] */
} lqa_opinion;

typedef struct lqa_calibrator_input {
  const lqa_trust_rows *rows;
  const float *log_class;      /* n_rows x n_classes: log-posterior before calibration */
  const float *log_p;          /* n_rows x n_classes: log P(class | content); gives the margin */
  const lqa_opinion *opinions; /* ascending by row, then by judge */
  size_t n_opinions;
  int n_judges;
} lqa_calibrator_input;

/* q: n_rows x n_classes, P(true class | all evidence); it may be log_class itself, or NULL where
 * only p_wrong is wanted. p_wrong: n_rows, before a row's own opinions
 * are counted. accuracy: n_judges (NULL where there are none). All the caller's. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_calibrator_run(const lqa_calibrator_input *input, float *q,
                                             double *p_wrong, double *accuracy);

#endif
