/* base/text_wrap.h - text for people, no wider than their terminal. */
#ifndef LQA_BASE_TEXT_WRAP_H
#define LQA_BASE_TEXT_WRAP_H

#include "base/buf.h"

/* Columns that `text` takes on a terminal: wide characters count two, combining marks and escape
 * sequences of colours none. */
int lqa_text_columns(lqa_str text);
/* Appends `text` with lines over `width` columns broken at spaces, continued two columns further in
 * (behind the bullet where there is one). A line that is a command is continued by a backslash, so
 * that it can be copied; a word wider than the terminal stays whole. */
void lqa_text_wrap(lqa_str text, int width, lqa_buf *out);

#endif
