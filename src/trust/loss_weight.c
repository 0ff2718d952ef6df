/* One number for each tenth of the losses, the logarithm of a factor on the odds. It is fitted to
 * the verified rows of its tenth by Newton's method, with a normal prior around the number that
 * holds without them (standard deviation .7: a factor of 2 up or down is nothing unusual), so a
 * tenth with few rows stays near it. Then neighbours that fall are pooled (Ayer et al. 1955): a
 * larger loss never makes a label better.
 */
#include "trust/loss_weight.h"

#include "base/explog.h"
#include "trust/model_evidence.h"

#include <math.h>

enum { STEPS = 25 };
static const double HIGH = 2, LOW = .9, PRIOR_SD = .7, MOST = 3, CLOSE = 1e-9;

void lqa_loss_weight_init(lqa_loss_weight *weight) {
  for (int t = 0; t < LQA_LOSS_TENTHS; t++) {
    weight->factor[t] = t == LQA_LOSS_TENTHS - 1 ? HIGH : LOW;
  }
}

/* The highest tenth begins above .9, as is_high_loss does. */
static int tenth_of(double percentile) {
  int t = (int)ceil(percentile * LQA_LOSS_TENTHS) - 1;
  return t < 0 ? 0 : t >= LQA_LOSS_TENTHS ? LQA_LOSS_TENTHS - 1 : t;
}

double lqa_loss_weight_get(const lqa_loss_weight *weight, double percentile) {
  return weight->factor[tenth_of(percentile)];
}

/* The log-factor of a tenth; *curve = how sure it is. */
static double fit_tenth(const lqa_loss_check *checks, size_t n, int tenth, double prior,
                        double *curve) {
  double z = prior, precision = 1 / (PRIOR_SD * PRIOR_SD);
  for (int step = 0; step < STEPS; step++) {
    double slope = precision * (prior - z);
    *curve = precision;
    for (size_t i = 0; i < n; i++) {
      if (tenth_of(checks[i].percentile) == tenth) {
        double p = lqa_sigmoid(z - lqa_log_odds_wrong(checks[i].predicted));
        slope += checks[i].observed - p;
        *curve += p * (1 - p);
      }
    }
    double move = slope / *curve;
    z += move > 1 ? 1 : move < -1 ? -1 : move;
    if (fabs(move) < CLOSE) {
      break;
    }
  }
  return z < -MOST ? -MOST : z > MOST ? MOST : z;
}

/* Pools neighbours until nothing falls. */
static void pool_falling(double *z, double *curve) {
  int end[LQA_LOSS_TENTHS], n = 0;
  double mean[LQA_LOSS_TENTHS], sum[LQA_LOSS_TENTHS];
  for (int t = 0; t < LQA_LOSS_TENTHS; t++) {
    mean[n] = z[t];
    sum[n] = curve[t];
    end[n++] = t + 1;
    for (; n > 1 && mean[n - 2] > mean[n - 1]; n--) {
      double all = sum[n - 2] + sum[n - 1];
      mean[n - 2] = (mean[n - 2] * sum[n - 2] + mean[n - 1] * sum[n - 1]) / all;
      sum[n - 2] = all;
      end[n - 2] = end[n - 1];
    }
  }
  for (int b = 0, t = 0; b < n; b++) {
    for (; t < end[b]; t++) {
      z[t] = mean[b];
    }
  }
}

void lqa_loss_weight_fit(lqa_loss_weight *weight, const lqa_loss_check *checks, size_t n) {
  double z[LQA_LOSS_TENTHS], curve[LQA_LOSS_TENTHS];
  if (n < LQA_LOSS_MIN_ROWS) {
    return;
  }
  for (int t = 0; t < LQA_LOSS_TENTHS; t++) {
    z[t] = fit_tenth(checks, n, t, lqa_log(weight->factor[t]), &curve[t]);
  }
  pool_falling(z, curve);
  for (int t = 0; t < LQA_LOSS_TENTHS; t++) {
    weight->factor[t] = lqa_exp(z[t]);
  }
}
