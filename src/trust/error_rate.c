/* trust/error_rate.c - binomial and stratified intervals.
 *
 * Wilson's interval is taken for real n, since a finite population of N enters as
 * n (N - 1) / (N - n). References in error_rate.h; numbers
 * checked against scipy (tests/reference/intervals.py). */
#include "trust/error_rate.h"

#include "trust/beta.h"

#include <math.h>

static lqa_interval nothing_known(const char *method) {
  return (lqa_interval){NAN, 0, 1, method, 0};
}

lqa_interval lqa_interval_wilson(int64_t hits, int64_t n, double confidence) {
  if (n == 0) {
    return nothing_known("wilson");
  }
  lqa_interval rate = lqa_interval_of_share((double)hits / (double)n, (double)n, confidence);
  rate.n = n;
  return rate;
}

/* Beta quantiles: low of Beta(hits + a, misses + 1 - b'), high likewise; `half` .5 Jeffreys, 0
 * exact. */
static lqa_interval find_beta_interval(int64_t hits, int64_t n, double confidence, double half) {
  double x = (double)hits, y = (double)(n - hits), tail = .5 - .5 * confidence;
  double rest = 1 - half;
  double low = hits == 0 ? 0 : lqa_beta_quantile(tail, x + half, y + rest);
  double high = hits == n ? 1 : lqa_beta_quantile(1 - tail, x + rest, y + half);
  return (lqa_interval){x / (double)n, low, high, half > 0 ? "jeffreys" : "clopper-pearson", n};
}

lqa_interval lqa_interval_clopper_pearson(int64_t hits, int64_t n, double confidence) {
  return n == 0 ? nothing_known("clopper-pearson") : find_beta_interval(hits, n, confidence, 0);
}

lqa_interval lqa_interval_jeffreys(int64_t hits, int64_t n, double confidence) {
  return n == 0 ? nothing_known("jeffreys") : find_beta_interval(hits, n, confidence, .5);
}

lqa_interval lqa_interval_of_stratum(const lqa_stratum *s, double confidence) {
  if (s->n == 0) {
    return nothing_known("wilson");
  }
  double p = (double)s->hits / (double)s->n;
  double rest = (double)(s->population - s->n);
  double n = rest <= 0 ? INFINITY : (double)s->n * (double)(s->population - 1) / rest;
  lqa_interval rate = lqa_interval_of_share(p, n, confidence);
  rate.n = s->n;
  return rate;
}

/* The rate over the strata that have checked rows, and how many those are. */
static double find_mean(const lqa_stratum *strata, size_t n_strata, int64_t *n, double *total) {
  double sum = 0, seen = 0;
  *n = 0;
  *total = 0;
  for (size_t h = 0; h < n_strata; h++) {
    double size = (double)strata[h].population;
    *total += size;
    *n += strata[h].n;
    if (strata[h].n > 0) {
      seen += size;
      sum += size * (double)strata[h].hits / (double)strata[h].n;
    }
  }
  return sum / seen;
}

/* The variance of the estimate; 0 where every row was checked. */
static double find_variance(const lqa_stratum *strata, size_t n_strata, double total) {
  double variance = 0;
  for (size_t h = 0; h < n_strata; h++) {
    double n = (double)strata[h].n, size = (double)strata[h].population;
    double q = ((double)strata[h].hits + .5) / (n + 1);
    double unseen = size > 0 ? 1 - n / size : 0;
    variance += size / total * (size / total) * unseen * q * (1 - q) / (n > 0 ? n : 1);
  }
  return variance;
}

lqa_interval lqa_interval_stratified(const lqa_stratum *strata, size_t n_strata,
                                     double confidence) {
  int64_t n;
  double total;
  if (n_strata == 1) {
    return lqa_interval_of_stratum(strata, confidence);
  }
  double mean = find_mean(strata, n_strata, &n, &total);
  if (n == 0) {
    return nothing_known("stratified-wilson");
  }
  double variance = find_variance(strata, n_strata, total);
  double inner = (mean * (double)n + .5) / ((double)n + 1);
  double effective = variance > 0 ? inner * (1 - inner) / variance : INFINITY;
  lqa_interval rate = lqa_interval_of_share(mean, effective, confidence);
  rate.method = "stratified-wilson";
  rate.n = n;
  return rate;
}
