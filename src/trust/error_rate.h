/* trust/error_rate.h - how many labels are wrong, with an interval.
 *
 * An estimate without an interval is a guess, so every rate is given with one, its method and n.
 * Wilson (1927) is the default; Clopper-Pearson (1934) where a promise is made ("at most 2 %
 * wrong"); Jeffreys (Brown, Cai, DasGupta 2001) for small cells. */
#ifndef LQA_TRUST_ERROR_RATE_H
#define LQA_TRUST_ERROR_RATE_H

#include "base/interval.h"

#include <stddef.h>

/* `hits` of `n` rows are wrong, 0 <= hits <= n; confidence like .95. n = 0 gives [0, 1]. */
lqa_interval lqa_interval_wilson(int64_t hits, int64_t n, double confidence);
lqa_interval lqa_interval_clopper_pearson(int64_t hits, int64_t n, double confidence);
lqa_interval lqa_interval_jeffreys(int64_t hits, int64_t n, double confidence);

/* A stratum: `n` of its `population` rows were checked, `hits` are wrong. */
typedef struct lqa_stratum {
  int64_t population, n, hits;
} lqa_stratum;

/* Wilson's interval with finite population correction: a stratum checked in full is known
 * exactly. */
lqa_interval lqa_interval_of_stratum(const lqa_stratum *stratum, double confidence);

/* The rate in the whole population: sum of w_h p_h, w_h = population share, with Wilson's interval
 * at the effective sample size (Korn and Graubard 1998): the n of a simple sample that would have
 * the same variance. The strata's variances come from (hits + .5) / (n + 1), so that strata without
 * any error still count as uncertain; a stratum checked in full counts as known, one without any
 * checked row as one coin toss. A single stratum is lqa_interval_of_stratum. */
lqa_interval lqa_interval_stratified(const lqa_stratum *strata, size_t n_strata, double confidence);

#endif
