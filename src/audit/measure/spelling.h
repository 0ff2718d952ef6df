/* audit/measure/spelling.h - are two label names meant to be the same? */
#ifndef LQA_AUDIT_MEASURE_SPELLING_H
#define LQA_AUDIT_MEASURE_SPELLING_H

#include "base/buf.h"

/* Appends the skeleton of a name: folded (NFKC, case, white space), look-alike letters of other
 * alphabets as their Latin twins, without separators (space, _ - . /) beside a letter inside the
 * name. Names of equal skeleton look the same to a reader. Other signs stay: "<50K" and ">50K",
 * "C" and "C++", "1-2" and "12" are different names. */
void lqa_spelling_skeleton(lqa_str name, lqa_buf *out);

/* Damerau-Levenshtein distance in code points (insert, delete, replace, swap neighbours; optimal
 * string alignment), or limit + 1 where it is more than `limit`. Names of more than 64 code points
 * are compared only for equality. */
int lqa_spelling_distance(lqa_str a, lqa_str b, int limit);

/* True if the names differ in a digit: "class1" and "class2" are two names, not one misspelt. */
bool lqa_spelling_differs_in_digits(lqa_str a, lqa_str b);

#endif
