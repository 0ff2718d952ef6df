/* feature/knn_tree.h - exact nearest neighbours by euclidean distance among points of few
 * dimensions: the same answers as the search of all pairs (knn.h), to the bit.
 */
#ifndef LQA_FEATURE_KNN_TREE_H
#define LQA_FEATURE_KNN_TREE_H

#include "base/pool.h"
#include "labelqa/outliers.h"

enum { LQA_TREE_DIMS = 4 }; /* points of more dimensions are not taken */

/* As lqa_nearest_neighbors, for checked arguments; queries == points: none is its own neighbour.
 * Errors: LQA_NO_MEMORY, LQA_INTERRUPTED. */
LQA_MUST_CHECK lqa_status lqa_tree_neighbors(const lqa_matrix *points, const lqa_matrix *queries,
                                             const lqa_neighbors_options *options, lqa_pool *pool,
                                             lqa_neighbors *out);

#endif
