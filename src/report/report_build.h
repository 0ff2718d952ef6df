/* report/report_build.h - turns the results of the audits into the report's plain data. */
#ifndef LQA_REPORT_REPORT_BUILD_H
#define LQA_REPORT_REPORT_BUILD_H

#include "audit/audit_run.h"
#include "confident/label_issues.h"
#include "data/dataset/dataset.h"
#include "model/out_of_fold/crossval.h"
#include "report/report.h"
#include "trust/evidence.h"

/* Each fills its part of `report`; arrays live in `arena`, texts are borrowed from what is passed
 * in. */
LQA_MUST_CHECK lqa_status lqa_report_add_findings(lqa_report *report,
                                                  const lqa_finding_list *findings,
                                                  lqa_arena *arena, lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_report_add_not_run(lqa_report *report, const lqa_audit_run *run,
                                                 lqa_arena *arena, lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_report_add_lengths(lqa_report *report, const lqa_dataset *dataset,
                                                 lqa_arena *arena, lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_report_add_confident(lqa_report *report, const lqa_dataset *dataset,
                                                   const lqa_label_issues *issues, lqa_arena *arena,
                                                   lqa_error *err);
/* What was trained and how near it came to its optimum. */
LQA_MUST_CHECK lqa_status lqa_report_add_model(lqa_report *report, const lqa_crossval_result *model,
                                               lqa_arena *arena, lqa_error *err);
/* Rows per action, and high-loss rows. */
void lqa_report_add_actions(lqa_report *report, const lqa_evidence *evidence);

/* What a row looks like to a person; every text may be NULL data. */
typedef struct lqa_row_view {
  lqa_str row_id, text, label;
} lqa_row_view;
/* Gives the view of a row; texts must live as long as the report. */
typedef lqa_status (*lqa_row_view_fn)(void *data, int64_t row, lqa_row_view *view);

typedef struct lqa_suspect_source {
  const lqa_evidence *evidence;
  const lqa_str *classes;
  bool losses_from_logs;
  lqa_row_view_fn view;
  void *data;
} lqa_suspect_source;
/* The `top` most suspicious rows, with reasons copied into `arena`. */
LQA_MUST_CHECK lqa_status lqa_report_add_suspects(lqa_report *report,
                                                  const lqa_suspect_source *source, int64_t top,
                                                  lqa_arena *arena, lqa_error *err);

#endif
