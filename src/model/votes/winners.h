/* model/votes/winners.h - what the others say: an item's winner without some of its votes. */
#ifndef LQA_MODEL_VOTES_WINNERS_H
#define LQA_MODEL_VOTES_WINNERS_H

#include "model/votes/votes.h"

enum { LQA_WINNERS_KEPT = 4 };

/* The labels of an item with most votes: by count, then by number. label -1: there are no more. */
typedef struct lqa_item_counts {
  int32_t label[LQA_WINNERS_KEPT];
  int32_t count[LQA_WINNERS_KEPT];
} lqa_item_counts;

/* counts: n_items. */
lqa_status lqa_winners_count(const lqa_votes *votes, lqa_item_counts *counts) LQA_MUST_CHECK;

/* The label with most votes once one vote for `a` and (b >= 0) one for `b` are taken away; -1 where
 * that is a tie or nothing is left. */
int32_t lqa_winner_without(const lqa_item_counts *counts, int32_t a, int32_t b);

#endif
