/* audit/provenance/measure/arbiter.h - whose order is wrong, the labels' or the given
 * probabilities'?
 *
 * Probabilities that the user brought and labels that disagree by a few rows look the same
 * whichever of the two slipped. The contents decide: a quick model of contents and labels agrees
 * with the labels in a block where only the probabilities slipped, and with the other rows' labels
 * where the labels did.
 */
#ifndef LQA_AUDIT_PROVENANCE_MEASURE_ARBITER_H
#define LQA_AUDIT_PROVENANCE_MEASURE_ARBITER_H

#include "audit/provenance/measure/alignment.h"

typedef enum lqa_blame {
  LQA_BLAME_OPEN, /* no content to tell by, or too little of it */
  LQA_BLAME_LABELS,
  LQA_BLAME_PROBABILITIES
} lqa_blame;

typedef struct lqa_arbiter {
  bool is_needed;   /* false: no probabilities were given, the labels are to blame */
  bool has_content; /* else every verdict is open */
  int32_t *predicted;
  lqa_alignment quick;
} lqa_arbiter;

/* Fits the quick model where probabilities were given; *a may be cleared whatever the outcome. */
lqa_status lqa_arbiter_init(lqa_arbiter *a, const lqa_audit_input *input,
                            lqa_error *err) LQA_MUST_CHECK;
lqa_blame lqa_arbiter_judge(const lqa_arbiter *a, const lqa_segment *segment);
void lqa_arbiter_clear(lqa_arbiter *a);

#endif
