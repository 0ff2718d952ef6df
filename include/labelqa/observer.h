/* labelqa/observer.h - progress, remarks and cancellation while a long call runs.
 *
 * The library never prints. Pass an observer in an options struct to hear it; all members may be
 * zero. Callbacks come from the thread that made the call and must return soon.
 */
#ifndef LABELQA_OBSERVER_H
#define LABELQA_OBSERVER_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lqa_message_level {
  LQA_MESSAGE_INFO = 0, /* a choice made for the user, e.g. guessed columns */
  LQA_MESSAGE_WARN = 1  /* something the user should look at; the work goes on */
} lqa_message_level;

typedef struct lqa_observer {
  /* `stage` is a short noun phrase ("reading"); `fraction` is 0 to 1, or negative if unknown. */
  void (*progress)(void *data, const char *stage, double fraction);
  /* `text` is one line without a newline, valid during the call. */
  void (*message)(void *data, lqa_message_level level, const char *text);
  void *data;                    /* handed to the callbacks */
  const volatile int *cancelled; /* set to non-zero (by a signal handler, say) to stop soon */
} lqa_observer;

#ifdef __cplusplus
}
#endif
#endif
