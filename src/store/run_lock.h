/* store/run_lock.h - who may change a run folder, between processes.
 *
 * Commands that write into a run (judge, losses, sample, review, report) hold it shared; a command
 * that would replace the folder holds it alone. Neither waits: the other one is told why. */
#ifndef LQA_STORE_RUN_LOCK_H
#define LQA_STORE_RUN_LOCK_H

#include "base/status.h"

typedef struct lqa_run_lock {
  int fd; /* of the folder; -1 = not held. A zeroed struct is not a valid lock. */
} lqa_run_lock;

#define LQA_RUN_LOCK_NONE ((lqa_run_lock){-1})

/* LQA_BAD_FILE where `run` is no folder, or is being replaced (shared) or in use (alone). */
LQA_MUST_CHECK lqa_status lqa_run_lock_shared(const char *run, lqa_run_lock *lock, lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_run_lock_alone(const char *run, lqa_run_lock *lock, lqa_error *err);
void lqa_run_unlock(lqa_run_lock *lock);

/* One writer at a time among those that share the run, while it rewrites files. Waits. */
LQA_MUST_CHECK lqa_status lqa_run_lock_files(const char *run, lqa_run_lock *lock, lqa_error *err);

#endif
