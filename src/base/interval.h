/* base/interval.h - an estimate and how far it may be from the truth: the one type for it, and
 * Wilson's interval of a share. Other ways to make one are in trust/error_rate.h. */
#ifndef LQA_BASE_INTERVAL_H
#define LQA_BASE_INTERVAL_H

#include <stdint.h>

typedef struct lqa_interval {
  double estimate, low, high; /* NaN where nothing tells */
  const char *method;         /* "wilson", "clopper-pearson", "jeffreys", "stratified-wilson" */
  int64_t n;                  /* how many were counted */
} lqa_interval;

/* The p-quantile of the standard normal distribution, 0 < p < 1. */
double lqa_normal_quantile(double p);

/* Wilson's interval (1927): the true shares that `share` of n trials does not contradict. n may be
 * an effective size or infinite (the share itself); low and high are NaN for n = 0. The share may
 * be a mean of probabilities. The result's n is 0: who knows what was counted sets it. */
lqa_interval lqa_interval_of_share(double share, double n, double confidence);

#endif
