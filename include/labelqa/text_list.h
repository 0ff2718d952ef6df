/* labelqa/text_list.h - a list of texts in an argument struct, for options that may be repeated. */
#ifndef LABELQA_TEXT_LIST_H
#define LABELQA_TEXT_LIST_H

#include <stddef.h>

typedef struct lqa_text_list {
  const char **items; /* n texts; NULL when n is 0 */
  size_t n;
} lqa_text_list;

#endif
