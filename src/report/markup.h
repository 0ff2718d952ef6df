/* report/markup.h - text on its way into HTML, XML and Markdown.
 *
 * Class names, texts, file names, models, reasons: whatever a run holds may be a stranger's. So a
 * page is written by two kinds of calls only: LQA_MARKUP, which takes nothing but a literal of our
 * own, and functions that escape whatever they are given. There is no third way, and no "%s" into a
 * page: the say functions escape the formatted whole. tools/check-style holds the renderers to it,
 * for buffers that are called `out`.
 */
#ifndef LQA_REPORT_MARKUP_H
#define LQA_REPORT_MARKUP_H

#include "base/buf.h"

/* Markup of our own: a string literal, nothing else compiles. */
#define LQA_MARKUP(out, literal) lqa_buf_add((out), "" literal "", sizeof(literal) - 1)

/* Appends `text` with & < > " ' escaped; what is no character of XML or would turn the text around
 * (lqa_printable_is) becomes U+FFFD, line breaks stay. */
void lqa_markup_escape(lqa_str text, lqa_buf *out);
/* As lqa_markup_escape, on one line, and with everything that Markdown reads as markup escaped. */
void lqa_markdown_escape(lqa_str text, lqa_buf *out);
/* Formats, then escapes all of it. */
void lqa_html_say(lqa_buf *out, const char *format, ...) LQA_PRINTF(2, 3);
void lqa_markdown_say(lqa_buf *out, const char *format, ...) LQA_PRINTF(2, 3);
/* As lqa_markup_excerpt, escaped. */
void lqa_html_excerpt(lqa_str text, size_t n, lqa_buf *out);
void lqa_markdown_excerpt(lqa_str text, size_t n, lqa_buf *out);

/* Plain text: at most `n` code points on one line; white space runs become one space, controls
 * U+FFFD, and an ellipsis ends what was cut. */
void lqa_markup_excerpt(lqa_str text, size_t n, lqa_buf *out);
/* The same with the ellipsis in the middle: names often differ at their ends. */
void lqa_markup_middle(lqa_str text, size_t n, lqa_buf *out);
/* As lqa_markup_excerpt, for at most `columns` columns of a terminal. Returns the columns used. */
int lqa_markup_fit(lqa_str text, int columns, lqa_buf *out);
/* Cuts the next line off *text, without its end; false where nothing is left. */
bool lqa_markup_line(lqa_str *text, lqa_str *line);

#endif
