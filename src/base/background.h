/* base/background.h - one call on a thread of its own, beside the caller's work.
 *
 *     LQA_TRY(lqa_background_start(write_copy, &copy, observer, &job, err));
 *     ... other work ...
 *     status = lqa_background_wait(job, err);   // its status and words
 *     lqa_background_free(job);                 // stops it first where it was not waited for
 *
 * The call gets an observer of its own: silent (callbacks belong to the caller's thread), cancelled
 * when the job is freed before its end or when the caller's observer is while it is waited for.
 */
#ifndef LQA_BASE_BACKGROUND_H
#define LQA_BASE_BACKGROUND_H

#include "base/observer.h"

typedef struct lqa_background lqa_background;

/* `data` must stay valid, and be left alone where `run` writes to it, until the end of the job. */
typedef lqa_status (*lqa_background_fn)(void *data, const lqa_observer *observer, lqa_error *err);

/* Starts `run(data)`; where no thread can be had it runs here and now. `observer` is borrowed, NULL
 * allowed. LQA_NO_MEMORY. */
LQA_MUST_CHECK lqa_status lqa_background_start(lqa_background_fn run, void *data,
                                               const lqa_observer *observer, lqa_background **out,
                                               lqa_error *err);
/* Waits for the end and returns the call's status; a second call returns it again. */
LQA_MUST_CHECK lqa_status lqa_background_wait(lqa_background *job, lqa_error *err);
/* NULL is fine. */
void lqa_background_free(lqa_background *job);

#endif
