/* store/review_list.h - the rows that people should look at, as a table: review.csv and `export
 * review`. */
#ifndef LQA_STORE_REVIEW_LIST_H
#define LQA_STORE_REVIEW_LIST_H

#include "data/table/table.h"
#include "store/run.h"

typedef struct lqa_review_output {
  const char *path;
  lqa_table_format format;
  size_t max_chars; /* of the text; 0 = all of it */
  int64_t limit;    /* rows that nobody has decided, the first so many; 0 = all rows */
  int64_t *n_rows;  /* set to how many were written; or NULL */
} lqa_review_output;

/* Rows whose action is not `keep`, in lqa_rule_order, with the columns of
 * docs/run-folder.md. */
LQA_MUST_CHECK lqa_status lqa_review_save(const lqa_run *run, const lqa_review_output *output,
                                          lqa_error *err);

#endif
