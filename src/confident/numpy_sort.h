/* confident/numpy_sort.h - orders of scores, and the m smallest without a full sort.
 *
 * Where scores are equal the order is a matter of the sort. Two orders are offered and every output
 * names the one it used:
 *   stable   the earlier row first: the natural, deterministic order;
 *   compat   what numpy 1.24's default argsort gives (an introsort, unstable from 17 values on), so
 *            that results equal cleanlab's under that numpy index for index.
 * NaN sorts last in both.
 */
#ifndef LQA_CONFIDENT_NUMPY_SORT_H
#define LQA_CONFIDENT_NUMPY_SORT_H

#include "base/status.h"
#include "labelqa/confident.h"

/* lqa_argsort in compat order, without memory of its own. */
void lqa_argsort_in_place(const double *keys, int64_t n, int64_t *order);

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

/* a before b, NaN last. */
static inline bool lqa_key_less(double a, double b) {
  return a < b || (b != b && a == a);
}
/* -0 equals 0, NaN equals NaN. */
static inline bool lqa_key_equal(double a, double b) {
  return a == b || (a != a && b != b);
}

#endif
