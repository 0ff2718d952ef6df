/* feature/column_sort.h - the columns of one row of a matrix in ascending order.
 *
 * A row of text has some dozens of columns; there a sort that branches on the data is mostly
 * mispredicted branches.
 */
#ifndef LQA_FEATURE_COLUMN_SORT_H
#define LQA_FEATURE_COLUMN_SORT_H

#include "base/status.h"

/* Sorts columns[0..n) in place; scratch has n too. */
void lqa_sort_columns(uint32_t *columns, uint32_t *scratch, size_t n);

#endif
