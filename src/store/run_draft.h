/* store/run_draft.h - a run folder in the making: written beside its place, put there in one step.
 *
 *     lqa_run_draft draft;
 *     LQA_TRY(lqa_run_draft_begin("x.labelqa", overwrite, &draft, err));   // early: refuses in
 * time
 *     ... write into draft.folder ...
 *     status = lqa_run_draft_commit(&draft, err);       // or lqa_run_draft_discard(&draft)
 *
 * A crash leaves the old run or the new one, and at worst a folder "<run>.tmp-..." that the next
 * audit sweeps away. */
#ifndef LQA_STORE_RUN_DRAFT_H
#define LQA_STORE_RUN_DRAFT_H

#include "store/run_lock.h"

typedef struct lqa_run_draft {
  char *path;    /* where the run will be */
  char *folder;  /* where it is written */
  bool replaces; /* a run lies at `path` and will be replaced */
  lqa_run_lock old, own;
} lqa_run_draft;

/* LQA_BAD_FILE where something lies at `path` and `overwrite` is false, where it is no run, or
 * where it is in use; with `overwrite` the old run stays locked until commit or discard. */
LQA_MUST_CHECK lqa_status lqa_run_draft_begin(const char *path, bool overwrite,
                                              lqa_run_draft *draft, lqa_error *err);
/* Everything in the folder must be closed. The draft is empty after, whatever the outcome. */
LQA_MUST_CHECK lqa_status lqa_run_draft_commit(lqa_run_draft *draft, lqa_error *err);
void lqa_run_draft_discard(lqa_run_draft *draft);

#endif
