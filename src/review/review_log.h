/* review/review_log.h - what reviewers did, in the order they did it: the table `review` of run.db.
 *
 * Nothing is changed or removed: taking a decision back is a record of its own. A decision that
 * counts for the row goes to the table `decision` in the same transaction, which every other
 * command reads; both are on disk when a call returns. */
#ifndef LQA_REVIEW_LOG_H
#define LQA_REVIEW_LOG_H

#include "base/vec.h"
#include "store/run.h"

typedef enum lqa_review_kind {
  LQA_REVIEW_LABEL,
  LQA_REVIEW_UNSURE,
  LQA_REVIEW_UNDO
} lqa_review_kind;

typedef struct lqa_review_event {
  int64_t id, row;
  lqa_review_kind kind;
  int32_t label;    /* of LABEL; LQA_CLASS_NONE where the class is no more */
  int32_t reviewer; /* number in the log's names */
  double seconds;   /* NaN: unknown */
  bool blind, adjudicates;
  bool is_undone;
  int64_t undoes;                      /* id; 0 = nothing */
  int32_t previous_label, previous_by; /* the decision in force before; LQA_CLASS_NONE, -1: none */
  int64_t previous_event;              /* of the same row, by anyone; -1 = none */
  char made_utc[32];
} lqa_review_event;

typedef struct lqa_review_log {
  lqa_run *run;
  lqa_map *names; /* reviewers, and others who decided */
  LQA_VEC(lqa_review_event) events;
  int64_t *newest; /* per row: index of its newest event, or -1; owned */
} lqa_review_log;

/* Makes the table where it is missing and reads what is there. `run` is open for writing. */
LQA_MUST_CHECK lqa_status lqa_review_log_open(lqa_run *run, lqa_review_log *log, lqa_error *err);
void lqa_review_log_close(lqa_review_log *log);

/* The number of a name, which is added where it is new. */
LQA_MUST_CHECK lqa_status lqa_review_log_name(lqa_review_log *log, lqa_str name, int32_t *number,
                                              lqa_error *err);
lqa_str lqa_review_log_name_of(const lqa_review_log *log, int32_t number);

typedef struct lqa_review_entry {
  int64_t row;
  lqa_review_kind kind; /* LABEL or UNSURE */
  int32_t label;
  int32_t reviewer;
  double seconds;
  bool blind, adjudicates;
  lqa_str note; /* or NULL data */
} lqa_review_entry;

/* Records it, and the decision where it is one; *id is the event's. */
LQA_MUST_CHECK lqa_status lqa_review_log_add(lqa_review_log *log, const lqa_review_entry *entry,
                                             int64_t *id, lqa_error *err);
/* Takes the reviewer's newest event back that is not undone; *row is -1 where there is none. */
LQA_MUST_CHECK lqa_status lqa_review_log_undo(lqa_review_log *log, int32_t reviewer, int64_t *row,
                                              lqa_error *err);

/* The newest event of `reviewer` on `row` that counts, or NULL. */
const lqa_review_event *lqa_review_log_find(const lqa_review_log *log, int64_t row,
                                            int32_t reviewer);
/* The newest adjudication of `row` that counts, or NULL. */
const lqa_review_event *lqa_review_log_last_word(const lqa_review_log *log, int64_t row);

#endif
