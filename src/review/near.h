/* review/near.h - rows like this one: the same content, and the nearest by shared words.
 *
 * The run keeps no neighbours, so each row is remembered by the hashes of its words, weighted by
 * how rare they are (cosine of binary TF-IDF). A look compares one row with all that are
 * remembered, some milliseconds for 100,000. */
#ifndef LQA_REVIEW_NEAR_H
#define LQA_REVIEW_NEAR_H

#include "review/review.h"

enum { LQA_NEAR_MAX = 8 };

typedef struct lqa_near lqa_near;

typedef struct lqa_near_row {
  int64_t row;
  double similarity; /* cosine, 0 to 1 */
} lqa_near_row;

/* Remembers the first words of up to 100,000 rows spread evenly over the run. */
LQA_MUST_CHECK lqa_status lqa_near_new(const lqa_review *review, lqa_near **out, lqa_error *err);
void lqa_near_free(lqa_near *near);
/* At most LQA_NEAR_MAX rows that share words with `row`, nearest first, its equals left out.
 * Returns how many. */
LQA_MUST_CHECK lqa_status lqa_near_find(const lqa_near *near, const lqa_review *review, int64_t row,
                                        lqa_near_row *out, int *n, lqa_error *err);
/* Other rows of the same content, at most `max`, by row number; *total counts all of them. */
int lqa_equal_find(const lqa_review *review, int64_t row, int64_t *out, int max, int64_t *total);

#endif
