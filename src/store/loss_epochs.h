/* store/loss_epochs.h - which epoch each record of a training log belongs to. */
#ifndef LQA_STORE_LOSS_EPOCHS_H
#define LQA_STORE_LOSS_EPOCHS_H

#include "audit/high_loss/high_loss.h"

/* What the log says beside a loss. */
typedef enum lqa_epoch_source {
  LQA_EPOCHS_NONE,
  LQA_EPOCHS_EPOCH,
  LQA_EPOCHS_STEP
} lqa_epoch_source;

typedef struct lqa_epoch_count {
  int64_t n_epochs;
  const char *rule; /* how it was decided, for people; static */
} lqa_epoch_count;

/* Sets records[i].epoch from value[i], what the log's column `epoch` or `step` holds. */
LQA_MUST_CHECK lqa_status lqa_loss_epochs_set(lqa_epoch_source source, const double *value,
                                              lqa_loss_record *records, size_t n_records,
                                              lqa_epoch_count *out, lqa_error *err);

#endif
