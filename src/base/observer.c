/* Calls the caller's callbacks, where there are any. */
#include "base/observer.h"

#include "base/message.h"

#include <stdarg.h>

void lqa_observe_progress(const lqa_observer *observer, const char *stage, double fraction) {
  if (observer && observer->progress) {
    observer->progress(observer->data, stage, fraction);
  }
}

void lqa_observe_message(const lqa_observer *observer, lqa_message_level level, const char *format,
                         ...) {
  if (!observer || !observer->message) {
    return;
  }
  char text[LQA_MESSAGE_BYTES];
  va_list args;
  va_start(args, format);
  lqa_message_format(text, sizeof text, format, args);
  va_end(args);
  observer->message(observer->data, level, text);
}

bool lqa_observe_cancelled(const lqa_observer *observer) {
  return observer && observer->cancelled &&
         __atomic_load_n(observer->cancelled, __ATOMIC_RELAXED) != 0;
}

lqa_status lqa_observe_check(const lqa_observer *observer, lqa_error *err) {
  return lqa_observe_cancelled(observer)
             ? lqa_fail(err, LQA_INTERRUPTED, "interrupted; nothing half-written was left behind")
             : LQA_OK;
}
