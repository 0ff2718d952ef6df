/* data/source/source_profile.h - what the first rows of a source's columns look like: for guessing
 * which column is what, and for asking where a guess would be wrong. Private to data/source. */
#ifndef LQA_DATA_SOURCE_SOURCE_PROFILE_H
#define LQA_DATA_SOURCE_SOURCE_PROFILE_H

#include "base/map.h"
#include "data/source/source_part.h"

enum { LQA_PROFILE_EXAMPLES = 3 };

/* Of one column; missing values (NULL and blank) do not count. */
typedef struct lqa_column_profile {
  int64_t n, n_integers, n_numbers, n_wordy; /* wordy: has letters and a space, or no ASCII */
  int64_t n_lists;                           /* written as a list or an object */
  uint64_t n_bytes;
  bool is_rising; /* integers, each larger than the one before */
  long long last;
  lqa_map *distinct; /* the first three are examples; borrowed keys of a copying map */
} lqa_column_profile;

/* Reads up to a thousand rows; one profile per column of the source, at source->profiles, kept
 * until the source is closed. Later calls do nothing. */
LQA_MUST_CHECK lqa_status lqa_source_profile(lqa_source *source, lqa_error *err);
void lqa_source_profiles_free(lqa_column_profile *profiles, size_t n);

/* Few values, short and repeated: it could be a label, or a feature of categories. */
bool lqa_profile_is_categories(const lqa_column_profile *p);
/* Mostly different values that read like texts. */
bool lqa_profile_is_texts(const lqa_column_profile *p);
/* Words of which nearly every row has others: names, keys, paths. */
bool lqa_profile_is_names(const lqa_column_profile *p);
/* "whole numbers", "texts", ... for messages. */
const char *lqa_profile_type(const lqa_column_profile *p);

#endif
