/* store/run_posterior.h - a run's posterior: from its probabilities, run.db and contents to
 * p_correct and suggested labels.
 */
#ifndef LQA_STORE_RUN_POSTERIOR_H
#define LQA_STORE_RUN_POSTERIOR_H

#include "store/run.h"

typedef struct lqa_run_posterior_options {
  const float *pred_probs; /* n_rows x n_classes; NULL: read from the run's folder */
  lqa_pool *pool;          /* NULL: this thread alone */
  uint64_t memory_bytes;   /* 0 = no limit */
  int without;             /* LQA_WITHOUT_..., for measuring; 0 */
} lqa_run_posterior_options;

/* Fills p_correct and posterior_label of the run's evidence and run->trust, from the evidence and
 * run.db as they are now; the rule is to be applied after it. Where no posterior can be made, both
 * columns are NULL and run->trust.why_not says why. LQA_NO_MEMORY, LQA_INTERRUPTED, LQA_BAD_DATA,
 * LQA_BAD_FILE. */
LQA_MUST_CHECK lqa_status lqa_run_posterior(lqa_run *run, const lqa_run_posterior_options *options,
                                            lqa_error *err);

#endif
