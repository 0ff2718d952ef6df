/* store/loss_log.h - training logs added to a run: per-example losses by epoch.
 *
 * A log is CSV, TSV, JSON lines or Parquet with a row's id, the epoch and its loss. Columns are
 * found by name: row_id, id, guid, example_id (the run's ids; row numbers where it has none), or
 * idx, index, row, row_number (row numbers); epoch (fractions too), or step, or neither: see
 * loss_epochs.c; loss, train_loss, nll. */
#ifndef LQA_STORE_LOSS_LOG_H
#define LQA_STORE_LOSS_LOG_H

#include "labelqa/text_list.h"
#include "store/run.h"

typedef struct lqa_loss_summary {
  int64_t records;    /* lines that were used */
  int64_t unmatched;  /* lines whose id is not in the run, or is there more than once */
  int64_t rows, high; /* rows with a loss, and those that are high */
  int64_t epochs;
  const char *rule; /* how epochs were told apart; static */
} lqa_loss_summary;

/* Replaces the run's losses by those of `files` together: loss = mean over a row's epochs,
 * percentile of that mean, high = in the top decile in most epochs. Changes the evidence and the
 * manifest; call lqa_run_refresh to write them. LQA_BAD_DATA names file, row and column. */
LQA_MUST_CHECK lqa_status lqa_run_add_losses(lqa_run *run, const lqa_text_list *files,
                                             lqa_loss_summary *summary, lqa_error *err);

#endif
