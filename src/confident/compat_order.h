/* confident/compat_order.h - the tie order "compat"; callers want confident/tie_order.h. */
#ifndef LQA_CONFIDENT_COMPAT_ORDER_H
#define LQA_CONFIDENT_COMPAT_ORDER_H

#include <stdint.h>

/* order[0..n) = the positions of `keys` in ascending order, NaN last, equal ones as the reference
 * has them. Needs no memory. */
void lqa_compat_argsort(const double *keys, int64_t n, int64_t *order);

#endif
