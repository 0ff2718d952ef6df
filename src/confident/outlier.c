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
#include "base/sort.h"
#include "confident/entropy_terms.h"
#include "labelqa/outliers.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define LEAST_SCALE 1e-6 /* divisors are at least this */
#define ROUNDING 100     /* distances below this many steps of rounding are none */

enum { BLOCK_VALUES = 2048 };

/* ---- distances ---- */

static lqa_status find_median(const double *values, int64_t n, double *median, lqa_error *err) {
  double *sorted = lqa_malloc((size_t)n, sizeof *sorted);
  if (!sorted) {
    return lqa_fail_memory(err, "finding the median distance");
  }
  memcpy(sorted, values, (size_t)n * sizeof *sorted);
  qsort(sorted, (size_t)n, sizeof *sorted, lqa_compare_doubles);
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

/* Rows that are scored at a time: what stays in the first-level cache. */
static int64_t block_rows(int32_t n_classes) {
  return n_classes < BLOCK_VALUES ? BLOCK_VALUES / n_classes : 1;
}

static void adjust(const struct scoring *s, double *row) {
  for (int32_t k = 0; k < s->n; k++) {
    row[k] = row[k] - s->options->thresholds[k] + s->highest;
  }
  double sum = lqa_pairwise_sum(row, s->n, false);
  for (int32_t k = 0; k < s->n; k++) {
    row[k] /= sum;
  }
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
  qsort(row, (size_t)s->n, sizeof *row, lqa_compare_doubles);
  int32_t first = s->n > s->options->gen_m ? s->n - s->options->gen_m : 0;
  for (int32_t k = first; k < s->n; k++) {
    double q = row[k] / sum;
    double gamma = s->options->gen_gamma;
    total += q > 0 && q < 1 ? lqa_exp(gamma * lqa_log(q)) * lqa_exp(gamma * lqa_log(1 - q)) : 0;
  }
  return 1 - total / s->options->gen_m;
}

static double score_row(const struct scoring *s, double *row) {
  return s->options->method == LQA_OUTLIER_LEAST_CONFIDENCE ? score_largest(s, row)
                                                            : score_gen(s, row);
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

/* The values as doubles, adjusted, row behind row. */
static void load_rows(const struct scoring *s, const lqa_matrix *pred_probs, int64_t row, int64_t n,
                      double *out) {
  for (int64_t i = 0; i < n; i++, out += s->n) {
    lqa_matrix_row_f64(pred_probs, row + i, out);
    if (s->options->thresholds) {
      adjust(s, out);
    }
  }
}

static lqa_status fail_range(const struct scoring *s, const lqa_matrix *pred_probs, int64_t row,
                             double *scratch, lqa_error *err) {
  do {
    load_rows(s, pred_probs, row++, 1, scratch);
  } while (lqa_entropy_terms(scratch, (size_t)s->n));
  return lqa_fail_at(err, LQA_BAD_DATA, NULL, row - 1, NULL,
                     "row %lld of pred_probs has values outside [0, 1]", (long long)row - 1);
}

/* Block by block: the entropy's terms are made for many rows at a time. */
static lqa_status score_rows(const struct scoring *s, const lqa_matrix *pred_probs, double *scratch,
                             double *score, lqa_error *err) {
  int64_t step = block_rows(s->n);
  double log_n = lqa_log(s->n);
  for (int64_t row = 0; row < pred_probs->n_rows; row += step) {
    int64_t n = pred_probs->n_rows - row < step ? pred_probs->n_rows - row : step;
    load_rows(s, pred_probs, row, n, scratch);
    bool is_entropy = s->options->method == LQA_OUTLIER_ENTROPY;
    if (is_entropy && !lqa_entropy_terms(scratch, (size_t)(n * s->n))) {
      return fail_range(s, pred_probs, row, scratch, err);
    }
    for (int64_t i = 0; i < n; i++) {
      double *values = scratch + i * s->n;
      score[row + i] =
          is_entropy ? 1 + lqa_pairwise_sum(values, s->n, false) / log_n : score_row(s, values);
    }
  }
  return LQA_OK;
}

lqa_status lqa_outliers_from_pred_probs(const lqa_matrix *pred_probs,
                                        const lqa_outlier_options *options, double *score,
                                        lqa_error *err) {
  LQA_TRY(check(pred_probs, options, err));
  struct scoring s = {.options = options, .n = (int32_t)pred_probs->n_columns};
  double *scratch = lqa_malloc((size_t)block_rows(s.n), (size_t)s.n * sizeof *scratch);
  if (!scratch) {
    return lqa_fail_memory(err, "scoring outliers");
  }
  for (int32_t k = 0; options->thresholds && k < s.n; k++) {
    s.highest = k == 0 || options->thresholds[k] > s.highest ? options->thresholds[k] : s.highest;
  }
  lqa_status status = score_rows(&s, pred_probs, scratch, score, err);
  free(scratch);
  return status;
}
