/* review/terminal_queue.h - the queue on a plain terminal, by keyboard. */
#ifndef LQA_REVIEW_TERMINAL_QUEUE_H
#define LQA_REVIEW_TERMINAL_QUEUE_H

#include "labelqa/terminal.h"
#include "review/review.h"

/* Shows the rows to review, most doubtful first, until none is left or the user ends it. A decision
 * is on disk before the next row is shown. *decided counts those of this session. */
LQA_MUST_CHECK lqa_status lqa_terminal_queue_run(lqa_review *review, const lqa_terminal *terminal,
                                                 lqa_str reviewer, int64_t *decided,
                                                 lqa_error *err);

#endif
