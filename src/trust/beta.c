/* trust/beta.c - normal and beta distribution.
 *
 * Normal quantile: algorithm AS 241 (Wichura 1988), relative error about 1e-16. log gamma:
 * Stirling's series after shifting the argument above 10. Incomplete beta: the continued fraction
 * of DLMF 8.17.22, evaluated by Lentz's method, on the side where it converges fast. Beta quantile:
 * bisection; an interval is computed a few times a run, so 60 steps are cheaper than cleverness.
 */
#include "trust/beta.h"

#include "base/explog.h"

#include <math.h>

static double polynomial(const double *c, int n, double x) {
  double y = c[n - 1];
  for (int i = n - 2; i >= 0; i--) {
    y = y * x + c[i];
  }
  return y;
}

/* Coefficients of AS 241 (PPND16): numerators and denominators for the middle, the shoulder, the
 * tail. */
static const double MIDDLE[2][8] = {
    {3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3,
     1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
     3.3430575583588128105e+4, 2.5090809287301226727e+3},
    {1, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
     2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4,
     5.2264952788528545610e+3}};
static const double SHOULDER[2][8] = {
    {1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
     3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
     2.27238449892691845833e-2, 7.74545014278341407640e-4},
    {1, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
     1.05075007164441684324e-9}};
static const double TAIL[2][8] = {
    {6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
     2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
     2.71155556874348757815e-5, 2.01033439929228813265e-7},
    {1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
     2.04426310338993978564e-15}};

double lqa_normal_quantile(double p) {
  double q = p - .5;
  if (fabs(q) <= .425) {
    double r = .180625 - q * q;
    return q * polynomial(MIDDLE[0], 8, r) / polynomial(MIDDLE[1], 8, r);
  }
  double r = sqrt(-lqa_log(q < 0 ? p : 1 - p));
  double x = r <= 5 ? polynomial(SHOULDER[0], 8, r - 1.6) / polynomial(SHOULDER[1], 8, r - 1.6)
                    : polynomial(TAIL[0], 8, r - 5) / polynomial(TAIL[1], 8, r - 5);
  return q < 0 ? -x : x;
}

double lqa_log_gamma(double x) {
  static const double series[] = {1. / 12,   -1. / 360,      1. / 1260, -1. / 1680,
                                  1. / 1188, -691. / 360360, 1. / 156};
  double product = 1;
  while (x < 10) {
    product *= x;
    x += 1;
  }
  double z = 1 / (x * x);
  double half_log_two_pi = .91893853320467274178;
  return (x - .5) * lqa_log(x) - x + half_log_two_pi + polynomial(series, 7, z) / x -
         lqa_log(product);
}

/* One factor of Lentz's method: advances numerator and denominator ratios by coefficient d. */
static double lentz_step(double d, double *c, double *inverse) {
  const double tiny = 1e-300;
  *inverse = 1 + d * *inverse;
  *inverse = 1 / (fabs(*inverse) < tiny ? tiny : *inverse);
  *c = 1 + d / *c;
  *c = fabs(*c) < tiny ? tiny : *c;
  return *c * *inverse;
}

static double beta_fraction(double x, double a, double b) {
  double c = 1, inverse = 1 / (1 - (a + b) * x / (a + 1));
  double value = inverse;
  for (int m = 1; m < 10000; m++) {
    double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    value *= lentz_step(even, &c, &inverse);
    double factor = lentz_step(odd, &c, &inverse);
    value *= factor;
    if (fabs(factor - 1) < 1e-15) {
      break;
    }
  }
  return value;
}

double lqa_beta_cdf(double x, double a, double b) {
  if (x <= 0 || x >= 1) {
    return x <= 0 ? 0 : 1;
  }
  double front = lqa_exp(lqa_log_gamma(a + b) - lqa_log_gamma(a) - lqa_log_gamma(b) +
                         a * lqa_log(x) + b * lqa_log(1 - x));
  if (x < (a + 1) / (a + b + 2)) {
    return front * beta_fraction(x, a, b) / a;
  }
  return 1 - front * beta_fraction(1 - x, b, a) / b;
}

double lqa_beta_quantile(double p, double a, double b) {
  double low = 0, high = 1;
  for (int i = 0; i < 100 && high - low > 1e-16 * high; i++) {
    double middle = .5 * (low + high);
    if (lqa_beta_cdf(middle, a, b) < p) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return .5 * (low + high);
}
