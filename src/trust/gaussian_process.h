/* trust/gaussian_process.h - the correction of the calibrator: a linear model whose effects have
 * Gaussian priors, fitted to soft targets by Newton steps.
 *
 * Seven effects act on a row: intercept, margin, given class, its slope, best other class, pair of
 * both, its slope. A row's features are therefore seven numbers, of which most rows share some. The
 * system is solved over effects or over verified rows, whichever are fewer; both give the same.
 */
#ifndef LQA_TRUST_GAUSSIAN_PROCESS_H
#define LQA_TRUST_GAUSSIAN_PROCESS_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum { LQA_EFFECTS = 7 };

/* What the correction sees of a row. */
typedef struct lqa_gp_row {
  double margin; /* scaled: about -3 to 3 */
  int32_t given, other;
} lqa_gp_row;

typedef struct lqa_gp lqa_gp;

/* Over the n verified rows. The 256 pairs of classes that most of them share have effects. NULL:
 * out of memory. */
lqa_gp *lqa_gp_new(const lqa_gp_row *rows, size_t n, int32_t n_classes);
void lqa_gp_free(lqa_gp *gp);

/* One Newton step: offset[i] + u[i] is a row's log-odds, target[i] in [0, 1] what it should be,
 * weight[i] > 0. u (n values) is replaced; *moved = the largest change. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_gp_step(lqa_gp *gp, const double *offset, const double *target,
                                      const double *weight, double *u, double *moved);
/* The correction of any row after the last step. */
double lqa_gp_correct(const lqa_gp *gp, const lqa_gp_row *row);

#endif
