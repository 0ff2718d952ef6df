/* trust/beta.c - the beta distribution.
 *
 * Log gamma: Stirling's series after shifting the argument above 10. Incomplete beta: the continued
 * fraction of DLMF 8.17.22, evaluated by Lentz's method, on the side where it converges fast. Beta
 * quantile: bisection; an interval is computed a few times a run, so 60 steps are cheaper than
 * cleverness.
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
