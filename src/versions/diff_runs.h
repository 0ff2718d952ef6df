/* versions/diff_runs.h - two run folders, opened and compared. */
#ifndef LQA_VERSIONS_DIFF_RUNS_H
#define LQA_VERSIONS_DIFF_RUNS_H

#include "versions/diff.h"

typedef struct lqa_diff_runs {
  lqa_run *a, *b;
  lqa_arena arena; /* the reports */
  lqa_report report_a, report_b;
  lqa_diff diff;
} lqa_diff_runs;

/* Opens `a` (the older) and `b` for reading. Errors: those of lqa_run_open and lqa_diff_make. Not
 * to be moved; *out is to be closed whatever the status. */
LQA_MUST_CHECK lqa_status lqa_diff_runs_open(const char *a, const char *b,
                                             const lqa_observer *observer, lqa_diff_runs *out,
                                             lqa_error *err);
void lqa_diff_runs_close(lqa_diff_runs *runs);

#endif
