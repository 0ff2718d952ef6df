/* feature/knn.h - exact nearest neighbours; the interface is labelqa/outliers.h's, and here is the
 * search that cross-validation needs.
 */
#ifndef LQA_FEATURE_KNN_H
#define LQA_FEATURE_KNN_H

#include "base/pool.h"
#include "labelqa/outliers.h"

enum { LQA_NO_NEIGHBOR_FOLD = 255 };

/* Borrowed. fold: one number per row of the matrix; LQA_NO_NEIGHBOR_FOLD: the row takes no part. */
typedef struct lqa_case_fold_points {
  const lqa_matrix *matrix; /* finite numbers only */
  const uint8_t *fold;
} lqa_case_fold_points;

/* As lqa_nearest_neighbors, but no point of the query's own fold is its neighbour; options->threads
 * plays no part. Where fewer than k are left the rest is index -1 at an infinite distance. Errors:
 * LQA_NO_MEMORY, LQA_INTERRUPTED. */
LQA_MUST_CHECK lqa_status lqa_neighbors_out_of_fold(const lqa_case_fold_points *points,
                                                    const lqa_case_fold_points *queries,
                                                    const lqa_neighbors_options *options,
                                                    lqa_pool *pool, lqa_neighbors *out);

#endif
