/* model/votes/consensus.h - one label per item by one of four methods, and what speaks for it.
 *
 *   majority      most votes; ties by lqa_votes_majority's rules
 *   dawid-skene   a confusion matrix per annotator
 *   one-coin      one accuracy per annotator
 *   crowdlab      votes and a model's probabilities; without a model, votes by their agreement
 *
 * Gold items keep their label whatever the votes say. Every method fills the same fields, so that
 * reports and tables need not know which one ran.
 */
#ifndef LQA_MODEL_VOTES_CONSENSUS_H
#define LQA_MODEL_VOTES_CONSENSUS_H

#include "model/votes/votes.h"

typedef enum lqa_consensus_method {
  LQA_CONSENSUS_MAJORITY,
  LQA_CONSENSUS_DAWID_SKENE,
  LQA_CONSENSUS_ONE_COIN,
  LQA_CONSENSUS_CROWDLAB
} lqa_consensus_method;

/* Borrowed. */
typedef struct lqa_consensus_options {
  lqa_consensus_method method;
  const lqa_matrix *model; /* n_items x n_classes, or NULL; Dawid-Skene does not look at it */
  const int32_t *gold;     /* n_items, negative = unknown; or NULL */
  int32_t max_iterations;  /* Dawid-Skene; 0 = its default */
} lqa_consensus_options;

typedef struct lqa_consensus {
  int32_t *label;            /* n_items */
  double *quality;           /* n_items: posterior of the label */
  double *posterior;         /* n_items x n_classes */
  double *agreement;         /* n_items: share of the item's votes for the label */
  double *entropy;           /* n_items: of the shares of its votes, in bits */
  double *active;            /* n_items: ActiveLab's score, low = worth another vote; NaN = gold */
  int32_t *majority;         /* n_items: the plain vote */
  uint8_t *is_tied;          /* n_items: the plain vote was tied for the most votes */
  double *annotator_quality; /* n_annotators, see docs/annotators.md; NaN where nothing tells */
  double *annotator_weight;  /* n_annotators: CROWDLAB's, 1 where it cannot be measured */
  double model_weight;       /* 0 without a model */
  bool is_weighed;           /* weights were measured: some item has two votes, of two classes */
  int32_t iterations;        /* Dawid-Skene */
  bool has_converged;
} lqa_consensus;

/* Every item needs a vote. LQA_BAD_DATA for CROWDLAB without an item that has two. */
LQA_MUST_CHECK lqa_status lqa_consensus_find(const lqa_votes *votes,
                                             const lqa_consensus_options *options,
                                             lqa_consensus *out, lqa_error *err);
void lqa_consensus_clear(lqa_consensus *consensus);

#endif
