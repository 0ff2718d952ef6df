/* data/source/source_columns.h - settling which column is what: source_guess.c guesses, the others
 * help it. Private to data/source. */
#ifndef LQA_DATA_SOURCE_SOURCE_COLUMNS_H
#define LQA_DATA_SOURCE_SOURCE_COLUMNS_H

#include "data/source/source_profile.h"

/* source_guess.c: the column has a part already, or none by --exclude. */
bool lqa_source_is_taken(const lqa_source *source, const char *name);
/* The column with the fewest different values that could be the label, or NULL; profiles must be
 * there. */
const char *lqa_source_likely_label(const lqa_source *source);
/* "no column 'x'; its columns are: ..." */
LQA_MUST_CHECK lqa_status lqa_source_fail_missing(const lqa_source *source, const char *name,
                                                  lqa_error *err);

/* source_pattern.c: --exclude, and --features with its patterns. Names that match nothing are
 * errors. */
LQA_MUST_CHECK lqa_status lqa_source_find_excluded(lqa_source *source, lqa_error *err);
LQA_MUST_CHECK lqa_status lqa_source_find_features(lqa_source *source, lqa_error *err);
/* All columns without another part that are of use to a model: names, keys and what is binary or
 * empty is left out, and source->left_out says so. */
LQA_MUST_CHECK lqa_status lqa_source_take_all_features(lqa_source *source, lqa_error *err);
/* --pred-probs with its patterns: columns one by one. */
LQA_MUST_CHECK lqa_status lqa_source_find_probs(lqa_source *source, lqa_error *err);

/* source_split.c: a column of splits, or files called train, test, ... */
void lqa_source_guess_split(lqa_source *source);
/* The split that the file's name tells, static text; NULL if none. */
const char *lqa_split_of_file(const char *path);

/* source_ask.c: the error that asks for the column of `what` ("label", "text"): all columns with
 * type and values, and the command that would work. */
LQA_MUST_CHECK lqa_status lqa_source_ask(lqa_source *source, const char *what, lqa_error *err);

#endif
