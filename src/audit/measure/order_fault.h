/* audit/measure/order_fault.h - whose order is wrong, the labels' or the given
 * probabilities'?
 *
 * Probabilities that the user brought and labels that disagree by a few rows look the same
 * whichever of the two slipped. The contents decide: a quick model of contents and labels agrees
 * with the labels in a block where only the probabilities slipped, and with the other rows' labels
 * where the labels did.
 */
#ifndef LQA_AUDIT_MEASURE_ORDER_FAULT_H
#define LQA_AUDIT_MEASURE_ORDER_FAULT_H

#include "audit/measure/alignment.h"

typedef enum lqa_fault_side {
  LQA_FAULT_OPEN, /* no content to tell by, or too little of it */
  LQA_FAULT_LABELS,
  LQA_FAULT_PROBABILITIES
} lqa_fault_side;

typedef struct lqa_order_fault {
  bool is_needed;   /* false: no probabilities were given, the labels are to blame */
  bool has_content; /* else every verdict is open */
  int32_t *predicted;
  lqa_alignment quick;
} lqa_order_fault;

/* Fits the quick model where probabilities were given; *a may be cleared whatever the outcome. */
LQA_MUST_CHECK lqa_status lqa_order_fault_init(lqa_order_fault *a, const lqa_audit_input *input,
                                               lqa_error *err);
lqa_fault_side lqa_order_fault_find(const lqa_order_fault *a, const lqa_segment *segment);
void lqa_order_fault_clear(lqa_order_fault *a);

#endif
