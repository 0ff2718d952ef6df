/* confident/tie_order.h - orders of scores, and the m smallest without a full sort.
 *
 * Where scores are equal the order is a matter of the sort. Two orders are offered and every output
 * names the one it used:
 *   stable   the earlier row first: the natural, deterministic order;
 *   compat   the order that makes results equal cleanlab's index for index (compat_order.c).
 * NaN sorts last in both.
 */
#ifndef LQA_CONFIDENT_TIE_ORDER_H
#define LQA_CONFIDENT_TIE_ORDER_H

#include "base/sort.h"
#include "labelqa/confident.h"

/* Marks the first m (0 <= m <= n) positions of the ascending order: chosen[i] = 1. Expected
 * O(n). A full sort happens only for compat order, and only when a tie lies across the cut. */
LQA_MUST_CHECK lqa_status lqa_select_smallest(const double *keys, int64_t n, int64_t m,
                                              lqa_tie_order ties, uint8_t *chosen);

/* Where the m smallest end: the m-th smallest key (1 <= m <= n), how many keys are less, how many
 * are equal. A tie lies across the cut when n_less + n_equal > m. */
typedef struct lqa_cut {
  double key;
  int64_t n_less, n_equal;
} lqa_cut;

/* `scratch` has room for n values. Expected O(n). */
lqa_cut lqa_find_cut(const double *keys, int64_t n, int64_t m, double *scratch);

#endif
