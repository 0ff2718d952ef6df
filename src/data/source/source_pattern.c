/* Columns by pattern: '*' is any text, '?' any character; a column of exactly that name comes
 * first.
 * '*' among --features is all columns that have no other part.
 */
#include "data/source/source_columns.h"

#include "base/buf.h"

enum { MOST_LEFT_OUT = 5 };

/* Matching without recursion: a star that failed is tried one character further on. */
bool lqa_name_matches(const char *pattern, const char *name) {
  const char *star = NULL, *retry = NULL;
  while (*name) {
    if (*pattern == '*') {
      star = pattern++;
      retry = name;
    } else if (*pattern == '?' || *pattern == *name) {
      pattern++;
      name++;
    } else if (star) {
      pattern = star + 1;
      name = ++retry;
    } else {
      return false;
    }
  }
  while (*pattern == '*') {
    pattern++;
  }
  return *pattern == '\0';
}

static bool is_pattern(const lqa_source *source, const char *name) {
  return lqa_source_find_column(source, name) < 0 && strpbrk(name, "*?") != NULL;
}

static lqa_status fail_pattern(const char *option, const char *pattern, lqa_error *err) {
  return lqa_fail(err, LQA_BAD_USAGE, LQA_OPTION("%s") " '%s' matches no column%s", option, pattern,
                  strcmp(pattern, "*") == 0 ? " that has no other part" : "");
}

lqa_status lqa_source_find_excluded(lqa_source *source, lqa_error *err) {
  const lqa_text_list *given = &source->options.exclude;
  size_t n = lqa_source_count_columns(source);
  source->is_excluded = lqa_arena_alloc(&source->arena, n + 1, sizeof(bool));
  if (!source->is_excluded) {
    return lqa_fail_memory(err, "resolving columns");
  }
  memset(source->is_excluded, 0, n + 1);
  for (size_t i = 0; i < given->n; i++) {
    bool any = false, pattern = is_pattern(source, given->items[i]);
    int64_t exact = lqa_source_find_column(source, given->items[i]);
    for (size_t c = 0; c < n; c++) {
      bool hit = pattern ? lqa_name_matches(given->items[i], lqa_source_column_name(source, c))
                         : exact == (int64_t)c;
      source->is_excluded[c] = source->is_excluded[c] || hit;
      any = any || hit;
    }
    if (!any) {
      return pattern ? fail_pattern("exclude", given->items[i], err)
                     : lqa_source_fail_missing(source, given->items[i], err);
    }
  }
  return LQA_OK;
}

static bool is_binary(const lqa_source *source, size_t column) {
  for (size_t p = 0; p < source->parts.n; p++) {
    const lqa_source_part *part = &source->parts.data[p];
    for (size_t i = 0; part->is_blob && i < part->n_columns; i++) {
      if (part->to_column[i] == column && part->is_blob[i]) {
        return true;
      }
    }
  }
  return false;
}

/* A list with room for all columns. */
static lqa_status begin_list(lqa_source *source, lqa_text_list *list, lqa_error *err) {
  list->n = 0;
  list->items =
      lqa_arena_alloc(&source->arena, lqa_source_count_columns(source) + 1, sizeof *list->items);
  return list->items ? LQA_OK : lqa_fail_memory(err, "resolving columns");
}

/* Every column once. */
static void add_name(lqa_text_list *list, const char *name) {
  for (size_t i = 0; i < list->n; i++) {
    if (strcmp(list->items[i], name) == 0) {
      return;
    }
  }
  list->items[list->n++] = name;
}

/* What the pattern matches and has no other part. */
static size_t add_matches(const lqa_source *source, const char *pattern, lqa_text_list *list) {
  size_t n = 0;
  for (size_t c = 0; c < lqa_source_count_columns(source); c++) {
    const char *name = lqa_source_column_name(source, c);
    if (lqa_name_matches(pattern, name) && !is_binary(source, c) &&
        !lqa_source_is_taken(source, name)) {
      list->items[list->n++] = name;
      n++;
    }
  }
  return n;
}

/* Names and patterns to columns; what is excluded is dropped. */
static lqa_status find_columns(lqa_source *source, const char *option, const lqa_text_list *given,
                               lqa_text_list *out, lqa_error *err) {
  lqa_text_list found;
  LQA_TRY(begin_list(source, &found, err));
  for (size_t i = 0; i < given->n; i++) {
    const char *name = given->items[i];
    int64_t column = lqa_source_find_column(source, name);
    if (is_pattern(source, name)) {
      LQA_TRY(begin_list(source, out, err));
      LQA_TRY(add_matches(source, name, out) > 0 ? LQA_OK : fail_pattern(option, name, err));
      for (size_t k = 0; k < out->n; k++) {
        add_name(&found, out->items[k]);
      }
    } else if (column < 0) {
      return lqa_source_fail_missing(source, name, err);
    } else if (!source->is_excluded[column]) {
      add_name(&found, lqa_source_column_name(source, (size_t)column));
    }
  }
  *out = found;
  return LQA_OK;
}

lqa_status lqa_source_find_features(lqa_source *source, lqa_error *err) {
  if (source->options.features.n == 0) {
    return LQA_OK;
  }
  lqa_text_list found = {0};
  LQA_TRY(find_columns(source, "features", &source->options.features, &found, err));
  source->roles.features = found;
  return found.n > 0
             ? LQA_OK
             : lqa_fail(err, LQA_BAD_USAGE,
                        LQA_OPTION("exclude") " leaves no column of " LQA_OPTION("features"));
}

lqa_status lqa_source_find_probs(lqa_source *source, lqa_error *err) {
  const lqa_text_list given = source->options.pred_probs;
  bool any = false;
  for (size_t i = 0; i < given.n; i++) {
    any = any || is_pattern(source, given.items[i]);
  }
  lqa_str first = given.n == 1 ? lqa_str_from(given.items[0]) : LQA_STR("");
  if (!any || lqa_str_ends_with(first, LQA_STR(".npy"))) {
    return LQA_OK;
  }
  source->options.pred_probs.n = 0; /* else they would be taken */
  lqa_text_list found = {0};
  LQA_TRY(find_columns(source, "pred-probs", &given, &found, err));
  source->options.pred_probs = found;
  return LQA_OK;
}

lqa_status lqa_source_take_all_features(lqa_source *source, lqa_error *err) {
  lqa_text_list found;
  lqa_buf out;
  size_t n_out = 0;
  LQA_TRY(begin_list(source, &found, err));
  lqa_buf_init(&out, 1 << 16);
  lqa_buf_add_text(&out, "");
  for (size_t c = 0; c < lqa_source_count_columns(source); c++) {
    const char *name = lqa_source_column_name(source, c);
    const lqa_column_profile *p = &source->profiles[c];
    bool is_known = lqa_is_known_name(lqa_known_id_names, lqa_str_from(name));
    if (lqa_source_is_taken(source, name)) {
      continue;
    }
    if (p->n > 0 && !is_binary(source, c) && !lqa_profile_is_names(p) && !is_known) {
      found.items[found.n++] = name;
    } else if (n_out++ < MOST_LEFT_OUT) {
      lqa_buf_printf(&out, "%s'%s'", n_out == 1 ? " but " : ", ", name);
    }
  }
  if (n_out > MOST_LEFT_OUT) {
    lqa_buf_printf(&out, " and %zu more", n_out - MOST_LEFT_OUT);
  }
  lqa_buf_add_text(&out, n_out ? " (nearly every row has another value, or none)" : "");
  source->left_out = out.failed ? NULL : lqa_arena_copy(&source->arena, out.data, out.size);
  lqa_buf_clear(&out);
  source->roles.features = found;
  return source->left_out ? LQA_OK : lqa_fail_memory(err, "resolving columns");
}
