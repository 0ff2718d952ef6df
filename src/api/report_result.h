/* api/report_result.h - a run's report as a command's result. Shared by every command that changes
 * a run. */
#ifndef LQA_API_REPORT_RESULT_H
#define LQA_API_REPORT_RESULT_H

#include "api/result.h"
#include "report/report.h"
#include "store/run.h"

/* The terminal summary as text and report.json as JSON. */
LQA_MUST_CHECK lqa_status lqa_report_result_show(const lqa_report *report, int width,
                                                 lqa_result *result);

/* run.db -> evidence -> all files of an open run, under the files' lock; then the summary. */
LQA_MUST_CHECK lqa_status lqa_report_result_refresh(lqa_run *run, const char *path,
                                                    const lqa_report_args *args, lqa_result *result,
                                                    lqa_error *err);

#endif
