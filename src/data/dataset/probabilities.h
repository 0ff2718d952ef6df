/* data/dataset/probabilities.h - the user's own numbers beside the rows: --pred-probs and
 * --embeddings. */
#ifndef LQA_DATA_DATASET_PROBABILITIES_H
#define LQA_DATA_DATASET_PROBABILITIES_H

#include "base/pool.h"
#include "data/dataset/dataset.h"

/* Opens a .npy with one row per row of the dataset into *npy and *matrix (owned by the dataset).
 * Where rows were filtered, a file that has a row for every source row is cut down to those read.
 */
LQA_MUST_CHECK lqa_status lqa_dataset_open_npy(lqa_dataset *dataset, const char *path,
                                               struct lqa_npy *npy, const lqa_matrix **matrix,
                                               lqa_error *err);
/* For a .npy of n_columns probabilities: if all labels are integers, class k is column k: fills
 * `classes` (from the dataset's arena) and *n_classes = n_columns; else sets *classes to NULL.
 * LQA_BAD_DATA for a label that has no column. */
LQA_MUST_CHECK lqa_status lqa_probabilities_integer_classes(lqa_dataset *dataset, const char *path,
                                                            int64_t n_columns, lqa_str **classes,
                                                            lqa_error *err);
/* Every value is a finite number, and there are some: LQA_BAD_DATA names the first row and column
 * where not. */
LQA_MUST_CHECK lqa_status lqa_embeddings_check(const lqa_matrix *matrix, const char *path,
                                               lqa_pool *pool, lqa_error *err);
/* Every value is a probability or NaN; `names` (columns) or `path` word the error. */
LQA_MUST_CHECK lqa_status lqa_probabilities_check(const lqa_dataset *dataset,
                                                  const lqa_matrix *matrix, const char *path,
                                                  lqa_error *err);

#endif
