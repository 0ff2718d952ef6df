/* api/judge_phases.h - a budget of judged rows in three phases, so that the answers of one decide
 * what the next asks about.
 *
 * Which rows a phase drew is kept in run.db before any of them is asked: a run that was interrupted
 * goes on with the same rows. A phase belongs to a budget and a seed.
 */
#ifndef LQA_API_JUDGE_PHASES_H
#define LQA_API_JUDGE_PHASES_H

#include "api/judge_session.h"

enum { LQA_JUDGE_PHASES = 3 };

/* Rows of a phase: 30, 35 and 35 % of the budget. */
int64_t lqa_judge_phase_rows(int64_t budget, int phase);
/* Fills session->choices with the rows of session->phase and of the phases before it. */
LQA_MUST_CHECK lqa_status lqa_judge_phase_choose(lqa_judge_session *session,
                                                 const lqa_choose_input *input, lqa_error *err);
/* Whether every row of the session has a verdict, known or not. */
bool lqa_judge_phase_is_done(const lqa_judge_session *session);

#endif
