/* model/votes/votes_interval.c - confidence intervals of coefficients: normal, by percentiles of
 * resampled values, and for perfect agreement, where neither can be had.
 */
#include "model/votes/votes_interval.h"

#include "base/explog.h"
#include "base/interval.h"
#include "base/sort.h"

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

void lqa_interval_of_error(double error, double confidence, lqa_agreement *out) {
  double reach = lqa_normal_quantile((1 + confidence) / 2) * error;
  out->low = out->value - reach;
  out->high = out->value + reach < 1 ? out->value + reach : 1;
}

static double percentile(const double *sorted, int32_t n, double share) {
  double at = share * (n - 1);
  int32_t below = (int32_t)at;
  int32_t above = below + 1 < n ? below + 1 : below;
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

void lqa_interval_of_resamples(double *value, int32_t n, double confidence, lqa_agreement *out) {
  qsort(value, (size_t)n, sizeof *value, lqa_compare_doubles);
  out->low = percentile(value, n, (1 - confidence) / 2);
  out->high = percentile(value, n, (1 + confidence) / 2);
}

void lqa_interval_of_perfection(int64_t n, double room, double confidence, lqa_agreement *out) {
  out->interval = "exact";
  double rate = 1 - lqa_exp(lqa_log((1 - confidence) / 2) / (double)n);
  out->low = room > 0 ? 1 - rate / room : (double)NAN;
  out->high = room > 0 ? 1 : (double)NAN;
}
