/* confident/outlier.c - how unlike the rest a row is: from distances, from
 * probabilities.
 *
 * From distances: the mean distance to the nearest neighbours, turned into a score by an
 * exponential whose unit is the median such distance of the data it was fitted on. From
 * probabilities: how sure the model is of anything at all, after class thresholds have been
 * subtracted so that a class the model is rarely sure of does not look strange. As cleanlab 2.9's
 * OutOfDistribution; logarithms and exponentials are our own, so the last bits may differ.
 */
#include "base/explog.h"
#include "base/memory.h"
#include "base/npy.h"
#include "base/pairwise_sum.h"
#include "labelqa/outliers.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define LEAST_SCALE 1e-6 /* divisors are at least this */
#define ROUNDING 100     /* distances below this many steps of rounding are none */

/* ---- distances ---- */

static int compare(const void *a, const void *b) {
  double x = *(const double *)a;
  double y = *(const double *)b;
  return (x > y) - (x < y);
}

static lqa_status find_median(const double *values, int64_t n, double *median, lqa_error *err) {
  double *sorted = lqa_malloc((size_t)n, sizeof *sorted);
  if (!sorted) {
    return lqa_fail_memory(err, "finding the median distance");
  }
  memcpy(sorted, values, (size_t)n * sizeof *sorted);
  qsort(sorted, (size_t)n, sizeof *sorted, compare);
  *median = n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
  free(sorted);
  return LQA_OK;
}

lqa_status lqa_outliers_from_distances(const double *distance, int64_t n,
                                       lqa_distance_scores *options, double *score,
                                       lqa_error *err) {
  if (n < 1) {
    return lqa_fail(err, LQA_BAD_DATA, "there are no distances");
  }
  if (isnan(options->scale)) {
    double median = 0;
    LQA_TRY(find_median(distance, n, &median, err));
    options->scale = median > ROUNDING * DBL_EPSILON ? median : ROUNDING * DBL_EPSILON;
  }
  double unit = options->scale > LEAST_SCALE ? options->scale : LEAST_SCALE;
  double nothing = options->metric == LQA_METRIC_COSINE ? ROUNDING * DBL_EPSILON / 2
                                                        : sqrt(ROUNDING * DBL_EPSILON);
  for (int64_t i = 0; i < n; i++) {
    score[i] = distance[i] < nothing ? 1 : lqa_exp(-options->t * distance[i] / unit);
  }
  return LQA_OK;
}

/* ---- probabilities ---- */

void lqa_outlier_options_init(lqa_outlier_options *options) {
  *options = (lqa_outlier_options){.gen_m = 100, .gen_gamma = 0.1};
}

struct scoring {
  const lqa_outlier_options *options;
  int32_t n;
  double highest; /* of the thresholds */
};

static void adjust(const struct scoring *s, double *row) {
  for (int32_t k = 0; k < s->n; k++) {
    row[k] = row[k] - s->options->thresholds[k] + s->highest;
  }
  double sum = lqa_pairwise_sum(row, s->n, false);
  for (int32_t k = 0; k < s->n; k++) {
    row[k] /= sum;
  }
}

static double score_entropy(const struct scoring *s, double *row) {
  for (int32_t k = 0; k < s->n; k++) {
    row[k] = row[k] == 0 ? 0 : row[k] * lqa_log(row[k]);
  }
  return 1 + lqa_pairwise_sum(row, s->n, false) / lqa_log(s->n);
}

static double score_largest(const struct scoring *s, const double *row) {
  double largest = row[0];
  for (int32_t k = 1; k < s->n; k++) {
    largest = row[k] > largest || row[k] != row[k] ? row[k] : largest;
  }
  return largest;
}

/* 1 - sum of (q (1 - q))^gamma / M over the M largest q of softmax(row). */
static double score_gen(const struct scoring *s, double *row) {
  double sum = 0;
  double total = 0;
  for (int32_t k = 0; k < s->n; k++) {
    row[k] = lqa_exp(row[k]);
  }
  sum = lqa_pairwise_sum(row, s->n, false);
  qsort(row, (size_t)s->n, sizeof *row, compare);
  int32_t first = s->n > s->options->gen_m ? s->n - s->options->gen_m : 0;
  for (int32_t k = first; k < s->n; k++) {
    double q = row[k] / sum;
    double gamma = s->options->gen_gamma;
    total += q > 0 && q < 1 ? lqa_exp(gamma * lqa_log(q)) * lqa_exp(gamma * lqa_log(1 - q)) : 0;
  }
  return 1 - total / s->options->gen_m;
}

static bool is_in_range(const double *row, int32_t n) {
  for (int32_t k = 0; k < n; k++) {
    if (row[k] < 0 || row[k] > 1) {
      return false;
    }
  }
  return true;
}

static double score_row(const struct scoring *s, double *row) {
  switch (s->options->method) {
  case LQA_OUTLIER_ENTROPY:
    return score_entropy(s, row);
  case LQA_OUTLIER_LEAST_CONFIDENCE:
    return score_largest(s, row);
  default:
    return score_gen(s, row);
  }
}

static lqa_status check(const lqa_matrix *pred_probs, const lqa_outlier_options *options,
                        lqa_error *err) {
  if (pred_probs->n_columns < 1 || pred_probs->n_columns > INT32_MAX) {
    return lqa_fail(err, LQA_BAD_DATA, "pred_probs has no columns");
  }
  if (options->method == LQA_OUTLIER_GEN && options->gen_m < 1) {
    return lqa_fail(err, LQA_BAD_USAGE, "M is %d, not at least 1", (int)options->gen_m);
  }
  return LQA_OK;
}

lqa_status lqa_outliers_from_pred_probs(const lqa_matrix *pred_probs,
                                        const lqa_outlier_options *options, double *score,
                                        lqa_error *err) {
  LQA_TRY(check(pred_probs, options, err));
  struct scoring s = {.options = options, .n = (int32_t)pred_probs->n_columns};
  double *row = lqa_malloc((size_t)s.n, sizeof *row);
  if (!row) {
    return lqa_fail_memory(err, "scoring outliers");
  }
  lqa_status status = LQA_OK;
  for (int32_t k = 0; options->thresholds && k < s.n; k++) {
    s.highest = k == 0 || options->thresholds[k] > s.highest ? options->thresholds[k] : s.highest;
  }
  for (int64_t i = 0; status == LQA_OK && i < pred_probs->n_rows; i++) {
    lqa_matrix_row_f64(pred_probs, i, row);
    if (options->thresholds) {
      adjust(&s, row);
    }
    if (options->method == LQA_OUTLIER_ENTROPY && !is_in_range(row, s.n)) {
      status = lqa_fail_at(err, LQA_BAD_DATA, NULL, i, NULL,
                           "row %lld of pred_probs has values outside [0, 1]", (long long)i);
    } else {
      score[i] = score_row(&s, row);
    }
  }
  free(row);
  return status;
}
