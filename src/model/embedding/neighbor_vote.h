/* model/embedding/neighbor_vote.h - the k nearest rows of other folds vote on a row's class.
 *
 * p(class) = (sum of weights of the neighbours with that class + LQA_VOTE_PRIOR * share of the
 * class in training) / (sum of all weights + LQA_VOTE_PRIOR); weight = exp(-2 (d - d_1) / s), d = 1
 * - cosine, d_1 that of the nearest, s the mean of d - d_1 over the k: so neighbours that stand out
 * count more, whatever the scale of distances. Search is exact; ties go to the lower row.
 *
 * The outer prediction of a row uses the k nearest rows outside its fold; a pair model's those of
 * its 2 k nearest outside its fold that are outside the second fold as well, at most k. Nothing of
 * the row's own label, nor of its fold's, plays a part.
 */
#ifndef LQA_MODEL_EMBEDDING_NEIGHBOR_VOTE_H
#define LQA_MODEL_EMBEDDING_NEIGHBOR_VOTE_H

#include "base/observer.h"
#include "base/pool.h"
#include "feature/dense.h"
#include "model/problem/problem.h"

#define LQA_VOTE_PRIOR 1.0
enum { LQA_MAX_VOTERS = 64 };

typedef struct lqa_neighbor_vote_options {
  int32_t k;          /* default 50, at most LQA_MAX_VOTERS */
  int64_t max_points; /* rows that may vote, evenly spaced; 0 = all */
  uint64_t seed;      /* of that choice */
  lqa_pool *pool;
  const lqa_observer *observer;
} lqa_neighbor_vote_options;

lqa_neighbor_vote_options lqa_vote_defaults(void);

/* problem->x is `points`' matrix. Errors: LQA_NO_MEMORY, LQA_INTERRUPTED. */
LQA_MUST_CHECK lqa_status lqa_neighbor_vote_run(const lqa_problem *problem, const lqa_dense *points,
                                                const lqa_neighbor_vote_options *options,
                                                const lqa_predictions *out);

#endif
