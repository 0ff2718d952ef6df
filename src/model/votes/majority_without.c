/* model/votes/majority_without.c - leave-one-out and leave-two-out plurality in constant time.
 *
 * Taking away two votes changes at most two counts, so of the four labels with most votes at least
 * two keep theirs: whatever lies below the four can neither win nor tie with the majority.
 */
#include "model/votes/majority_without.h"

#include "base/memory.h"

static void put(lqa_item_counts *c, int32_t label, int32_t count) {
  int at = LQA_ITEM_COUNTS_KEPT;
  while (at > 0 && (c->label[at - 1] < 0 || c->count[at - 1] < count ||
                    (c->count[at - 1] == count && c->label[at - 1] > label))) {
    at--;
  }
  for (int i = LQA_ITEM_COUNTS_KEPT - 1; i > at; i--) {
    c->label[i] = c->label[i - 1];
    c->count[i] = c->count[i - 1];
  }
  if (at < LQA_ITEM_COUNTS_KEPT) {
    c->label[at] = label;
    c->count[at] = count;
  }
}

lqa_status lqa_item_counts_init(const lqa_votes *votes, lqa_item_counts *counts) {
  int32_t *count = lqa_calloc((size_t)votes->n_classes, sizeof *count);
  if (!count) {
    return LQA_NO_MEMORY;
  }
  for (int64_t i = 0; i < votes->n_items; i++) {
    int64_t from = votes->item_start[i], end = votes->item_start[i + 1];
    for (int j = 0; j < LQA_ITEM_COUNTS_KEPT; j++) {
      counts[i].label[j] = -1;
      counts[i].count[j] = 0;
    }
    for (int64_t v = from; v < end; v++) {
      count[votes->label[v]]++;
    }
    for (int64_t v = from; v < end; v++) {
      int32_t label = votes->label[v];
      if (count[label] > 0) {
        put(&counts[i], label, count[label]);
        count[label] = 0;
      }
    }
  }
  free(count);
  return LQA_OK;
}

int32_t lqa_item_majority_without(const lqa_item_counts *counts, int32_t a, int32_t b) {
  int32_t best = -1;
  int32_t most = 0;
  bool is_tied = false;
  for (int j = 0; j < LQA_ITEM_COUNTS_KEPT && counts->label[j] >= 0; j++) {
    int32_t label = counts->label[j];
    int32_t count = counts->count[j] - (label == a) - (label == b);
    if (count > most) {
      best = label;
      most = count;
      is_tied = false;
    } else if (count == most) {
      is_tied = true;
    }
  }
  return is_tied || most == 0 ? -1 : best;
}
