/* store/spot_ingest.c - a filled-in sheet, checked answer by answer, then stored in one
 * transaction.
 *
 * check_id ("<sheet>-<position>") finds the row, whatever happened to the order or the other
 * columns; the row's given label comes from run.db, not from the sheet. All mistakes are gathered
 * before anything is stored, so that one round of corrections suffices. */
#include "base/memory.h"
#include "data/source/source.h"
#include "store/spot_check.h"

#include <stdio.h>

enum { MAX_COMPLAINTS = 8 };

typedef struct answer {
  int64_t position, row; /* row -1: no longer in the data */
  bool is_correct;
  int32_t correct; /* class code, or LQA_CLASS_NONE */
  lqa_str note;    /* arena */
} answer;

typedef struct ingest {
  lqa_run *run;
  const lqa_spot_sheet *sheet;
  lqa_spot_check *check;
  lqa_arena *arena;
  lqa_source_reader *reader;
  int64_t check_id, is_correct, correct_label, note; /* columns; -1 = absent */
  lqa_statement *find;
  LQA_VEC(answer) answers;
  lqa_buf complaints;
  int n_complaints;
} ingest;

static void complain(ingest *g, int64_t row, const char *what, lqa_str value) {
  if (++g->n_complaints <= MAX_COMPLAINTS) {
    int n = (int)(value.size < 40 ? value.size : 40);
    lqa_buf_printf(&g->complaints, "%srow %lld (line %lld): ", g->n_complaints > 1 ? "; " : "",
                   (long long)row, (long long)row + 2);
    lqa_buf_printf(&g->complaints, what, n, value.data ? value.data : "");
  }
}

static lqa_str get(const ingest *g, int64_t column) {
  lqa_str none = {NULL, 0};
  return column < 0 ? none : lqa_str_trim(lqa_source_reader_get(g->reader, (size_t)column));
}

/* 1 yes, 0 no, -1 empty, -2 neither. */
static int parse_yes(lqa_str text) {
  static const char *const yes[] = {"yes", "y", "true", "t", "1", "correct", "right"};
  static const char *const no[] = {"no", "n", "false", "f", "0", "incorrect", "wrong"};
  if (text.size == 0) {
    return -1;
  }
  for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
    if (lqa_str_equal_nocase(text, lqa_str_from(yes[i]))) {
      return 1;
    }
    if (lqa_str_equal_nocase(text, lqa_str_from(no[i]))) {
      return 0;
    }
  }
  return -2;
}

/* A class by name; the apostrophe that guards against formulas in CSV may stand before it. */
static int32_t find_class(const ingest *g, lqa_str name) {
  int32_t code = lqa_run_find_class(g->run, name);
  if (code < 0 && name.size > 1 && name.data[0] == '\'') {
    code = lqa_run_find_class(g->run, (lqa_str){name.data + 1, name.size - 1});
  }
  return code;
}

/* "<sheet>-<position>"; the first one fixes the sheet. False where it is none of this sheet's. */
static bool parse_check_id(ingest *g, lqa_str text, int64_t *position) {
  const char *dash = text.data ? memrchr(text.data, '-', text.size) : NULL;
  size_t n = dash ? (size_t)(dash - text.data) : 0;
  long long number;
  if (n == 0 || n >= sizeof g->check->sheet ||
      !lqa_str_to_int64((lqa_str){dash + 1, text.size - n - 1}, &number)) {
    return false;
  }
  if (g->check->sheet[0] == '\0') {
    memcpy(g->check->sheet, text.data, n);
  }
  *position = number;
  return strlen(g->check->sheet) == n && memcmp(g->check->sheet, text.data, n) == 0;
}

/* The row that (sheet, position) was drawn as, and its label then. */
static lqa_status find_row(ingest *g, int64_t position, int64_t *row, lqa_str *label, bool *found,
                           lqa_error *err);

/* What the row's answer says, or a complaint. `label` is the given class or negative. */
static bool judge_answer(ingest *g, int64_t file_row, int32_t label, answer *a) {
  lqa_str said = get(g, g->is_correct), name = get(g, g->correct_label);
  int yes = parse_yes(said);
  a->correct = name.size > 0 ? find_class(g, name) : LQA_CLASS_NONE;
  if (yes == -2) {
    complain(g, file_row, "is_correct is '%.*s', expected yes, no or nothing", said);
  } else if (name.size > 0 && a->correct < 0) {
    complain(g, file_row, "correct_label '%.*s' is not a class of this run", name);
  } else if (yes == 1 && a->correct >= 0 && a->correct != label) {
    complain(g, file_row, "is_correct is yes, but correct_label is another class, '%.*s'", name);
  } else if (yes == 1 && label < 0) {
    complain(g, file_row, "the row has no known label, so it cannot be correct%.*s", LQA_STR(""));
  } else if (yes == 0 && a->correct >= 0 && a->correct == label) {
    complain(g, file_row, "is_correct is no, but correct_label is the label itself, '%.*s'", name);
  } else {
    a->is_correct = yes == 1 || (yes == -1 && a->correct == label);
    a->correct = a->is_correct ? label : a->correct;
    return yes >= 0 || name.size > 0;
  }
  return false;
}

static lqa_status find_row(ingest *g, int64_t position, int64_t *row, lqa_str *label, bool *found,
                           lqa_error *err) {
  lqa_statement_reset(g->find);
  lqa_statement_set_text(g->find, 1, lqa_str_from(g->check->sheet));
  lqa_statement_set_int(g->find, 2, position);
  LQA_TRY(lqa_statement_next(g->find, found, err));
  if (*found) {
    *row = lqa_statement_is_null(g->find, 0) ? -1 : lqa_statement_int(g->find, 0);
    *label = lqa_statement_text(g->find, 1);
  }
  return LQA_OK;
}

static lqa_status read_row(ingest *g, int64_t file_row, lqa_error *err) {
  answer a = {.row = -1, .correct = LQA_CLASS_NONE};
  lqa_str id = get(g, g->check_id), label = {NULL, 0};
  bool found = false;
  if (parse_check_id(g, id, &a.position)) {
    LQA_TRY(find_row(g, a.position, &a.row, &label, &found, err));
  }
  if (!found) {
    complain(g, file_row, "check_id '%.*s' is not of a sheet drawn from this run", id);
    return LQA_OK;
  }
  if (!judge_answer(g, file_row, lqa_run_find_class(g->run, label), &a)) {
    return LQA_OK;
  }
  lqa_str note = get(g, g->note);
  a.note = note.size > 0 ? (lqa_str){lqa_arena_copy(g->arena, note.data, note.size), note.size}
                         : (lqa_str){NULL, 0};
  return lqa_vec_push(&g->answers, a) == LQA_OK ? LQA_OK
                                                : lqa_fail_memory(err, "reading the sheet");
}

static lqa_status read_rows(ingest *g, lqa_error *err) {
  bool more = true;
  for (int64_t row = 0;; row++) {
    LQA_TRY(lqa_source_reader_next(g->reader, &more, err));
    if (!more) {
      return LQA_OK;
    }
    LQA_TRY(read_row(g, row, err));
  }
}

static lqa_status find_columns(ingest *g, const lqa_source *source, lqa_error *err) {
  g->check_id = lqa_source_find_column(source, "check_id");
  g->is_correct = lqa_source_find_column(source, "is_correct");
  g->correct_label = lqa_source_find_column(source, "correct_label");
  g->note = lqa_source_find_column(source, "note");
  const char *missing = g->check_id < 0 ? "check_id" : g->is_correct < 0 ? "is_correct" : NULL;
  return !missing ? LQA_OK
                  : lqa_fail_at(err, LQA_BAD_USAGE, g->sheet->path, -1, missing,
                                "'%s' has no column %s: it is not a sheet that labelqa sample drew",
                                g->sheet->path, missing);
}

static lqa_status read_sheet(ingest *g, lqa_error *err) {
  const lqa_source_options options = {
      .paths = {(const char **)&g->sheet->path, 1}, .header = "yes", .content_optional = true};
  lqa_source *source = NULL;
  LQA_TRY(lqa_source_open(&options, g->run->observer, &source, err));
  lqa_status status;
  LQA_TRY_OUT(find_columns(g, source, err));
  LQA_TRY_OUT(lqa_source_reader_open(source, &g->reader, err));
  status = read_rows(g, err);
out:
  lqa_source_reader_close(g->reader);
  lqa_source_close(source);
  return status;
}

static lqa_status refuse_complaints(const ingest *g, lqa_error *err) {
  if (g->n_complaints == 0 && g->answers.n > 0) {
    return LQA_OK;
  }
  if (g->n_complaints == 0) {
    return lqa_fail_at(err, LQA_BAD_DATA, g->sheet->path, -1, "is_correct",
                       "'%s' holds no answer: fill in is_correct (yes or no), and correct_label "
                       "where the label is wrong",
                       g->sheet->path);
  }
  int more = g->n_complaints - MAX_COMPLAINTS;
  char rest[48] = "";
  if (more > 0) {
    snprintf(rest, sizeof rest, "; and %d more", more);
  }
  return lqa_fail_at(err, LQA_BAD_DATA, g->sheet->path, -1, NULL, "'%s', no row was stored: %s%s",
                     g->sheet->path, g->complaints.data, rest);
}

/* ---- storing ---- */

static lqa_status store_decision(ingest *g, const answer *a, const char *by, lqa_buf *key,
                                 lqa_error *err) {
  const lqa_run *run = g->run;
  if (a->row < 0) {
    g->check->gone++;
    return LQA_OK;
  }
  if (a->correct < 0) {
    g->check->wrong_only++;
    return LQA_OK;
  }
  lqa_decision_record record = {
      .label = run->manifest.classes[a->correct], .by = lqa_str_from(by), .note = a->note};
  LQA_TRY(lqa_run_row_ref(run, a->row, key, &record.row, err));
  g->check->decided++;
  return lqa_run_db_add_decision(run->db, &record, err);
}

static lqa_status store_answer(ingest *g, lqa_statement *s, const answer *a, const char *by,
                               lqa_error *err) {
  lqa_statement_set_text(s, 1, lqa_str_from(g->check->sheet));
  lqa_statement_set_int(s, 2, a->position);
  lqa_statement_set_int(s, 3, a->is_correct);
  lqa_statement_set_text(
      s, 4, a->correct >= 0 ? g->run->manifest.classes[a->correct] : (lqa_str){NULL, 0});
  lqa_statement_set_text(s, 5, a->note);
  lqa_statement_set_text(s, 6, lqa_str_from(by));
  return lqa_statement_run(s, err);
}

static lqa_status store_all(ingest *g, lqa_error *err) {
  char by[256] = "spot-check";
  lqa_statement *s = NULL;
  lqa_buf key;
  if (g->sheet->by && strcmp(g->sheet->by, by) != 0) {
    snprintf(by, sizeof by, "spot-check (%s)", g->sheet->by);
  }
  lqa_buf_init(&key, (size_t)1 << 30);
  LQA_TRY(lqa_run_db_begin(g->run->db, err));
  lqa_status status;
  LQA_TRY_OUT(lqa_sql_prepare(
      lqa_run_db_sql(g->run->db),
      "INSERT INTO answer(sheet, position, is_correct, correct_label, note, checked_by, made_utc)"
      " VALUES(?, ?, ?, ?, ?, ?, strftime('%Y-%m-%dT%H:%M:%SZ'))",
      &s, err));
  for (size_t i = 0; i < g->answers.n; i++) {
    LQA_TRY_OUT(store_answer(g, s, &g->answers.data[i], by, err));
    LQA_TRY_OUT(store_decision(g, &g->answers.data[i], by, &key, err));
  }
out:
  lqa_statement_free(s);
  lqa_buf_clear(&key);
  if (status != LQA_OK) {
    lqa_run_db_roll_back(g->run->db);
    return status;
  }
  return lqa_run_db_commit(g->run->db, err);
}

static lqa_status ingest_sheet(ingest *g, lqa_error *err) {
  LQA_TRY(lqa_sql_prepare(
      lqa_run_db_sql(g->run->db),
      "SELECT row_number, label FROM sheet_row WHERE sheet = ? AND position = ?", &g->find, err));
  lqa_status status;
  LQA_TRY_OUT(read_sheet(g, err));
  status = refuse_complaints(g, err);
out:
  lqa_statement_free(g->find);
  return status == LQA_OK ? store_all(g, err) : status;
}

lqa_status lqa_spot_ingest(lqa_run *run, const lqa_spot_sheet *sheet, lqa_arena *arena,
                           lqa_spot_check *out, lqa_error *err) {
  lqa_spot_check check = {0}, rates = {0};
  bool found = false;
  ingest g = {.run = run, .sheet = sheet, .check = &check, .arena = arena};
  lqa_buf_init(&g.complaints, 1 << 16);
  lqa_status status = ingest_sheet(&g, err);
  lqa_vec_clear(&g.answers);
  lqa_buf_clear(&g.complaints);
  LQA_TRY(status);
  LQA_TRY(lqa_spot_rate(run, arena, &rates, &found, err));
  if (found) {
    rates.decided = check.decided;
    rates.wrong_only = check.wrong_only;
    rates.gone = check.gone;
    check = rates;
  } else {
    check.answered = (int64_t)check.decided + check.wrong_only + check.gone;
    check.rate = lqa_interval_wilson(0, 0, .95);
  }
  *out = check;
  return LQA_OK;
}
