/* audit/measure/vote.h - the labels of rows that belong together, and which of them
 * wins. */
#ifndef LQA_AUDIT_MEASURE_VOTE_H
#define LQA_AUDIT_MEASURE_VOTE_H

#include "data/dataset/dataset.h"

typedef struct lqa_vote {
  int32_t n_labelled; /* rows with a label, known or not */
  int32_t n_labels;   /* different labels among them */
  int32_t majority;   /* the class with more rows than any other, or -1 */
  int32_t n_majority;
} lqa_vote;

/* Counts the labels of n rows. Labels outside the class list are told apart by what was written and
 * cannot win. */
lqa_vote lqa_vote_count(const lqa_dataset *dataset, const uint32_t *rows, int64_t n);
/* True where the majority is so large that the others are wrong, not in doubt: four of five labels
 * or more, of at least five. */
bool lqa_vote_is_clear(const lqa_vote *vote);
/* True if two rows' labels differ; a NULL label differs from none. */
bool lqa_vote_differs(const lqa_dataset *dataset, int64_t a, int64_t b);

#endif
