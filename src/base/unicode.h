/* base/unicode.h - UTF-8, case and word characters (library utf8proc; the only file that sees it).
 *
 * "Word character" is Python 3's \w on str (general category L* or N*, or '_'), lower case is
 * Python's str.lower (full mapping, U+0130 and final sigma included), so that tokens equal
 * scikit-learn's. Folding for duplicate detection is NFKC, full case folding, white space runs to
 * one space, ends trimmed.
 */
#ifndef LQA_BASE_UNICODE_H
#define LQA_BASE_UNICODE_H

#include "base/buf.h"

/* Decodes one code point at text[0..size); *length is the bytes used (1 for an invalid byte).
 * Returns U+FFFD (0xFFFD) for invalid input. size must be > 0. */
uint32_t lqa_utf8_decode(const char *text, size_t size, size_t *length);
/* Writes 1-4 bytes, returns how many. */
size_t lqa_utf8_encode(uint32_t code_point, char out[4]);
/* The offset of the first invalid byte, or -1 if all is valid UTF-8 (surrogates are invalid). */
int64_t lqa_utf8_check(const char *text, size_t size);
/* Number of code points; each invalid byte counts as one. */
size_t lqa_utf8_count(const char *text, size_t size);
/* The byte length of the first n code points. */
size_t lqa_utf8_prefix(const char *text, size_t size, size_t n);

bool lqa_unicode_is_word(uint32_t code_point);  /* Python's \w */
bool lqa_unicode_is_space(uint32_t code_point); /* Unicode White_Space */
/* Appends Python's text.lower(). ASCII runs at memory speed. */
void lqa_unicode_lower(lqa_str text, lqa_buf *out);
/* Appends the folded form described on top. Pure ASCII takes a fast path. */
void lqa_unicode_fold(lqa_str text, lqa_buf *out);
/* True if the text is empty or only white space (also zero-width and control characters). */
bool lqa_unicode_is_blank(lqa_str text);

#endif
