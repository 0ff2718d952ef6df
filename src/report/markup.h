/* report/markup.h - text made safe for XML and HTML, and cut to a length people read. */
#ifndef LQA_REPORT_MARKUP_H
#define LQA_REPORT_MARKUP_H

#include "base/buf.h"

/* Appends `text` with & < > " ' escaped; control characters that XML forbids become U+FFFD, line
 * breaks stay. */
void lqa_markup_escape(lqa_str text, lqa_buf *out);
/* The first `n` code points on one line: white space runs become one space, controls U+FFFD, and an
 * ellipsis ends what was cut. */
void lqa_markup_excerpt(lqa_str text, size_t n, lqa_buf *out);
/* Cuts the next line off *text, without its end; false where nothing is left. */
bool lqa_markup_line(lqa_str *text, lqa_str *line);

#endif
