/* model/row_partition.h - which rows must share a fold. */
#ifndef LQA_MODEL_ROW_PARTITION_H
#define LQA_MODEL_ROW_PARTITION_H

#include "data/dataset.h"

/* Numbers the classes of the smallest equivalence in which rows of equal content hash, of equal
 * embeddings, of the same --group value and of the same `cluster` number (NULL: none) are together.
 * group (n_rows, out) gets the number of a class's first row; *n_groups counts classes that hold a
 * scorable row. */
lqa_status lqa_row_partition(const lqa_dataset *dataset, const uint32_t *cluster, uint32_t *group,
                             int64_t *n_groups) LQA_MUST_CHECK;

#endif
