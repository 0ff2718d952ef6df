/* tests/unit/shown.h - messages as the command shows them. */
#ifndef LQA_TESTS_SHOWN_H
#define LQA_TESTS_SHOWN_H

#include "base/message.h"

#include <string.h>

/* The error's message with its options as flags, in its place: flags are as long as marks. */
static inline const char *shown(lqa_error *err) {
  char text[LQA_MESSAGE_BYTES];
  (void)lqa_message_render(err->message, LQA_AS_FLAGS, text, sizeof text);
  memcpy(err->message, text, sizeof text);
  return err->message;
}

#endif
