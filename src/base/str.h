/* base/str.h - a borrowed piece of text: pointer and length, may hold NUL bytes, no closing NUL.
 *
 * Source text can contain NUL (JSON \u0000), so content is never handled
 * as a C string. */
#ifndef LQA_BASE_STR_H
#define LQA_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct lqa_str {
  const char *data; /* NULL means SQL NULL / absent; "" with size 0 is an empty text */
  size_t size;      /* bytes */
} lqa_str;

#define LQA_STR(literal) ((lqa_str){(literal), sizeof(literal) - 1})

static inline lqa_str lqa_str_from(const char *text) {
  return text ? (lqa_str){text, strlen(text)} : (lqa_str){NULL, 0};
}
static inline bool lqa_str_is_null(lqa_str s) {
  return s.data == NULL;
}
static inline bool lqa_str_equal(lqa_str a, lqa_str b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}
/* Byte order, which for UTF-8 is code point order; NULL data compares as empty. */
int lqa_str_compare(lqa_str a, lqa_str b);
/* The line at the start of *rest, without its line break; *rest becomes what is behind it. */
lqa_str lqa_str_next_line(lqa_str *rest);
/* Without leading and trailing ASCII white space. */
lqa_str lqa_str_trim(lqa_str s);
bool lqa_str_equal_nocase(lqa_str a, lqa_str b); /* ASCII case only */
bool lqa_str_starts_with(lqa_str s, lqa_str prefix);
bool lqa_str_ends_with(lqa_str s, lqa_str suffix);
/* Edits (insert, delete, replace, swap two neighbours) that turn `a` into `b`, ASCII case
 * ignored: for "did you mean". Texts over 64 bytes count as far from everything (SIZE_MAX). */
size_t lqa_str_distance(lqa_str a, lqa_str b);
/* Whole text as a base-10 integer without sign tricks or spaces ("-7", "42"); false
 * if it is not. */
bool lqa_str_to_int64(lqa_str s, long long *value);
/* Whole text as a finite number, '.' as the decimal point whatever the locale; false
 * if it is not. */
bool lqa_str_to_double(lqa_str s, double *value);
/* Two ways to write one number: 0 and 0.0, 1 and 01. */
bool lqa_str_is_same_number(lqa_str a, lqa_str b);
/* True for a number that is too large for a double ("1e400"). */
bool lqa_str_is_huge(lqa_str s);

#endif
