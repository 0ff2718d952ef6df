/* model/problem/row_partition.h - which rows must share a fold. */
#ifndef LQA_MODEL_PROBLEM_ROW_PARTITION_H
#define LQA_MODEL_PROBLEM_ROW_PARTITION_H

#include "data/dataset/dataset.h"

/* What joins rows besides equal content and equal embeddings; borrowed. */
typedef struct lqa_partition_rules {
  const uint32_t *cluster; /* near-duplicate cluster per row, or NULL */
  const uint8_t *alone;    /* rows whose cluster does not count, or NULL */
  const uint8_t *loose;    /* rows that equal others by chance: content does not count, or NULL */
  bool no_groups;          /* nor do the values of --group */
} lqa_partition_rules;

/* Numbers the classes of the smallest equivalence in which rows of equal content hash, of equal
 * embeddings, of the same --group value and of the same cluster are together.
 * group (n_rows, out) gets the number of a class's first row; *n_groups counts classes that hold a
 * scorable row. */
LQA_MUST_CHECK lqa_status lqa_row_partition(const lqa_dataset *dataset,
                                            const lqa_partition_rules *rules, uint32_t *group,
                                            int64_t *n_groups);

#endif
