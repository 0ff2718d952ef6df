/* evaluate/corrupt_report.h - what was planted, for people and as JSON. */
#ifndef LQA_EVALUATE_CORRUPT_REPORT_H
#define LQA_EVALUATE_CORRUPT_REPORT_H

#include "base/json.h"
#include "evaluate/corrupt.h"

/* "2000 rows drawn; planted: 20 off_by_one 100 random_flip ...", one line. */
void lqa_corrupt_report_sentence(const lqa_corrupt_plan *plan, lqa_buf *out);
/* A line per kind; `file` is where the table went. */
void lqa_corrupt_report_text(const lqa_corrupt_plan *plan, const char *file, lqa_buf *out);
void lqa_corrupt_report_json(const lqa_corrupt_plan *plan, const char *file, lqa_buf *out);

#endif
