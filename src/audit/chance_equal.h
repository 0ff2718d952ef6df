/* audit/chance_equal.h - which equal contents are equal by chance, and no copies of each other.
 *
 * Two passengers of one sex and class are not one passenger, nor is a second "thank you" a copy of
 * the first. A group of equal rows is by chance if the columns' own statistics let one expect it.
 */
#ifndef LQA_AUDIT_CHANCE_EQUAL_H
#define LQA_AUDIT_CHANCE_EQUAL_H

#include "audit/row_groups.h"

/* Moves the groups that chance explains from `groups` to `chance` (owned; no groups where there are
 * none). Too few rows have no statistics: there equal is the same. */
LQA_MUST_CHECK lqa_status lqa_chance_equal_part(const lqa_dataset *dataset, lqa_row_groups *groups,
                                                lqa_row_groups *chance, lqa_error *err);

/* The two kinds of content: by_chance[g] is set for groups of chance. Bare LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_chance_equal_rows(const lqa_dataset *dataset,
                                                const lqa_row_groups *groups, uint8_t *by_chance);
LQA_MUST_CHECK lqa_status lqa_chance_equal_texts(const lqa_dataset *dataset,
                                                 const lqa_row_groups *groups, uint8_t *by_chance);

#endif
