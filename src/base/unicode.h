/* base/unicode.h - case, white space and word characters (library utf8proc; the only file that sees
 * it).
 *
 * "Word character" is Python 3's \w on str (general category L* or N*, or '_'), lower case is
 * Python's str.lower (full mapping, U+0130 and final sigma included), so that tokens equal
 * scikit-learn's. Folding for duplicate detection is NFKC, full case folding, white space runs to
 * one space, ends trimmed.
 */
#ifndef LQA_BASE_UNICODE_H
#define LQA_BASE_UNICODE_H

#include "base/buf.h"
#include "base/utf8.h"

bool lqa_unicode_is_word(uint32_t code_point);  /* Python's \w */
bool lqa_unicode_is_space(uint32_t code_point); /* Unicode White_Space */
/* Columns on a terminal: 2 for wide characters, 0 for combining marks and controls. */
int lqa_unicode_columns(uint32_t code_point);
/* Appends the text with A-Z in lower case. */
void lqa_ascii_lower(const char *text, size_t size, lqa_buf *out);
/* Appends Python's text.lower(). ASCII runs at memory speed. */
void lqa_unicode_lower(lqa_str text, lqa_buf *out);
/* Appends the folded form described on top. Pure ASCII takes a fast path. */
void lqa_unicode_case_fold(lqa_str text, lqa_buf *out);
/* A step of lqa_unicode_case_fold: NFKC and case folding of valid UTF-8 into points[0..capacity).
 * Returns their number, more than `capacity` where they did not fit, negative where the library
 * failed. */
int64_t lqa_unicode_case_fold_points(const char *valid, size_t size, int32_t *points,
                                     size_t capacity);
/* True if the text is empty or only white space (also zero-width and control characters). */
bool lqa_unicode_is_blank(lqa_str text);

#endif
