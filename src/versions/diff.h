/* versions/diff.h - two runs of two versions of a data set: what changed, who changed it, and
 * whether it got better.
 *
 * A row whose content changed counts as such whatever became of its label; `relabelled` are rows of
 * the same content with another label. Labels are compared by name, so the runs' classes may
 * differ. */
#ifndef LQA_VERSIONS_DIFF_H
#define LQA_VERSIONS_DIFF_H

#include "base/interval.h"
#include "base/json.h"
#include "base/vec.h"
#include "report/report.h"
#include "versions/match.h"

typedef enum lqa_diff_status {
  LQA_DIFF_UNCHANGED,
  LQA_DIFF_RELABELLED,
  LQA_DIFF_CONTENT_CHANGED,
  LQA_DIFF_ADDED,
  LQA_DIFF_REMOVED,
  LQA_DIFF_STATUSES
} lqa_diff_status;

/* Whose word the new label is: a person's decision in run a, else the judge's correction there. */
typedef enum lqa_diff_by {
  LQA_DIFF_BY_NOBODY, /* the label is the same */
  LQA_DIFF_BY_DECISION,
  LQA_DIFF_BY_JUDGE,
  LQA_DIFF_BY_OTHERS
} lqa_diff_by;

/* A row that changed, or whose action did; -1: not in that run. */
typedef struct lqa_diff_row {
  lqa_diff_status status;
  lqa_diff_by by;
  int64_t row_a, row_b;
} lqa_diff_row;

typedef struct lqa_diff_pair {
  lqa_str from, to; /* NULL data: no label */
  int64_t count;
} lqa_diff_pair;

typedef struct lqa_diff {
  const lqa_run *a, *b;                  /* borrowed ... */
  const lqa_report *report_a, *report_b; /* ... as these are */
  lqa_match match;
  int64_t counts[LQA_DIFF_STATUSES];
  int64_t by[LQA_DIFF_BY_OTHERS + 1]; /* of relabelled rows */
  int64_t fixed, newly_doubted;       /* action other than keep before, keep now; the reverse */
  int64_t reverted;           /* the label that was decided in a stood there, and is another now */
  int64_t not_applied;        /* another label was decided in a, and the old one still stands */
  LQA_VEC(lqa_diff_row) rows; /* in the order of b, then the removed ones */
  LQA_VEC(lqa_diff_pair) pairs;      /* of relabelled rows, most frequent first */
  lqa_interval error_difference;     /* b minus a; n = 0: not both are known */
  double error_p;                    /* of no difference */
  lqa_interval relabel_a, relabel_b; /* NO of the judge that people checked: how many were right */
} lqa_diff;

/* Compares the runs; `report_a` and `report_b` are theirs. LQA_BAD_USAGE where they have no row in
 * common. *out is to be cleared whatever the status. */
LQA_MUST_CHECK lqa_status lqa_diff_make(const lqa_run *a, const lqa_report *report_a,
                                        const lqa_run *b, const lqa_report *report_b, lqa_diff *out,
                                        lqa_error *err);
void lqa_diff_clear(lqa_diff *diff);

const char *lqa_diff_status_name(lqa_diff_status status); /* "content_changed" */
const char *lqa_diff_by_name(lqa_diff_by by);             /* "decision"; NULL for nobody */
/* The label as its run names it; NULL data for none. */
lqa_str lqa_diff_label(const lqa_run *run, int64_t row);

/* labelqa.diff/1 (docs/versions.md): one object. */
void lqa_diff_json(const lqa_diff *diff, lqa_json *json);
/* For people. */
void lqa_diff_text(const lqa_diff *diff, lqa_buf *out);
/* Every row that changed, as .csv, .jsonl or .parquet, by the suffix. */
LQA_MUST_CHECK lqa_status lqa_diff_save(const lqa_diff *diff, const char *path,
                                        const lqa_observer *observer, lqa_error *err);

#endif
