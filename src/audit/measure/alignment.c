/* audit/measure/alignment.c - shifted and reversed segments as maximum-sum segments of
 * gains.
 *
 * A model trained out of fold on a file that is mostly right knows the true label of most rows. In
 * a block that slipped by k rows the true label of row i stands at row i + k, so the log likelihood
 * ratio of "the label at i + k" against "the label at i" drifts upwards through the block and
 * downwards everywhere else: the maximum-sum segment (Kadane; Bentley, "Programming Pearls") finds
 * the block with both its ends. Rows whose two labels are equal say nothing, so class-sorted files
 * are silent instead of alarming.
 *
 * Two thresholds must both be passed. The ratio is a martingale on clean data, so its supremum
 * exceeds x with probability below exp(-x) per start (Ville): the score must beat log(starts x lags
 * / alpha). A sign test on rows predicted as the one label or the other guards against blocks of
 * garbage, where the sum is a random walk: its z must beat the normal limit for as many tests.
 *
 * Probabilities are mixed with 5 % of the uniform, so that one row weighs at most a few units.
 * Cost: rows x lags logarithms; a reversed segment is grown outwards from each centre until its sum
 * has fallen well below its best, some ten steps a centre on clean data.
 */
#include "audit/measure/alignment.h"

#include "base/explog.h"
#include "base/memory.h"
#include "model/problem/metrics.h"

#include <math.h>

enum { MAX_KEPT_CLASSES = 16, MAX_KEPT_ROWS = 1 << 20 };

static const double UNIFORM_SHARE = .05;
static const double DROP = 20; /* a reversed segment is given up this far below its best sum */

void lqa_alignment_file_bounds(const lqa_dataset *dataset, int64_t row, int64_t *from,
                               int64_t *to) {
  *from = 0;
  *to = dataset->n_rows;
  for (int32_t f = 0; f < dataset->n_files; f++) {
    const lqa_source_file *file = &dataset->files[f];
    if (row >= file->first_row && row < file->first_row + file->n_rows) {
      *from = file->first_row;
      *to = file->first_row + file->n_rows;
    }
  }
}

double lqa_alignment_z_limit(double tests, double alpha) {
  return sqrt(2 * lqa_log(tests / (2 * alpha))); /* from P(Z > z) <= exp(-z^2 / 2) / 2 */
}

static float compute_odds(const lqa_alignment *a, int64_t row, int32_t class) {
  int32_t n_classes = a->dataset->n_classes;
  double p = a->probs                     ? (double)a->probs[row * n_classes + class]
             : a->predicted[row] == class ? a->hit
                                          : (1 - a->hit) / (n_classes > 1 ? n_classes - 1 : 1);
  p = (1 - UNIFORM_SHARE) * p + UNIFORM_SHARE / n_classes;
  return lqa_logf((float)p) - a->log_prior[class];
}

static float odds(const lqa_alignment *a, int64_t row, int32_t class) {
  return a->odds ? a->odds[row * a->dataset->n_classes + class] : compute_odds(a, row, class);
}

/* Each is looked up some ten times: they are kept where that takes little memory. */
static lqa_status keep_odds(lqa_alignment *a) {
  int64_t n_rows = a->dataset->n_rows;
  int32_t n_classes = a->dataset->n_classes;
  if (n_classes > MAX_KEPT_CLASSES || n_rows > MAX_KEPT_ROWS) {
    return LQA_OK;
  }
  float *kept = lqa_malloc((size_t)n_rows, (size_t)n_classes * sizeof *kept);
  if (!kept) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < n_rows; row++) {
    for (int32_t k = 0; k < n_classes; k++) {
      kept[row * n_classes + k] = a->predicted[row] >= 0 ? compute_odds(a, row, k) : 0;
    }
  }
  a->odds = kept;
  return LQA_OK;
}

static bool is_silent(const lqa_alignment *a, int64_t row) {
  return isnan(a->own[row]);
}

float lqa_alignment_gain(const lqa_alignment *a, int64_t row, int64_t other) {
  const int32_t *label = a->dataset->label;
  if (is_silent(a, row) || label[other] < 0 || label[other] == label[row]) {
    return 0;
  }
  return odds(a, row, label[other]) - a->own[row];
}

static lqa_status count_priors(lqa_alignment *a) {
  const lqa_dataset *d = a->dataset;
  double *count = lqa_calloc((size_t)d->n_classes, sizeof *count);
  if (!count) {
    return LQA_NO_MEMORY;
  }
  double n = 0;
  for (int64_t row = 0; row < d->n_rows; row++) {
    if (d->label[row] >= 0) {
      count[d->label[row]]++;
      n++;
    }
  }
  for (int32_t k = 0; k < d->n_classes; k++) {
    a->log_prior[k] = (float)lqa_log((count[k] + 1) / (n + d->n_classes));
  }
  free(count);
  return LQA_OK;
}

static lqa_status init(lqa_alignment *a, lqa_error *err) {
  const lqa_dataset *d = a->dataset;
  size_t n = (size_t)d->n_rows;
  a->log_prior = lqa_malloc((size_t)d->n_classes, sizeof *a->log_prior);
  a->own = lqa_malloc(n, sizeof *a->own);
  a->masked = lqa_calloc(n, 1);
  if (!a->log_prior || !a->own || !a->masked || count_priors(a) != LQA_OK ||
      keep_odds(a) != LQA_OK) {
    lqa_alignment_clear(a);
    return lqa_fail_memory(err, "looking for misaligned rows");
  }
  for (int64_t row = 0; row < d->n_rows; row++) {
    bool speaks = d->label[row] >= 0 && a->predicted[row] >= 0;
    a->own[row] = speaks ? odds(a, row, d->label[row]) : NAN;
  }
  return LQA_OK;
}

lqa_status lqa_alignment_init(lqa_alignment *a, const lqa_dataset *dataset, const float *probs,
                              lqa_error *err) {
  *a = (lqa_alignment){.dataset = dataset, .probs = probs};
  a->own_predicted = lqa_malloc((size_t)dataset->n_rows, sizeof *a->own_predicted);
  if (!a->own_predicted) {
    return lqa_fail_memory(err, "looking for misaligned rows");
  }
  for (int64_t row = 0; row < dataset->n_rows; row++) {
    a->own_predicted[row] = lqa_best_class(probs + row * dataset->n_classes, dataset->n_classes);
  }
  a->predicted = a->own_predicted;
  return init(a, err);
}

lqa_status lqa_alignment_init_votes(lqa_alignment *a, const lqa_dataset *dataset,
                                    const int32_t *predicted, double hit, lqa_error *err) {
  *a = (lqa_alignment){.dataset = dataset, .predicted = predicted, .hit = hit};
  return init(a, err);
}

void lqa_alignment_clear(lqa_alignment *a) {
  free(a->own_predicted);
  free(a->log_prior);
  free(a->odds);
  free(a->own);
  free(a->masked);
  *a = (lqa_alignment){0};
}

static void count_signs(const lqa_alignment *a, int64_t row, int64_t other, lqa_sign_test *test) {
  const int32_t *label = a->dataset->label;
  if (!is_silent(a, row) && label[other] >= 0 && label[other] != label[row]) {
    test->differing++;
    test->other += a->predicted[row] == label[other];
    test->own += a->predicted[row] == label[row];
  }
}

static void finish_test(lqa_sign_test *test) {
  double both = (double)(test->other + test->own);
  test->z = both > 0 ? (double)(test->other - test->own) / sqrt(both) : 0;
}

static bool is_significant(const lqa_segment *segment, double tests,
                           const lqa_alignment_options *options) {
  return segment->score > lqa_log(tests / options->alpha) &&
         segment->test.z > lqa_alignment_z_limit(tests, options->alpha) &&
         (double)segment->test.other >= options->min_ratio * (double)segment->test.own;
}

/* The best segment of [from, to) at a lag; score 0 if there is none. */
static lqa_segment best_at_lag(const lqa_alignment *a, int64_t from, int64_t to, int32_t lag) {
  lqa_segment best = {.from = from, .to = from - 1, .lag = lag};
  double sum = 0;
  int64_t start = from;
  for (int64_t row = from; row < to; row++) {
    int64_t other = row + lag;
    bool usable = !a->masked[row] && other >= from && other < to && !a->masked[other];
    sum += usable ? (double)lqa_alignment_gain(a, row, other) : 0;
    if (sum <= 0 || a->masked[row]) {
      sum = 0;
      start = row + 1;
    } else if (sum > best.score) {
      best.score = sum;
      best.from = start;
      best.to = row;
    }
  }
  return best;
}

lqa_sign_test lqa_alignment_test(const lqa_alignment *a, const lqa_segment *segment) {
  lqa_sign_test test = {0};
  int64_t from, to;
  lqa_alignment_file_bounds(a->dataset, segment->from, &from, &to);
  for (int64_t row = segment->from; row <= segment->to; row++) {
    int64_t other = segment->lag ? row + segment->lag : segment->from + segment->to - row;
    if (other >= from && other < to) {
      count_signs(a, row, other, &test);
    }
  }
  finish_test(&test);
  return test;
}

/* The rows at the far end of a shifted block carry labels too, but their own are lost. */
static void extend_by_lag(const lqa_alignment *a, int64_t from, int64_t to, lqa_segment *segment) {
  for (int32_t step = 0; step < segment->lag && segment->to + 1 < to; step++) {
    segment->to += !a->masked[segment->to + 1];
  }
  for (int32_t step = 0; step < -segment->lag && segment->from > from; step++) {
    segment->from -= !a->masked[segment->from - 1];
  }
}

static lqa_segment best_in_file(const lqa_alignment *a, int64_t from, int64_t to, int max_lag) {
  lqa_segment best = {0};
  for (int32_t lag = -max_lag; lag <= max_lag; lag++) {
    lqa_segment found = lag ? best_at_lag(a, from, to, lag) : (lqa_segment){0};
    best = found.score > best.score ? found : best;
  }
  for (int64_t row = best.from; best.score > 0 && row <= best.to; row++) {
    if (row + best.lag >= from && row + best.lag < to) {
      count_signs(a, row, row + best.lag, &best.test);
    }
  }
  finish_test(&best.test);
  return best;
}

static lqa_status find_shifts_in_file(lqa_alignment *a, int64_t from, int64_t to,
                                      const lqa_alignment_options *options, lqa_segment_list *out) {
  double tests = (double)a->dataset->n_rows * 2 * options->max_lag;
  while (out->n < options->max_segments) {
    lqa_segment best = best_in_file(a, from, to, options->max_lag);
    if (!is_significant(&best, tests, options)) {
      return LQA_OK;
    }
    extend_by_lag(a, from, to, &best);
    memset(a->masked + best.from, 1, (size_t)(best.to - best.from + 1));
    LQA_TRY(lqa_vec_push(out, best));
  }
  return LQA_OK;
}

typedef lqa_status (*file_scan)(lqa_alignment *, int64_t, int64_t, const lqa_alignment_options *,
                                lqa_segment_list *);

static lqa_status scan_files(lqa_alignment *a, const lqa_alignment_options *options, file_scan scan,
                             lqa_segment_list *out) {
  for (int64_t row = 0; row < a->dataset->n_rows;) {
    int64_t from, to;
    lqa_alignment_file_bounds(a->dataset, row, &from, &to);
    LQA_TRY(scan(a, from, to, options, out));
    row = to;
  }
  return LQA_OK;
}

lqa_status lqa_alignment_find_shifts(lqa_alignment *a, const lqa_alignment_options *options,
                                     lqa_segment_list *out) {
  return scan_files(a, options, find_shifts_in_file, out);
}

/* Grows [centre - h, centre + h] outwards, pairs (left, right) with left + right = sum_of_ends. */
static lqa_segment best_at_centre(const lqa_alignment *a, int64_t from, int64_t to,
                                  int64_t sum_of_ends) {
  lqa_segment best = {0};
  int64_t left = (sum_of_ends - 1) / 2, right = sum_of_ends - left;
  double sum = 0;
  for (; left >= from && right < to && !a->masked[left] && !a->masked[right]; left--, right++) {
    sum += (double)lqa_alignment_gain(a, left, right) + (double)lqa_alignment_gain(a, right, left);
    if (sum > best.score) {
      best.score = sum;
      best.from = left;
      best.to = right;
    }
    if (sum < best.score - DROP) {
      break;
    }
  }
  return best;
}

static lqa_segment best_reversal(const lqa_alignment *a, int64_t from, int64_t to) {
  lqa_segment best = {0};
  for (int64_t ends = 2 * from + 1; ends <= 2 * to - 3; ends++) {
    lqa_segment found = best_at_centre(a, from, to, ends);
    best = found.score > best.score ? found : best;
  }
  for (int64_t row = best.from; best.score > 0 && row <= best.to; row++) {
    count_signs(a, row, best.from + best.to - row, &best.test);
  }
  finish_test(&best.test);
  return best;
}

static lqa_status find_reversals_in_file(lqa_alignment *a, int64_t from, int64_t to,
                                         const lqa_alignment_options *options,
                                         lqa_segment_list *out) {
  double tests = 2 * (double)a->dataset->n_rows;
  while (out->n < options->max_segments) {
    lqa_segment best = best_reversal(a, from, to);
    if (!is_significant(&best, tests, options)) {
      return LQA_OK;
    }
    memset(a->masked + best.from, 1, (size_t)(best.to - best.from + 1));
    LQA_TRY(lqa_vec_push(out, best));
  }
  return LQA_OK;
}

lqa_status lqa_alignment_find_reversals(lqa_alignment *a, const lqa_alignment_options *options,
                                        lqa_segment_list *out) {
  return scan_files(a, options, find_reversals_in_file, out);
}
