/* The channel by expectation-maximisation: P(given = j | true = k) is the share of j among the rows
 * of which the posterior, p(k) times the channel so far, says k. A few rows that count as right and
 * one of every pair hold it where a class is rare. Reference: Dawid and Skene (1979), with one
 * annotator and a model's probabilities as the prior of each row.
 */
#include "model/problem/confusion.h"

#include "base/explog.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

#define FIRST_SHARE 0.1 /* of labels that are wrong, to begin with */
#define RIGHT_ROWS 5.0  /* of each class, added as rightly labelled */
#define EVERY_ROW 1.0   /* added to each pair of classes */
#define STANDARD_ERRORS 2.0
#define SMALLEST 1e-9 /* probability before its logarithm is taken */

enum { ROUNDS = 30 };

typedef struct channel {
  size_t n_classes;
  double *share; /* true x given */
  double *count; /* the same: rows by posterior */
} channel;

static void begin(channel *c) {
  for (size_t k = 0; k < c->n_classes; k++) {
    for (size_t j = 0; j < c->n_classes; j++) {
      c->share[k * c->n_classes + j] = FIRST_SHARE / (double)c->n_classes;
    }
    c->share[k * c->n_classes + k] += 1 - FIRST_SHARE;
  }
}

static void count_rows(channel *c, const double *p, const int32_t *label, size_t n_rows) {
  size_t n = c->n_classes;
  for (size_t i = 0; i < n * n; i++) {
    c->count[i] = EVERY_ROW;
  }
  for (size_t k = 0; k < n; k++) {
    c->count[k * n + k] += RIGHT_ROWS;
  }
  for (size_t row = 0; row < n_rows; row++, p += n) {
    size_t given = (size_t)label[row];
    double sum = 0;
    for (size_t k = 0; k < n; k++) {
      sum += p[k] * c->share[k * n + given];
    }
    double scale = sum > 0 ? 1 / sum : 0;
    for (size_t k = 0; k < n; k++) {
      c->count[k * n + given] += p[k] * c->share[k * n + given] * scale;
    }
  }
}

static double sum_row(const channel *c, size_t k) {
  double sum = 0;
  for (size_t j = 0; j < c->n_classes; j++) {
    sum += c->count[k * c->n_classes + j];
  }
  return sum;
}

static void share_out(channel *c) {
  for (size_t k = 0; k < c->n_classes; k++) {
    double sum = sum_row(c, k);
    for (size_t j = 0; j < c->n_classes; j++) {
      c->share[k * c->n_classes + j] = c->count[k * c->n_classes + j] / sum;
    }
  }
}

static void find_strongest(const channel *c, lqa_confusion *out) {
  size_t n = c->n_classes;
  for (size_t k = 0; k < n; k++) {
    double rows = sum_row(c, k);
    for (size_t j = 0; j < n; j++) {
      double share = c->share[k * n + j];
      double bound = share - STANDARD_ERRORS * sqrt(share * (1 - share) / rows);
      if (j != k && bound > out->bound) {
        *out = (lqa_confusion){(int32_t)k, (int32_t)j, share, bound};
      }
    }
  }
}

/* Whether p clearly says more of the labels than their own frequencies do: by STANDARD_ERRORS of
 * the gain in log-loss, row by row. A model that has learned nothing has nothing to be torn
 * between.
 */
static bool knows_labels(channel *c, const double *p, const int32_t *label, size_t n_rows) {
  double sum = 0, squares = 0, n = (double)n_rows;
  memset(c->count, 0, c->n_classes * sizeof *c->count);
  for (size_t row = 0; row < n_rows; row++) {
    c->count[label[row]]++;
  }
  for (size_t row = 0; row < n_rows; row++) {
    double own = p[row * c->n_classes + (size_t)label[row]];
    double gain = lqa_log(own > SMALLEST ? own : SMALLEST) - lqa_log(c->count[label[row]] / n);
    sum += gain;
    squares += gain * gain;
  }
  double mean = sum / n, variance = squares / n - mean * mean;
  return mean > STANDARD_ERRORS * sqrt((variance > 0 ? variance : 0) / n);
}

lqa_status lqa_confusion_fit(const double *p, const int32_t *label, size_t n_rows,
                             int32_t n_classes, lqa_confusion *out) {
  size_t n = (size_t)n_classes;
  channel c = {.n_classes = n};
  lqa_status status;
  *out = (lqa_confusion){0};
  c.share = lqa_malloc(n * n, sizeof *c.share);
  c.count = lqa_malloc(n * n, sizeof *c.count);
  LQA_TRY_OUT(c.share && c.count ? LQA_OK : LQA_NO_MEMORY);
  begin(&c);
  bool knows = knows_labels(&c, p, label, n_rows);
  for (int round = 0; knows && round < ROUNDS; round++) {
    count_rows(&c, p, label, n_rows);
    share_out(&c);
  }
  if (knows) {
    find_strongest(&c, out);
  }
out:
  free(c.share);
  free(c.count);
  return status;
}
