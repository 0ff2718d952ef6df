/* review/agreement.h - rows that two reviewers decided: how often they agree, and where not. */
#ifndef LQA_REVIEW_AGREEMENT_H
#define LQA_REVIEW_AGREEMENT_H

#include "labelqa/annotators.h"
#include "review/view.h"
#include "trust/error_rate.h"

typedef struct lqa_review_agreement {
  int64_t n;              /* rows with decisions of two reviewers; 0: the others mean nothing */
  lqa_interval agreement; /* share on which the first two agree */
  lqa_agreement kappa;    /* Cohen's, first against second decision; n_items 0: cannot be said */
} lqa_review_agreement;

LQA_MUST_CHECK lqa_status lqa_review_agreement_of(const lqa_review *review,
                                                  lqa_review_agreement *out, lqa_error *err);
/* Rows on which two reviewers differ and nobody had the last word, by row number. */
LQA_MUST_CHECK lqa_status lqa_review_disagreements(const lqa_review *review, lqa_view *out,
                                                   lqa_error *err);

#endif
