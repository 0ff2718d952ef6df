/* trust/flag_recall.h - how many of all wrong labels the suspected rows contain.
 *
 * The share of a part in a whole, of which only estimates are known: wrong labels among suspected
 * rows, and among all others, each counted by a sample of its own. The interval is that of Donner
 * and Zou, "Closed-form confidence intervals for functions of the normal mean and standard
 * deviation" (2012; the method is called MOVER), from the intervals of the two. */
#ifndef LQA_TRUST_FLAG_RECALL_H
#define LQA_TRUST_FLAG_RECALL_H

#include "trust/error_rate.h"

/* part / (part + rest) from independent totals >= 0 with their intervals at the same confidence,
 * which becomes the result's. Both 0: the estimate is NaN and the interval [0, 1]. The result's n
 * is the sum of theirs. */
lqa_interval lqa_interval_of_part(const lqa_interval *part, const lqa_interval *rest);

/* The share of all wrong labels that lies in the first n_flagged strata. Method "mover-wilson"; n =
 * checked rows of both. n = 0 and [0, 1] where one of the two has rows of which none was
 * checked. */
lqa_interval lqa_flag_recall(const lqa_stratum *strata, size_t n_strata, size_t n_flagged,
                             double confidence);

#endif
