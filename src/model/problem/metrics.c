/* Accuracy and log-loss in one pass, in row order, so that the sums are the same everywhere. The
 * entropy of the labels is the log-loss of always predicting their frequencies: what a model must
 * beat to know anything, clearly: by two standard errors of the differences row by row.
 */
#include "model/problem/metrics.h"

#include "base/explog.h"
#include "base/memory.h"

#include <math.h>

#define SMALLEST_PROBABILITY 1e-15

#define STANDARD_ERRORS 2.0

/* Of one label: rows, those predicted rightly, sum and sum of squares of log p(label). */
typedef struct label_sums {
  int64_t n, n_correct;
  double log_p, log_p_squared;
} label_sums;

static void add_row(label_sums *sums, const lqa_scored *scored, int64_t row) {
  const float *probs = scored->pred_probs + row * scored->n_classes;
  int32_t label = scored->label[row];
  int32_t best = lqa_best_class(probs, scored->n_classes);
  if (label < 0 || best < 0) {
    return;
  }
  double p = (double)probs[label];
  double log_p = lqa_log(p > SMALLEST_PROBABILITY ? p : SMALLEST_PROBABILITY);
  sums[label].n++;
  sums[label].n_correct += best == label;
  sums[label].log_p += log_p;
  sums[label].log_p_squared += log_p * log_p;
}

/* Mean of n differences less standard errors, from their sum and sum of squares. */
static double lower_bound(double sum, double squares, double n) {
  double mean = sum / n, variance = squares / n - mean * mean;
  return mean - STANDARD_ERRORS * sqrt((variance > 0 ? variance : 0) / n);
}

/* Gains over always guessing the most frequent label, which is right on all of its own rows. */
static double accuracy_bound(const label_sums *sums, int32_t n_classes, int32_t most, double n) {
  double won = 0, lost = (double)(sums[most].n - sums[most].n_correct);
  for (int32_t k = 0; k < n_classes; k++) {
    won += k == most ? 0 : (double)sums[k].n_correct;
  }
  return lower_bound(won - lost, won + lost, n);
}

static void sum_up(const label_sums *sums, int32_t n_classes, lqa_metrics *out) {
  double gain = 0, squares = 0, correct = 0, log_p = 0, entropy = 0, n = (double)out->n_rows;
  int32_t most = 0;
  for (int32_t k = 0; k < n_classes; k++) {
    const label_sums *s = &sums[k];
    double n_k = (double)s->n, prior = s->n > 0 ? lqa_log(n_k / n) : 0;
    most = s->n > sums[most].n ? k : most;
    correct += (double)s->n_correct;
    log_p += s->log_p;
    entropy -= n_k / n * prior;
    gain += s->log_p - n_k * prior;
    squares += s->log_p_squared - 2 * prior * s->log_p + n_k * prior * prior;
  }
  out->accuracy = correct / n;
  out->log_loss = -log_p / n;
  out->prior_log_loss = entropy;
  out->prior_accuracy = (double)sums[most].n / n;
  out->log_loss_bound = lower_bound(gain, squares, n);
  out->accuracy_bound = accuracy_bound(sums, n_classes, most, n);
}

lqa_status lqa_metrics_run(const lqa_scored *scored, lqa_metrics *out) {
  label_sums *sums = lqa_calloc((size_t)scored->n_classes, sizeof *sums);
  if (!sums) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < scored->n_rows; row++) {
    add_row(sums, scored, row);
  }
  *out = (lqa_metrics){0};
  for (int32_t k = 0; k < scored->n_classes; k++) {
    out->n_rows += sums[k].n;
  }
  sum_up(sums, scored->n_classes, out);
  free(sums);
  return LQA_OK;
}
