/* api/judge_session.h - a run and the judge layer brought together: rows become questions, answers
 * become records of run.db. Shared by `judge` and the demo's simulated judge.
 */
#ifndef LQA_API_JUDGE_SESSION_H
#define LQA_API_JUDGE_SESSION_H

#include "judge/choose.h"
#include "judge/transport.h"
#include "labelqa/labelqa.h"
#include "report/judge_report.h"
#include "store/run.h"

typedef struct lqa_judge_session {
  const lqa_judge_args *args; /* borrowed */
  lqa_run *run;
  lqa_observer observer; /* the caller's without its cancellation: for work after a cancel */
  lqa_judge_options options;
  lqa_judge_class *classes;
  lqa_judge_item *items;
  lqa_choice_list choices;
  lqa_judge_plan *plan;
  lqa_judge_summary summary;
  int64_t judge_run;   /* of run.db */
  int64_t n_forgotten; /* answers that --forget removed */
  int phase;           /* of --budget in phases: 0, 1, 2 (judge_phases.h); else -1 */
  lqa_arena arena;
} lqa_judge_session;

/* Opens the run, chooses rows, reads their texts and plans. `options` other than endpoints come
 * from args; `simulated` takes LQA_SIMULATED_URL and no cache. */
LQA_MUST_CHECK lqa_status lqa_judge_session_open(const lqa_judge_args *args, bool simulated,
                                                 lqa_judge_session *session, lqa_error *err);
/* The same for the rows of a phase and of those before it. */
LQA_MUST_CHECK lqa_status lqa_judge_session_open_phase(const lqa_judge_args *args, int phase,
                                                       lqa_judge_session *session, lqa_error *err);
/* Applies the answers, appends them to run.db and makes the run's files again. */
LQA_MUST_CHECK lqa_status lqa_judge_session_save(lqa_judge_session *session, lqa_error *err);
/* Plans anew, after a batch brought answers. */
LQA_MUST_CHECK lqa_status lqa_judge_session_replan(lqa_judge_session *session, lqa_error *err);
void lqa_judge_session_close(lqa_judge_session *session);
/* What there is to tell; `missing` is what --yes would refuse for (a key or a price) and lives as
 * long as *why. */
lqa_judge_report lqa_judge_session_report(const lqa_judge_session *session, lqa_error *why);

#endif
