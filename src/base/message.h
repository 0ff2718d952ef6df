/* base/message.h - printf for messages that name options (LQA_OPTION in status.h). */
#ifndef LQA_BASE_MESSAGE_H
#define LQA_BASE_MESSAGE_H

#include "labelqa/error.h"

#include <stdarg.h>
#include <stdbool.h>

enum { LQA_MESSAGE_BYTES = sizeof(((lqa_error *)0)->message) };

/* vsnprintf where no argument can put in the mark of an option: `size` is at most
 * LQA_MESSAGE_BYTES. */
void lqa_message_format(char *out, size_t size, const char *format, va_list args);
enum { LQA_MESSAGE_FORMAT = 2048 }; /* the longest format with marks */

/* For formatting anywhere else: the format with its marks shifted to other characters, false where
 * it has none; and then, of the text made by `format` and its twin made by the shifted one, only
 * what stood in the format stays a mark. `twin` NULL: nothing did. */
bool lqa_message_shift(const char *format, char out[LQA_MESSAGE_FORMAT]);
void lqa_message_settle(char *text, const char *twin);

#endif
