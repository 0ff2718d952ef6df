/* api/open_run.h - the run that a command is about, opened for its user. */
#ifndef LQA_API_OPEN_RUN_H
#define LQA_API_OPEN_RUN_H

#include "labelqa/labelqa.h"
#include "store/run_claim.h"

typedef struct lqa_run_opening {
  const char *path;
  bool for_writing;
  const lqa_observer *observer;
  const lqa_reread_args *reread; /* borrowed with the run */
} lqa_run_opening;

/* What the user says of the run's source. */
lqa_run_claim lqa_reread_claim(const lqa_reread_args *reread);
/* lqa_run_open, then lqa_run_claim_set. */
LQA_MUST_CHECK lqa_status lqa_command_open_run(const lqa_run_opening *opening, lqa_run **out,
                                               lqa_error *err);

#endif
