/* api/report_truth.h - what reviewing would find, where the source holds the truth. */
#ifndef LQA_API_REPORT_TRUTH_H
#define LQA_API_REPORT_TRUTH_H

#include "report/report.h"
#include "store/run.h"

/* Fills the review effort of report->figures where the source has both columns that `labelqa
 * corrupt` writes, label_true and corruption; leaves it as it is where it has not, or where they
 * hold something else. LQA_NO_MEMORY or LQA_INTERRUPTED. */
LQA_MUST_CHECK lqa_status lqa_report_truth_add(const lqa_run *run, lqa_report *report,
                                               lqa_error *err);

#endif
