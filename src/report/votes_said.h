/* report/votes_said.h - a study of votes in the words of `labelqa annotators --format json`: names
 * for codes, lists for matrices. votes_json.c has the table of its fields. */
#ifndef LQA_REPORT_VOTES_SAID_H
#define LQA_REPORT_VOTES_SAID_H

#include "base/arena.h"
#include "report/votes_report.h"

typedef struct lqa_said_consensus {
  const char *method, *model;
  double model_accuracy;
  bool is_iterated; /* by the method */
  int64_t iterations;
  bool has_converged;
  int64_t n_moved, n_tied, n_truth;
  bool has_truth;
  double accuracy, majority_accuracy;
} lqa_said_consensus;

typedef struct lqa_said_agreement {
  double confidence;
  bool has_alpha, has_fleiss;
  lqa_agreement alpha, fleiss;
} lqa_said_agreement;

typedef struct lqa_said_mistake {
  lqa_str consensus, said;
  int64_t n, n_of;
} lqa_said_mistake;

typedef struct lqa_said_annotator {
  lqa_str name;
  lqa_annotator numbers;
  double weight;
  bool has_mistake, has_truth, has_times;
  lqa_said_mistake mistake;
  lqa_str overused;
  const char *const *marks;
  int64_t n_marks;
  const char *remark; /* NULL without marks */
} lqa_said_annotator;

typedef struct lqa_said_pair {
  lqa_str first, second;
  int64_t n_shared, n_same, n_wrong, n_wrong_same;
} lqa_said_pair;

typedef struct lqa_said_pairs {
  int64_t n, n_annotators;
  const lqa_said_pair *copies;
  int64_t n_copies;
} lqa_said_pairs;

typedef struct lqa_said_item {
  lqa_str item, consensus;
  double quality, active;
  int64_t n_votes;
} lqa_said_item;

typedef struct lqa_said_votes {
  const char *source;
  bool is_wide;
  int64_t n_items, n_annotators, n_votes, n_missing, n_empty, n_repeats, n_repeats_same;
  const lqa_str *classes;
  int64_t n_classes;
  const char *const *notes;
  int64_t n_notes;
  lqa_said_consensus consensus;
  lqa_said_agreement agreement;
  const lqa_said_annotator *annotators;
  lqa_said_pairs pairs;
  const lqa_said_item *again;
  int64_t n_again;
} lqa_said_votes;

/* Borrows from the report's study; what is new lives in `arena`. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_votes_say(const lqa_votes_report *report, lqa_arena *arena,
                                        lqa_said_votes *out);

#endif
