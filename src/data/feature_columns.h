/* data/feature_columns.h - columns of a table: numbers, or categories coded by first appearance. */
#ifndef LQA_DATA_FEATURE_COLUMNS_H
#define LQA_DATA_FEATURE_COLUMNS_H

#include "data/dataset.h"

/* True for what stands for "no value" in a table: NULL, empty or blank, NA, N/A, NaN, null, none,
 * nil, ? (without case) and "-". */
bool lqa_feature_is_missing(lqa_str value);

/* Judges and converts one column of texts: numeric if every value that is not missing reads as a
 * finite number (and there is one), else categorical. Memory is taken from `storage`. */
lqa_status lqa_feature_column_build(struct lqa_dataset_storage *storage, const lqa_column *texts,
                                    lqa_feature_column *out);

#endif
