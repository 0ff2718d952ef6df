/* model/problem/blend.h - several models' probabilities into one, weighted by what predicts unseen
 * rows.
 *
 * For the rows of fold f: log p(class) = sum over members of w_f(member) * log p_member(class), up
 * to a constant. The weights w_f >= 0 minimise the total log-loss of the neighbouring folds' rows
 * as predicted by the pair models that left out fold f too (problem.h), plus 1/2 |w - defaults|^2,
 * so they hold nothing of fold f's labels. Their sum is free: that is the calibration
 * (temperature). The second term decides where there are few rows. A member's emphasis then scales
 * its weight: log-loss is about all rows, ranking suspects about few.
 */
#ifndef LQA_MODEL_PROBLEM_BLEND_H
#define LQA_MODEL_PROBLEM_BLEND_H

#include "base/pool.h"
#include "model/problem/confusion.h"
#include "model/problem/problem.h"

enum { LQA_MAX_MEMBERS = 6 };

typedef struct lqa_blend_member {
  const char *name;
  double default_weight;
  lqa_predictions p; /* all three, or outer only: then the default weights are used */
  double emphasis;   /* factor of its weight once fitted; 0 = 1 */
} lqa_blend_member;

typedef struct lqa_blend {
  const lqa_blend_member *members;
  int n_members;
  lqa_pool *pool;
  double weight[LQA_MAX_FOLDS][LQA_MAX_MEMBERS]; /* result */
  bool looks_for_confusion;
  lqa_confusion confusion[LQA_MAX_FOLDS]; /* result: of the rows that a fold's weights were fitted
                                           * on, if it looks for it */
} lqa_blend;

/* An emphasis for all members. With two classes the scale moves no rank; this much more of it marks
 * .03 more of SMS spam's planted errors at .005 less precision, and .013 more of adult's at .009
 * less (bench/RESULTS.md). */
static inline double lqa_class_emphasis(int32_t n_classes) {
  return n_classes == 2 ? 1.25 : 1;
}

/* Chooses which rows pair models have to predict (n_rows, out): evenly, no more than fitting a few
 * weights needs. */
void lqa_blend_choose_rows(const lqa_problem *problem, uint8_t *wanted);

/* Fills blend->weight and pred_probs (n_rows x n_classes, rows in a fold). pred_probs may be a
 * member's `outer`. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_blend_run(const lqa_problem *problem, lqa_blend *blend,
                                        float *pred_probs);
/* Fills pred_probs again with the weights that are there, after members' `outer` changed. */
LQA_MUST_CHECK lqa_status lqa_blend_mix(const lqa_problem *problem, lqa_blend *blend,
                                        float *pred_probs);

#endif
