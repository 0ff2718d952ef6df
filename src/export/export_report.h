/* export/export_report.h - what an export wrote, for people and as JSON. */
#ifndef LQA_EXPORT_EXPORT_REPORT_H
#define LQA_EXPORT_EXPORT_REPORT_H

#include "base/buf.h"
#include "export/export.h"

/* All is borrowed. */
typedef struct lqa_export_report {
  const lqa_export *export;
  const lqa_export_options *options;
  const lqa_export_summary *summary;
  const char *run_path;
} lqa_export_report;

void lqa_export_report_text(const lqa_export_report *report, lqa_buf *out);
void lqa_export_report_json(const lqa_export_report *report, lqa_buf *out);

#endif
