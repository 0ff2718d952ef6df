/* Which column is what: names first, then values of the first rows.
 *
 * By name: the first entry of a list that some column has, without case, if its values fit. By
 * values: the text is the column with the longest texts, the label the one with the fewest
 * different values, the id one of integers that never repeat. Where short texts stand beside
 * several columns of numbers and categories, or none at all, the file is a table: all columns
 * without another part are features, but the label must be known by name, since one column of few
 * values is as good as another. A wrong guess is possible, so every guess is told.
 */
#include "data/source/source_columns.h"
#include "data/source/source_labels.h"

#include "base/buf.h"
#include "base/memory.h"

#include <ctype.h>

enum { MIN_ID_ROWS = 10, MIN_LABELS = 100, FEW_BYTES = 40, FEW_FEATURES = 3 };

const char *const lqa_known_text_names[] = {
    "data",     "text",    "content",     "sentence", "document",    "body",
    "message",  "review",  "comment",     "tweet",    "post",        "utterance",
    "question", "query",   "prompt",      "input",    "instruction", "article",
    "abstract", "summary", "description", "headline", "transcript",  "passage",
    "snippet",  "sms",     "email",       "title",    NULL};
const char *const lqa_known_label_names[] = {"untrustworthy_label",
                                             "label",
                                             "category",
                                             "class",
                                             "labels",
                                             "target",
                                             "y",
                                             "intent",
                                             "topic",
                                             "sentiment",
                                             "tag",
                                             "gold_label",
                                             "gold",
                                             "label_name",
                                             "class_label",
                                             "class_name",
                                             "annotation",
                                             "survived",
                                             "income",
                                             "species",
                                             "diagnosis",
                                             "outcome",
                                             "churn",
                                             "emotion",
                                             "is_spam",
                                             "spam",
                                             "toxic",
                                             "insincere",
                                             "stars",
                                             "rating",
                                             "polarity",
                                             "verdict",
                                             NULL};
/* Words of longer names: "Ticket Category", "intent_name". */
static const char *const label_words[] = {"label",  "class",     "category", "target",
                                          "intent", "sentiment", "emotion",  NULL};
static const char *const text_words[] = {"text",    "sentence", "comment",   "review", "question",
                                         "message", "tweet",    "utterance", "body",   NULL};
const char *const lqa_known_id_names[] = {"row_id",    "id",     "uid",       "uuid",
                                          "guid",      "idx",    "item_id",   "example_id",
                                          "sample_id", "doc_id", "record_id", NULL};
/* Columns that are few-valued and no label. */
static const char *const other_names[] = {"split",     "fold",     "source", "dataset", "annotator",
                                          "worker",    "language", "lang",   "date",    "time",
                                          "timestamp", "group",    NULL};

bool lqa_is_known_name(const char *const *names, lqa_str name) {
  for (; *names; names++) {
    if (lqa_str_equal_nocase(lqa_str_from(*names), name)) {
      return true;
    }
  }
  return false;
}

static bool is_npy(const lqa_text_list *pred_probs) {
  lqa_str first = pred_probs->n == 1 ? lqa_str_from(pred_probs->items[0]) : LQA_STR("");
  return lqa_str_ends_with(first, LQA_STR(".npy")) || lqa_str_ends_with(first, LQA_STR(".npz"));
}

const char *lqa_source_named_column(const lqa_source *source, size_t i) {
  const lqa_source_options *o = &source->options;
  const char *single[] = {o->label,         o->id,    o->split,     o->time, o->annotator,
                          o->source_column, o->group, o->label_time};
  const lqa_text_list none = {0};
  const lqa_text_list *lists[] = {
      &o->text, &o->features, is_npy(&o->pred_probs) ? &none : &o->pred_probs, &o->other_columns};
  for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
    if (i < lists[k]->n) {
      return lists[k]->items[i];
    }
    i -= lists[k]->n;
  }
  for (size_t k = 0; k < sizeof single / sizeof *single; k++) {
    if (single[k] && i-- == 0) {
      return single[k];
    }
  }
  return NULL;
}

lqa_status lqa_source_fail_missing(const lqa_source *source, const char *name, lqa_error *err) {
  lqa_buf listed;
  lqa_buf_init(&listed, 1 << 20);
  for (size_t c = 0; c < lqa_source_count_columns(source) && listed.size < 500; c++) {
    lqa_buf_printf(&listed, "%s%s", c ? ", " : "", lqa_source_column_name(source, c));
  }
  const lqa_source_part *part = &source->parts.data[0];
  const char *columns = listed.data ? listed.data : "";
  lqa_status status =
      part->first_record
          ? lqa_fail_at(err, LQA_BAD_USAGE, part->name, -1, name,
                        "'%s' has no column '%s'; its columns are: %s; its first record (%s) is "
                        "read as data: if it is the header, say " LQA_OPTION_AS(
                            "header", "yes") ", else name the columns with " LQA_OPTION("columns"),
                        part->name, name, columns, part->first_record)
          : lqa_fail_at(err, LQA_BAD_USAGE, part->name, -1, name,
                        "'%s' has no column '%s'; its columns are: %s", part->name, name, columns);
  lqa_buf_clear(&listed);
  return status;
}

/* The source's spelling of a column that the user named. */
static lqa_status resolve_name(const lqa_source *source, const char *given, const char **name,
                               lqa_error *err) {
  int64_t column = lqa_source_find_column(source, given);
  if (column < 0) {
    return lqa_source_fail_missing(source, given, err);
  }
  *name = lqa_source_column_name(source, (size_t)column);
  return LQA_OK;
}

static lqa_status resolve_list(lqa_source *source, const lqa_text_list *given, lqa_text_list *out,
                               lqa_error *err) {
  out->items = lqa_arena_alloc(&source->arena, given->n + 1, sizeof *out->items);
  if (!out->items) {
    return lqa_fail_memory(err, "resolving columns");
  }
  for (size_t i = 0; i < given->n; i++) {
    LQA_TRY(resolve_name(source, given->items[i], &out->items[i], err));
  }
  out->n = given->n;
  return LQA_OK;
}

/* A model that is fed the label finds no wrong one: each agrees with itself. */
static lqa_status check_label_alone(const lqa_source_roles *roles, lqa_error *err) {
  const lqa_text_list *lists[] = {&roles->text, &roles->features};
  static const char *const options[] = {"text", "features"};
  for (size_t k = 0; k < 2; k++) {
    for (size_t i = 0; roles->label && i < lists[k]->n; i++) {
      if (strcmp(lists[k]->items[i], roles->label) == 0) {
        return lqa_fail(
            err, LQA_BAD_USAGE,
            "column '%s' is the " LQA_OPTION("label") " and cannot be a column of " LQA_OPTION(
                "%s") " too: a model that "
                      "reads the label never disagrees with it",
            roles->label, options[k]);
      }
    }
  }
  return LQA_OK;
}

static lqa_status resolve_given(lqa_source *source, lqa_error *err) {
  const lqa_source_options *o = &source->options;
  lqa_source_roles *roles = &source->roles;
  const char *given[LQA_ROLE_COUNT] = {[LQA_ROLE_ID] = o->id,
                                       [LQA_ROLE_SPLIT] = o->split,
                                       [LQA_ROLE_TIME] = o->time,
                                       [LQA_ROLE_ANNOTATOR] = o->annotator,
                                       [LQA_ROLE_SOURCE] = o->source_column,
                                       [LQA_ROLE_GROUP] = o->group,
                                       [LQA_ROLE_LABEL_TIME] = o->label_time};
  LQA_TRY(resolve_list(source, &o->text, &roles->text, err));
  if (o->label) {
    LQA_TRY(resolve_name(source, o->label, &roles->label, err));
  }
  for (int r = 0; r < LQA_ROLE_COUNT; r++) {
    if (given[r]) {
      LQA_TRY(resolve_name(source, given[r], &roles->column[r], err));
    }
  }
  return LQA_OK;
}

/* True if the column has a role already, or is one of the probability columns. */
bool lqa_source_is_taken(const lqa_source *source, const char *name) {
  const lqa_source_roles *roles = &source->roles;
  const lqa_text_list *lists[] = {&roles->text, &roles->features, &source->options.pred_probs};
  for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
    for (size_t i = 0; i < lists[k]->n; i++) {
      if (strcmp(lists[k]->items[i], name) == 0) {
        return true;
      }
    }
  }
  for (int r = 0; r < LQA_ROLE_COUNT; r++) {
    if (roles->column[r] && strcmp(roles->column[r], name) == 0) {
      return true;
    }
  }
  int64_t column = lqa_source_find_column(source, name);
  bool is_excluded = source->is_excluded && column >= 0 && source->is_excluded[column];
  return is_excluded || (roles->label && strcmp(roles->label, name) == 0);
}

static const lqa_column_profile *profile_of(const lqa_source *source, const char *name) {
  int64_t column = lqa_source_find_column(source, name);
  return column < 0 || !source->profiles ? NULL : &source->profiles[column];
}

/* A column called "label" or "target" that holds texts, or ever other numbers, is none. */
static bool fits_label(const lqa_source *source, const char *name) {
  const lqa_column_profile *p = profile_of(source, name);
  return !p || p->n < MIN_LABELS || lqa_profile_is_categories(p) ||
         (!lqa_profile_is_texts(p) && 10 * (int64_t)lqa_map_count(p->distinct) < 9 * p->n);
}

static bool fits_text(const lqa_source *source, const char *name) {
  const lqa_column_profile *p = profile_of(source, name);
  return !p || p->n < MIN_ID_ROWS || p->n_numbers < p->n;
}

static const char *guess_by_name(const lqa_source *source, const char *const *names,
                                 bool (*fits)(const lqa_source *, const char *)) {
  for (; *names; names++) {
    for (size_t c = 0; c < lqa_source_count_columns(source); c++) {
      const char *name = lqa_source_column_name(source, c);
      if (lqa_str_equal_nocase(lqa_str_from(name), lqa_str_from(*names)) &&
          !lqa_source_is_taken(source, name) && (!fits || fits(source, name))) {
        return name;
      }
    }
  }
  return NULL;
}

/* The word stands in the name by itself: between ends, or what is no letter. */
static bool has_word(const char *name, const char *word) {
  size_t n = strlen(word);
  lqa_str s = lqa_str_from(name);
  for (size_t i = 0; i + n <= s.size; i++) {
    bool begins = i == 0 || !isalpha((unsigned char)name[i - 1]);
    bool ends = !isalpha((unsigned char)name[i + n]);
    if (begins && ends && lqa_str_equal_nocase((lqa_str){name + i, n}, lqa_str_from(word))) {
      return true;
    }
  }
  return false;
}

static const char *guess_by_word(const lqa_source *source, const char *const *words,
                                 bool (*is_it)(const lqa_column_profile *)) {
  for (; source->profiles && *words; words++) {
    for (size_t c = 0; c < lqa_source_count_columns(source); c++) {
      const char *name = lqa_source_column_name(source, c);
      if (has_word(name, *words) && !lqa_source_is_taken(source, name) &&
          is_it(&source->profiles[c])) {
        return name;
      }
    }
  }
  return NULL;
}

static bool could_be_label(const lqa_source *source, size_t column) {
  const char *name = lqa_source_column_name(source, column);
  return !lqa_source_is_taken(source, name) &&
         !lqa_is_known_name(other_names, lqa_str_from(name)) &&
         lqa_profile_is_categories(&source->profiles[column]);
}

/* Its values are 0 and 1: one class of several, or a yes or no among others. */
static bool is_flag(const lqa_column_profile *p) {
  lqa_str zero = LQA_STR("0"), one = LQA_STR("1");
  return lqa_map_count(p->distinct) == 2 && lqa_map_find(p->distinct, zero) >= 0 &&
         lqa_map_find(p->distinct, one) >= 0;
}

/* Fewest different values, the first of equals. Of several columns of 0 and 1 none is likelier than
 * the others: they may be a column for each class. */
const char *lqa_source_likely_label(const lqa_source *source) {
  const char *best = NULL;
  uint32_t fewest = UINT32_MAX;
  int flags = 0;
  for (size_t c = 0; c < lqa_source_count_columns(source); c++) {
    flags += could_be_label(source, c) && is_flag(&source->profiles[c]);
  }
  if (flags > 1) {
    return NULL;
  }
  for (size_t c = 0; c < lqa_source_count_columns(source); c++) {
    uint32_t n_distinct = lqa_map_count(source->profiles[c].distinct);
    if (could_be_label(source, c) && n_distinct < fewest) {
      best = lqa_source_column_name(source, c);
      fewest = n_distinct;
    }
  }
  return best;
}

static uint64_t mean_bytes(const lqa_column_profile *p) {
  return p->n > 0 ? p->n_bytes / (uint64_t)p->n : 0;
}

/* Longest values on average, of texts or, where `any`, of whatever mostly differs and is no number.
 */
static int64_t find_longest(const lqa_source *source, bool any) {
  int64_t best = -1;
  for (size_t c = 0; c < lqa_source_count_columns(source); c++) {
    const lqa_column_profile *p = &source->profiles[c];
    bool differs = 2 * (int64_t)lqa_map_count(p->distinct) > p->n && p->n_numbers < p->n;
    bool fits = lqa_profile_is_texts(p) || (any && differs && mean_bytes(p) >= 15);
    if (fits && !lqa_source_is_taken(source, lqa_source_column_name(source, c)) &&
        (best < 0 || mean_bytes(p) > mean_bytes(&source->profiles[best]))) {
      best = (int64_t)c;
    }
  }
  return best;
}

/* Columns of numbers and categories without a part. */
static size_t count_features(const lqa_source *source) {
  size_t n = 0;
  for (size_t c = 0; c < lqa_source_count_columns(source); c++) {
    const lqa_column_profile *p = &source->profiles[c];
    const char *name = lqa_source_column_name(source, c);
    n += !lqa_source_is_taken(source, name) &&
         !lqa_is_known_name(other_names, lqa_str_from(name)) && p->n > 0 &&
         (p->n_numbers == p->n || lqa_profile_is_categories(p));
  }
  return n;
}

/* The text by its values; NULL with *is_table where the columns are those of a table. */
static const char *guess_text(const lqa_source *source, bool *is_table) {
  size_t n_features = count_features(source);
  bool has_few = n_features - (source->roles.label ? 0 : n_features > 0) < FEW_FEATURES;
  int64_t column = find_longest(source, has_few);
  bool is_short = column >= 0 && mean_bytes(&source->profiles[column]) < FEW_BYTES;
  *is_table = column < 0 ? n_features > 0 : is_short && !has_few;
  return column < 0 || *is_table ? NULL : lqa_source_column_name(source, (size_t)column);
}

static const char *guess_id(const lqa_source *source, bool is_table) {
  for (size_t c = 0; c < lqa_source_count_columns(source); c++) {
    const char *name = lqa_source_column_name(source, c);
    const lqa_column_profile *p = &source->profiles[c];
    bool is_key = !is_table || p->is_rising || has_word(name, "id");
    if (!lqa_source_is_taken(source, name) && is_key && p->n >= MIN_ID_ROWS &&
        p->n_integers == p->n && lqa_map_count(p->distinct) == p->n) {
      return name;
    }
  }
  return NULL;
}

static bool needs_text(const lqa_source *source) {
  return source->roles.text.n == 0 && source->roles.features.n == 0 &&
         source->options.features.n == 0;
}

static void set_text(lqa_source *source, const char *name) {
  if (name) {
    source->roles.text.items[0] = name;
    source->roles.text.n = 1;
  }
}

/* What was left to guess. */
typedef struct wishes {
  bool text, label, id, split;
} wishes;

static void tell_guess(const lqa_source *source, const wishes *guessed) {
  const lqa_source_roles *roles = &source->roles;
  const char *split = roles->column[LQA_ROLE_SPLIT];
  lqa_buf line;
  lqa_buf_init(&line, 4096);
  if (guessed->text && roles->text.n > 0) {
    lqa_buf_printf(&line, ", text from '%s'", roles->text.items[0]);
  }
  if (guessed->label && roles->label) {
    lqa_buf_printf(&line, ", label from '%s'", roles->label);
  }
  if (guessed->id && roles->column[LQA_ROLE_ID]) {
    lqa_buf_printf(&line, ", id from '%s'", roles->column[LQA_ROLE_ID]);
  }
  if (guessed->split && (split || source->is_split_by_file)) {
    lqa_buf_printf(&line, split ? ", split from '%s'" : ", split from the names of the files",
                   split);
  }
  if (source->left_out) {
    lqa_buf_printf(&line, ", a table of the other columns%s", source->left_out);
  }
  if (line.size > 0 && !line.failed) {
    lqa_observe_message(source->observer, LQA_MESSAGE_INFO, "guessed: %s", line.data + 2);
  }
  lqa_buf_clear(&line);
}

/* Guesses text, or that there is none, then what must not be taken for it. */
static lqa_status guess_content(lqa_source *source, const wishes *w, bool *is_table) {
  const lqa_source_options *o = &source->options;
  lqa_source_roles *r = &source->roles;
  /* Only where the text is all there is to go by is it guessed from values, too. */
  bool by_values = !o->embeddings && o->pred_probs.n == 0 && !o->content_optional;
  if (w->label) {
    r->label = guess_by_name(source, lqa_known_label_names, fits_label);
  }
  if (w->text) {
    set_text(source, guess_by_name(source, lqa_known_text_names, fits_text));
  }
  if (w->label && !r->label) {
    r->label = guess_by_word(source, label_words, lqa_profile_is_categories);
  }
  if (w->text && needs_text(source)) {
    set_text(source, guess_by_word(source, text_words, lqa_profile_is_texts));
  }
  if (w->text && by_values && needs_text(source)) {
    set_text(source, guess_text(source, is_table));
  }
  if (w->label && !r->label && !*is_table) {
    r->label = lqa_source_likely_label(source);
  }
  return LQA_OK;
}

static lqa_status guess(lqa_source *source, lqa_error *err) {
  lqa_source_roles *r = &source->roles;
  const lqa_source_options *o = &source->options;
  const wishes w = {needs_text(source) && o->features.n == 0, !r->label, !r->column[LQA_ROLE_ID],
                    !r->column[LQA_ROLE_SPLIT]};
  bool is_table = o->features.n > 0;
  LQA_TRY(w.text || w.label || w.id || w.split ? lqa_source_profile(source, err) : LQA_OK);
  if (w.split) {
    lqa_source_guess_split(source);
  }
  LQA_TRY(guess_content(source, &w, &is_table));
  if (w.id) {
    r->column[LQA_ROLE_ID] = guess_by_name(source, lqa_known_id_names, NULL);
  }
  if (w.id && !r->column[LQA_ROLE_ID]) {
    r->column[LQA_ROLE_ID] = guess_id(source, is_table);
    source->is_id_by_type = r->column[LQA_ROLE_ID] != NULL;
  }
  source->is_table = is_table;
  bool is_whole_table = is_table && o->features.n == 0 && r->label;
  LQA_TRY(is_whole_table ? lqa_source_take_all_features(source, err) : LQA_OK);
  tell_guess(source, &w);
  return LQA_OK;
}

static lqa_status check_resolved(lqa_source *source, lqa_error *err) {
  const lqa_source_options *o = &source->options;
  if (!source->roles.label) {
    return lqa_source_ask(source, "label", err);
  }
  if (needs_text(source) && !o->embeddings && o->pred_probs.n == 0 && !o->content_optional) {
    return lqa_source_ask(source, "text", err);
  }
  return check_label_alone(&source->roles, err);
}

lqa_status lqa_source_resolve(lqa_source *source, const lqa_source_roles **roles, lqa_error *err) {
  if (!source->is_resolved) {
    LQA_TRY(lqa_source_find_excluded(source, err));
    LQA_TRY(lqa_source_find_probs(source, err));
    LQA_TRY(resolve_given(source, err));
    LQA_TRY(guess(source, err));
    LQA_TRY(lqa_source_find_features(source, err));
    LQA_TRY(check_resolved(source, err));
    LQA_TRY(lqa_source_find_class_names(source, err));
    LQA_TRY(lqa_source_find_json_columns(source, err));
    source->is_resolved = true;
  }
  *roles = &source->roles;
  return LQA_OK;
}
