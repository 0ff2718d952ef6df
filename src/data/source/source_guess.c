/* Which column is what: names first, then values of the first rows.
 *
 * By name: the first entry of a list that some column has, without case. By values: the label is
 * the column with the fewest different values, the text the one with the longest values, the id one
 * of integers that never repeat; all judged on the first thousand rows. A wrong guess is possible,
 * so every guess is told.
 */
#include "data/source/source_part.h"
#include "data/source/source_reader.h"

#include "base/buf.h"
#include "base/memory.h"

enum { SAMPLE_ROWS = 1000, MAX_LABEL_BYTES = 64, MIN_TEXT_BYTES = 15, MIN_ID_ROWS = 10 };

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
                                             NULL};
const char *const lqa_known_id_names[] = {"row_id",    "id",     "uid",       "uuid",
                                          "guid",      "idx",    "item_id",   "example_id",
                                          "sample_id", "doc_id", "record_id", NULL};
/* Columns that are few-valued and no label. */
static const char *const other_names[] = {"split",     "fold",     "source", "dataset", "annotator",
                                          "worker",    "language", "lang",   "date",    "time",
                                          "timestamp", "group",    NULL};

/* What the first rows of a column look like. */
typedef struct profile {
  int64_t n, n_integers;
  uint64_t n_bytes;
  lqa_map *distinct;
} profile;

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
  return lqa_str_ends_with(first, LQA_STR(".npy"));
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

static lqa_status fail_missing(const lqa_source *source, const char *name, lqa_error *err) {
  lqa_buf listed;
  lqa_buf_init(&listed, 1 << 20);
  for (size_t c = 0; c < lqa_source_count_columns(source) && listed.size < 500; c++) {
    lqa_buf_printf(&listed, "%s%s", c ? ", " : "", lqa_source_column_name(source, c));
  }
  const lqa_source_part *part = &source->parts.data[0];
  lqa_buf_printf(&listed, "%s%s%s", part->first_record ? "; its first record (" : "",
                 part->first_record ? part->first_record : "",
                 part->first_record
                     ? ") is read as data: if it is the header, say --header yes, else "
                       "name the columns with --columns"
                     : "");
  lqa_status status = lqa_fail_at(err, LQA_BAD_USAGE, part->name, -1, name,
                                  "'%s' has no column '%s'; its columns are: %s", part->name, name,
                                  listed.data ? listed.data : "");
  lqa_buf_clear(&listed);
  return status;
}

/* The source's spelling of a column that the user named. */
static lqa_status resolve_name(const lqa_source *source, const char *given, const char **name,
                               lqa_error *err) {
  int64_t column = lqa_source_find_column(source, given);
  if (column < 0) {
    return fail_missing(source, given, err);
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
  static const char *const options[] = {"--text", "--features"};
  for (size_t k = 0; k < 2; k++) {
    for (size_t i = 0; roles->label && i < lists[k]->n; i++) {
      if (strcmp(lists[k]->items[i], roles->label) == 0) {
        return lqa_fail(err, LQA_BAD_USAGE,
                        "column '%s' is the --label and cannot be a column of %s too: a model that "
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
  LQA_TRY(resolve_list(source, &o->features, &roles->features, err));
  if (o->label) {
    LQA_TRY(resolve_name(source, o->label, &roles->label, err));
  }
  LQA_TRY(check_label_alone(roles, err));
  for (int r = 0; r < LQA_ROLE_COUNT; r++) {
    if (given[r]) {
      LQA_TRY(resolve_name(source, given[r], &roles->column[r], err));
    }
  }
  return LQA_OK;
}

/* True if the column has a role already, or is one of the probability columns. */
static bool is_taken(const lqa_source *source, const char *name) {
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
  return roles->label && strcmp(roles->label, name) == 0;
}

static const char *guess_by_name(const lqa_source *source, const char *const *names) {
  for (; *names; names++) {
    for (size_t c = 0; c < lqa_source_count_columns(source); c++) {
      const char *name = lqa_source_column_name(source, c);
      if (lqa_str_equal_nocase(lqa_str_from(name), lqa_str_from(*names)) &&
          !is_taken(source, name)) {
        return name;
      }
    }
  }
  return NULL;
}

static lqa_status observe_value(profile *p, lqa_str value) {
  uint32_t index;
  long long number;
  if (value.size == 0) {
    return LQA_OK;
  }
  p->n++;
  p->n_bytes += value.size;
  p->n_integers += lqa_str_to_int64(value, &number);
  return lqa_map_add(p->distinct, value, &index, NULL);
}

static lqa_status profile_rows(lqa_source *source, profile *profiles, lqa_error *err) {
  lqa_source_reader *reader = NULL;
  size_t n_columns = lqa_source_count_columns(source);
  bool more = true;
  LQA_TRY(lqa_source_reader_open(source, &reader, err));
  lqa_status status = LQA_OK;
  for (int64_t row = 0; row < SAMPLE_ROWS && more; row++) {
    LQA_TRY_OUT(lqa_source_reader_next(reader, &more, err));
    for (size_t c = 0; more && c < n_columns; c++) {
      LQA_TRY_OUT(observe_value(&profiles[c], lqa_source_reader_get(reader, c)));
    }
  }
out:
  lqa_source_reader_close(reader);
  return status;
}

static bool could_be_label(const profile *p) {
  int64_t n_distinct = lqa_map_count(p->distinct);
  return p->n > 0 && n_distinct >= 2 && n_distinct <= (p->n + 1) / 2 &&
         p->n_bytes / (uint64_t)p->n <= MAX_LABEL_BYTES;
}

/* Fewest different values, the first of equals. */
static const char *guess_label(const lqa_source *source, const profile *profiles) {
  const char *best = NULL;
  uint32_t fewest = UINT32_MAX;
  for (size_t c = 0; c < lqa_source_count_columns(source); c++) {
    const char *name = lqa_source_column_name(source, c);
    uint32_t n_distinct = lqa_map_count(profiles[c].distinct);
    if (!is_taken(source, name) && !lqa_is_known_name(other_names, lqa_str_from(name)) &&
        could_be_label(&profiles[c]) && n_distinct < fewest) {
      best = name;
      fewest = n_distinct;
    }
  }
  return best;
}

/* Longest values on average, mostly different, not numbers. */
static const char *guess_text(const lqa_source *source, const profile *profiles) {
  const char *best = NULL;
  uint64_t longest = MIN_TEXT_BYTES - 1;
  for (size_t c = 0; c < lqa_source_count_columns(source); c++) {
    const char *name = lqa_source_column_name(source, c);
    const profile *p = &profiles[c];
    uint64_t mean = p->n > 0 ? p->n_bytes / (uint64_t)p->n : 0;
    if (!is_taken(source, name) && mean > longest && p->n_integers < p->n &&
        2 * (int64_t)lqa_map_count(p->distinct) > p->n) {
      best = name;
      longest = mean;
    }
  }
  return best;
}

static const char *guess_id(const lqa_source *source, const profile *profiles) {
  for (size_t c = 0; c < lqa_source_count_columns(source); c++) {
    const char *name = lqa_source_column_name(source, c);
    const profile *p = &profiles[c];
    if (!is_taken(source, name) && p->n >= MIN_ID_ROWS && p->n_integers == p->n &&
        lqa_map_count(p->distinct) == p->n) {
      return name;
    }
  }
  return NULL;
}

static bool needs_text(const lqa_source *source) {
  return source->roles.text.n == 0 && source->roles.features.n == 0;
}

static void set_text(lqa_source *source, const char *name) {
  if (name) {
    source->roles.text.items[0] = name;
    source->roles.text.n = 1;
  }
}

/* Fills what names did not settle from the values of the first rows. */
static lqa_status guess_by_values(lqa_source *source, bool wants_text, bool wants_id,
                                  lqa_error *err) {
  size_t n = lqa_source_count_columns(source);
  profile *profiles = lqa_calloc(n, sizeof *profiles);
  lqa_status status = profiles ? LQA_OK : LQA_NO_MEMORY;
  for (size_t c = 0; profiles && c < n; c++) {
    profiles[c].distinct = lqa_map_new(true);
    status = profiles[c].distinct ? status : LQA_NO_MEMORY;
  }
  status = status == LQA_OK ? profile_rows(source, profiles, err) : status;
  if (status == LQA_OK) {
    if (!source->roles.label) {
      source->roles.label = guess_label(source, profiles);
    }
    if (wants_text) {
      set_text(source, guess_text(source, profiles));
    }
    if (wants_id) {
      source->roles.column[LQA_ROLE_ID] = guess_id(source, profiles);
      source->is_id_by_type = source->roles.column[LQA_ROLE_ID] != NULL;
    }
  }
  for (size_t c = 0; profiles && c < n; c++) {
    lqa_map_free(profiles[c].distinct);
  }
  free(profiles);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "guessing columns") : status;
}

static void tell_guess(const lqa_source *source, bool text, bool label, bool id) {
  const lqa_source_roles *roles = &source->roles;
  lqa_buf line;
  lqa_buf_init(&line, 4096);
  if (text && roles->text.n > 0) {
    lqa_buf_printf(&line, ", text from '%s'", roles->text.items[0]);
  }
  if (label && roles->label) {
    lqa_buf_printf(&line, ", label from '%s'", roles->label);
  }
  if (id && roles->column[LQA_ROLE_ID]) {
    lqa_buf_printf(&line, ", id from '%s'", roles->column[LQA_ROLE_ID]);
  }
  if (line.size > 0 && !line.failed) {
    lqa_observe_message(source->observer, LQA_MESSAGE_INFO, "guessed: %s", line.data + 2);
  }
  lqa_buf_clear(&line);
}

static lqa_status check_resolved(const lqa_source *source, lqa_error *err) {
  const lqa_source_options *o = &source->options;
  const char *name = source->parts.data[0].name;
  if (!source->roles.label) {
    return lqa_fail_at(err, LQA_BAD_USAGE, name, -1, NULL,
                       "'%s': no column looks like the label: name it with --label", name);
  }
  if (needs_text(source) && !o->embeddings && o->pred_probs.n == 0 && !o->content_optional) {
    return lqa_fail_at(
        err, LQA_BAD_USAGE, name, -1, NULL,
        "'%s': no column looks like the text: name it with --text, or the columns of "
        "a table with --features",
        name);
  }
  return LQA_OK;
}

lqa_status lqa_source_resolve(lqa_source *source, const lqa_source_roles **roles, lqa_error *err) {
  lqa_source_roles *r = &source->roles;
  if (!source->is_resolved) {
    LQA_TRY(resolve_given(source, err));
    bool label = !r->label, text = needs_text(source), id = !r->column[LQA_ROLE_ID];
    /* Only where the text is all there is to go by is it guessed from values, too. */
    bool text_by_values = text && !source->options.embeddings &&
                          source->options.pred_probs.n == 0 && !source->options.content_optional;
    if (label) {
      r->label = guess_by_name(source, lqa_known_label_names);
    }
    if (text) {
      set_text(source, guess_by_name(source, lqa_known_text_names));
    }
    if (id) {
      r->column[LQA_ROLE_ID] = guess_by_name(source, lqa_known_id_names);
    }
    text_by_values = text_by_values && r->text.n == 0;
    bool id_by_values = id && !r->column[LQA_ROLE_ID];
    if (!r->label || text_by_values || id_by_values) {
      LQA_TRY(guess_by_values(source, text_by_values, id_by_values, err));
    }
    tell_guess(source, text, label, id);
    LQA_TRY(check_resolved(source, err));
    source->is_resolved = true;
  }
  *roles = r;
  return LQA_OK;
}
