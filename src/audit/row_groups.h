/* audit/row_groups.h - rows that belong together, as a partition that can be walked both ways. */
#ifndef LQA_AUDIT_ROW_GROUPS_H
#define LQA_AUDIT_ROW_GROUPS_H

#include "data/dataset/dataset.h"

/* Only groups of two rows or more are numbered: 0.. in the order of their first row. */
typedef struct lqa_row_groups {
  int32_t n_groups;
  int64_t n_members;
  int64_t *start; /* n_groups + 1, into rows */
  uint32_t *rows; /* members, ascending within a group */
} lqa_row_groups;

/* Rows of equal folded content; rows without content are in no group. Hash equality is re-checked
 * on the folded texts. */
LQA_MUST_CHECK lqa_status lqa_row_groups_by_content(const lqa_dataset *dataset,
                                                    lqa_row_groups *groups, lqa_error *err);
/* Rows of equal value in a column; NULL values are in no group. */
LQA_MUST_CHECK lqa_status lqa_row_groups_by_value(const lqa_column *column, lqa_row_groups *groups,
                                                  lqa_error *err);
/* Rows of equal number; number[i] < n_rows. */
LQA_MUST_CHECK lqa_status lqa_row_groups_by_number(int64_t n_rows, const uint32_t *number,
                                                   lqa_row_groups *groups, lqa_error *err);
/* One byte a row, 1 for every member of a group but its first. Owned; NULL when out of memory. */
uint8_t *lqa_row_groups_copies(const lqa_row_groups *groups, int64_t n_rows);
void lqa_row_groups_clear(lqa_row_groups *groups);

#endif
