/* data/source/header_evidence.h - whether the first record of a delimited file names its columns.
 *
 *     lqa_header_head head = {.cells = first, .n_columns = 3, .body = rest, .n_rows = 200};
 *     LQA_TRY(lqa_header_judge(&head, &verdict));   // LQA_NO_MEMORY alone
 *     if (verdict.is_header) ...
 */
#ifndef LQA_DATA_SOURCE_HEADER_EVIDENCE_H
#define LQA_DATA_SOURCE_HEADER_EVIDENCE_H

#include "base/status.h"
#include "base/str.h"

typedef struct lqa_header_head {
  const lqa_str *cells; /* of the first record; spaces around them do not count */
  size_t n_columns;
  const lqa_str *body; /* records below it, n_rows x n_columns, row by row */
  size_t n_rows;
  const bool *is_known; /* n_columns: the cell is a name that columns are known by; or NULL */
} lqa_header_head;

/* What a column says most clearly against a header. */
typedef enum lqa_header_reason {
  LQA_HEADER_NO_REASON,
  LQA_HEADER_VALUE_RECURS, /* the cell is a value of its column */
  LQA_HEADER_SAME_TYPE,    /* a number above numbers, a link above links */
  LQA_HEADER_LIKE_COLUMN   /* written as its column's values are */
} lqa_header_reason;

typedef struct lqa_header_verdict {
  bool is_header;
  bool is_doubtful; /* a header by doubt alone */
  lqa_header_reason reason;
  size_t column;   /* of the reason */
  double evidence; /* log odds that the column sums gave, for tests and tuning */
} lqa_header_verdict;

LQA_MUST_CHECK lqa_status lqa_header_judge(const lqa_header_head *head,
                                           lqa_header_verdict *verdict);

#endif
