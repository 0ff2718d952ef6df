/* model/votes/majority_without.h - what the others say: an item's majority without some of its
 * votes. */
#ifndef LQA_MODEL_VOTES_MAJORITY_WITHOUT_H
#define LQA_MODEL_VOTES_MAJORITY_WITHOUT_H

#include "model/votes/votes.h"

enum { LQA_ITEM_COUNTS_KEPT = 4 };

/* The labels of an item with most votes: by count, then by number. label -1: there are no more. */
typedef struct lqa_item_counts {
  int32_t label[LQA_ITEM_COUNTS_KEPT];
  int32_t count[LQA_ITEM_COUNTS_KEPT];
} lqa_item_counts;

/* counts: n_items. */
LQA_MUST_CHECK lqa_status lqa_item_counts_init(const lqa_votes *votes, lqa_item_counts *counts);

/* The label with most votes once one vote for `a` and (b >= 0) one for `b` are taken away; -1 where
 * that is a tie or nothing is left. */
int32_t lqa_item_majority_without(const lqa_item_counts *counts, int32_t a, int32_t b);

#endif
