/* feature/embedding_cluster.h - near-duplicate rows of embeddings, by distance.
 *
 * Rows are compared as unit vectors. Near duplicates lie closer than a fraction of the median
 * distance of a row to its nearest neighbour (cleanlab's definition), so that the measure adapts to
 * the encoder. Candidates share a band of random-hyperplane bits; every pair is checked exactly.
 */
#ifndef LQA_FEATURE_EMBEDDING_CLUSTER_H
#define LQA_FEATURE_EMBEDDING_CLUSTER_H

#include "base/npy.h"
#include "base/observer.h"
#include "base/pool.h"

typedef struct lqa_embedding_options {
  double fraction; /* of the median nearest-neighbour distance, default .13 */
  uint64_t seed;
  lqa_pool *pool;
  const lqa_observer *observer;
} lqa_embedding_options;

/* cluster: n_rows entries, on return the first row of each row's cluster. Rows of zeroes, or with a
 * NaN or an infinity, stay alone. *distance (may be NULL) is the limit that came out. The result
 * depends on the matrix and the options alone. */
LQA_MUST_CHECK lqa_status lqa_embedding_cluster(const lqa_matrix *matrix,
                                                const lqa_embedding_options *options,
                                                uint32_t *cluster, double *distance,
                                                lqa_error *err);

#endif
