/* store/run_db.h - run.db: what judges said and people decided, append-only, beside the run's
 * files.
 *
 * run.db is the truth that rows.parquet, review.csv and the report are made from. Nothing in it is
 * ever changed or deleted (triggers refuse it): the newest record of a row counts, older ones tell
 * how it came about. Every record carries the row's key, so that a later audit of changed data can
 * carry it over.
 *
 * Labels are stored as texts, not codes: the class list of a later run may differ. */
#ifndef LQA_STORE_RUN_DB_H
#define LQA_STORE_RUN_DB_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/sql.h"

typedef struct lqa_run_db lqa_run_db;

/* A new database with the current schema; an existing file is LQA_BAD_FILE. */
LQA_MUST_CHECK lqa_status lqa_run_db_create(const char *path, lqa_run_db **out, lqa_error *err);
/* LQA_BAD_FILE if it is missing or cannot be read, LQA_BAD_DATA if it is no run.db or a newer
 * one. */
LQA_MUST_CHECK lqa_status lqa_run_db_open(const char *path, bool for_writing, lqa_run_db **out,
                                          lqa_error *err);
void lqa_run_db_close(lqa_run_db *db);

/* Several records at once, or none. Without it every record is its own transaction. */
LQA_MUST_CHECK lqa_status lqa_run_db_begin(lqa_run_db *db, lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_run_db_commit(lqa_run_db *db, lqa_error *err);
void lqa_run_db_roll_back(lqa_run_db *db);

/* Named texts of the run itself (what the audit found, which logs were added); replaced when
 * set. */
LQA_MUST_CHECK lqa_status lqa_run_db_set_document(lqa_run_db *db, const char *name, lqa_str body,
                                                  lqa_error *err);
/* Appends the text to `out`; *found is false if there is none. */
LQA_MUST_CHECK lqa_status lqa_run_db_get_document(lqa_run_db *db, const char *name, lqa_buf *out,
                                                  bool *found, lqa_error *err);

/* Which row a record is about. */
typedef struct lqa_row_ref {
  int64_t row; /* row number; records whose row is not in this run are never handed out */
  lqa_str key; /* lqa_run_row_key */
} lqa_row_ref;

/* A verdict on a row: the judges' answers combined. Times are UTC, "" on adding means now. */
typedef struct lqa_verdict_record {
  lqa_row_ref row;
  lqa_str label;     /* the label that was judged: another label makes the verdict void */
  lqa_str verdict;   /* "YES", "NO", "UNKNOWN" */
  lqa_str corrected; /* a class with NO, else NULL data */
  int64_t judge_run; /* lqa_run_db_add_judge_run; 0 = none */
  lqa_str made_utc;
  lqa_str kind; /* why the row was judged: "suspicious", "random", "every"; NULL data = unknown */
  double inclusion; /* probability with which it was chosen; 0 = unknown */
} lqa_verdict_record;

/* One raw answer of one judge. */
typedef struct lqa_reply_record {
  lqa_row_ref row;
  int64_t judge_run;
  int judge, repeat;
  lqa_str verdict, corrected, why, raw;
  lqa_str model, base_url, reply_model, prompt_hash, asked_utc;
  int64_t tokens_in, tokens_out;
  double cost_usd; /* NaN = unknown */
  bool cached;
} lqa_reply_record;

/* A person's decision. */
typedef struct lqa_decision_record {
  lqa_row_ref row;
  lqa_str label; /* a class; NULL data withdraws what was decided before */
  lqa_str by;
  lqa_str note;     /* or NULL data */
  lqa_str made_utc; /* on adding: NULL data = now */
} lqa_decision_record;

/* A judging session. */
typedef struct lqa_judge_run {
  lqa_str model, protocol; /* second judge after " + " */
  int64_t planned, judged, yes, no, unknown, cached, calls, tokens_in, tokens_out;
  double cost_usd, agreement; /* NaN = unknown, one judge */
  /* Of all sessions of this run so far, where their price was known; set by get. */
  int64_t all_calls;
  double all_cost_usd;
  lqa_str details_json; /* the rest of the summary, an object, or NULL data */
  lqa_str made_utc;
} lqa_judge_run;

LQA_MUST_CHECK lqa_status lqa_run_db_add_verdict(lqa_run_db *db, const lqa_verdict_record *record,
                                                 lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_run_db_add_reply(lqa_run_db *db, const lqa_reply_record *record,
                                               lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_run_db_add_decision(lqa_run_db *db, const lqa_decision_record *record,
                                                  lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_run_db_add_judge_run(lqa_run_db *db, const lqa_judge_run *run,
                                                   int64_t *id, lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_run_db_add_note(lqa_run_db *db, const char *kind, lqa_str text,
                                              lqa_error *err);

/* Records are borrowed for the call; a failure ends the walk. */
typedef lqa_status (*lqa_verdict_fn)(void *data, const lqa_verdict_record *record, lqa_error *err);
typedef lqa_status (*lqa_decision_fn)(void *data, const lqa_decision_record *record,
                                      lqa_error *err);
typedef lqa_status (*lqa_reply_fn)(void *data, const lqa_reply_record *record, lqa_error *err);

/* The newest verdict of every row, by row number. */
LQA_MUST_CHECK lqa_status lqa_run_db_each_verdict(lqa_run_db *db, lqa_verdict_fn fn, void *data,
                                                  lqa_error *err);
/* The newest decision of every row, by row number, withdrawn ones left out; or, `history`, all in
 * the order they were made, withdrawals (label NULL) included. */
LQA_MUST_CHECK lqa_status lqa_run_db_each_decision(lqa_run_db *db, bool history, lqa_decision_fn fn,
                                                   void *data, lqa_error *err);
/* All raw answers about `row`, oldest first. */
LQA_MUST_CHECK lqa_status lqa_run_db_each_reply(lqa_run_db *db, int64_t row, lqa_reply_fn fn,
                                                void *data, lqa_error *err);
/* The newest answer of every model, endpoint and repeat about every row, by row number; answers
 * about a label that the row does not have any more are left out. */
LQA_MUST_CHECK lqa_status lqa_run_db_each_latest_reply(lqa_run_db *db, lqa_reply_fn fn, void *data,
                                                       lqa_error *err);
/* The newest judging session; its texts live in `texts`. */
LQA_MUST_CHECK lqa_status lqa_run_db_get_judge_run(lqa_run_db *db, lqa_judge_run *run,
                                                   lqa_arena *texts, bool *found, lqa_error *err);

/* The model of a judging session, "" for one that is not there; it lives in `texts`. */
LQA_MUST_CHECK lqa_status lqa_run_db_judge_model(lqa_run_db *db, int64_t judge_run,
                                                 lqa_arena *texts, lqa_str *model, lqa_error *err);

/* Labels that findings suggest (majority of duplicates, shift): kept for later re-scoring. */
LQA_MUST_CHECK lqa_status lqa_run_db_add_suggestion(lqa_run_db *db, int64_t row, lqa_str label,
                                                    lqa_error *err);
typedef lqa_status (*lqa_suggestion_fn)(void *data, int64_t row, lqa_str label, lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_run_db_each_suggestion(lqa_run_db *db, lqa_suggestion_fn fn,
                                                     void *data, lqa_error *err);

/* Makes the table `review` where the run has none yet (review/review_log.h keeps it). */
LQA_MUST_CHECK lqa_status lqa_run_db_begin_review(lqa_run_db *db, lqa_error *err);

/* For the other files that keep tables of their own in run.db. */
lqa_sql *lqa_run_db_sql(lqa_run_db *db);

#endif
