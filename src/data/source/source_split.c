/* Splits that nobody named: a column that holds nothing but their usual words, or files of which
 * each says in its name which split it is. Told, because split checks follow from it.
 */
#include "data/source/source_columns.h"

#include <ctype.h>

static const char *const column_names[] = {"split", "subset", "set",  "partition", "data_split",
                                           "fold",  "usage",  "part", NULL};
/* What is written, and what it means. */
static const char *const words[][2] = {{"train", "train"},      {"training", "train"},
                                       {"test", "test"},        {"testing", "test"},
                                       {"tst", "test"},         {"holdout", "test"},
                                       {"valid", "validation"}, {"validation", "validation"},
                                       {"val", "validation"},   {"dev", "validation"},
                                       {"eval", "validation"},  {"evaluation", "validation"}};

static const char *split_of(lqa_str word) {
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (lqa_str_equal_nocase(word, lqa_str_from(words[i][0]))) {
      return words[i][1];
    }
  }
  return NULL;
}

/* Nothing but words of splits. */
static bool holds_splits(const lqa_column_profile *p) {
  uint32_t n = lqa_map_count(p->distinct);
  for (uint32_t i = 0; i < n; i++) {
    if (!split_of(lqa_map_key(p->distinct, i))) {
      return false;
    }
  }
  return n > 0;
}

const char *lqa_split_of_file(const char *path) {
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  const char *found = NULL;
  for (const char *p = name; *p;) {
    size_t n = 0;
    while (isalpha((unsigned char)p[n])) {
      n++;
    }
    const char *split = n > 0 ? split_of((lqa_str){p, n}) : NULL;
    if (split && found && split != found) {
      return NULL; /* "train_test.csv" */
    }
    found = split ? split : found;
    p += n > 0 ? n : 1;
  }
  return found;
}

/* Every file tells its split, and not all the same. */
static bool tell_files_splits(const lqa_source *source) {
  bool differs = false;
  const char *first = lqa_split_of_file(source->parts.data[0].given);
  for (size_t i = 0; first && i < source->parts.n; i++) {
    const char *split = lqa_split_of_file(source->parts.data[i].given);
    if (!split) {
      return false;
    }
    differs = differs || split != first;
  }
  return first && differs;
}

void lqa_source_guess_split(lqa_source *source) {
  for (size_t i = 0; column_names[i]; i++) {
    for (size_t c = 0; c < lqa_source_count_columns(source); c++) {
      const char *name = lqa_source_column_name(source, c);
      if (lqa_str_equal_nocase(lqa_str_from(name), lqa_str_from(column_names[i])) &&
          !lqa_source_is_taken(source, name) && holds_splits(&source->profiles[c])) {
        source->roles.column[LQA_ROLE_SPLIT] = name;
        return;
      }
    }
  }
  source->is_split_by_file = tell_files_splits(source);
}
