/* audit/measure/time_column.h - a column of times as seconds since 1970. */
#ifndef LQA_AUDIT_MEASURE_TIME_COLUMN_H
#define LQA_AUDIT_MEASURE_TIME_COLUMN_H

#include "base/timestamp.h"
#include "data/dataset/dataset.h"

/* Finds the form of a column and fills n seconds (NaN for NULL). LQA_BAD_DATA, with row and column,
 * where no form fits all values: mixed forms have no order, nor have mixed units. */
LQA_MUST_CHECK lqa_status lqa_time_read(const lqa_dataset *dataset, const lqa_column *column,
                                        lqa_time_form *form, double *seconds, lqa_error *err);

#endif
