/* report/votes_report.h - a study of votes as a text for people and as JSON. */
#ifndef LQA_REPORT_VOTES_REPORT_H
#define LQA_REPORT_VOTES_REPORT_H

#include "base/field.h"
#include "model/votes/vote_study.h"

typedef struct lqa_votes_report {
  const lqa_vote_study *study;
  const char *source; /* what was read, for the head */
  int64_t top;        /* annotators, marks and items listed */
  int width;
  double confidence;
  int64_t n_resamples;
} lqa_votes_report;

void lqa_votes_report_text(const lqa_votes_report *report, lqa_buf *out);
void lqa_votes_report_json(const lqa_votes_report *report, lqa_json *json);
/* What that prints, of an lqa_said_votes. */
extern const lqa_field lqa_votes_fields[];

/* Annotators by the upper end of their quality's interval, so that one with few votes is not first
 * (unknown last, then by number); items, lowest ActiveLab score
 * first. Owned; NULL without memory. */
int32_t *lqa_votes_report_annotators(const lqa_vote_study *study);
int32_t *lqa_votes_report_items(const lqa_vote_study *study);

/* What is odd about an annotator, one sentence per mark, joined by "; "; nothing where nothing is.
 */
void lqa_votes_report_marks(const lqa_vote_study *study, int32_t annotator, lqa_buf *out);

#endif
