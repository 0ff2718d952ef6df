/* audit/p_value.c - tails by our own exponential and logarithm, so that no finding depends on libm.
 *
 * The normal tail is Mills' ratio times the density: the continued fraction of Laplace from 3 on,
 * the power series of the error function below it.
 */
#include "audit/p_value.h"

#include "base/explog.h"
#include "base/sort.h"

#include <math.h>
#include <stdlib.h>

static const double SQRT_2PI = 2.5066282746310002;
enum { FRACTION_TERMS = 60, SERIES_TERMS = 60 };

double lqa_p_value_normal(double z) {
  if (z < 0) {
    return 1 - lqa_p_value_normal(-z);
  }
  if (z > 37) {
    return 0;
  }
  double density = lqa_exp(-.5 * z * z) / SQRT_2PI;
  if (z >= 3) {
    double fraction = z;
    for (int k = FRACTION_TERMS; k >= 1; k--) {
      fraction = z + k / fraction;
    }
    return density / fraction;
  }
  double term = z, sum = z;
  for (int k = 1; k < SERIES_TERMS; k++) {
    term *= z * z / (2 * k + 1);
    sum += term;
  }
  return .5 - density * sum;
}

static double cube_root(double x) {
  return x > 0 ? lqa_exp(lqa_log(x) / 3) : 0;
}

double lqa_p_value_chi_square(double x, double df) {
  if (x <= 0 || df <= 0) {
    return 1;
  }
  double spread = 2 / (9 * df);
  return lqa_p_value_normal((cube_root(x / df) - (1 - spread)) / sqrt(spread));
}

double lqa_p_value_discovery_limit(double *p, size_t n, double q) {
  if (n == 0) {
    return -1;
  }
  qsort(p, n, sizeof *p, lqa_compare_doubles);
  for (size_t i = n; i > 0; i--) {
    if (p[i - 1] <= q * (double)i / (double)n) {
      return p[i - 1];
    }
  }
  return -1;
}
