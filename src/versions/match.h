/* versions/match.h - which row of one run is which row of another.
 *
 * By id where both runs have one, else by content. The n-th row of a key in one run belongs to the
 * n-th row of that key in the other, so rows that repeat stay apart. */
#ifndef LQA_VERSIONS_MATCH_H
#define LQA_VERSIONS_MATCH_H

#include "store/run.h"

typedef struct lqa_match {
  int64_t *b_of_a; /* n_rows of a: the row of b, or -1; owned */
  int64_t *a_of_b;
  int64_t n_matched;
  bool by_id; /* else by content */
} lqa_match;

/* Rows without content are matched by id only. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_match_rows(const lqa_run *a, const lqa_run *b, lqa_match *out,
                                         lqa_error *err);
void lqa_match_clear(lqa_match *match);

#endif
