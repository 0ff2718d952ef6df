/* base/message.h - printf for messages that name options (LQA_OPTION in status.h). */
#ifndef LQA_BASE_MESSAGE_H
#define LQA_BASE_MESSAGE_H

#include "labelqa/error.h"

#include <stdarg.h>

enum { LQA_MESSAGE_BYTES = sizeof(((lqa_error *)0)->message) };

/* vsnprintf where no argument can put in the mark of an option: `size` is at most
 * LQA_MESSAGE_BYTES. */
void lqa_message_format(char *out, size_t size, const char *format, va_list args);

#endif
