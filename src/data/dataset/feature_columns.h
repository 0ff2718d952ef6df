/* data/dataset/feature_columns.h - columns of a table: numbers, or categories coded by first
 * appearance. */
#ifndef LQA_DATA_DATASET_FEATURE_COLUMNS_H
#define LQA_DATA_DATASET_FEATURE_COLUMNS_H

#include "data/dataset/dataset.h"

/* True for what stands for "no value" in a table: NULL, empty or blank, NA, N/A, NaN, null, none,
 * nil, ? (without case) and "-". */
bool lqa_feature_is_missing(lqa_str value);

/* What stood in the way of taking a column for numbers. */
typedef struct lqa_feature_guess {
  int64_t n_numbers;       /* values that read as finite numbers */
  int64_t n_other;         /* values that do not, missing ones apart */
  int64_t first_other;     /* the first such row, or -1 */
  int64_t first_infinity;  /* the first row that holds an infinity, or -1; counts as other */
  int64_t n_written;       /* others that are numbers as people write them: 1,5  1,234  12.5% */
  int64_t first_written;   /* the first such row, or -1 */
  bool is_only_infinities; /* every other value is an infinity, and there are numbers */
} lqa_feature_guess;

/* Judges and converts one column of texts: numeric if every value that is not missing reads as a
 * finite number (and there is one), else categorical. Memory is taken from `storage`. *guess says
 * what was seen. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_feature_column_build(struct lqa_dataset_storage *storage,
                                                   const lqa_column *texts, lqa_feature_column *out,
                                                   lqa_feature_guess *guess);

#endif
