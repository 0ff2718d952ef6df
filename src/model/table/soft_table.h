/* model/table/soft_table.h - models of a table trained on class probabilities: columns are encoded
 * once. Members, in this order: logistic regression, boosted trees. */
#ifndef LQA_MODEL_TABLE_SOFT_TABLE_H
#define LQA_MODEL_TABLE_SOFT_TABLE_H

#include "base/observer.h"
#include "base/pool.h"
#include "data/dataset/dataset.h"

typedef struct lqa_soft_table lqa_soft_table;

/* Borrowed while lqa_soft_table is in use. */
typedef struct lqa_soft_table_input {
  const lqa_dataset *dataset; /* its feature columns are read */
  const int64_t *row;         /* n_rows, ascending: the rows that take part */
  int64_t n_rows;
  const int32_t *label; /* n_rows, of which only accuracies are made */
  const uint8_t *fold;  /* n_rows, 0 .. n_folds-1 */
  int n_folds;
  int32_t n_classes;
  uint64_t memory_bytes; /* 0 = no limit */
  lqa_pool *pool;
  const lqa_observer *observer;
} lqa_soft_table_input;

/* LQA_OK with *out NULL where no column varies or the memory limit would be passed. *n_members: 1
 * where trees cannot be grown, else 2. LQA_NO_MEMORY, LQA_INTERRUPTED. */
LQA_MUST_CHECK lqa_status lqa_soft_table_new(const lqa_soft_table_input *input,
                                             lqa_soft_table **out, int *n_members);
void lqa_soft_table_free(lqa_soft_table *table);

/* Trains the first n_members on soft (n_rows x n_classes), out of fold, into log_p[m] of the same
 * shape. `table` is an lqa_soft_table. */
LQA_MUST_CHECK lqa_status lqa_soft_table_run(void *table, const float *soft, int n_members,
                                             float *const *log_p);

#endif
