/* base/observer.h - how the library speaks while it works, without printing.
 *
 * The caller supplies callbacks; every one may be NULL. They are called from the calling thread
 * only.
 */
#ifndef LQA_BASE_OBSERVER_H
#define LQA_BASE_OBSERVER_H

#include "labelqa/observer.h"
#include "base/status.h"

/* All four accept a NULL observer. */
void lqa_observe_progress(const lqa_observer *observer, const char *stage, double fraction);
void lqa_observe_message(const lqa_observer *observer, lqa_message_level level, const char *format,
                         ...) LQA_PRINTF(3, 4);
bool lqa_observe_cancelled(const lqa_observer *observer);
/* LQA_INTERRUPTED with a message if the caller asked to stop, else LQA_OK. */
LQA_MUST_CHECK lqa_status lqa_observe_check(const lqa_observer *observer, lqa_error *err);

#endif
