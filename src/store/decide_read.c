/* store/decide_read.c - see decide_read.h.
 *
 * | file | told by | the answer |
 * |---|---|---|
 * | sheet | a column decision (or decided_label, correct_label, new_label) | its cell |
 * | Label Studio, JSON | annotations | the choices of the annotations that were not cancelled |
 * | Label Studio, JSON-MIN or CSV | annotation_id | choice, decision or label |
 * | Argilla | responses, X.responses, annotation | submitted values |
 * | Prodigy | answer | accept: the chosen options, or the label; reject: nothing to decide |
 *
 * Rows are known by row_id or row_number: columns, or members of data, meta or metadata, where our
 * own exports put them. Annotators of one task who differ are a problem for people, not for us.
 * Formats: labelstud.io/guide/export, docs.argilla.io (records), prodi.gy/docs/api-interfaces.
 */
#include "store/decide_read.h"

#include "base/json_read.h"
#include "base/memory.h"

#include <stdio.h>

typedef lqa_json_node node;

typedef enum shape { SHEET, TASKS, FLAT_TASKS, RECORDS, EXAMPLES } shape;

enum { N_PLACES = 3 };

struct lqa_answer_reader {
  lqa_source_reader *rows;
  shape shape;
  int64_t row_id, row_number, given, decision, by, note; /* columns; -1 = absent */
  int64_t nested, status, options, agent, key;
  int64_t places[N_PLACES]; /* columns that may hold row_id inside */
  lqa_arena arena;          /* of the current row */
};

static int64_t find_first(const lqa_source *source, const char *const *names) {
  int64_t found = -1;
  for (; *names && found < 0; names++) {
    found = lqa_source_find_column(source, *names);
  }
  return found;
}

/* A column whose name ends in `suffix`; -1 if there is none. */
static int64_t find_ending(const lqa_source *source, const char *suffix) {
  for (size_t i = 0; i < lqa_source_count_columns(source); i++) {
    if (lqa_str_ends_with(lqa_str_from(lqa_source_column_name(source, i)), lqa_str_from(suffix))) {
      return (int64_t)i;
    }
  }
  return -1;
}

#define FIRST(...) find_first(source, (const char *const[]){__VA_ARGS__, NULL})

/* Which kind of file this is, and the columns that matter; false if it is none. */
static bool find_shape(lqa_answer_reader *r, const lqa_source *source) {
  r->row_id = FIRST("row_id");
  r->row_number = FIRST("row_number");
  r->note = FIRST("note", "notes", "comment");
  r->by = FIRST("by", "decided_by", "reviewer", "annotator", "_annotator_id", "_session_id");
  r->places[0] = FIRST("data");
  r->places[1] = FIRST("meta");
  r->places[2] = FIRST("metadata");
  r->options = r->status = r->agent = r->key = r->nested = -1;
  r->decision = FIRST("decision", "decided_label", "correct_label", "new_label");
  r->given = FIRST("label");
  if (r->decision >= 0 && FIRST("annotation_id") < 0) {
    r->shape = SHEET;
    return true;
  }
  if ((r->nested = FIRST("annotations")) >= 0) {
    r->shape = TASKS;
    return true;
  }
  if (FIRST("annotation_id", "lead_time") >= 0) {
    r->decision = r->decision >= 0 ? r->decision : FIRST("choice", "label", "sentiment");
    r->given = -1;
    r->shape = FLAT_TASKS;
    return r->decision >= 0;
  }
  r->key = FIRST("id");
  r->agent = FIRST("annotation_agent");
  r->nested = FIRST("responses", "annotation");
  r->status = FIRST("status");
  if (r->nested < 0 && (r->nested = find_ending(source, ".responses")) >= 0) {
    r->status = find_ending(source, ".responses.status");
    r->agent = find_ending(source, ".responses.users");
  }
  if (r->nested >= 0) {
    r->shape = RECORDS;
    return true;
  }
  r->nested = FIRST("answer");
  r->options = FIRST("accept");
  r->decision = FIRST("label");
  r->given = -1;
  r->shape = EXAMPLES;
  return r->nested >= 0 && (r->options >= 0 || r->decision >= 0);
}

lqa_status lqa_answer_reader_open(lqa_source *source, const char *name, lqa_answer_reader **out,
                                  lqa_error *err) {
  lqa_answer_reader *r = lqa_calloc(1, sizeof *r);
  if (!r) {
    return lqa_fail_memory(err, "reading decisions");
  }
  lqa_arena_init_small(&r->arena);
  lqa_status status = LQA_OK;
  if (!find_shape(r, source)) {
    LQA_TRY_OUT(lqa_fail_at(
        err, LQA_BAD_DATA, name, -1, "decision",
        "'%s' holds no decisions: expected a column 'decision' and row_id or row_number (as in "
        "review.csv), or an export of Label Studio (annotations), Argilla (responses) or Prodigy "
        "(answer)",
        name));
  }
  status = lqa_source_reader_open(source, &r->rows, err);
out:
  if (status != LQA_OK) {
    lqa_answer_reader_close(r);
    return status;
  }
  *out = r;
  return LQA_OK;
}

void lqa_answer_reader_close(lqa_answer_reader *reader) {
  if (reader) {
    lqa_source_reader_close(reader->rows);
    lqa_arena_clear(&reader->arena);
    free(reader);
  }
}

/* ---- cells ---- */

static lqa_str cell(const lqa_answer_reader *r, int64_t column) {
  return column < 0 ? (lqa_str){NULL, 0}
                    : lqa_str_trim(lqa_source_reader_get(r->rows, (size_t)column));
}

/* The cell as JSON, or NULL. */
static const node *tree(lqa_answer_reader *r, int64_t column) {
  lqa_str text = cell(r, column);
  bool is_json = text.size > 0 && (text.data[0] == '{' || text.data[0] == '[');
  return is_json ? lqa_json_parse_foreign(text, &r->arena) : NULL;
}

static bool has_text(const node *n) {
  return n && (n->kind == LQA_JSON_TEXT || n->kind == LQA_JSON_NUMBER);
}

static lqa_str text_at(const node *object, const char *key) {
  const node *found = lqa_json_find(object, key);
  return has_text(found) ? lqa_str_trim(found->text) : (lqa_str){NULL, 0};
}

static void set_if_empty(lqa_str *out, lqa_str value) {
  *out = out->size == 0 && value.size > 0 ? value : *out;
}

/* row_id and row_number from columns, else from what is nested. */
static void read_row(lqa_answer_reader *r, lqa_answer *a) {
  a->row_id = cell(r, r->row_id);
  a->row_number = cell(r, r->row_number);
  for (int i = 0; i < N_PLACES && a->row_id.size + a->row_number.size == 0; i++) {
    const node *place = tree(r, r->places[i]);
    a->row_id = text_at(place, "row_id");
    a->row_number = text_at(place, "row_number");
    set_if_empty(&a->given, text_at(place, "label"));
  }
  if (r->shape == RECORDS && a->row_id.size + a->row_number.size == 0) {
    lqa_str key = cell(r, r->key), mark = LQA_STR("row_number:"); /* our own exports write that */
    bool is_ours = lqa_str_starts_with(key, mark);
    a->row_number = is_ours ? (lqa_str){key.data + mark.size, key.size - mark.size} : a->row_number;
    a->row_id = is_ours ? a->row_id : key;
  }
}

/* ---- one answer out of several ---- */

/* Adds what one person said: the first counts, another one is a problem. */
static void add_said(lqa_answer *a, lqa_str label, lqa_str by) {
  if (label.size == 0) {
    return;
  }
  if (a->decision.size > 0 && !lqa_str_equal(a->decision, label)) {
    a->problem = "people differ on it: settle which label is right first";
    return;
  }
  a->decision = label;
  set_if_empty(&a->by, by);
}

/* The only text of a list, or of a list in a list (taxonomies name a path: its end counts). */
static lqa_str only_text(lqa_answer *a, const node *value) {
  if (has_text(value)) {
    return lqa_str_trim(value->text);
  }
  if (!value || value->kind != LQA_JSON_ARRAY || value->n == 0) {
    return (lqa_str){NULL, 0};
  }
  const node *first = value->first;
  if (value->n > 1 && first->kind != LQA_JSON_ARRAY && has_text(first)) {
    a->problem = "it names several labels, and a row of this run has one";
    return (lqa_str){NULL, 0};
  }
  while (first->kind == LQA_JSON_ARRAY && first->n > 0) {
    for (first = first->first; first->next; first = first->next) {
    }
  }
  return has_text(first) ? lqa_str_trim(first->text) : (lqa_str){NULL, 0};
}

/* ---- Label Studio ---- */

static lqa_str name_annotator(const node *annotation) {
  const node *by = lqa_json_find(annotation, "completed_by");
  return has_text(by) ? by->text : text_at(by, "email");
}

static void read_result(lqa_answer *a, const node *result, lqa_str by) {
  static const char *const kinds[] = {"choices", "taxonomy", "labels", NULL};
  const node *value = lqa_json_find(result, "value");
  for (const char *const *kind = kinds; *kind; kind++) {
    add_said(a, only_text(a, lqa_json_find(value, *kind)), by);
  }
  const node *text = lqa_json_find(value, "text");
  if (text && lqa_str_equal(text_at(result, "type"), LQA_STR("textarea"))) {
    lqa_answer words = {0};
    set_if_empty(&a->note, only_text(&words, text));
  }
}

static void read_task(lqa_answer_reader *r, lqa_answer *a) {
  const node *list = tree(r, r->nested);
  for (const node *one = list ? list->first : NULL; one; one = one->next) {
    const node *results = lqa_json_find(one, "result");
    if (lqa_json_find_bool(one, "was_cancelled", false) || !results) {
      continue;
    }
    for (const node *result = results->first; result; result = result->next) {
      read_result(a, result, name_annotator(one));
    }
  }
}

/* {"choices": [...]} where several may be chosen, else the class itself. */
static void read_flat_task(lqa_answer_reader *r, lqa_answer *a) {
  const node *value = tree(r, r->decision);
  a->decision =
      value
          ? only_text(a, lqa_json_find(value, "choices") ? lqa_json_find(value, "choices") : value)
          : cell(r, r->decision);
}

/* ---- Argilla ---- */

static bool is_final(lqa_str status) {
  return status.size == 0 || lqa_str_equal_nocase(status, LQA_STR("submitted")) ||
         lqa_str_equal_nocase(status, LQA_STR("validated"));
}

/* [{"value": "A", "user_id": "...", "status": "submitted"}, ...] or {"label": [...]} of them. */
static void read_responses(lqa_answer *a, const node *list) {
  if (list->kind == LQA_JSON_OBJECT && !lqa_json_find(list, "value")) {
    for (const node *question = list->first; question; question = question->next) {
      read_responses(a, question);
    }
    return;
  }
  const node *one = list->kind == LQA_JSON_ARRAY ? list->first : list;
  for (; one; one = list->kind == LQA_JSON_ARRAY ? one->next : NULL) {
    const node *values = lqa_json_find(one, "values"); /* of 1.x: {"label": {"value": "A"}} */
    if (!is_final(text_at(one, "status"))) {
      continue;
    }
    if (values && values->first) {
      add_said(a, text_at(values->first, "value"), text_at(one, "user_id"));
    } else {
      add_said(a, only_text(a, lqa_json_find(one, "value")), text_at(one, "user_id"));
    }
  }
}

/* Lists side by side: values, and their states and users. */
static void read_columns(lqa_answer_reader *r, lqa_answer *a, const node *values) {
  const node *states = tree(r, r->status), *users = tree(r, r->agent);
  const node *state = states ? states->first : NULL, *user = users ? users->first : NULL;
  for (const node *value = values->first; value; value = value->next) {
    if (!state || is_final(has_text(state) ? state->text : (lqa_str){NULL, 0})) {
      add_said(a, only_text(a, value), has_text(user) ? user->text : (lqa_str){NULL, 0});
    }
    state = state ? state->next : NULL;
    user = user ? user->next : NULL;
  }
}

static void read_record(lqa_answer_reader *r, lqa_answer *a) {
  const node *value = tree(r, r->nested);
  bool is_list = value && value->kind == LQA_JSON_ARRAY;
  if (!value) {
    lqa_str status = cell(r, r->status); /* of 1.x: "Default" is not looked at yet */
    if (is_final(status)) {
      add_said(a, cell(r, r->nested), cell(r, r->agent));
    }
  } else if (is_list && has_text(value->first)) {
    read_columns(r, a, value);
  } else {
    read_responses(a, value);
  }
}

/* ---- Prodigy ---- */

static void read_example(lqa_answer_reader *r, lqa_answer *a) {
  lqa_str said = cell(r, r->nested);
  const node *chosen = tree(r, r->options);
  lqa_str label = chosen ? only_text(a, chosen) : cell(r, r->decision);
  if (lqa_str_equal_nocase(said, LQA_STR("accept"))) {
    add_said(a, label, (lqa_str){NULL, 0});
    if (label.size == 0 && !a->problem) {
      a->problem = "it is accepted without a label";
    }
  } else if (lqa_str_equal_nocase(said, LQA_STR("reject"))) {
    a->problem = "it says that the label is wrong, but not which one is right";
  }
}

lqa_status lqa_answer_reader_next(lqa_answer_reader *r, lqa_answer *answer, bool *more,
                                  lqa_error *err) {
  *answer = (lqa_answer){0};
  LQA_TRY(lqa_source_reader_next(r->rows, more, err));
  if (!*more) {
    return LQA_OK;
  }
  lqa_arena_clear(&r->arena);
  lqa_arena_init_small(&r->arena);
  answer->given = cell(r, r->given);
  answer->note = cell(r, r->note);
  read_row(r, answer);
  switch (r->shape) {
  case SHEET:
    answer->decision = cell(r, r->decision);
    break;
  case TASKS:
    read_task(r, answer);
    break;
  case FLAT_TASKS:
    read_flat_task(r, answer);
    break;
  case RECORDS:
    read_record(r, answer);
    break;
  case EXAMPLES:
    read_example(r, answer);
  }
  set_if_empty(&answer->by, cell(r, r->by));
  return LQA_OK;
}
