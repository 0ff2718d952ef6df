/* report/rate_report.h - the error rate of a run, in all, by class and by slice. */
#ifndef LQA_REPORT_RATE_REPORT_H
#define LQA_REPORT_RATE_REPORT_H

#include "report/report.h"
#include "store/run.h"

/* Fills the error rate and the recall of the suspicious rows. Arrays live in `arena`. */
LQA_MUST_CHECK lqa_status lqa_report_add_rates(lqa_run *run, lqa_arena *arena, lqa_report *report,
                                               lqa_error *err);

#endif
