/* report/spot_report.h - a spot check for people and as JSON. */
#ifndef LQA_REPORT_SPOT_REPORT_H
#define LQA_REPORT_SPOT_REPORT_H

#include "base/json.h"
#include "store/spot_check.h"

/* What an ingested sheet says. */
void lqa_spot_report_text(const lqa_spot_check *check, lqa_buf *out);
/* A drawn or ingested sheet; `file` is where it lies. */
void lqa_spot_report_json(const lqa_spot_check *check, const char *file, lqa_buf *out);

#endif
