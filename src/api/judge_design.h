/* api/judge_design.h - how the rows of a judge were drawn, kept in run.db before any is asked.
 *
 * A design is a document with a line "row inclusion control" for every drawn row, behind lines
 * "class number sum" of the control over the rows that could be drawn: the control is the
 * probability that the label is wrong as it was known then. Error rates of all rows rest on it
 * (store/run_rate.h).
 */
#ifndef LQA_API_JUDGE_DESIGN_H
#define LQA_API_JUDGE_DESIGN_H

#include "api/judge_session.h"

/* Keeps the rows session->choices[first ..] as the document `name`. */
LQA_MUST_CHECK lqa_status lqa_judge_design_keep(const lqa_judge_session *session,
                                                const lqa_choose_input *input, const char *name,
                                                size_t first, lqa_error *err);
/* The same for rows that were drawn at once, unless they are kept already ("judge-draw top" and
 * "judge-draw random", followed by the number of random rows and the seed). Nothing is kept of a
 * draw that cannot speak for all rows: `top` with suspicious rows left over or without
 * random ones, and the strategies that may give a row no chance. */
LQA_MUST_CHECK lqa_status lqa_judge_design_keep_draw(const lqa_judge_session *session,
                                                     const lqa_choose_input *input, lqa_error *err);

#endif
