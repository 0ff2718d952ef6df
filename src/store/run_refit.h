/* store/run_refit.h - a run's contents, ready to be trained on again by the posterior. */
#ifndef LQA_STORE_RUN_REFIT_H
#define LQA_STORE_RUN_REFIT_H

#include "model/embedding/soft_embedding.h"
#include "model/table/soft_table.h"
#include "model/text/soft_text.h"
#include "store/run.h"
#include "trust/posterior.h"

/* Which rows take part. */
typedef struct lqa_run_refit_input {
  lqa_run *run;
  const int64_t *row;         /* of the run, for each of rows->n_rows */
  const lqa_trust_rows *rows; /* their pool is used */
  uint64_t memory_bytes;      /* 0 = no limit */
} lqa_run_refit_input;

typedef struct lqa_run_refit {
  lqa_posterior_refit refit; /* data NULL: there is none, and `why_not` says why */
  const char *why_not;
  lqa_dataset *dataset; /* owned, or NULL */
  lqa_npy npy;
  lqa_soft_text *text;
  lqa_soft_table *table;
  lqa_soft_embedding *embedding;
} lqa_run_refit;

/* `out` zeroed before, cleared by the caller whatever the status. LQA_NO_MEMORY, LQA_INTERRUPTED.
 */
LQA_MUST_CHECK lqa_status lqa_run_refit_prepare(const lqa_run_refit_input *input,
                                                lqa_run_refit *out, lqa_error *err);
void lqa_run_refit_clear(lqa_run_refit *refit);

#endif
