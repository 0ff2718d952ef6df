/* data/votes/vote_columns.c - which column is item, annotator and label; or which are annotators.
 *
 * Named columns first. Then usual names: with an annotator column the table is long. Without one it
 * is wide if columns are numbered annotators ("rater 1", "rater 2"), or if all columns that have no
 * other part hold the same few values. Anything else is a question to the user: a wrong guess here
 * would count words as votes.
 */
#include "data/votes/vote_read.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/memory.h"

enum { SAMPLE_ROWS = 1000, MOST_CLASSES = 50, MIN_WIDE = 2 };

static const char *const item_names[] = {
    "item",        "item_id",     "task",     "task_id",     "question", "question_id",
    "qid",         "unit",        "unit_id",  "_unit_id",    "example",  "example_id",
    "instance",    "instance_id", "document", "document_id", "doc_id",   "sample_id",
    "object",      "object_id",   "image",    "image_id",    "text_id",  "tweet_id",
    "sentence_id", "comment_id",  "row_id",   "id",          "uid",      "uuid",
    "idx",         "record_id",   NULL};
static const char *const annotator_names[] = {
    "annotator", "annotator_id", "worker",   "worker_id", "workerid",    "_worker_id",
    "rater",     "rater_id",     "labeler",  "labeller",  "labeler_id",  "labeller_id",
    "coder",     "coder_id",     "judge_id", "reviewer",  "reviewer_id", "annotator_name",
    "user",      "user_id",      "username", "expert",    "expert_id",   NULL};
static const char *const label_names[] = {"label",
                                          "labels",
                                          "annotation",
                                          "answer",
                                          "response",
                                          "vote",
                                          "rating",
                                          "judgment",
                                          "judgement",
                                          "choice",
                                          "category",
                                          "class",
                                          "worker_label",
                                          "annotated_label",
                                          "untrustworthy_label",
                                          "tag",
                                          "code",
                                          "score",
                                          "value",
                                          "sentiment",
                                          "topic",
                                          "intent",
                                          NULL};
static const char *const truth_names[] = {"truth",    "true_label", "ground_truth", "groundtruth",
                                          "gold",     "gold_label", "label_true",   "gold_answer",
                                          "expected", NULL};
/* What numbered annotators are called: "rater_1", "ann2", "coder A" are not told from each other by
 * name alone, so a number has to follow. */
static const char *const stems[] = {"annotator", "annot", "ann",   "worker", "rater", "labeler",
                                    "labeller",  "coder", "label", "vote",   "judge", "reviewer",
                                    "expert",    "user",  "a",     "r",      NULL};

const char *const lqa_vote_usual_names[] = {
    "item",        "item_id",      "task",     "task_id",   "question", "question_id",
    "annotator",   "annotator_id", "worker",   "worker_id", "rater",    "rater_id",
    "label",       "answer",       "response", "vote",      "rating",   "truth",
    "annotator_1", "annotator1",   "rater_1",  "rater1",    "worker_1", "coder_1",
    "annotator_0", "rater_0",      "id",       NULL};

static const char *name_of(const lqa_vote_reader *r, int64_t column) {
  return column < 0 ? NULL : lqa_source_column_name(r->source, (size_t)column);
}

static lqa_status fail_missing(const lqa_vote_reader *r, const char *option, const char *name,
                               lqa_error *err) {
  lqa_buf listed;
  lqa_buf_init(&listed, 1 << 16);
  size_t n = lqa_source_count_columns(r->source);
  for (size_t c = 0; c < n && listed.size < 500; c++) {
    lqa_buf_printf(&listed, "%s%s", c ? ", " : "", lqa_source_column_name(r->source, c));
  }
  const lqa_source_part *part = &r->source->parts.data[0];
  lqa_status status =
      lqa_fail_at(err, LQA_BAD_USAGE, part->name, -1, name,
                  LQA_OPTION("%s") ": '%s' has no column '%s'; its columns are: %s" LQA_WORDS,
                  option, part->name, name, listed.data ? listed.data : "",
                  part->first_record ? " (the first record is read as data: if it is the header, "
                                       "say " LQA_OPTION_AS("header", "yes") ")"
                                     : "");
  lqa_buf_clear(&listed);
  return status;
}

static lqa_status find_named(const lqa_vote_reader *r, const char *option, const char *name,
                             int64_t *column, lqa_error *err) {
  *column = name ? lqa_source_find_column(r->source, name) : -1;
  return name && *column < 0 ? fail_missing(r, option, name, err) : LQA_OK;
}

/* A column of the source, or a file that is read later: then *column stays -1. */
static lqa_status find_known(const lqa_vote_reader *r, const char *option, const char *name,
                             int64_t *column, lqa_error *err) {
  *column = name ? lqa_source_find_column(r->source, name) : -1;
  if (!name || *column >= 0 || lqa_path_exists(name)) {
    return LQA_OK;
  }
  return strchr(name, '.') || strchr(name, '/')
             ? lqa_fail_at(err, LQA_BAD_USAGE, name, -1, NULL,
                           LQA_OPTION_AS("%s", "%s") ": neither a column of the source nor a file",
                           option, name)
             : fail_missing(r, option, name, err);
}

static bool contains(const size_t *columns, size_t n, size_t column) {
  for (size_t i = 0; i < n; i++) {
    if (columns[i] == column) {
      return true;
    }
  }
  return false;
}

static bool is_taken(const lqa_vote_plan *p, size_t column) {
  const int64_t single[] = {p->item, p->annotator, p->label, p->time, p->truth, p->gold};
  for (size_t i = 0; i < sizeof single / sizeof *single; i++) {
    if (single[i] == (int64_t)column) {
      return true;
    }
  }
  return contains(p->texts, p->n_texts, column) || contains(p->probs, p->n_probs, column) ||
         contains(p->wide, p->n_wide, column);
}

static int64_t guess_by_name(const lqa_vote_reader *r, const char *const *names) {
  for (; *names; names++) {
    for (size_t c = 0; c < lqa_source_count_columns(r->source); c++) {
      lqa_str name = lqa_str_from(lqa_source_column_name(r->source, c));
      if (lqa_str_equal_nocase(name, lqa_str_from(*names)) && !is_taken(&r->plan, c)) {
        return (int64_t)c;
      }
    }
  }
  return -1;
}

/* ---- named columns ---- */

static bool matches(const char *pattern, const char *name) {
  if (*pattern == '*') {
    return matches(pattern + 1, name) || (*name && matches(pattern, name + 1));
  }
  return *pattern == *name && (!*pattern || matches(pattern + 1, name + 1));
}

/* No annotator, by its name: what "*" and guesses pass over. */
static bool is_other(const char *name) {
  lqa_str s = lqa_str_from(name);
  return lqa_is_known_name(item_names, s) || lqa_is_known_name(truth_names, s) ||
         lqa_is_known_name(lqa_known_text_names, s);
}

static lqa_status add_wide(lqa_vote_reader *r, const char *pattern, lqa_error *err) {
  lqa_vote_plan *p = &r->plan;
  int64_t exact = lqa_source_find_column(r->source, pattern);
  if (exact < 0 && !strchr(pattern, '*')) {
    return fail_missing(r, "wide", pattern, err);
  }
  size_t before = p->n_wide;
  for (size_t c = 0; c < lqa_source_count_columns(r->source); c++) {
    const char *name = lqa_source_column_name(r->source, c);
    bool wanted = exact >= 0 ? (int64_t)c == exact : matches(pattern, name);
    wanted = wanted && !(strcmp(pattern, "*") == 0 && is_other(name));
    if (wanted && exact >= 0 && is_taken(p, c)) {
      return lqa_fail(err, LQA_BAD_USAGE,
                      LQA_OPTION_AS("wide", "%s") ": this column has another part already",
                      pattern);
    }
    if (wanted && !is_taken(p, c)) {
      p->wide[p->n_wide++] = c;
    }
  }
  return p->n_wide > before ? LQA_OK
                            : lqa_fail(err, LQA_BAD_USAGE,
                                       LQA_OPTION_AS("wide", "%s") " matches no column", pattern);
}

static lqa_status find_list(lqa_vote_reader *r, const char *option, const lqa_text_list *names,
                            size_t **columns, size_t *n, lqa_error *err) {
  *columns = lqa_arena_alloc(&r->table->arena, names->n + 1, sizeof **columns);
  if (!*columns) {
    return lqa_fail_memory(err, "resolving columns");
  }
  for (size_t i = 0; i < names->n; i++) {
    int64_t column = -1;
    LQA_TRY(find_named(r, option, names->items[i], &column, err));
    (*columns)[i] = (size_t)column;
  }
  *n = names->n;
  return LQA_OK;
}

/* A single --pred-probs that is no column is a file, read later. */
static bool are_probs_columns(const lqa_vote_reader *r) {
  const lqa_text_list *given = &r->options->source.pred_probs;
  return given->n > 1 || (given->n == 1 && lqa_source_find_column(r->source, given->items[0]) >= 0);
}

static lqa_status resolve_named(lqa_vote_reader *r, lqa_error *err) {
  const lqa_vote_options *o = r->options;
  const lqa_text_list none = {0};
  lqa_vote_plan *p = &r->plan;
  p->wide =
      lqa_arena_alloc(&r->table->arena, lqa_source_count_columns(r->source) + 1, sizeof *p->wide);
  if (!p->wide) {
    return lqa_fail_memory(err, "resolving columns");
  }
  LQA_TRY(find_named(r, "item", o->source.id, &p->item, err));
  LQA_TRY(find_named(r, "annotator", o->source.annotator, &p->annotator, err));
  LQA_TRY(find_named(r, "label", o->source.label, &p->label, err));
  LQA_TRY(find_named(r, "time", o->source.time, &p->time, err));
  LQA_TRY(find_known(r, "truth", o->truth, &p->truth, err));
  LQA_TRY(find_known(r, "gold", o->gold, &p->gold, err));
  LQA_TRY(find_list(r, "text", &o->source.text, &p->texts, &p->n_texts, err));
  LQA_TRY(find_list(r, "pred-probs", are_probs_columns(r) ? &o->source.pred_probs : &none,
                    &p->probs, &p->n_probs, err));
  for (size_t i = 0; i < o->wide.n; i++) {
    LQA_TRY(add_wide(r, o->wide.items[i], err));
  }
  if (p->n_wide > 0 && (p->annotator >= 0 || p->label >= 0)) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    LQA_OPTION("wide") " names one column per annotator; " LQA_OPTION(
                        "annotator") " and " LQA_OPTION("label") " belong to long "
                                                                 "tables with one vote a row");
  }
  return LQA_OK;
}

/* ---- wide tables by guess ---- */

/* "rater_1", "Annotator 2", "ann3". */
static bool is_numbered(const char *name) {
  size_t size = strlen(name);
  size_t digits = size;
  while (digits > 0 && name[digits - 1] >= '0' && name[digits - 1] <= '9') {
    digits--;
  }
  size_t stem = digits;
  while (stem > 0 && strchr("_- .#", name[stem - 1])) {
    stem--;
  }
  return digits < size && stem > 0 && lqa_is_known_name(stems, (lqa_str){name, stem});
}

static void guess_numbered(lqa_vote_reader *r) {
  lqa_vote_plan *p = &r->plan;
  size_t n = lqa_source_count_columns(r->source);
  for (size_t c = 0; c < n; c++) {
    if (!is_taken(p, c) && is_numbered(lqa_source_column_name(r->source, c))) {
      p->wide[p->n_wide++] = c;
    }
  }
  p->n_wide = p->n_wide < MIN_WIDE ? 0 : p->n_wide;
}

/* What the columns that have no part yet hold in the first rows. */
typedef struct vocabulary {
  lqa_map *values;   /* of all of them */
  uint8_t *occurs;   /* column x MOST_CLASSES */
  bool *is_in;       /* per column: a candidate */
  bool has_too_many; /* different values */
} vocabulary;

static lqa_status learn_row(const lqa_vote_reader *r, lqa_source_reader *rows, vocabulary *v) {
  for (size_t c = 0; c < lqa_source_count_columns(r->source) && !v->has_too_many; c++) {
    lqa_str value = lqa_source_reader_get(rows, c);
    uint32_t number = 0;
    if (v->is_in[c] && value.size > 0) {
      LQA_TRY(lqa_map_add(v->values, value, &number, NULL));
      v->has_too_many = number >= MOST_CLASSES;
      if (!v->has_too_many) {
        v->occurs[c * MOST_CLASSES + number] = 1;
      }
    }
  }
  return LQA_OK;
}

/* Every candidate shares at least half of its values with another. */
static bool is_shared(const vocabulary *v, size_t n_columns) {
  size_t n_holders[MOST_CLASSES] = {0};
  for (size_t i = 0; i < n_columns * MOST_CLASSES; i++) {
    n_holders[i % MOST_CLASSES] += v->occurs[i];
  }
  for (size_t c = 0; c < n_columns; c++) {
    size_t n_own = 0, n_shared = 0;
    for (size_t k = 0; k < MOST_CLASSES; k++) {
      n_own += v->occurs[c * MOST_CLASSES + k];
      n_shared += v->occurs[c * MOST_CLASSES + k] && n_holders[k] > 1;
    }
    if (2 * n_shared < n_own) {
      return false;
    }
  }
  return lqa_map_count(v->values) > 0;
}

static lqa_status learn_rows(lqa_vote_reader *r, vocabulary *v, lqa_error *err) {
  lqa_source_reader *rows = NULL;
  bool more = true;
  LQA_TRY(lqa_source_reader_open(r->source, &rows, err));
  lqa_status status = LQA_OK;
  for (int row = 0; row < SAMPLE_ROWS && more; row++) {
    LQA_TRY_OUT(lqa_source_reader_next(rows, &more, err));
    LQA_TRY_OUT(more ? learn_row(r, rows, v) : LQA_OK);
  }
out:
  lqa_source_reader_close(rows);
  return status;
}

static lqa_status guess_by_values(lqa_vote_reader *r, lqa_error *err) {
  lqa_vote_plan *p = &r->plan;
  size_t n = lqa_source_count_columns(r->source);
  size_t n_in = 0;
  vocabulary v = {.values = lqa_map_new(true),
                  .occurs = lqa_calloc(n, MOST_CLASSES),
                  .is_in = lqa_calloc(n, sizeof *v.is_in)};
  lqa_status status;
  LQA_TRY_OUT(v.values && v.occurs && v.is_in ? LQA_OK : LQA_NO_MEMORY);
  for (size_t c = 0; c < n; c++) {
    const char *name = lqa_source_column_name(r->source, c);
    v.is_in[c] = !is_taken(p, c) && !is_other(name);
    n_in += v.is_in[c];
  }
  if (n_in >= MIN_WIDE) {
    LQA_TRY_OUT(learn_rows(r, &v, err));
    bool is_wide = !v.has_too_many && is_shared(&v, n);
    for (size_t c = 0; is_wide && c < n; c++) {
      if (v.is_in[c]) {
        p->wide[p->n_wide++] = c;
      }
    }
  }
out:
  lqa_map_free(v.values);
  free(v.occurs);
  free(v.is_in);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "guessing columns") : status;
}

/* ---- all together ---- */

static lqa_status fail_guess(const lqa_vote_reader *r, lqa_error *err) {
  const char *file = r->source->parts.data[0].name;
  const lqa_vote_plan *p = &r->plan;
  const char *lacks = p->annotator < 0 ? "annotator" : p->label < 0 ? "label" : "item";
  return lqa_fail_at(
      err, LQA_BAD_USAGE, file, -1, NULL,
      "'%s': no column looks like the %s. A long table has one vote a row: name its "
      "columns with " LQA_OPTION("item") ", " LQA_OPTION("annotator") " and " LQA_OPTION(
          "label") ". A wide one has one column per "
                   "annotator: " LQA_OPTION_AS("wide", "COL,COL,...") " (or " LQA_OPTION_AS(
                       "wide", "'rater_*'") ")",
      file, lacks);
}

static lqa_status guess(lqa_vote_reader *r, lqa_error *err) {
  lqa_vote_plan *p = &r->plan;
  bool is_long = p->annotator >= 0 || p->label >= 0;
  bool wants_item = p->item < 0;
  if (p->n_wide == 0 && p->annotator < 0) {
    p->annotator = guess_by_name(r, annotator_names);
    is_long = is_long || p->annotator >= 0;
  }
  if (wants_item) {
    p->item = guess_by_name(r, item_names);
  }
  if (p->n_wide == 0 && !is_long) {
    guess_numbered(r);
    LQA_TRY(p->n_wide == 0 ? guess_by_values(r, err) : LQA_OK);
  }
  if (p->n_wide > 0) {
    return LQA_OK;
  }
  if (p->label < 0) {
    p->label = guess_by_name(r, label_names);
  }
  bool has_item = p->item >= 0 || p->n_texts > 0;
  return p->annotator < 0 || p->label < 0 || !has_item ? fail_guess(r, err) : LQA_OK;
}

/* The items' text, where a column is called so: it goes along with them. */
static lqa_status guess_text(lqa_vote_reader *r, lqa_error *err) {
  lqa_vote_plan *p = &r->plan;
  bool has_items = p->item >= 0 || p->n_wide > 0;
  int64_t found = p->n_texts == 0 && has_items ? guess_by_name(r, lqa_known_text_names) : -1;
  if (found < 0 || found == p->item || found == p->label || found == p->annotator) {
    return LQA_OK;
  }
  size_t *texts = lqa_arena_alloc(&r->table->arena, 1, sizeof *texts);
  if (!texts) {
    return lqa_fail_memory(err, "guessing columns");
  }
  texts[0] = (size_t)found;
  p->texts = texts;
  p->n_texts = 1;
  return LQA_OK;
}

static void tell(const lqa_vote_reader *r, const lqa_vote_plan *named) {
  const lqa_vote_plan *p = &r->plan;
  lqa_buf line;
  lqa_buf_init(&line, 1 << 16);
  if (named->item != p->item) {
    lqa_buf_printf(&line, ", item from '%s'", name_of(r, p->item));
  }
  if (named->annotator != p->annotator) {
    lqa_buf_printf(&line, ", annotator from '%s'", name_of(r, p->annotator));
  }
  if (named->label != p->label) {
    lqa_buf_printf(&line, ", label from '%s'", name_of(r, p->label));
  }
  if (named->n_wide != p->n_wide) {
    lqa_buf_printf(
        &line, ", a wide table: one annotator in each of the %zu columns from '%s' to '%s'",
        p->n_wide, name_of(r, (int64_t)p->wide[0]), name_of(r, (int64_t)p->wide[p->n_wide - 1]));
  }
  if (line.size > 0 && !line.failed) {
    lqa_observe_message(r->observer, LQA_MESSAGE_INFO, "guessed: %s", line.data + 2);
  }
  lqa_buf_clear(&line);
}

/* A column of known labels that lies unused is worth a word. */
static lqa_status tell_truth(lqa_vote_reader *r) {
  if (r->options->truth || r->options->gold) {
    return LQA_OK;
  }
  int64_t column = guess_by_name(r, truth_names);
  return column < 0 ? LQA_OK
                    : lqa_vote_note(r,
                                    "column '%s' is not used: with " LQA_OPTION_AS(
                                        "truth", "%s") " annotators and "
                                                       "consensus are measured against it",
                                    name_of(r, column), name_of(r, column));
}

lqa_status lqa_vote_columns_resolve(lqa_vote_reader *r, lqa_error *err) {
  lqa_vote_table *t = r->table;
  r->plan = (lqa_vote_plan){
      .item = -1, .annotator = -1, .label = -1, .time = -1, .truth = -1, .gold = -1};
  LQA_TRY(resolve_named(r, err));
  lqa_vote_plan named = r->plan;
  LQA_TRY(guess(r, err));
  LQA_TRY(guess_text(r, err));
  tell(r, &named);
  LQA_TRY(tell_truth(r) == LQA_OK ? LQA_OK : lqa_fail_memory(err, "reading columns"));
  t->is_wide = r->plan.n_wide > 0;
  if (t->is_wide && r->plan.time >= 0) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    LQA_OPTION("time") " needs a long table, with one vote and its time a row");
  }
  lqa_vote_columns *c = &t->columns;
  *c =
      (lqa_vote_columns){.item = name_of(r, r->plan.item),
                         .annotator = name_of(r, r->plan.annotator),
                         .label = name_of(r, r->plan.label),
                         .text = r->plan.n_texts > 0 ? name_of(r, (int64_t)r->plan.texts[0]) : NULL,
                         .time = name_of(r, r->plan.time),
                         .truth = r->options->truth,
                         .gold = r->options->gold};
  const char **names[] = {&c->item, &c->annotator, &c->label, &c->text,
                          &c->time, &c->truth,     &c->gold};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (*names[i]) {
      *names[i] = lqa_arena_copy(&t->arena, *names[i], strlen(*names[i]));
      LQA_TRY(*names[i] ? LQA_OK : lqa_fail_memory(err, "reading columns"));
    }
  }
  return LQA_OK;
}
