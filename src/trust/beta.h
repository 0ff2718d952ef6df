/* trust/beta.h - the two distributions behind the intervals: normal and beta.
 *
 * Own code over base/explog.h, so that an interval has the same bits on every machine. Checked
 * against scipy.special to 1e-10 in the tests. */
#ifndef LQA_TRUST_BETA_H
#define LQA_TRUST_BETA_H

/* The p-quantile of the standard normal distribution, 0 < p < 1. */
double lqa_normal_quantile(double p);
/* log of the gamma function, x > 0. */
double lqa_log_gamma(double x);
/* Regularised incomplete beta function I_x(a, b), a and b > 0; x is clamped to [0, 1]. */
double lqa_beta_cdf(double x, double a, double b);
/* The x with I_x(a, b) = p. */
double lqa_beta_quantile(double p, double a, double b);

#endif
