/* report/loss_report.h - what training logs brought, for people. */
#ifndef LQA_REPORT_LOSS_REPORT_H
#define LQA_REPORT_LOSS_REPORT_H

#include "store/loss_log.h"

void lqa_loss_report_text(const lqa_loss_summary *summary, lqa_buf *out);

#endif
