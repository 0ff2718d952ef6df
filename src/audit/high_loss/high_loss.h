/* audit/high_loss/high_loss.h - how hard each row is to fit: the loss columns of
 * rows.parquet. */
#ifndef LQA_AUDIT_HIGH_LOSS_HIGH_LOSS_H
#define LQA_AUDIT_HIGH_LOSS_HIGH_LOSS_H

#include "base/status.h"

/* n_rows values each, owned by the caller. NaN = NULL. */
typedef struct lqa_high_loss {
  double *loss;
  double *percentile; /* mid-rank over the rows that have a loss, divided by their number: (0, 1] */
  uint8_t *is_high;   /* percentile above 0.9, or most of the logged epochs in the top decile */
} lqa_high_loss;

/* loss = -log(max(self_confidence, 1e-15)): a by-product of the out-of-fold model, no independent
 * signal. NaN self-confidence gives a NaN loss and percentile and is_high 0. */
LQA_MUST_CHECK lqa_status lqa_high_loss_from_confidence(int64_t n_rows,
                                                        const double *self_confidence,
                                                        const lqa_high_loss *out, lqa_error *err);

/* One line of a training log. */
typedef struct lqa_loss_record {
  int64_t row;
  int32_t epoch; /* any numbers; order plays no part */
  double loss;
} lqa_loss_record;

/* loss = mean over the row's epochs; percentile of that mean; is_high where the row's percentile
 * within the epoch is above 0.9 in more than half of its epochs. Rows without a record get NaN.
 * Repeated (row, epoch) pairs count as one each. `records` is re-ordered. LQA_BAD_DATA for a row
 * out of range or a loss that is no number. */
LQA_MUST_CHECK lqa_status lqa_high_loss_from_log(int64_t n_rows, lqa_loss_record *records,
                                                 size_t n_records, const lqa_high_loss *out,
                                                 lqa_error *err);

#endif
