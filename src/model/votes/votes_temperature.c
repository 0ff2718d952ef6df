/* model/votes/votes_temperature.c - brings a model's confidence to the level of the annotators'
 * agreement.
 *
 * p^(1/T), rescaled: T < 1 sharpens, T > 1 flattens. The T is taken whose probabilities have the
 * least soft cross-entropy with the votes' shares, first on the grid .1 .2 .5 .8 1 2 3 5 8, then on
 * nine points around the best (four steps to each neighbour). One pass over the votes per T: only
 * classes that got votes enter the cross-entropy, but each row's normaliser needs all. As
 * cleanlab 2.9; our own logarithm and exponential, so the last bits may differ.
 */
#include "model/votes/votes.h"

#include "base/explog.h"
#include "base/memory.h"
#include "base/pairwise_sum.h"

#include <math.h>

#define LEAST 1e-30 /* probabilities are at least this */

enum { N_COARSE = 9, N_FINE = 4, MAX_FINE = 2 * N_FINE + 1 };

static const double COARSE[N_COARSE] = {0.1, 0.2, 0.5, 0.8, 1, 2, 3, 5, 8};

struct fitting {
  const lqa_votes *votes;
  const lqa_matrix *pred_probs;
  double temperature;
  double *row;  /* per worker n_classes */
  double *loss; /* n_items */
};

/* row[k] = p_k^(1/T) over their sum; zero stays zero. */
static void scale_row(double *row, int32_t n, double temperature) {
  for (int32_t k = 0; k < n; k++) {
    row[k] = row[k] > 0 ? lqa_exp(lqa_log(row[k]) / temperature) : 0;
  }
  double sum = lqa_pairwise_sum(row, n, false);
  for (int32_t k = 0; k < n; k++) {
    row[k] /= sum;
  }
}

static double item_loss(const struct fitting *f, int64_t item, const double *row) {
  const lqa_votes *votes = f->votes;
  double loss = 0;
  for (int64_t v = votes->item_start[item]; v < votes->item_start[item + 1]; v++) {
    double p = row[votes->label[v]];
    loss -= lqa_log(p > LEAST ? p : LEAST);
  }
  return loss / (double)lqa_votes_of_item(votes, item) / lqa_log(votes->n_classes);
}

static lqa_status measure_items(void *data, size_t task, size_t worker) {
  const struct fitting *f = data;
  int32_t n = f->votes->n_classes;
  double *row = f->row + worker * (size_t)n;
  int64_t end = lqa_votes_task_end(f->votes, task);
  if (lqa_observe_cancelled(f->votes->observer)) {
    return LQA_INTERRUPTED;
  }
  for (int64_t i = (int64_t)task * LQA_VOTE_TASK; i < end; i++) {
    lqa_matrix_row_f64(f->pred_probs, i, row);
    scale_row(row, n, f->temperature);
    f->loss[i] = item_loss(f, i, row);
  }
  return LQA_OK;
}

/* The first of the temperatures with the least loss. */
static lqa_status find_best(struct fitting *f, const double *temperature, int n, int *best) {
  double least = (double)INFINITY;
  *best = 0;
  for (int i = 0; i < n; i++) {
    f->temperature = temperature[i];
    LQA_TRY(lqa_pool_run(f->votes->pool, lqa_votes_tasks(f->votes), measure_items, f));
    double loss = lqa_pairwise_sum(f->loss, f->votes->n_items, false) / (double)f->votes->n_items;
    if (loss < least) {
      least = loss;
      *best = i;
    }
  }
  return LQA_OK;
}

/* Points from `from` on towards `to`, in steps of a quarter of the way. */
static int add_points(double from, double to, int n, double *out) {
  double step = (to - from) / N_FINE;
  for (int i = 0; i < n; i++) {
    out[i] = i == N_FINE ? to : from + i * step;
  }
  return n;
}

static int refine(int best, double *out) {
  int n = 0;
  if (best > 0) {
    n += add_points(COARSE[best - 1], COARSE[best], N_FINE, out);
  }
  if (best < N_COARSE - 1) {
    n += add_points(COARSE[best], COARSE[best + 1], N_FINE + 1, out + n);
  }
  return n;
}

lqa_status lqa_votes_temperature(const lqa_votes *votes, const lqa_matrix *pred_probs,
                                 double *temperature, lqa_error *err) {
  LQA_TRY(lqa_votes_check_probs(votes, pred_probs, err));
  LQA_TRY(lqa_votes_check_items(votes, err));
  struct fitting f = {.votes = votes, .pred_probs = pred_probs};
  lqa_status status = LQA_OK;
  double fine[MAX_FINE];
  int best = 0;
  f.row = lqa_malloc((size_t)votes->n_classes, lqa_pool_threads(votes->pool) * sizeof *f.row);
  f.loss = lqa_malloc((size_t)votes->n_items, sizeof *f.loss);
  if (!f.row || !f.loss) {
    status = lqa_fail_memory(err, "fitting the temperature");
    goto out;
  }
  LQA_TRY_OUT(find_best(&f, COARSE, N_COARSE, &best));
  int n_fine = refine(best, fine);
  LQA_TRY_OUT(find_best(&f, fine, n_fine, &best));
  *temperature = fine[best];
out:
  free(f.row);
  free(f.loss);
  return status;
}

lqa_status lqa_temperature_scale(const lqa_matrix *pred_probs, double temperature, double *out,
                                 lqa_error *err) {
  int64_t n = pred_probs->n_columns;
  if (!(temperature > 0)) {
    return lqa_fail(err, LQA_BAD_USAGE, "temperature is %g, not above 0", temperature);
  }
  for (int64_t i = 0; i < pred_probs->n_rows; i++) {
    double *row = out + i * n;
    lqa_matrix_row_f64(pred_probs, i, row);
    for (int64_t k = 0; k < n; k++) {
      row[k] = row[k] > LEAST ? row[k] : row[k] != row[k] ? row[k] : LEAST;
    }
    double sum = lqa_pairwise_sum(row, n, false);
    for (int64_t k = 0; k < n; k++) {
      row[k] /= sum;
    }
    scale_row(row, (int32_t)n, temperature);
    sum = lqa_pairwise_sum(row, n, false);
    for (int64_t k = 0; k < n; k++) {
      row[k] /= sum;
    }
  }
  return LQA_OK;
}
