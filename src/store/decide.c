/* store/decide.c - see decide.h.
 *
 * A row is known by row_id or row_number; where both are given they must agree, and where the file
 * shows the row's label it must be the run's, so that a sheet of other data, or one that was sorted
 * column by column, decides nothing. Spreadsheets leave marks (the apostrophe before formulas, ".0"
 * behind whole numbers): what differs from a class by such a mark alone is that class.
 *
 * A decision that holds already is not recorded again: bringing a sheet back twice changes nothing.
 */
#include "store/decide.h"

#include "base/memory.h"
#include "store/decide_read.h"

#include <stdio.h>

typedef enum wish { LABEL, KEEP, UNSURE, WITHDRAW } wish;

/* What is to be recorded about one row. */
typedef struct decision {
  int64_t row;
  int32_t label; /* class, or LQA_CLASS_NONE: withdrawn */
  lqa_str by, note;
  int64_t file_row;
} decision;

typedef struct decider {
  lqa_run *run;
  const lqa_decide_options *options;
  lqa_arena *arena;
  lqa_decided *out;
  const char *file; /* that is being read */
  int64_t file_row;
  lqa_map *ids;       /* NULL: rows have no ids of their own */
  int64_t *row_of_id; /* by index in `ids`; -1 - n: n further rows have it too */
  LQA_VEC(decision) items;
  int64_t *item_of_row; /* index in items plus 1; 0 = none */
  lqa_str *note_of_row; /* of the decision in force */
} decider;

static lqa_status no_memory(lqa_error *err) {
  return lqa_fail_memory(err, "reading decisions");
}

static lqa_str copy_text(decider *d, lqa_str text) {
  char *copy = text.size > 0 ? lqa_arena_copy(d->arena, text.data, text.size) : NULL;
  return (lqa_str){copy, copy ? text.size : 0};
}

static lqa_status refuse(decider *d, const lqa_answer *a, const char *reason, lqa_error *err) {
  lqa_str id = copy_text(d, a->row_id.size > 0 ? a->row_id : a->row_number);
  const char *kept = reason ? lqa_arena_copy(d->arena, reason, strlen(reason)) : NULL;
  lqa_refused_answer refused = {d->file, d->file_row, id, kept};
  return kept && lqa_vec_push(&d->out->refused, refused) == LQA_OK ? LQA_OK : no_memory(err);
}

/* The text without a mark that a spreadsheet or our own CSV may have put there. */
static lqa_str unmark(lqa_str text) {
  if (text.size > 1 && text.data[0] == '\'') {
    return (lqa_str){text.data + 1, text.size - 1};
  }
  return text;
}

static lqa_str without_fraction(lqa_str text) {
  return lqa_str_ends_with(text, LQA_STR(".0")) ? (lqa_str){text.data, text.size - 2} : text;
}

/* ---- which row ---- */

static lqa_status index_ids(decider *d) {
  const lqa_run_rows *rows = &d->run->rows;
  if (!rows->row_id.name) {
    return LQA_OK;
  }
  d->ids = lqa_map_new(true);
  d->row_of_id = lqa_malloc((size_t)rows->n_rows, sizeof *d->row_of_id);
  if (!d->ids || !d->row_of_id) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < rows->n_rows; row++) {
    lqa_str id = lqa_run_rows_given_id(rows, row);
    uint32_t index;
    bool added;
    if (id.size == 0) {
      continue;
    }
    LQA_TRY(lqa_map_add(d->ids, id, &index, &added));
    int64_t known = added ? row : d->row_of_id[index];
    d->row_of_id[index] = added ? row : known >= 0 ? -2 : known - 1;
  }
  return LQA_OK;
}

static bool parse_number(lqa_str text, int64_t *number) {
  long long value;
  bool fine = lqa_str_to_int64(without_fraction(unmark(text)), &value);
  *number = fine ? value : -1;
  return fine;
}

/* The row that an id names: -1 none, below -1 several. */
static int64_t find_id(const decider *d, lqa_str id) {
  int64_t row = -1;
  if (!d->ids) {
    return parse_number(id, &row) ? row : -1;
  }
  int64_t index = lqa_map_find(d->ids, id);
  index = index < 0 ? lqa_map_find(d->ids, unmark(id)) : index;
  index = index < 0 ? lqa_map_find(d->ids, without_fraction(unmark(id))) : index;
  if (index >= 0) {
    return d->row_of_id[index];
  }
  /* A row without an id shows its number instead. */
  bool is_number = parse_number(id, &row) && row >= 0 && row < d->run->rows.n_rows;
  return is_number && lqa_run_rows_given_id(&d->run->rows, row).size == 0 ? row : -1;
}

/* NULL and *row, or why there is no such row (in the arena). */
static const char *find_row(const decider *d, const lqa_answer *a, int64_t *row) {
  int64_t number = -1, n = d->run->rows.n_rows;
  bool has_id = a->row_id.size > 0, has_number = a->row_number.size > 0;
  if (!has_id && !has_number) {
    return "it names no row: row_id and row_number are empty";
  }
  if (has_number && (!parse_number(a->row_number, &number) || number < 0 || number >= n)) {
    return lqa_arena_printf(d->arena, "row_number is no row of this run (0 to %lld)",
                            (long long)n - 1);
  }
  int64_t named = has_id ? find_id(d, a->row_id) : number;
  if (has_id && named < -1 && has_number) {
    lqa_str own = lqa_run_rows_given_id(&d->run->rows, number);
    named = lqa_str_equal(own, a->row_id) || lqa_str_equal(own, unmark(a->row_id)) ? number : -1;
  }
  if (named < -1) {
    return "several rows have this row_id: say row_number, too";
  }
  if (named < 0 || named >= n) {
    return "row_id is no row of this run";
  }
  if (has_number && number != named) {
    return lqa_arena_printf(d->arena, "row_id and row_number name different rows (%lld and %lld)",
                            (long long)named, (long long)number);
  }
  *row = named;
  return NULL;
}

/* ---- which label ---- */

/* A class by its name; else by its only match without a spreadsheet's marks, or without case. */
static int32_t find_class(const lqa_run *run, lqa_str name) {
  int32_t code = lqa_run_find_class(run, name);
  code = code < 0 ? lqa_run_find_class(run, unmark(name)) : code;
  code = code < 0 ? lqa_run_find_class(run, without_fraction(name)) : code;
  if (code >= 0 || name.size == 0) {
    return code;
  }
  int n_found = 0;
  for (int32_t k = 0; k < run->manifest.n_classes; k++) {
    if (lqa_str_equal_nocase(lqa_str_trim(run->manifest.classes[k]), unmark(name))) {
      code = k;
      n_found++;
    }
  }
  return n_found == 1 ? code : LQA_CLASS_NONE;
}

/* Words that stand for a decision where no class is called so. */
static bool find_wish(lqa_str text, wish *out) {
  static const struct {
    const char *word;
    wish wish;
  } words[] = {{"keep", KEEP},         {"same", KEEP},    {"ok", KEEP},
               {"correct", KEEP},      {"yes", KEEP},     {"=", KEEP},
               {"unsure", UNSURE},     {"skip", UNSURE},  {"?", UNSURE},
               {"withdraw", WITHDRAW}, {"undo", WITHDRAW}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (lqa_str_equal_nocase(unmark(text), lqa_str_from(words[i].word))) {
      *out = words[i].wish;
      return true;
    }
  }
  return false;
}

static char *list_classes(const decider *d) {
  enum { MANY = 12 };
  const lqa_manifest *m = &d->run->manifest;
  lqa_buf names;
  lqa_buf_init(&names, 1 << 16);
  for (int32_t k = 0; k < m->n_classes && k < MANY; k++) {
    lqa_buf_add_text(&names, k ? ", " : "");
    lqa_buf_add_str(&names, m->classes[k]);
  }
  if (m->n_classes > MANY) {
    lqa_buf_printf(&names, " and %d more", (int)m->n_classes - MANY);
  }
  char *kept = names.failed ? NULL : lqa_arena_copy(d->arena, names.data, names.size);
  lqa_buf_clear(&names);
  return kept;
}

static char *say_unknown(const decider *d, lqa_str name) {
  const char *classes = list_classes(d);
  int n = (int)(name.size < 60 ? name.size : 60);
  return classes ? lqa_arena_printf(d->arena, "'%.*s' is no class of this run (%s)", n, name.data,
                                    classes)
                 : NULL;
}

/* The file shows another known label than the run has: it was made of other data, or the label was
 * written over. */
static const char *check_given(const decider *d, const lqa_answer *a, int64_t row) {
  const lqa_run *run = d->run;
  int32_t shown = find_class(run, a->given), own = run->rows.label[row];
  if (shown < 0 || shown == own) {
    return NULL;
  }
  lqa_str label = lqa_run_rows_label(&run->rows, &run->manifest, row);
  return lqa_arena_printf(
      d->arena, "the file shows the label '%.*s' and the run has '%.*s': %s", (int)a->given.size,
      a->given.data, (int)label.size, label.data ? label.data : "",
      a->decision.size > 0 ? "it was made of other data, or its rows were mixed up"
                           : "write the right label into decision, not over label");
}

/* ---- taking ---- */

/* The decision in force says the same; who brings a sheet back with it has not decided again. */
static bool holds_already(const decider *d, const lqa_answer *a, const decision *item) {
  const lqa_evidence *e = &d->run->evidence;
  if (e->decided_label[item->row] != item->label) {
    return false;
  }
  bool same_by = item->label == LQA_CLASS_NONE || a->by.size == 0 ||
                 lqa_str_equal(lqa_str_from(e->decided_by[item->row]), item->by);
  return same_by && (item->note.size == 0 || lqa_str_equal(d->note_of_row[item->row], item->note));
}

/* Keeps what the file says of a row, once. */
static lqa_status keep_decision(decider *d, const lqa_answer *a, const decision *item,
                                lqa_error *err) {
  int64_t seen = d->item_of_row[item->row];
  if (seen > 0 && d->items.data[seen - 1].label == item->label) {
    return LQA_OK;
  }
  if (seen > 0) {
    return refuse(d, a,
                  lqa_arena_printf(d->arena,
                                   "the file holds another decision for the same row above "
                                   "(row %lld of its file)",
                                   (long long)d->items.data[seen - 1].file_row),
                  err);
  }
  if (holds_already(d, a, item)) {
    d->out->known++;
    return LQA_OK;
  }
  if (lqa_vec_push(&d->items, *item) != LQA_OK) {
    return no_memory(err);
  }
  d->item_of_row[item->row] = (int64_t)d->items.n;
  return LQA_OK;
}

static decision make_decision(decider *d, const lqa_answer *a, int64_t row, int32_t label) {
  const char *by = d->options->by ? d->options->by : "review";
  lqa_str said = copy_text(d, a->by);
  return (decision){row, label, said.size > 0 ? said : lqa_str_from(by), copy_text(d, a->note),
                    d->file_row};
}

static lqa_status take_answer(decider *d, const lqa_answer *a, int64_t row, lqa_error *err) {
  wish wanted = LABEL;
  int32_t label = find_class(d->run, a->decision);
  if (label < 0 && !find_wish(a->decision, &wanted)) {
    return refuse(d, a, say_unknown(d, a->decision), err);
  }
  if (wanted == UNSURE) {
    d->out->unsure++;
    return LQA_OK;
  }
  label = wanted == KEEP ? d->run->rows.label[row] : label;
  if (wanted == KEEP && label < 0) {
    return refuse(d, a, "the row has no known label that could be kept: name a class", err);
  }
  decision item = make_decision(d, a, row, wanted == WITHDRAW ? LQA_CLASS_NONE : label);
  return keep_decision(d, a, &item, err);
}

static lqa_status read_answer(decider *d, const lqa_answer *a, lqa_error *err) {
  int64_t row = -1;
  bool is_empty = a->decision.size == 0 && !a->problem;
  const char *why = a->problem ? a->problem : find_row(d, a, &row);
  if (!why && row >= 0) {
    why = check_given(d, a, row);
  }
  if (is_empty && (row < 0 || !why)) {
    d->out->empty++; /* nothing is asked of it, so nothing needs a reason */
    return LQA_OK;
  }
  return why ? refuse(d, a, why, err) : take_answer(d, a, row, err);
}

static lqa_status read_answers(decider *d, lqa_source *source, lqa_error *err) {
  lqa_answer_reader *reader = NULL;
  bool more = true;
  LQA_TRY(lqa_answer_reader_open(source, d->file, &reader, err));
  lqa_status status;
  for (d->file_row = 0;; d->file_row++) {
    lqa_answer answer;
    LQA_TRY_OUT(lqa_answer_reader_next(reader, &answer, &more, err));
    if (!more) {
      break;
    }
    LQA_TRY_OUT(read_answer(d, &answer, err));
  }
out:
  lqa_answer_reader_close(reader);
  return status;
}

/* Names that stand between apostrophes: these are the file's quotes. */
static bool has_other_quotes(const lqa_source *source) {
  lqa_str name = lqa_str_from(lqa_source_column_name(source, 0));
  return name.size > 2 && name.data[0] == '\'' && name.data[name.size - 1] == '\'';
}

/* `options` must live as long as the source. */
static lqa_status open_file(const decider *d, lqa_source_options *options, lqa_source **source,
                            lqa_error *err) {
  LQA_TRY(lqa_source_open(options, d->run->observer, source, err));
  if (lqa_source_count_columns(*source) == 0 || !has_other_quotes(*source)) {
    return LQA_OK;
  }
  lqa_source_close(*source);
  *source = NULL;
  options->quote = "'";
  return lqa_source_open(options, d->run->observer, source, err);
}

static lqa_status read_file(decider *d, const char *path, lqa_error *err) {
  lqa_source_options options = {.paths = {&path, 1}, .header = "yes", .raw_json = true};
  lqa_source *source = NULL;
  d->file = path;
  LQA_TRY(open_file(d, &options, &source, err));
  lqa_status status = read_answers(d, source, err);
  lqa_source_close(source);
  return status;
}

/* ---- recording ---- */

static void count(decider *d, const decision *item) {
  d->out->taken += item->label >= 0;
  d->out->withdrawn += item->label < 0;
  d->out->kept += item->label >= 0 && item->label == d->run->rows.label[item->row];
  d->out->changed += item->label >= 0 && item->label != d->run->rows.label[item->row];
}

static lqa_status record(decider *d, const decision *item, lqa_buf *key, lqa_error *err) {
  const lqa_manifest *m = &d->run->manifest;
  lqa_decision_record record = {.label =
                                    item->label >= 0 ? m->classes[item->label] : (lqa_str){NULL, 0},
                                .by = item->by,
                                .note = item->note};
  LQA_TRY(lqa_run_row_ref(d->run, item->row, key, &record.row, err));
  count(d, item);
  return lqa_run_db_add_decision(d->run->db, &record, err);
}

static lqa_status record_all(decider *d, lqa_error *err) {
  lqa_buf key;
  lqa_status status = LQA_OK;
  if (d->items.n == 0) {
    return LQA_OK;
  }
  lqa_buf_init(&key, (size_t)1 << 30);
  LQA_TRY(lqa_run_db_begin(d->run->db, err));
  for (size_t i = 0; i < d->items.n; i++) {
    LQA_TRY_OUT(record(d, &d->items.data[i], &key, err));
  }
out:
  lqa_buf_clear(&key);
  if (status != LQA_OK) {
    lqa_run_db_roll_back(d->run->db);
    return status;
  }
  return lqa_run_db_commit(d->run->db, err);
}

static lqa_status keep_note(void *data, const lqa_decision_record *record, lqa_error *err) {
  decider *d = data;
  int64_t row = record->row.row;
  if (row < 0 || row >= d->run->rows.n_rows || record->note.size == 0) {
    return LQA_OK;
  }
  d->note_of_row[row] = copy_text(d, record->note);
  return d->note_of_row[row].data ? LQA_OK : no_memory(err);
}

static lqa_status decide(decider *d, lqa_error *err) {
  if (!d->item_of_row || !d->note_of_row || index_ids(d) != LQA_OK) {
    return no_memory(err);
  }
  LQA_TRY(lqa_run_db_each_decision(d->run->db, false, keep_note, d, err));
  for (size_t i = 0; i < d->options->files.n; i++) {
    LQA_TRY(read_file(d, d->options->files.items[i], err));
  }
  return record_all(d, err);
}

lqa_status lqa_run_decide(lqa_run *run, const lqa_decide_options *options, lqa_arena *arena,
                          lqa_decided *out, lqa_error *err) {
  *out = (lqa_decided){0};
  decider d = {.run = run,
               .options = options,
               .arena = arena,
               .out = out,
               .item_of_row = lqa_calloc((size_t)run->rows.n_rows + 1, sizeof(int64_t)),
               .note_of_row = lqa_calloc((size_t)run->rows.n_rows + 1, sizeof(lqa_str))};
  lqa_status status = decide(&d, err);
  lqa_map_free(d.ids);
  free(d.row_of_id);
  free(d.item_of_row);
  free(d.note_of_row);
  lqa_vec_clear(&d.items);
  if (status != LQA_OK) {
    lqa_vec_clear(&out->refused);
  }
  return status;
}
