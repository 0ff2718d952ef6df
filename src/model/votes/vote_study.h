/* model/votes/vote_study.h - everything about one vote table: consensus, annotators, pairs,
 * agreement.
 *
 *     lqa_vote_study study;
 *     LQA_TRY(lqa_vote_study_run(table, &options, &study, err));
 *     ... study.consensus.label[item], study.annotators[a].quality ...
 *     lqa_vote_study_clear(&study);
 */
#ifndef LQA_MODEL_VOTES_VOTE_STUDY_H
#define LQA_MODEL_VOTES_VOTE_STUDY_H

#include "data/votes/vote_table.h"
#include "model/votes/annotator.h"

typedef struct lqa_vote_study_options {
  bool is_auto; /* choose the method; else `method` */
  lqa_consensus_method method;
  lqa_agreement_options agreement; /* of alpha, Fleiss' kappa and Cohen's; confidence of all */
  int32_t max_iterations;          /* Dawid-Skene; 0 = its default */
  const double *time;              /* per vote of the table, NaN = unknown; or NULL */
  int64_t threads;
  uint64_t memory_bytes; /* of the text model; 0 = no limit */
  const lqa_observer *observer;
} lqa_vote_study_options;

typedef struct lqa_vote_study {
  const lqa_vote_table *table; /* borrowed */
  lqa_votes *votes;            /* items, annotators and classes numbered as in the table */
  lqa_consensus_method method;
  lqa_consensus consensus;
  lqa_annotator *annotators; /* n_annotators */
  lqa_annotator_pairs pairs;
  bool has_agreement; /* some item has two votes */
  lqa_agreement alpha, fleiss;
  bool has_fleiss;   /* nominal distance */
  const char *model; /* whose probabilities: "given probabilities", "logistic" ...; NULL: none */
  double model_accuracy; /* out of fold against the plain vote; NaN if not trained here */
  int64_t n_moved;       /* items whose consensus is not the plain vote */
  int64_t n_tied;        /* items whose plain vote is tied */
  int64_t n_truth, n_right, n_majority_right; /* of the items with known truth */
  double seconds;
  float *trained; /* probabilities of the model trained here, or NULL */
} lqa_vote_study;

LQA_MUST_CHECK lqa_status lqa_vote_study_run(const lqa_vote_table *table,
                                             const lqa_vote_study_options *options,
                                             lqa_vote_study *out, lqa_error *err);
void lqa_vote_study_clear(lqa_vote_study *study);

/* "majority", "dawid-skene", "one-coin", "crowdlab". */
const char *lqa_consensus_method_name(lqa_consensus_method method);

#endif
