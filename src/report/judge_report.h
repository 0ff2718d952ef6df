/* report/judge_report.h - a judge's plan and what it said, for people and for programs. */
#ifndef LQA_REPORT_JUDGE_REPORT_H
#define LQA_REPORT_JUDGE_REPORT_H

#include "base/json.h"
#include "judge/judge.h"

enum { LQA_JUDGE_REPORT_PHASES = 3 };

/* All is borrowed. */
typedef struct lqa_judge_report {
  const lqa_judge_plan *plan;
  const lqa_judge_options *options;
  const lqa_judge_summary *summary;               /* not read by the functions of the plan */
  const char *mode;                               /* "judge" or "label" */
  const char *price_origin[LQA_JUDGE_MAX_JUDGES]; /* where the price of each judge came from */
  const lqa_str *codes; /* the classes where they are bare numbers without notes, else NULL */
  int32_t n_codes;
  int phase; /* the one that the plan is of, from 1 on; 0: it is asked all at once */
  int64_t phase_rows[LQA_JUDGE_REPORT_PHASES];
  const char *missing; /* why asking would be refused, or NULL */
} lqa_judge_report;

/* The plan: rows, requests, price, endpoint, the first row's exact prompt. */
LQA_MUST_CHECK lqa_status lqa_judge_report_plan_text(const lqa_judge_report *report, lqa_buf *out,
                                                     lqa_error *err);
void lqa_judge_report_plan_json(const lqa_judge_report *report, lqa_json *json);

/* What the judges said and what it cost, with what to make of it. */
void lqa_judge_report_text(const lqa_judge_report *report, lqa_buf *out);
void lqa_judge_report_json(const lqa_judge_report *report, lqa_json *json);
/* What run.db keeps of a session beside its columns: one JSON object. */
void lqa_judge_report_details(const lqa_judge_report *report, lqa_buf *out);

/* What a phase will cost, by the price of the plan's own; 0 for phases before it. */
double lqa_judge_report_phase_cost(const lqa_judge_report *report, int phase);
/* Parts of both: the member "endpoints", without keys; "0.25 USD" or "unknown". */
void lqa_judge_report_endpoints(const lqa_judge_report *report, lqa_json *json);
void lqa_judge_report_money(lqa_buf *out, double usd);

#endif
