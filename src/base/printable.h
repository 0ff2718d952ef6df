/* base/printable.h - text that may be shown on a terminal.
 *
 * Texts, labels, column and file names and replies come from strangers. A control character among
 * them could move the cursor, change the title, answer for the user or hide what stands there.
 */
#ifndef LQA_BASE_PRINTABLE_H
#define LQA_BASE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False for controls (C0 but tab and line feed, DEL, C1), line and paragraph separators, and the
 * overrides, embeddings and isolates of text direction (U+202A to U+202E, U+2066 to U+2069). */
bool lqa_printable_is(uint32_t code_point);

/* Replaces in place each byte of what is not printable, and of what is no UTF-8, by '?'. */
void lqa_printable_clean(char *text, size_t size);

#endif
