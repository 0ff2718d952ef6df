/* audit/measure/vote.c - majority labels of small groups.
 *
 * Groups of duplicates are nearly always small, so each row is compared with the first row of every
 * label seen so far: n x labels steps and no memory. A tie has no majority: two copies that
 * disagree say that one is wrong, not which.
 */
#include "audit/measure/vote.h"

enum { MAX_LABELS = 64 }; /* labels counted apart; more than that in one group counts as these */

bool lqa_vote_differs(const lqa_dataset *dataset, int64_t a, int64_t b) {
  int32_t label_a = dataset->label[a], label_b = dataset->label[b];
  if (label_a == LQA_LABEL_NULL || label_b == LQA_LABEL_NULL) {
    return false;
  }
  if (label_a == LQA_LABEL_UNKNOWN && label_b == LQA_LABEL_UNKNOWN) {
    return !lqa_str_equal(lqa_column_get(&dataset->label_text, a),
                          lqa_column_get(&dataset->label_text, b));
  }
  return label_a != label_b;
}

bool lqa_vote_is_clear(const lqa_vote *vote) {
  return vote->n_labelled >= 5 && 5 * vote->n_majority >= 4 * vote->n_labelled;
}

static lqa_vote find_winner(const lqa_dataset *dataset, const int64_t *first, const int32_t *count,
                            int n_labels) {
  lqa_vote vote = {.n_labels = n_labels, .majority = -1};
  int32_t best = 0;
  bool tied = false;
  for (int k = 0; k < n_labels; k++) {
    vote.n_labelled += count[k];
    tied = count[k] == best || (tied && count[k] < best);
    if (count[k] > best) {
      best = count[k];
      vote.majority = dataset->label[first[k]];
    }
  }
  vote.majority = tied || vote.majority < 0 ? -1 : vote.majority;
  vote.n_majority = vote.majority < 0 ? 0 : best;
  return vote;
}

lqa_vote lqa_vote_count(const lqa_dataset *dataset, const uint32_t *rows, int64_t n) {
  int64_t first[MAX_LABELS];
  int32_t count[MAX_LABELS];
  int n_labels = 0;
  for (int64_t i = 0; i < n; i++) {
    if (dataset->label[rows[i]] == LQA_LABEL_NULL) {
      continue;
    }
    int k = 0;
    while (k < n_labels && lqa_vote_differs(dataset, first[k], rows[i])) {
      k++;
    }
    if (k == n_labels && n_labels < MAX_LABELS) {
      first[n_labels] = rows[i];
      count[n_labels++] = 0;
    }
    if (k < n_labels) {
      count[k]++;
    }
  }
  return find_winner(dataset, first, count, n_labels);
}
