/* trust/loss_weight.h - what a training loss says of a label, as a factor on its odds to be wrong.
 */
#ifndef LQA_TRUST_LOSS_WEIGHT_H
#define LQA_TRUST_LOSS_WEIGHT_H

#include "base/status.h"

#include <stddef.h>

enum { LQA_LOSS_TENTHS = 10, LQA_LOSS_MIN_ROWS = 100 };

/* A verified row. */
typedef struct lqa_loss_check {
  double percentile; /* of its loss, 0 to 1 */
  double predicted;  /* probability of a wrong label without the loss and without its opinions */
  double observed;   /* the same by its opinions: about 0 or 1 */
} lqa_loss_check;

typedef struct lqa_loss_weight {
  double factor[LQA_LOSS_TENTHS]; /* by tenth of the losses, ascending */
} lqa_loss_weight;

/* The factors that hold without verified rows: 2 in the highest tenth, .9 elsewhere. */
void lqa_loss_weight_init(lqa_loss_weight *weight);
/* Fits them to n verified rows; fewer than LQA_LOSS_MIN_ROWS change nothing. The fit never falls
 * from one tenth to the next. */
void lqa_loss_weight_fit(lqa_loss_weight *weight, const lqa_loss_check *checks, size_t n);
double lqa_loss_weight_get(const lqa_loss_weight *weight, double percentile);

#endif
