/* api/judge_simulation.h - a judge that knows the truth, for the demo. */
#ifndef LQA_API_JUDGE_SIMULATION_H
#define LQA_API_JUDGE_SIMULATION_H

#include "labelqa/labelqa.h"

/* Lets a simulated judge that is right with probability `accuracy` look at all suspicious rows and
 * twenty others of a run; `truth` is the column of its source that holds the true labels. *result
 * says in its first line that the judge is simulated. */
LQA_MUST_CHECK lqa_status lqa_judge_simulate(const lqa_judge_args *args, double accuracy,
                                             const char *truth, lqa_result **result,
                                             lqa_error *err);

#endif
