/* judge/batch.h - the provider's batch files: half the price, a day's patience.
 *
 * A line's custom_id is the cache key, so results go straight into the cache, whenever and in
 * whatever order they come back. One judge at a time.
 */
#ifndef LQA_JUDGE_BATCH_H
#define LQA_JUDGE_BATCH_H

#include "judge/judge.h"

/* Writes every question that is still open as one JSON line; no network, nothing is spent. *n_lines
 * counts them. LQA_BAD_USAGE beyond the providers' limits (50,000 lines, 200 MB). */
LQA_MUST_CHECK lqa_status lqa_judge_batch_write(lqa_judge_plan *plan, const char *path,
                                                int64_t *n_lines, lqa_error *err);

typedef struct lqa_batch_count {
  int64_t answers; /* taken into the cache and the plan */
  int64_t errors;  /* lines with an error or without a completion: asked again by the next run */
  int64_t
      foreign; /* lines for no question of this plan; their answers go to the cache all the same */
} lqa_batch_count;

/* Reads a results file (output or error file). LQA_BAD_DATA names the line that is no JSON. */
LQA_MUST_CHECK lqa_status lqa_judge_batch_read(lqa_judge_plan *plan, const char *path,
                                               lqa_batch_count *count, lqa_error *err);

/* Uploads the open questions and makes a batch of them; `id` is the provider's. The questions count
 * as asked from then on (in_batch) until the batch is polled to its end or a day and two hours are
 * over. LQA_OUT_OF_BUDGET if all of them at their bound could pass a limit: nothing is sent then.
 */
LQA_MUST_CHECK lqa_status lqa_judge_batch_submit(lqa_judge_plan *plan, char id[128],
                                                 lqa_error *err);

/* What became of the submitted batches. */
typedef struct lqa_batch_news {
  int64_t n_open, n_done;   /* batches */
  int64_t completed, total; /* requests of the open ones, by the provider's count */
  lqa_batch_count count;    /* of the done ones */
  char last_status[32];
} lqa_batch_news;

/* Asks after every batch of this endpoint and model; takes in what is done. Make a new plan after
 * it. */
LQA_MUST_CHECK lqa_status lqa_judge_batch_poll(lqa_judge_plan *plan, lqa_batch_news *news,
                                               lqa_error *err);

#endif
