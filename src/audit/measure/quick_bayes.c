/* audit/measure/quick_bayes.c - multinomial naive Bayes with Laplace-Lidstone smoothing.
 *
 * Counts are integers and sums run in a fixed order, so the same rows give the same predictions on
 * any machine. Weights lie bucket by bucket with the classes side by side: scoring a feature is one
 * short vector add. Cost: features x classes to score, buckets x classes logarithms to fit.
 */
#include "audit/measure/quick_bayes.h"

#include "base/explog.h"
#include "base/memory.h"

enum { MAX_WEIGHTS = 1 << 19, MIN_BUCKETS = 1 << 10, MAX_BUCKETS = 1 << 17, LOG_TABLE = 256 };

static const float SMOOTHING = .1f;

uint32_t lqa_quick_bayes_buckets(int32_t n_classes) {
  uint32_t n = MAX_BUCKETS;
  while (n > MIN_BUCKETS && (uint64_t)n * (uint64_t)n_classes > MAX_WEIGHTS) {
    n /= 2;
  }
  return n;
}

void lqa_quick_bayes_clear(lqa_quick_bayes *model) {
  for (int half = 0; half < 2; half++) {
    free(model->weight[half]);
    free(model->prior[half]);
  }
  *model = (lqa_quick_bayes){0};
}

/* Counts of one half into `weight` (as whole floats: exact up to 2^24), their sums by class into
 * `total`, and its rows into `prior`. */
static void count_half(const lqa_quick_bayes *model, int half, const lqa_hashed_rows *bag,
                       const int32_t *label, double *total) {
  size_t n_classes = (size_t)model->n_classes;
  for (size_t i = 0; i < bag->n; i++) {
    if (bag->half[i] == half && label[i] >= 0) {
      model->prior[half][label[i]] += 1;
      total[label[i]] += (double)(bag->start[i + 1] - bag->start[i]);
      for (uint64_t j = bag->start[i]; j < bag->start[i + 1]; j++) {
        model->weight[half][bag->bucket[j] * n_classes + (size_t)label[i]] += 1;
      }
    }
  }
}

static void set_logs(const lqa_quick_bayes *model, int half, double *total) {
  size_t n_classes = (size_t)model->n_classes;
  float *weight = model->weight[half];
  float log_of[LOG_TABLE]; /* most counts are small */
  for (int i = 0; i < LOG_TABLE; i++) {
    log_of[i] = lqa_logf((float)i + SMOOTHING);
  }
  for (size_t k = 0; k < n_classes; k++) {
    total[k] = lqa_log(total[k] + (double)SMOOTHING * model->n_buckets);
  }
  for (size_t bucket = 0; bucket < model->n_buckets; bucket++) {
    for (size_t k = 0; k < n_classes; k++) {
      float *w = &weight[bucket * n_classes + k];
      *w = (*w < LOG_TABLE ? log_of[(int)*w] : lqa_logf(*w + SMOOTHING)) - (float)total[k];
    }
  }
  for (size_t k = 0; k < n_classes; k++) {
    model->prior[half][k] = lqa_logf(model->prior[half][k] + .5f);
  }
}

lqa_status lqa_quick_bayes_fit(lqa_quick_bayes *model, const lqa_hashed_rows *bag,
                               uint32_t n_buckets, int32_t n_classes, const int32_t *label) {
  lqa_quick_bayes made = {.n_classes = n_classes, .n_buckets = n_buckets};
  lqa_status status = LQA_OK;
  for (int half = 0; half < 2; half++) {
    made.weight[half] = lqa_calloc(n_buckets, (size_t)n_classes * sizeof(float));
    made.prior[half] = lqa_calloc((size_t)n_classes, sizeof(float));
    double *total = lqa_calloc((size_t)n_classes, sizeof *total);
    if (!made.weight[half] || !made.prior[half] || !total) {
      free(total);
      status = LQA_NO_MEMORY;
      goto out;
    }
    count_half(&made, half, bag, label, total);
    set_logs(&made, half, total);
    free(total);
  }
  *model = made;
  made = (lqa_quick_bayes){0};
out:
  lqa_quick_bayes_clear(&made);
  return status;
}

lqa_status lqa_quick_bayes_predict(const lqa_quick_bayes *model, const lqa_hashed_rows *bag,
                                   int32_t *predicted) {
  size_t n_classes = (size_t)model->n_classes;
  float *score = lqa_malloc(n_classes, sizeof *score);
  if (!score) {
    return LQA_NO_MEMORY;
  }
  for (size_t i = 0; i < bag->n; i++) {
    int other = !bag->half[i];
    memcpy(score, model->prior[other], n_classes * sizeof *score);
    for (uint64_t j = bag->start[i]; j < bag->start[i + 1]; j++) {
      const float *weight = model->weight[other] + bag->bucket[j] * n_classes;
      for (size_t k = 0; k < n_classes; k++) {
        score[k] += weight[k];
      }
    }
    size_t best = 0;
    for (size_t k = 1; k < n_classes; k++) {
      best = score[k] > score[best] ? k : best;
    }
    predicted[i] = (int32_t)best;
  }
  free(score);
  return LQA_OK;
}
