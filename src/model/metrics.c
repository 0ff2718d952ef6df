/* Accuracy and log-loss in one pass, in row order, so that the sums are the same everywhere. The
 * entropy of the labels is the log-loss of always predicting their frequencies: what a model must
 * beat to know anything.
 */
#include "model/metrics.h"

#include "base/explog.h"
#include "base/memory.h"

#include <math.h>

#define SMALLEST_PROBABILITY 1e-15

static double entropy(const int64_t *count, int32_t n_classes, int64_t n_rows) {
  double sum = 0;
  for (int32_t k = 0; k < n_classes; k++) {
    if (count[k] > 0) {
      double share = (double)count[k] / (double)n_rows;
      sum -= share * lqa_log(share);
    }
  }
  return sum;
}

lqa_status lqa_metrics_run(const lqa_scored *scored, lqa_metrics *out) {
  int64_t *count = lqa_calloc((size_t)scored->n_classes, sizeof *count);
  if (!count) {
    return LQA_NO_MEMORY;
  }
  int64_t n = 0, n_correct = 0;
  double loss = 0;
  for (int64_t row = 0; row < scored->n_rows; row++) {
    const float *probs = scored->pred_probs + row * scored->n_classes;
    int32_t label = scored->label[row];
    if (label < 0 || isnan(probs[0])) {
      continue;
    }
    double p = (double)probs[label];
    n++;
    count[label]++;
    n_correct += lqa_best_class(probs, scored->n_classes) == label;
    loss -= lqa_log(p > SMALLEST_PROBABILITY ? p : SMALLEST_PROBABILITY);
  }
  *out = (lqa_metrics){n, (double)n_correct / (double)n, loss / (double)n,
                       entropy(count, scored->n_classes, n)};
  free(count);
  return LQA_OK;
}
