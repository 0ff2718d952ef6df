/* trust/flag_recall.c - the odds part : rest for which part - odds * rest may be 0.
 *
 * Odds are compatible with the two intervals where the interval of part - odds * rest, made by
 * adding squared distances from the estimates, contains 0. Both ends of that interval fall as the
 * odds grow, so that each limit is one root, found by bisection. Nothing is divided by an estimate,
 * which may be 0: where no wrong label was found outside, the upper limit is 1, and the lower limit
 * still says how many may have been missed.
 */
#include "trust/flag_recall.h"

#include <math.h>
#include <stdbool.h>

enum { BISECTIONS = 60 };
static const char METHOD[] = "mover-wilson";

static lqa_interval nothing_known(void) {
  return (lqa_interval){NAN, 0, 1, METHOD, 0};
}

/* Whether the share is below the interval's upper end, or its lower one. */
static bool is_below(double share, const lqa_interval *part, const lqa_interval *rest,
                     bool is_upper) {
  double a = (1 - share) * (is_upper ? part->high - part->estimate : part->estimate - part->low);
  double b = share * (is_upper ? rest->estimate - rest->low : rest->high - rest->estimate);
  double middle = (1 - share) * part->estimate - share * rest->estimate;
  double spread = sqrt(a * a + b * b);
  return is_upper ? middle + spread >= 0 : middle - spread > 0;
}

static double find_limit(const lqa_interval *part, const lqa_interval *rest, bool is_upper) {
  double low = 0, high = 1;
  for (int i = 0; i < BISECTIONS; i++) {
    double middle = .5 * (low + high);
    *(is_below(middle, part, rest, is_upper) ? &low : &high) = middle;
  }
  return .5 * (low + high);
}

static double find_low(const lqa_interval *part, const lqa_interval *rest, double estimate) {
  if (rest->high <= 0) {
    return 1;
  }
  return part->low <= 0 ? 0 : fmin(estimate, find_limit(part, rest, false));
}

static double find_high(const lqa_interval *part, const lqa_interval *rest, double estimate) {
  if (part->high <= 0) {
    return 0;
  }
  return rest->low <= 0 ? 1 : fmax(estimate, find_limit(part, rest, true));
}

lqa_interval lqa_interval_of_part(const lqa_interval *part, const lqa_interval *rest) {
  lqa_interval out = nothing_known();
  double total = part->estimate + rest->estimate;
  out.n = part->n + rest->n;
  if (total > 0) {
    out.estimate = part->estimate / total;
    out.low = find_low(part, rest, out.estimate);
    out.high = find_high(part, rest, out.estimate);
  }
  return out;
}

/* Wrong labels in the strata; *is_known false where they have rows and none was checked. */
static lqa_interval count_wrong(const lqa_stratum *strata, size_t n, double confidence,
                                bool *is_known) {
  double rows = 0;
  for (size_t h = 0; h < n; h++) {
    rows += (double)strata[h].population;
  }
  if (rows <= 0) {
    return (lqa_interval){0, 0, 0, METHOD, 0};
  }
  lqa_interval rate = lqa_interval_stratified(strata, n, confidence);
  *is_known = *is_known && rate.n > 0;
  return (lqa_interval){rows * rate.estimate, rows * rate.low, rows * rate.high, METHOD, rate.n};
}

lqa_interval lqa_flag_recall(const lqa_stratum *strata, size_t n_strata, size_t n_flagged,
                             double confidence) {
  bool is_known = true;
  lqa_interval flagged = count_wrong(strata, n_flagged, confidence, &is_known);
  lqa_interval rest = count_wrong(strata + n_flagged, n_strata - n_flagged, confidence, &is_known);
  return is_known ? lqa_interval_of_part(&flagged, &rest) : nothing_known();
}
