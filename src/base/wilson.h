/* base/wilson.h - how far an observed share may be from the true one. */
#ifndef LQA_BASE_WILSON_H
#define LQA_BASE_WILSON_H

/* The p-quantile of the standard normal distribution, 0 < p < 1. */
double lqa_normal_quantile(double p);

/* Wilson's interval (1927): the true shares that `share` of n trials does not contradict, low and
 * high. n may be an effective size or infinite (the share itself); NaN for n = 0. The share may be
 * a mean of probabilities. */
void lqa_wilson_ends(double share, double n, double confidence, double ends[2]);

#endif
