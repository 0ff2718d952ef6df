/* report/run_report.h - the report of a run folder: completed from the run, read back, written. */
#ifndef LQA_REPORT_RUN_REPORT_H
#define LQA_REPORT_RUN_REPORT_H

#include "report/report.h"
#include "store/run.h"

enum { LQA_REPORT_DEFAULT_TOP = 25 };

/* Completes `report` from the run: path, actions, judge, error rate, the `top` most suspicious
 * rows. What the audit alone knows must be in it already. Arrays live in `arena`; texts in the run
 * and `arena`. */
LQA_MUST_CHECK lqa_status lqa_run_report_complete(lqa_run *run, const char *path, int64_t top,
                                                  lqa_arena *arena, lqa_report *report,
                                                  lqa_error *err);
/* Reads run->folder/report.json back and completes it. */
LQA_MUST_CHECK lqa_status lqa_run_report_load(lqa_run *run, const char *path, int64_t top,
                                              lqa_arena *arena, lqa_report *report, lqa_error *err);
/* Writes the report files of report_list.h into `folder`, each by rename. */
LQA_MUST_CHECK lqa_status lqa_run_report_save(const lqa_report *report, const char *folder,
                                              lqa_error *err);

#endif
