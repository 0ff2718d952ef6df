/* audit/p_value.h - tail probabilities of the normal and chi-square distributions, without libm. */
#ifndef LQA_AUDIT_P_VALUE_H
#define LQA_AUDIT_P_VALUE_H

#include <stddef.h>

/* P(Z > z) for a standard normal Z; relative error below 1e-6 for z up to 37, 0 beyond. */
double lqa_p_value_normal(double z);
/* P(X > x) of a chi-square with `df` degrees of freedom (Wilson and Hilferty 1931): good to about a
 * tenth of its value, which is all that thresholds need. */
double lqa_p_value_chi_square(double x, double df);
/* Benjamini and Hochberg 1995: the largest p among `p` (n values, any order) that is significant at
 * false discovery rate q, or -1 if none is. Sorts `p`. */
double lqa_p_value_discovery_limit(double *p, size_t n, double q);

#endif
