/* store/row_conflicts.h - which rows a doubted row is in conflict with: the same content under
 * another label. */
#ifndef LQA_STORE_ROW_CONFLICTS_H
#define LQA_STORE_ROW_CONFLICTS_H

#include "store/run_rows.h"

typedef struct lqa_row_conflicts lqa_row_conflicts;

/* Looks at rows[0..n) that a `duplicate-conflict` marks. Borrows all. */
LQA_MUST_CHECK lqa_status lqa_row_conflicts_new(const lqa_run_rows *run_rows,
                                                const lqa_manifest *manifest,
                                                const lqa_evidence *evidence, const int64_t *rows,
                                                int64_t n, lqa_row_conflicts **out, lqa_error *err);
void lqa_row_conflicts_free(lqa_row_conflicts *conflicts);
/* "row 17: Sports; row 30: World", all other rows of the content; NULL data where there is no
 * conflict. Valid until the next call. */
lqa_str lqa_row_conflicts_get(lqa_row_conflicts *conflicts, int64_t row);

#endif
