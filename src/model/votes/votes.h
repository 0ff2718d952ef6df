/* model/votes/votes.h - the votes of several annotators, by item and by annotator. The functions on
 * them are those of labelqa/annotators.h, exported from where they are written.
 */
#ifndef LQA_MODEL_VOTES_VOTES_H
#define LQA_MODEL_VOTES_VOTES_H

#include "base/npy.h"
#include "base/observer.h"
#include "base/pool.h"
#include "labelqa/annotators.h"

struct lqa_votes {
  int64_t n_items, n_votes;
  int32_t n_annotators, n_classes;
  int64_t *item_start; /* n_items + 1 offsets into annotator and label */
  int32_t *annotator;  /* ascending within an item */
  int32_t *label;
  int64_t *annotator_start; /* n_annotators + 1 offsets into vote */
  int64_t *vote;            /* positions in label, item ascending within an annotator */
  int64_t *item;            /* n_votes: the item of a position */
  lqa_pool *pool;           /* owned; NULL = one thread */
  const lqa_observer *observer;
};

/* Items are worked on in tasks of this many. */
enum { LQA_VOTE_TASK = 4096 };

static inline int64_t lqa_votes_of_item(const lqa_votes *votes, int64_t item) {
  return votes->item_start[item + 1] - votes->item_start[item];
}
static inline size_t lqa_votes_tasks(const lqa_votes *votes) {
  return (size_t)((votes->n_items + LQA_VOTE_TASK - 1) / LQA_VOTE_TASK);
}
static inline int64_t lqa_votes_task_end(const lqa_votes *votes, size_t task) {
  int64_t end = ((int64_t)task + 1) * LQA_VOTE_TASK;
  return end < votes->n_items ? end : votes->n_items;
}

/* LQA_BAD_DATA unless the matrix is n_items x n_classes. */
LQA_MUST_CHECK lqa_status lqa_votes_check_probs(const lqa_votes *votes,
                                                const lqa_matrix *pred_probs, lqa_error *err);
/* LQA_BAD_DATA if an item has no vote. */
LQA_MUST_CHECK lqa_status lqa_votes_check_items(const lqa_votes *votes, lqa_error *err);

#endif
