/* api/judge_text.h - a judge's plan and summary, for people and for programs. */
#ifndef LQA_API_JUDGE_TEXT_H
#define LQA_API_JUDGE_TEXT_H

#include "api/judge_session.h"
#include "api/result.h"

/* The plan: rows, requests, price, endpoint, the first row's exact prompt. */
LQA_MUST_CHECK lqa_status lqa_judge_plan_text(const lqa_judge_session *session, lqa_buf *out,
                                              lqa_error *err);
void lqa_judge_plan_json(const lqa_judge_session *session, lqa_json *json);

/* What --yes would refuse for: a key or a price. *missing says it, valid as long as *why; NULL if
 * nothing is missing. */
bool lqa_judge_missing(const lqa_judge_session *session, lqa_error *why, const char **missing);

/* What the judges said and what it cost, with what to make of it. */
void lqa_judge_summary_text(const lqa_judge_session *session, lqa_buf *out);
void lqa_judge_summary_json(const lqa_judge_session *session, lqa_json *json);
/* What run.db keeps of a session beside its columns: one JSON object. */
void lqa_judge_details_json(const lqa_judge_session *session, lqa_buf *out);

#endif
