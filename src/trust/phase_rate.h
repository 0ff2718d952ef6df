/* trust/phase_rate.h - how many labels are wrong in all rows, from rows that were drawn in phases
 * with known probabilities and verified.
 *
 * The difference estimator (Sarndal, Swensson, Wretman, "Model assisted survey sampling", 1992;
 * with a model's prediction as the control also "prediction-powered inference", Angelopoulos et al.
 * 2023): the control, a probability that each label is wrong which was fixed before the rows were
 * verified, is summed over all rows and corrected by what the verified rows show, each weighted by
 * the inverse of its probability to be drawn. However bad the control, the estimate is right on
 * average; a good one makes the interval narrow. Rows that were drawn at once, suspicious ones for
 * sure and others with one probability, need no control: two strata. A judge's verdicts are
 * corrected by its accuracy (Rogan and Gladen 1978).
 */
#ifndef LQA_TRUST_PHASE_RATE_H
#define LQA_TRUST_PHASE_RATE_H

#include "base/arena.h"
#include "base/interval.h"

typedef struct lqa_phase_row {
  int64_t row;
  double inclusion; /* (0, 1] */
  double control;   /* probability that the label is wrong, before the row was verified */
  double wrong;     /* 1 = found wrong, 0 = found right; NaN = nobody could say */
  int32_t judge;    /* whose word it is; -1 = a person's */
} lqa_phase_row;

typedef struct lqa_rate_phase {
  const lqa_phase_row *rows; /* in the order of the draw: by given label, then by control */
  int64_t n;
  const double *control_sum; /* by class of the given label: over rows not drawn before */
} lqa_rate_phase;

/* How often a judge says NO of right and of wrong labels, each with its standard error. */
typedef struct lqa_judge_error {
  double no_of_right, no_of_wrong;
  double se_right, se_wrong;
} lqa_judge_error;

typedef struct lqa_phase_rate_input {
  int64_t n_rows; /* with a known label */
  int32_t n_classes;
  const int32_t *label;      /* by row number, as in the phases */
  const int64_t *class_rows; /* rows by class; they add up to n_rows */
  const lqa_rate_phase *phases;
  int n_phases;
  const lqa_judge_error *judges;
} lqa_phase_rate_input;

typedef struct lqa_phase_rate {
  lqa_interval rate;      /* n = verified rows; n = 0: nothing to go by */
  lqa_interval *by_class; /* n_classes; low 0, high 1 where fewer than LQA_RATE_MIN_ROWS speak */
} lqa_phase_rate;

enum { LQA_RATE_MIN_ROWS = 10 };

/* The methods: the difference estimator; of rows that were drawn at once, some for sure and the
 * others with equal probability, Wilson's interval in both strata. */
#define LQA_RATE_BY_DIFFERENCE "difference"
#define LQA_RATE_OF_STRATA "stratified-mover"

/* Intervals at 95 %. by_class lives in `arena`. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_phase_rate_of(const lqa_phase_rate_input *input, lqa_arena *arena,
                                            lqa_phase_rate *out);

/* How many of `population` rows a sample like this one must verify in all for an interval of plus
 * or minus `half_width`: its variance falls as 1 / n - 1 / population does, so that all rows are
 * the most that is ever needed. */
int64_t lqa_rate_rows_for(const lqa_interval *rate, int64_t population, double half_width);

#endif
