/* trust/beta.h - the beta distribution, behind exact intervals; the normal one is base/interval.h.
 *
 * Own code over base/explog.h, so that an interval has the same bits on every machine. Checked
 * against scipy.special to 1e-10 in the tests. */
#ifndef LQA_TRUST_BETA_H
#define LQA_TRUST_BETA_H

/* log of the gamma function, x > 0. */
double lqa_log_gamma(double x);
/* Regularised incomplete beta function I_x(a, b), a and b > 0; x is clamped to [0, 1]. */
double lqa_beta_cdf(double x, double a, double b);
/* The x with I_x(a, b) = p. */
double lqa_beta_quantile(double p, double a, double b);

#endif
