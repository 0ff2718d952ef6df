/* model/votes/annotator.h - what can be said about each annotator: how good, how wrong, how odd.
 *
 * Beside the consensus, which holds the annotator's own votes, everyone is compared with the
 * others: the label that most of an item's other votes have, where one does. On that rest the marks
 * for spammers (answers hardly depend on the item), constant answers, answers turned round, and
 * drift.
 */
#ifndef LQA_MODEL_VOTES_ANNOTATOR_H
#define LQA_MODEL_VOTES_ANNOTATOR_H

#include "base/interval.h"
#include "model/votes/consensus.h"

enum {
  LQA_ANNOTATOR_SPAMMER = 1,  /* agrees with the others hardly more than by chance */
  LQA_ANNOTATOR_CONSTANT = 2, /* ... because nearly all answers are one class */
  LQA_ANNOTATOR_REVERSED = 4, /* less than by chance */
  LQA_ANNOTATOR_DRIFT = 8     /* agreement changes over time */
};

typedef struct lqa_annotator {
  int64_t n_votes;
  lqa_interval quality;        /* by the method, Wilson's, as those below; NaN = nothing tells */
  double agreement;            /* share of votes that are the consensus */
  int64_t n_judged;            /* votes on items whose other votes have one majority */
  lqa_interval with_others;    /* share of those that are the majority */
  lqa_interval kappa;          /* the same beyond chance */
  int32_t worst[2];            /* consensus and answer of the commonest confusion; -1 */
  int64_t n_worst, n_worst_of; /* votes so, and all on items of that consensus */
  int32_t bias_class;          /* used most above the consensus' share; -1 = none */
  double bias;                 /* by so much */
  int32_t top_class;           /* used most */
  double top_share;
  int64_t n_truth; /* votes on items with known label */
  lqa_interval truth_accuracy;
  int64_t n_timed;
  double early, late; /* agreement with the others in the first and second half of the judged */
  uint32_t marks;
} lqa_annotator;

typedef struct lqa_annotators_options {
  const int32_t *truth; /* n_items, negative (or a class nobody voted for) = unknown or wrong */
  const double *time;   /* per position in votes, NaN = unknown; or NULL */
  double confidence;    /* of the intervals: .95 */
} lqa_annotators_options;

/* out: n_annotators. `truth`: -1 = unknown; -2 = known, but no class: every vote is wrong. */
LQA_MUST_CHECK lqa_status lqa_annotators_measure(const lqa_votes *votes,
                                                 const lqa_consensus *consensus,
                                                 const lqa_annotators_options *options,
                                                 lqa_annotator *out, lqa_error *err);

/* Two annotators with items in common. */
typedef struct lqa_annotator_pair {
  int32_t first, second;
  int64_t n_shared, n_same;
  lqa_agreement kappa;
  int64_t n_wrong, n_wrong_same; /* items where one differs from the others' majority; where both
                                  * give the same other answer */
  bool is_copy;                  /* the two hardly worked independently */
} lqa_annotator_pair;

typedef struct lqa_annotator_pairs {
  lqa_annotator_pair *pairs; /* first < second, in that order; those with items in common */
  size_t n;
  int32_t n_compared; /* annotators, those with most votes */
} lqa_annotator_pairs;

/* Compares all pairs of the annotators with most votes: 200, fewer where classes or votes make that
 * long. */
LQA_MUST_CHECK lqa_status lqa_annotator_pairs_find(const lqa_votes *votes,
                                                   const lqa_agreement_options *options,
                                                   lqa_annotator_pairs *out, lqa_error *err);
void lqa_annotator_pairs_clear(lqa_annotator_pairs *pairs);

#endif
