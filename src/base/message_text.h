/* base/message_text.h - messages that are kept (findings, notes) or put into a longer text: of any
 * length, with options by key between marks (LQA_OPTION in status.h) until somebody shows them. */
#ifndef LQA_BASE_MESSAGE_TEXT_H
#define LQA_BASE_MESSAGE_TEXT_H

#include "base/arena.h"
#include "base/json.h"
#include "base/message.h"

/* As lqa_message_format, in `arena`; NULL if no memory. */
char *lqa_message_new(lqa_arena *arena, const char *format, ...) LQA_PRINTF(2, 3);
char *lqa_message_new_v(lqa_arena *arena, const char *format, va_list args);
/* A member of an open object (an element, `key` NULL) that holds a message, for programs: options
 * as the command has them. */
void lqa_json_add_message(lqa_json *json, const char *key, const char *message);
/* Appends `text` with its options in `style`; nothing else of it changes. */
void lqa_message_add(lqa_str text, lqa_option_style style, lqa_buf *out);
/* `message` with its options in `style`: itself where it names none, else a copy in `arena`, NULL
 * if no memory. */
const char *lqa_message_in_style(const char *message, lqa_option_style style, lqa_arena *arena);

#endif
