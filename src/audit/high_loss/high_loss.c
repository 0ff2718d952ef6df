/* audit/high_loss/high_loss.c - losses, their percentiles, and rows that stay hard.
 *
 * A wrong label is hard to fit and stays hard while clean rows are learned (Arpit et al. 2017,
 * "A Closer Look at Memorization"), so a row in the top decile in most epochs is worth a look.
 * Without training logs the loss of the out-of-fold model stands in; it ranks rows exactly as the
 * self-confidence does and is no second opinion.
 * Percentiles are mid-ranks, as pandas' rank(pct=True) gives. Cost: one sort.
 */
#include "audit/high_loss/high_loss.h"

#include "base/explog.h"
#include "base/memory.h"
#include "labelqa/confident.h"

#include <math.h>

static const double TOP_DECILE = .9;
static const double LEAST_CONFIDENCE = 1e-15;

/* percentile[i] of loss[i], NAN where the loss is. `order` has room for n. */
static lqa_status rank_losses(const double *loss, size_t n, int64_t *order, double *percentile) {
  LQA_TRY(lqa_argsort(loss, (int64_t)n, LQA_TIES_STABLE, order));
  size_t n_known = n;
  for (; n_known > 0 && isnan(loss[order[n_known - 1]]); n_known--) {
    percentile[order[n_known - 1]] = NAN;
  }
  for (size_t from = 0; from < n_known;) {
    size_t to = from + 1;
    while (to < n_known && loss[order[to]] == loss[order[from]]) {
      to++;
    }
    double middle = .5 * (double)(from + 1 + to); /* of the ranks from + 1 .. to */
    for (; from < to; from++) {
      percentile[order[from]] = middle / (double)n_known;
    }
  }
  return LQA_OK;
}

/* Percentile and is_high of out->loss. */
static lqa_status rank_rows(int64_t n_rows, const lqa_high_loss *out, lqa_error *err) {
  int64_t *order = lqa_malloc((size_t)n_rows, sizeof *order);
  lqa_status status =
      order ? rank_losses(out->loss, (size_t)n_rows, order, out->percentile) : LQA_NO_MEMORY;
  free(order);
  if (status != LQA_OK) {
    return lqa_fail_memory(err, "ranking losses");
  }
  for (int64_t row = 0; row < n_rows; row++) {
    out->is_high[row] = out->percentile[row] > TOP_DECILE;
  }
  return LQA_OK;
}

lqa_status lqa_high_loss_from_confidence(int64_t n_rows, const double *self_confidence,
                                         const lqa_high_loss *out, lqa_error *err) {
  for (int64_t row = 0; row < n_rows; row++) {
    double s = self_confidence[row];
    out->loss[row] = isnan(s) ? NAN : -lqa_log(s > LEAST_CONFIDENCE ? s : LEAST_CONFIDENCE) + 0.;
  }
  return rank_rows(n_rows, out, err);
}

static int compare_records(const void *a, const void *b) {
  const lqa_loss_record *x = a, *y = b;
  if (x->epoch != y->epoch) {
    return x->epoch < y->epoch ? -1 : 1;
  }
  return x->row < y->row ? -1 : x->row > y->row;
}

/* Per row: epochs seen, and epochs in the top decile. */
typedef struct epoch_counts {
  int32_t *seen, *high;
} epoch_counts;

/* Room for the records of an epoch. */
typedef struct epoch_scratch {
  double *loss, *percentile;
  int64_t *order;
} epoch_scratch;

/* One epoch's records: ranks them and counts. */
static lqa_status count_epoch(const lqa_loss_record *records, size_t n, const epoch_scratch *s,
                              const epoch_counts *counts) {
  for (size_t i = 0; i < n; i++) {
    s->loss[i] = records[i].loss;
  }
  LQA_TRY(rank_losses(s->loss, n, s->order, s->percentile));
  for (size_t i = 0; i < n; i++) {
    counts->seen[records[i].row]++;
    counts->high[records[i].row] += s->percentile[i] > TOP_DECILE;
  }
  return LQA_OK;
}

static lqa_status check_records(int64_t n_rows, const lqa_loss_record *records, size_t n,
                                lqa_error *err) {
  for (size_t i = 0; i < n; i++) {
    if (records[i].row < 0 || records[i].row >= n_rows) {
      return lqa_fail(err, LQA_BAD_DATA, "a loss is given for row %lld, but there are %lld rows",
                      (long long)records[i].row, (long long)n_rows);
    }
    if (!isfinite(records[i].loss)) {
      return lqa_fail(err, LQA_BAD_DATA, "the loss of row %lld in epoch %d is not a finite number",
                      (long long)records[i].row, (int)records[i].epoch);
    }
  }
  return LQA_OK;
}

static void set_means(int64_t n_rows, const lqa_loss_record *records, size_t n,
                      const epoch_counts *counts, double *loss) {
  for (int64_t row = 0; row < n_rows; row++) {
    loss[row] = counts->seen[row] ? 0 : NAN;
  }
  for (size_t i = 0; i < n; i++) {
    loss[records[i].row] += records[i].loss;
  }
  for (int64_t row = 0; row < n_rows; row++) {
    loss[row] /= counts->seen[row] ? counts->seen[row] : 1;
  }
}

lqa_status lqa_high_loss_from_log(int64_t n_rows, lqa_loss_record *records, size_t n_records,
                                  const lqa_high_loss *out, lqa_error *err) {
  LQA_TRY(check_records(n_rows, records, n_records, err));
  lqa_status status = LQA_OK;
  epoch_counts counts = {lqa_calloc((size_t)n_rows, sizeof(int32_t)),
                         lqa_calloc((size_t)n_rows, sizeof(int32_t))};
  epoch_scratch scratch = {lqa_malloc(n_records, sizeof(double)),
                           lqa_malloc(n_records, sizeof(double)),
                           lqa_malloc(n_records, sizeof(int64_t))};
  if (!counts.seen || !counts.high || !scratch.loss || !scratch.percentile || !scratch.order) {
    status = lqa_fail_memory(err, "ranking losses");
    goto out;
  }
  qsort(records, n_records, sizeof *records, compare_records);
  for (size_t from = 0; from < n_records;) {
    size_t to = from + 1;
    while (to < n_records && records[to].epoch == records[from].epoch) {
      to++;
    }
    status = count_epoch(records + from, to - from, &scratch, &counts);
    if (status != LQA_OK) {
      status = lqa_fail_memory(err, "ranking losses");
      goto out;
    }
    from = to;
  }
  set_means(n_rows, records, n_records, &counts, out->loss);
  LQA_TRY_OUT(rank_rows(n_rows, out, err));
  for (int64_t row = 0; row < n_rows; row++) {
    out->is_high[row] = 2 * counts.high[row] > counts.seen[row];
  }
out:
  free(counts.seen);
  free(counts.high);
  free(scratch.loss);
  free(scratch.percentile);
  free(scratch.order);
  return status;
}
