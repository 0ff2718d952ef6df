/* api/judge_result.h - a judge's session as the result of a command. Each hands `result` to *out;
 * where it fails, `result` stays the caller's. */
#ifndef LQA_API_JUDGE_RESULT_H
#define LQA_API_JUDGE_RESULT_H

#include "api/judge_session.h"
#include "api/result.h"

/* Adds {"plan": ..., "judge": ... or null}; `judged` tells whether the session has a summary. */
LQA_MUST_CHECK lqa_status lqa_judge_result_finish(const lqa_judge_session *session, bool judged,
                                                  lqa_result *result, lqa_result **out,
                                                  lqa_error *err);
/* The plan and what it would take to ask. */
LQA_MUST_CHECK lqa_status lqa_judge_result_plan(const lqa_judge_session *session,
                                                lqa_result *result, lqa_result **out,
                                                lqa_error *err);
/* Saves what there is and shows it; `asked` is how asking went, and is returned if it failed. */
LQA_MUST_CHECK lqa_status lqa_judge_result_save(lqa_judge_session *session, lqa_status asked,
                                                lqa_result *result, lqa_result **out,
                                                lqa_error *err);

#endif
