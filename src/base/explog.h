/* base/explog.h - our own exp and log, so that no result depends on the C library.
 *
 * Plain IEEE adds and multiplies in a fixed order (the project is built with -ffp-contract=off), so
 * the bits are the same on every x86-64 level, and loops over them vectorise. Error below 2 ulp in
 * double, below 2 ulp in float over the normal range; exp underflows to 0 and overflows to infinity;
 * log(0) is -infinity, log of a negative number is NaN. Method: Cody-Waite reduction and a
 * polynomial (exp), atanh series on the mantissa in [sqrt(1/2), sqrt(2)) (log).
 */
#ifndef LQA_BASE_EXPLOG_H
#define LQA_BASE_EXPLOG_H

double lqa_exp(double x);
double lqa_log(double x);
float lqa_expf(float x);
float lqa_logf(float x);

#endif
