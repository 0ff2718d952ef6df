/* review/view.h - which rows, in which order: filters and sorting of the page. */
#ifndef LQA_REVIEW_VIEW_H
#define LQA_REVIEW_VIEW_H

#include "review/review.h"

/* Everything that is set must hold. Texts are borrowed. */
typedef struct lqa_view_filter {
  const char *action;                  /* name of an action */
  lqa_str label, suggested, predicted; /* NULL data = any */
  const char *finding;                 /* id */
  lqa_str annotator, split, group;     /* the row's value in that column */
  lqa_str source_file;                 /* its path, as in source_file */
  lqa_str search;                      /* in the content; NULL data = any */
  int decided;                         /* 1 = yes, 0 = no, -1 = any */
} lqa_view_filter;

#define LQA_VIEW_ALL ((lqa_view_filter){.decided = -1})

typedef struct lqa_view {
  int64_t *rows; /* owned */
  int64_t n;
} lqa_view;

/* The rows that match, in order. LQA_BAD_USAGE where a class, action, finding or annotator column
 * is not of this run: err->column names the field. */
LQA_MUST_CHECK lqa_status lqa_view_filter_rows(lqa_review *review, const lqa_view_filter *filter,
                                               lqa_view *out, lqa_error *err);
/* Sorts by a column of rows.parquet, equal rows by row number, NULLs last. LQA_BAD_USAGE for a
 * column that cannot be sorted by. */
LQA_MUST_CHECK lqa_status lqa_view_sort(const lqa_review *review, const char *column,
                                        bool descending, lqa_view *view, lqa_error *err);
/* The columns that rows of this run can be sorted by, from 0 on; NULL after the last. */
const char *lqa_view_sort_column(const lqa_review *review, size_t i);
/* Most doubtful first: p_correct, then trust score, then issue rank. */
LQA_MUST_CHECK lqa_status lqa_view_sort_by_doubt(const lqa_review *review, lqa_view *view,
                                                 lqa_error *err);
void lqa_view_clear(lqa_view *view);

#endif
