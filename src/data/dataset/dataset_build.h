/* data/dataset/dataset_build.h - the pieces that dataset.c and the source loader build a dataset
 * from. */
#ifndef LQA_DATA_DATASET_DATASET_BUILD_H
#define LQA_DATA_DATASET_DATASET_BUILD_H

#include "data/dataset/dataset.h"

/* An empty dataset with its storage; NULL when out of memory. */
lqa_dataset *lqa_dataset_new(void);
/* Copies n values (NULL data = SQL NULL) into `storage`; `name` is borrowed. */
LQA_MUST_CHECK lqa_status lqa_column_from_array(struct lqa_dataset_storage *storage,
                                                const char *name, int64_t n, const lqa_str *values,
                                                lqa_column *column);
/* A column of n NULLs. */
LQA_MUST_CHECK lqa_status lqa_column_all_null(struct lqa_dataset_storage *storage, const char *name,
                                              int64_t n, lqa_column *column);
/* Turns empty and white-space-only values into NULL. */
LQA_MUST_CHECK lqa_status lqa_column_null_blanks(struct lqa_dataset_storage *storage,
                                                 lqa_column *column);

#endif
