/* model/votes_interval.c - confidence intervals: normal, by percentiles, and for perfect agreement.
 *
 * The normal quantile is Acklam's rational approximation (relative error below 1.2e-9), on our own
 * logarithm so that it is the same everywhere.
 */
#include "model/votes_interval.h"

#include "base/explog.h"

#include <math.h>
#include <stdlib.h>

lqa_status lqa_interval_check(const lqa_agreement_options *options, lqa_error *err) {
  if (!(options->confidence > 0 && options->confidence < 1)) {
    return lqa_fail(err, LQA_BAD_USAGE, "confidence is %g, not between 0 and 1",
                    options->confidence);
  }
  if (options->n_resamples < 0) {
    return lqa_fail(err, LQA_BAD_USAGE, "n_resamples is %d, not at least 0",
                    (int)options->n_resamples);
  }
  return LQA_OK;
}

static double polynomial(const double *c, int n, double x) {
  double sum = c[0];
  for (int i = 1; i < n; i++) {
    sum = sum * x + c[i];
  }
  return sum;
}

double lqa_interval_quantile(double p) {
  static const double A[] = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                             1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  static const double B[] = {-5.447609879822406e+01, 1.615858368580409e+02,  -1.556989798598866e+02,
                             6.680131188771972e+01,  -1.328068155288572e+01, 1};
  static const double C[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                             -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  static const double D[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                             3.754408661907416e+00, 1};
  if (p > 0.97575) {
    double q = sqrt(-2 * lqa_log(1 - p));
    return -polynomial(C, 6, q) / polynomial(D, 5, q);
  }
  double q = p - 0.5;
  return q * polynomial(A, 6, q * q) / polynomial(B, 6, q * q);
}

void lqa_interval_of_error(double error, double confidence, lqa_agreement *out) {
  double reach = lqa_interval_quantile((1 + confidence) / 2) * error;
  out->low = out->value - reach;
  out->high = out->value + reach < 1 ? out->value + reach : 1;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a;
  double y = *(const double *)b;
  return (x > y) - (x < y);
}

static double percentile(const double *sorted, int32_t n, double share) {
  double at = share * (n - 1);
  int32_t below = (int32_t)at;
  int32_t above = below + 1 < n ? below + 1 : below;
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

void lqa_interval_of_resamples(double *value, int32_t n, double confidence, lqa_agreement *out) {
  qsort(value, (size_t)n, sizeof *value, compare);
  out->low = percentile(value, n, (1 - confidence) / 2);
  out->high = percentile(value, n, (1 + confidence) / 2);
}

void lqa_interval_of_perfection(int64_t n, double room, double confidence, lqa_agreement *out) {
  out->interval = "exact";
  double rate = 1 - lqa_exp(lqa_log((1 - confidence) / 2) / (double)n);
  out->low = room > 0 ? 1 - rate / room : (double)NAN;
  out->high = room > 0 ? 1 : (double)NAN;
}

void lqa_interval_of_share(double share, double n, double confidence, double ends[2]) {
  if (!(n > 0)) {
    ends[0] = ends[1] = (double)NAN;
    return;
  }
  double z = lqa_interval_quantile((1 + confidence) / 2);
  double middle = (share + z * z / (2 * n)) / (1 + z * z / n);
  double reach = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n);
  ends[0] = share > 0 && middle - reach > 0 ? middle - reach : 0;
  ends[1] = share < 1 && middle + reach < 1 ? middle + reach : 1;
}
