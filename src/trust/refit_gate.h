/* trust/refit_gate.h - how far models that were trained on the posterior are believed. */
#ifndef LQA_TRUST_REFIT_GATE_H
#define LQA_TRUST_REFIT_GATE_H

#include "trust/calibrator.h"

enum { LQA_REFIT_GATE_ROWS = 50 }; /* verified, from which on they are asked */

/* Two models' evidence, as the calibrator takes it: before and after. */
typedef struct lqa_refit_gate_input {
  const lqa_trust_rows *rows;
  const float *log_class[2], *log_p[2];
  const lqa_opinion *opinions; /* ascending by row, then by judge */
  size_t n_opinions;
  int n_judges;
  const double *accuracy; /* n_judges */
} lqa_refit_gate_input;

/* z of the gain in log-likelihood of what was said of the verified rows, each predicted by a
 * calibrator that has not seen it. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_refit_gate_run(const lqa_refit_gate_input *input, double *z);

#endif
