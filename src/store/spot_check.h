/* store/spot_check.h - how many labels are wrong: a sample that people check, drawn by strata.
 *
 * Strata are suspicious or not, by given label; small ones are merged. A sheet shows rows in random
 * order without saying which are suspected, so that nobody is led. What each row stands for stays
 * in run.db under the sheet's id: the answers come back as decisions, and as an error rate with its
 * interval. */
#ifndef LQA_STORE_SPOT_CHECK_H
#define LQA_STORE_SPOT_CHECK_H

#include "store/run.h"
#include "trust/flag_recall.h"

typedef struct lqa_spot_stratum {
  bool is_suspicious;
  bool is_rest;  /* several small classes together; then `label` is NULL data */
  lqa_str label; /* given label; NULL data: the rows without a known one */
  int64_t population, drawn, answered, wrong;
  lqa_interval rate;
} lqa_spot_stratum;

typedef struct lqa_spot_check {
  char sheet[17];           /* id of the sheet */
  lqa_spot_stratum *strata; /* arena */
  size_t n_strata;
  int64_t drawn, answered, wrong;
  lqa_interval rate; /* of the whole run; n = 0 before any answer */
  /* The share of all wrong labels that the suspicious strata contain; n = 0 where either kind has
   * no answer yet, estimate NaN where no wrong label was found. */
  lqa_interval recall;
  /* of the latest ingest */
  int64_t decided;    /* rows that now have a decision */
  int64_t wrong_only; /* marked wrong without a correct label: no decision, but they count */
  int64_t gone;       /* rows that are no longer in the data */
} lqa_spot_check;

/* Draws n rows (all, if there are fewer), records the sheet in run.db and writes it to `path`
 * (.csv, .jsonl, .parquet): check_id, row_id, row_number, text, label, is_correct, correct_label,
 * note. The last three are empty. Texts of `out` live in `arena`. */
typedef struct lqa_spot_options {
  int64_t n;
  uint64_t seed;
  const char *path; /* NULL: no sheet is written, the rows are answered one by one */
} lqa_spot_options;
LQA_MUST_CHECK lqa_status lqa_spot_draw(lqa_run *run, const lqa_spot_options *options,
                                        lqa_arena *arena, lqa_spot_check *out, lqa_error *err);

/* Takes a filled-in sheet back: all of it or, where an answer makes no sense, nothing (LQA_BAD_DATA
 * lists the rows). is_correct: yes/no, true/false, 1/0, y/n; empty = not checked. A row that is not
 * correct should have a correct_label; a correct_label alone says both. `by` is who checked. */
typedef struct lqa_spot_sheet {
  const char *path;
  const char *by; /* NULL = "spot-check" */
} lqa_spot_sheet;
LQA_MUST_CHECK lqa_status lqa_spot_ingest(lqa_run *run, const lqa_spot_sheet *sheet,
                                          lqa_arena *arena, lqa_spot_check *out, lqa_error *err);

/* The newest sheet that was drawn from this very data, in its order; n = 0 where there is none.
 * Arrays live in `arena`. */
typedef struct lqa_spot_sheet_state {
  char sheet[17];
  int64_t n;
  int64_t *rows;
  uint8_t *is_answered;
} lqa_spot_sheet_state;
LQA_MUST_CHECK lqa_status lqa_spot_newest(const lqa_run *run, lqa_arena *arena,
                                          lqa_spot_sheet_state *out, lqa_error *err);
/* A decision made elsewhere: where its row is on the newest sheet, it is that row's answer. On disk
 * when this returns. */
typedef struct lqa_spot_answer {
  int64_t row;
  int32_t label;
  lqa_str by;
} lqa_spot_answer;
LQA_MUST_CHECK lqa_status lqa_spot_take(lqa_run *run, const lqa_spot_answer *answer,
                                        lqa_error *err);

/* The state of the sheet that was answered last, if it was drawn from this very data; *found
 * tells. */
LQA_MUST_CHECK lqa_status lqa_spot_rate(const lqa_run *run, lqa_arena *arena, lqa_spot_check *out,
                                        bool *found, lqa_error *err);

#endif
