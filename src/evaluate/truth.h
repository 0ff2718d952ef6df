/* evaluate/truth.h - what is known to be true of a run's rows, from columns of its own source. */
#ifndef LQA_EVALUATE_TRUTH_H
#define LQA_EVALUATE_TRUTH_H

#include "evaluate/corrupt.h"
#include "store/run.h"

/* Names of columns. */
typedef struct lqa_truth_columns {
  const char *truth;      /* the true label */
  const char *corruption; /* the kind of corruption, as `labelqa corrupt` spells it; or NULL */
} lqa_truth_columns;

/* By row; owned. */
typedef struct lqa_truth_rows {
  uint8_t *is_error;    /* the label given is not the true one, or the row is structurally broken */
  uint8_t *is_left_out; /* a clean row with the content of a planted duplicate */
  uint8_t *kind;        /* lqa_corruption; LQA_CORRUPT_CLEAN throughout where no column says it */
  int32_t *label;       /* class of the true label; LQA_CLASS_NONE where it is no class */
} lqa_truth_rows;

/* Errors: LQA_BAD_USAGE for a column that is not there, LQA_BAD_DATA for an unknown kind, and those
 * of opening the source. */
LQA_MUST_CHECK lqa_status lqa_truth_load(const lqa_run *run, const lqa_truth_columns *columns,
                                         lqa_truth_rows *out, lqa_error *err);
void lqa_truth_rows_clear(lqa_truth_rows *rows);

/* The class of each row's true label, LQA_CLASS_NONE for labels that are no class, into
 * `truth` (n_rows). */
LQA_MUST_CHECK lqa_status lqa_truth_read_classes(const lqa_run *run, const char *column,
                                                 const lqa_observer *observer, int32_t *truth,
                                                 lqa_error *err);

#endif
