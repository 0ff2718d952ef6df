/* report/fail_if.h - conditions that make an audit exit with 1, for continuous integration. */
#ifndef LQA_REPORT_FAIL_IF_H
#define LQA_REPORT_FAIL_IF_H

#include "labelqa/text_list.h"
#include "report/report.h"

/* For help and messages: what a condition may name. */
#define LQA_FAIL_IF_NAMES                                                          \
  "findings.error, findings.warn, flagged_rate, needs_review, error_rate.low, "    \
  "error_rate.estimate, error_rate.high, flag_recall.low, flag_recall.estimate, "  \
  "flag_recall.high, expected_error_rate, error_rate.by_class.low, "               \
  "error_rate.by_class.estimate, error_rate.by_class.high (of any class; of one: " \
  "error_rate.by_class[CLASS].high)"

/* Checks the words of every condition before any work. LQA_BAD_USAGE names the condition and lists
 * what there is. */
LQA_MUST_CHECK lqa_status lqa_fail_if_check(const lqa_text_list *conditions, lqa_error *err);
/* LQA_FAIL_IF with the first condition that holds and its value; conditions on a figure that is
 * not known do not hold. */
LQA_MUST_CHECK lqa_status lqa_fail_if_run(const lqa_text_list *conditions, const lqa_report *report,
                                          lqa_error *err);

#endif
