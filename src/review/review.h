/* review/review.h - a run while people decide its rows: who may look at what, what is left, how far
 * reviewers agree. Knows nothing of HTTP.
 *
 * One thread at a time. Decisions are on disk when lqa_review_log_add returns; leases live as long
 * as the process, since a page that is gone decides nothing.
 */
#ifndef LQA_REVIEW_REVIEW_H
#define LQA_REVIEW_REVIEW_H

#include "store/run_claim.h"
#include "review/contents.h"
#include "review/review_log.h"

typedef struct lqa_review_options {
  double second_share;   /* of the rows to review that two people decide; 0 to 1 */
  int64_t lease_seconds; /* how long a row stays with one reviewer */
  bool blind;            /* labels and evidence are hidden */
  uint64_t seed;         /* of random order, and of which rows are decided twice */
  const lqa_observer *observer;
  const lqa_run_claim *claim; /* what the user says of the source; NULL = nothing */
} lqa_review_options;

typedef struct lqa_lease {
  int64_t row;
  int32_t reviewer;
  double until; /* lqa_clock_seconds */
} lqa_lease;

typedef struct lqa_review {
  lqa_run *run;
  lqa_review_options options;
  lqa_review_log log;
  lqa_contents contents;
  LQA_VEC(lqa_lease) leases;
  uint8_t *n_leases;          /* per row */
  int64_t version;            /* grows with every change that a page may show */
  int64_t to_review, decided; /* rows */
} lqa_review;

LQA_MUST_CHECK lqa_status lqa_review_open(const char *folder, const lqa_review_options *options,
                                          lqa_review **out, lqa_error *err);
void lqa_review_close(lqa_review *review);

/* After another command changed the run: rows and records are read again. */
LQA_MUST_CHECK lqa_status lqa_review_reload(lqa_review *review, lqa_error *err);

/* Records what `entry` says, ends the reviewer's lease on the row. */
LQA_MUST_CHECK lqa_status lqa_review_decide(lqa_review *review, const lqa_review_entry *entry,
                                            int64_t *id, lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_review_undo(lqa_review *review, int32_t reviewer, int64_t *row,
                                          lqa_error *err);

/* A row that people should look at: its action is not keep, or a person decided it. */
bool lqa_review_wants(const lqa_review *review, int64_t row);
/* Drawn by hash of the row number and the seed: the same rows in every session. */
bool lqa_review_is_double(const lqa_review *review, int64_t row);

#endif
