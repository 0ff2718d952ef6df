/* data/dataset/row_pass.h - one pass over the texts of all rows, in tasks, within the memory limit.
 */
#ifndef LQA_DATA_DATASET_ROW_PASS_H
#define LQA_DATA_DATASET_ROW_PASS_H

#include "base/pool.h"
#include "data/dataset/dataset.h"

/* Runs tasks 0, 1, ... of rows_per_task rows each (task t begins at row t * rows_per_task; the last
 * may be shorter) on the pool. Where the texts lie in a file they are read piece by piece and the
 * memory of each piece is given back. */
LQA_MUST_CHECK lqa_status lqa_row_pass(const lqa_dataset *dataset, lqa_pool *pool,
                                       size_t rows_per_task, lqa_task_fn run, void *data);

#endif
