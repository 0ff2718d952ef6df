/* confident/confident_internal.h - the prepared problem, and how its rows are read.
 * For the files of this folder only.
 */
#ifndef LQA_CONFIDENT_CONFIDENT_INTERNAL_H
#define LQA_CONFIDENT_CONFIDENT_INTERNAL_H

#include "confident/confident.h"
#include "base/pairwise_sum.h"

#include <string.h>

/* Rows are cut into at most LQA_CONFIDENT_CHUNKS chunks, by their number alone; a task is a chunk,
 * and what it counts is kept per chunk, so that later tasks know where each class stands in it. */
enum { LQA_CONFIDENT_CHUNKS = 256, LQA_CONFIDENT_CHUNK_ROWS = 1024, LQA_LABEL_BLOCK = 1024 };

struct lqa_confident {
  lqa_matrix pred_probs, labels;
  lqa_tie_order ties;
  lqa_pool *pool;
  const lqa_observer *observer;
  int64_t n_rows, n_used;
  int32_t n_classes;
  bool is_single;   /* float32 arithmetic */
  bool is_integral; /* an integer matrix: adding EPS to it changes nothing */
  bool is_direct;   /* rows can be used in place */
  int64_t *class_count;
  int64_t chunk_rows, n_chunks;
  uint32_t *chunk_count; /* n_chunks x n_classes: rows of each class */
  int64_t block_rows;    /* rows read at a time */
  double *divisor;       /* n_rows: 0, or what the row is divided by; NULL = no row is scaled */
  int64_t n_scaled;
  void *scratch; /* per worker block_rows x n_classes values, where not is_direct */
};

static inline int64_t lqa_confident_chunk_start(const lqa_confident *cl, size_t chunk) {
  return (int64_t)chunk * cl->chunk_rows;
}
static inline int64_t lqa_confident_chunk_end(const lqa_confident *cl, size_t chunk) {
  int64_t end = ((int64_t)chunk + 1) * cl->chunk_rows;
  return end < cl->n_rows ? end : cl->n_rows;
}

/* LQA_INTERRUPTED once the caller asked to stop; tasks ask at every block. */
LQA_MUST_CHECK static inline lqa_status lqa_confident_go_on(const lqa_confident *cl) {
  return lqa_observe_cancelled(cl->observer) ? LQA_INTERRUPTED : LQA_OK;
}

/* Labels of n <= LQA_LABEL_BLOCK rows; negative ones become -1, too large ones INT32_MAX. */
void lqa_confident_read_labels(const lqa_confident *cl, int64_t row, int64_t n, int32_t *out);

/* n <= block_rows rows as float (is_single) or double, *stride values apart. The rows lie in the
 * matrix itself or in the worker's scratch, valid until that worker's next call. */
const void *lqa_confident_read_rows(const lqa_confident *cl, size_t worker, int64_t row, int64_t n,
                                    int64_t *stride);

/* Makes the workers' scratch, which rows that are not used in place need. */
LQA_MUST_CHECK lqa_status lqa_confident_make_scratch(lqa_confident *cl, lqa_error *err);

/* A value of a row that has a divisor. */
static inline double lqa_confident_scale(const lqa_confident *cl, double value, double divisor) {
  return lqa_round_single((value > 0 ? value : 0) / divisor, cl->is_single);
}

/* One value; row and column in range. */
static inline double lqa_confident_value(const lqa_confident *cl, int64_t row, int32_t column) {
  const lqa_matrix *m = &cl->pred_probs;
  const char *at = (const char *)m->data + row * m->row_stride + column * m->column_stride;
  double value;
  if (!m->swapped && m->dtype == LQA_FLOAT64) {
    memcpy(&value, at, sizeof value);
  } else if (!m->swapped && m->dtype == LQA_FLOAT32) {
    float single;
    memcpy(&single, at, sizeof single);
    value = (double)single;
  } else {
    value = lqa_matrix_get(m, row, column);
  }
  if (cl->divisor && cl->divisor[row] > 0) {
    value = lqa_confident_scale(cl, value, cl->divisor[row]);
  }
  return value;
}

/* Asks for the values of a row that will be read soon: rows of one class lie far apart. */
static inline void lqa_confident_prefetch(const lqa_confident *cl, int64_t row, int32_t column) {
  const lqa_matrix *m = &cl->pred_probs;
  __builtin_prefetch((const char *)m->data + row * m->row_stride + column * m->column_stride);
}

/* How many rows ahead. */
enum { LQA_PREFETCH_ROWS = 16 };

/* ---- thresholds ---- */

/* A class's threshold before the floor. */
double lqa_confident_average(double sum, int64_t count, bool is_single);
/* Lifts thresholds to LQA_CONFIDENT_FLOOR, in their own precision. */
void lqa_confident_lift_thresholds(lqa_thresholds *thresholds, int32_t n);

/* ---- rows by class ---- */

/* The rows of one class, in row order. */
typedef struct lqa_class_rows {
  int32_t class_index;
  const uint32_t *rows;
  int64_t n;
  size_t worker; /* that looks at them */
} lqa_class_rows;

typedef lqa_status (*lqa_class_fn)(void *data, const lqa_class_rows *rows);

/* Which rows: of classes k with wanted[k] (NULL = all), with flags[row] & bit (NULL = all). */
typedef struct lqa_row_choice {
  const uint8_t *wanted;
  const uint8_t *flags;
  uint8_t bit;
} lqa_row_choice;

/* Calls `run` from worker threads, once for every class that has such rows, indexing as many
 * classes at a time as a small share of the matrix's size allows. */
LQA_MUST_CHECK lqa_status lqa_confident_each_class(lqa_confident *cl, const lqa_row_choice *choice,
                                                   lqa_class_fn run, void *data, lqa_error *err);

/* A row that agrees with its label has no margin p_t - p_label above this, rounding included, for
 * probabilities in range. */
#define LQA_CONFIDENT_MARGIN_BOUND 4e-6

#endif
