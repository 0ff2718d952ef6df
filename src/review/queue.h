/* review/queue.h - which rows a reviewer gets next. */
#ifndef LQA_REVIEW_QUEUE_H
#define LQA_REVIEW_QUEUE_H

#include "review/view.h"

typedef enum lqa_queue_order {
  LQA_QUEUE_TRUST, /* most doubtful first */
  LQA_QUEUE_VALUE, /* p_correct nearest to a half first: there a decision tells most */
  LQA_QUEUE_RANDOM /* another order for every reviewer and seed */
} lqa_queue_order;

typedef struct lqa_queue_request {
  int32_t reviewer;
  int64_t count;
  lqa_queue_order order;
  lqa_view_filter filter; /* without an action: rows whose action is not keep */
  bool renew;             /* the reviewer's own leases come first, renewed: after a reload */
} lqa_queue_request;

/* Leases up to `count` rows: rows that nobody has decided and nobody holds, and rows to be decided
 * twice that another reviewer decided. Rows the reviewer was unsure of are left out. `out` is
 * cleared by the caller. */
LQA_MUST_CHECK lqa_status lqa_queue_lease(lqa_review *review, const lqa_queue_request *request,
                                          lqa_view *out, lqa_error *err);

#endif
