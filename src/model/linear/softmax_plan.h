/* model/linear/softmax_plan.h - what training in memory (softmax.c) and streamed training
 * (softmax_stream.c) share. Internal to these two.
 */
#ifndef LQA_MODEL_LINEAR_SOFTMAX_PLAN_H
#define LQA_MODEL_LINEAR_SOFTMAX_PLAN_H

#include "model/linear/softmax_group.h"

enum { LQA_ROW_ORDER_STREAM = 11 };

/* What all groups share. Of the problem's matrix only the counts of rows and columns are used. */
typedef struct lqa_softmax_plan {
  const lqa_problem *problem;
  const lqa_softmax_options *options;
  const lqa_predictions *out;
  lqa_softmax_fold *models; /* n_models: those that leave out one fold, then pair models */
  float bias_scale;         /* times C: square of the constant feature's value */
  int n_models, width;
  int n_groups, n_outer_groups; /* the groups of the former, then of the latter */
  size_t n_rows;                /* in a fold */
  int64_t *n_in_class;          /* n_folds x n_classes: rows held out */
} lqa_softmax_plan;

/* Lanes that a fold's classes take. */
int lqa_softmax_fold_width(int32_t n_classes);
/* Clear *plan whatever the status. */
LQA_MUST_CHECK lqa_status lqa_softmax_plan_init(lqa_softmax_plan *plan, const lqa_problem *problem,
                                                const lqa_softmax_options *options,
                                                const lqa_predictions *out);
void lqa_softmax_plan_clear(lqa_softmax_plan *plan);

/* Takes the memory of group `number`, duals for n_rows; all zero, intercepts at the classes'
 * shares. The rows are the caller's to describe. Close *group whatever the status. */
LQA_MUST_CHECK lqa_status lqa_softmax_group_open(const lqa_softmax_plan *plan, int number,
                                                 size_t n_rows, lqa_softmax_group *group);
void lqa_softmax_group_close(lqa_softmax_group *group);

/* After an epoch, with its gap in group->gap: moves the intercepts, retires models that have
 * converged, returns how many go on. */
int lqa_softmax_check_models(const lqa_softmax_plan *plan, lqa_softmax_group *group, int epoch);

/* *sums += *more, of a group's models; in the order of the rows. */
void lqa_softmax_add_sums(const lqa_softmax_group *group, lqa_softmax_block *sums,
                          const lqa_softmax_block *more);

/* Turns sums over training rows into the certificate of the group's m-th model, in scikit-learn's
 * scale. */
void lqa_softmax_certify(const lqa_softmax_plan *plan, const lqa_softmax_group *group,
                         const lqa_softmax_block *sums, int m);

#endif
