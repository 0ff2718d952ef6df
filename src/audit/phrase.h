/* audit/phrase.h - the small phrases that messages are made of.
 *
 * All return texts in the arena, and "" when out of memory, so that they can stand as arguments of
 * lqa_finding_add, which reports the exhaustion itself.
 */
#ifndef LQA_AUDIT_PHRASE_H
#define LQA_AUDIT_PHRASE_H

#include "base/arena.h"
#include "data/dataset/dataset.h"

/* "1 row", "12,345 rows". */
const char *lqa_phrase_count(lqa_arena *arena, int64_t n, const char *one, const char *many);
/* "row 3", "rows 3, 17 and 402", "rows 3, 17, 402 and 12 more". */
const char *lqa_phrase_rows(lqa_arena *arena, const int64_t *rows, int64_t n);
/* The text in double quotes, cut after max_code_points with "...", line breaks and control
 * characters as spaces. */
const char *lqa_phrase_quote(lqa_arena *arena, lqa_str text, size_t max_code_points);
/* "rows 12-40"; with several files also where they stand in theirs: "rows 12-40 (rows 2-30 of
 * b.csv)". A block that spans files names the file of each end. */
const char *lqa_phrase_block(lqa_arena *arena, const lqa_dataset *dataset, int64_t from,
                             int64_t to);
/* "12.5 %", one digit after the point, none from 10 % on where it is whole. */
const char *lqa_phrase_percent(lqa_arena *arena, double fraction);

#endif
