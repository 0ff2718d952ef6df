/* evaluate/corrupt_table.h - writes a corruption plan: the source's columns with planted errors,
 * plus row_id, label_true and corruption. Shared by `corrupt` and `demo`. */
#ifndef LQA_EVALUATE_CORRUPT_TABLE_H
#define LQA_EVALUATE_CORRUPT_TABLE_H

#include "data/source/source.h"
#include "data/table/table.h"
#include "evaluate/corrupt.h"

/* Streams `source` once, in order. The text columns of rows with structural_null are emptied. */
LQA_MUST_CHECK lqa_status lqa_corrupt_table_save(lqa_source *source, const lqa_dataset *dataset,
                                                 const lqa_corrupt_plan *plan, const char *path,
                                                 const lqa_observer *observer, lqa_error *err);
/* The same for a dataset that has no source: columns row_id, text, label, label_true, corruption.
 */
LQA_MUST_CHECK lqa_status lqa_corrupt_dataset_save(const lqa_dataset *dataset,
                                                   const lqa_corrupt_plan *plan, const char *path,
                                                   const lqa_observer *observer, lqa_error *err);

#endif
