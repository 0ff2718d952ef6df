/* review/review_log.c - events in memory mirror the table, linked per row from the newest back.
 *
 * Memory is changed after the transaction is on disk, never before: what a caller was told is true
 * whatever happens next. */
#include "review/review_log.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>

static const char *const KINDS[] = {"label", "unsure", "undo"};

lqa_status lqa_review_log_name(lqa_review_log *log, lqa_str name, int32_t *number, lqa_error *err) {
  uint32_t index;
  if (lqa_map_add(log->names, name, &index, NULL) != LQA_OK) {
    return lqa_fail_memory(err, "keeping a reviewer's name");
  }
  *number = (int32_t)index;
  return LQA_OK;
}

lqa_str lqa_review_log_name_of(const lqa_review_log *log, int32_t number) {
  return number < 0 ? (lqa_str){NULL, 0} : lqa_map_key(log->names, (uint32_t)number);
}

/* ---- memory ---- */

static lqa_review_event *find_id(lqa_review_log *log, int64_t id) {
  for (size_t i = log->events.n; i-- > 0;) {
    if (log->events.data[i].id == id) {
      return &log->events.data[i];
    }
  }
  return NULL;
}

static lqa_status remember(lqa_review_log *log, lqa_review_event event, lqa_error *err) {
  if (event.row < 0 || event.row >= log->run->rows.n_rows) {
    return LQA_OK; /* about a row that this run does not have */
  }
  event.previous_event = log->newest[event.row];
  if (lqa_vec_push(&log->events, event) != LQA_OK) {
    return lqa_fail_memory(err, "reading the review");
  }
  log->newest[event.row] = (int64_t)log->events.n - 1;
  lqa_review_event *undone = event.undoes ? find_id(log, event.undoes) : NULL;
  if (undone) {
    undone->is_undone = true;
  }
  return LQA_OK;
}

static bool counts(const lqa_review_event *e) {
  return !e->is_undone && e->kind != LQA_REVIEW_UNDO;
}

const lqa_review_event *lqa_review_log_find(const lqa_review_log *log, int64_t row,
                                            int32_t reviewer) {
  for (int64_t i = log->newest[row]; i >= 0; i = log->events.data[i].previous_event) {
    const lqa_review_event *e = &log->events.data[i];
    if (e->reviewer == reviewer && counts(e)) {
      return e;
    }
  }
  return NULL;
}

const lqa_review_event *lqa_review_log_last_word(const lqa_review_log *log, int64_t row) {
  for (int64_t i = log->newest[row]; i >= 0; i = log->events.data[i].previous_event) {
    const lqa_review_event *e = &log->events.data[i];
    if (e->adjudicates && counts(e)) {
      return e;
    }
  }
  return NULL;
}

/* ---- reading ---- */

static lqa_review_kind kind_of(lqa_str text) {
  return lqa_str_equal(text, LQA_STR("label"))    ? LQA_REVIEW_LABEL
         : lqa_str_equal(text, LQA_STR("unsure")) ? LQA_REVIEW_UNSURE
                                                  : LQA_REVIEW_UNDO;
}

static lqa_status read_event(lqa_review_log *log, lqa_statement *s, lqa_error *err) {
  lqa_review_event e = {.id = lqa_statement_int(s, 0),
                        .row = lqa_statement_int(s, 1),
                        .kind = kind_of(lqa_statement_text(s, 2)),
                        .label = lqa_run_find_class(log->run, lqa_statement_text(s, 3)),
                        .seconds = lqa_statement_number(s, 5),
                        .blind = lqa_statement_int(s, 6) != 0,
                        .adjudicates = lqa_statement_int(s, 7) != 0,
                        .undoes = lqa_statement_int(s, 8),
                        .previous_by = -1};
  LQA_TRY(lqa_review_log_name(log, lqa_statement_text(s, 4), &e.reviewer, err));
  e.previous_label = lqa_run_find_class(log->run, lqa_statement_text(s, 9));
  if (!lqa_statement_is_null(s, 10)) {
    LQA_TRY(lqa_review_log_name(log, lqa_statement_text(s, 10), &e.previous_by, err));
  }
  lqa_str when = lqa_statement_text(s, 11);
  snprintf(e.made_utc, sizeof e.made_utc, "%.*s", (int)when.size, when.data ? when.data : "");
  return remember(log, e, err);
}

static lqa_status read_events(lqa_review_log *log, lqa_error *err) {
  lqa_statement *s = NULL;
  bool more = true;
  LQA_TRY(lqa_sql_prepare(lqa_run_db_sql(log->run->db),
                          "SELECT id, row_number, kind, label, reviewer, seconds, blind,"
                          " adjudicates, undoes, previous_label, previous_by, made_utc FROM review"
                          " WHERE row_number IS NOT NULL ORDER BY id",
                          &s, err));
  lqa_status status;
  LQA_TRY_OUT(lqa_statement_next(s, &more, err));
  while (more) {
    LQA_TRY_OUT(read_event(log, s, err));
    LQA_TRY_OUT(lqa_statement_next(s, &more, err));
  }
out:
  lqa_statement_free(s);
  return status;
}

lqa_status lqa_review_log_open(lqa_run *run, lqa_review_log *log, lqa_error *err) {
  int64_t n = run->rows.n_rows;
  *log = (lqa_review_log){.run = run,
                          .names = lqa_map_new(true),
                          .newest = lqa_malloc((size_t)n + 1, sizeof *log->newest)};
  lqa_status status;
  LQA_TRY_OUT(log->names && log->newest ? LQA_OK : lqa_fail_memory(err, "opening the review"));
  for (int64_t row = 0; row < n; row++) {
    log->newest[row] = -1;
  }
  LQA_TRY_OUT(lqa_run_db_begin_review(run->db, err));
  status = read_events(log, err);
out:
  if (status != LQA_OK) {
    lqa_review_log_close(log);
  }
  return status;
}

void lqa_review_log_close(lqa_review_log *log) {
  lqa_map_free(log->names);
  lqa_vec_clear(&log->events);
  free(log->newest);
  *log = (lqa_review_log){0};
}

/* ---- writing ---- */

static lqa_str class_name(const lqa_review_log *log, int32_t code) {
  return code >= 0 ? log->run->manifest.classes[code] : (lqa_str){NULL, 0};
}

static void set_int_or_null(lqa_statement *s, int parameter, int64_t value) {
  if (value > 0) {
    lqa_statement_set_int(s, parameter, value);
  } else {
    lqa_statement_set_null(s, parameter);
  }
}

static lqa_status insert_event(lqa_review_log *log, const lqa_review_event *e,
                               const lqa_row_ref *ref, lqa_str note, lqa_error *err) {
  lqa_statement *s = NULL;
  LQA_TRY(
      lqa_sql_prepare(lqa_run_db_sql(log->run->db),
                      "INSERT INTO review(row_number, row_key, kind, label, reviewer, seconds,"
                      " blind, adjudicates, undoes, previous_label, previous_by, note, made_utc)"
                      " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                      &s, err));
  lqa_statement_set_int(s, 1, ref->row);
  lqa_statement_set_text(s, 2, ref->key);
  lqa_statement_set_text(s, 3, lqa_str_from(KINDS[e->kind]));
  lqa_statement_set_text(s, 4, class_name(log, e->label));
  lqa_statement_set_text(s, 5, lqa_review_log_name_of(log, e->reviewer));
  lqa_statement_set_number(s, 6, e->seconds);
  lqa_statement_set_int(s, 7, e->blind);
  lqa_statement_set_int(s, 8, e->adjudicates);
  set_int_or_null(s, 9, e->undoes);
  lqa_statement_set_text(s, 10, class_name(log, e->previous_label));
  lqa_statement_set_text(s, 11, lqa_review_log_name_of(log, e->previous_by));
  lqa_statement_set_text(s, 12, note);
  lqa_statement_set_text(s, 13, lqa_str_from(e->made_utc));
  lqa_status status = lqa_statement_run(s, err);
  lqa_statement_free(s);
  return status;
}

/* What the table `decision` is to say of the row from now on. */
typedef struct verdict_of_people {
  bool is_set;   /* else nothing changes there */
  int32_t label; /* LQA_CLASS_NONE withdraws */
  int32_t by;
} verdict_of_people;

static lqa_status insert_both(lqa_review_log *log, lqa_review_event *e,
                              const verdict_of_people *decision, lqa_str note, lqa_error *err) {
  lqa_buf key;
  lqa_row_ref ref;
  lqa_buf_init(&key, SIZE_MAX / 4);
  lqa_status status;
  LQA_TRY_OUT(lqa_run_row_ref(log->run, e->row, &key, &ref, err));
  LQA_TRY_OUT(insert_event(log, e, &ref, note, err));
  LQA_TRY_OUT(
      lqa_sql_get_int(lqa_run_db_sql(log->run->db), "SELECT last_insert_rowid()", &e->id, err));
  if (decision->is_set) {
    const lqa_decision_record record = {.row = ref,
                                        .label = class_name(log, decision->label),
                                        .by = lqa_review_log_name_of(log, decision->by),
                                        .note = note,
                                        .made_utc = lqa_str_from(e->made_utc)};
    LQA_TRY_OUT(lqa_run_db_add_decision(log->run->db, &record, err));
  }
out:
  lqa_buf_clear(&key);
  return status;
}

/* One transaction, on disk when this returns; then memory. */
static lqa_status record(lqa_review_log *log, lqa_review_event *e,
                         const verdict_of_people *decision, lqa_str note, lqa_error *err) {
  lqa_clock_utc(e->made_utc);
  if (lqa_vec_reserve(&log->events, log->events.n + 1) != LQA_OK) {
    return lqa_fail_memory(err, "recording a decision");
  }
  LQA_TRY(lqa_run_db_begin(log->run->db, err));
  lqa_status status = insert_both(log, e, decision, note, err);
  if (status != LQA_OK) {
    lqa_run_db_roll_back(log->run->db);
    return status;
  }
  LQA_TRY(lqa_run_db_commit(log->run->db, err));
  if (decision->is_set) {
    LQA_TRY(lqa_run_set_decision(log->run, e->row, decision->label,
                                 lqa_review_log_name_of(log, decision->by), err));
  }
  return remember(log, *e, err);
}

/* The decision in force now. */
static lqa_status find_previous(lqa_review_log *log, int64_t row, lqa_review_event *e,
                                lqa_error *err) {
  const lqa_evidence *evidence = &log->run->evidence;
  e->previous_label = evidence->decided_label[row];
  e->previous_by = -1;
  const char *by = evidence->decided_by[row];
  return e->previous_label >= 0 && by
             ? lqa_review_log_name(log, lqa_str_from(by), &e->previous_by, err)
             : LQA_OK;
}

lqa_status lqa_review_log_add(lqa_review_log *log, const lqa_review_entry *entry, int64_t *id,
                              lqa_error *err) {
  bool is_label = entry->kind == LQA_REVIEW_LABEL;
  lqa_review_event e = {.row = entry->row,
                        .kind = entry->kind,
                        .label = is_label ? entry->label : LQA_CLASS_NONE,
                        .reviewer = entry->reviewer,
                        .seconds = entry->seconds,
                        .blind = entry->blind,
                        .adjudicates = entry->adjudicates};
  const verdict_of_people decision = {is_label, e.label, e.reviewer};
  LQA_TRY(find_previous(log, entry->row, &e, err));
  LQA_TRY(record(log, &e, &decision, entry->note, err));
  *id = e.id;
  return LQA_OK;
}

/* The newest event of the reviewer that counts, over all rows. */
static const lqa_review_event *find_newest(const lqa_review_log *log, int32_t reviewer) {
  for (size_t i = log->events.n; i-- > 0;) {
    const lqa_review_event *e = &log->events.data[i];
    if (e->reviewer == reviewer && counts(e)) {
      return e;
    }
  }
  return NULL;
}

/* Nobody has decided the row since. */
static bool is_in_force(const lqa_review_log *log, const lqa_review_event *wanted) {
  for (int64_t i = log->newest[wanted->row]; i >= 0; i = log->events.data[i].previous_event) {
    const lqa_review_event *e = &log->events.data[i];
    if (e->kind == LQA_REVIEW_LABEL && !e->is_undone) {
      return e == wanted;
    }
  }
  return false;
}

lqa_status lqa_review_log_undo(lqa_review_log *log, int32_t reviewer, int64_t *row,
                               lqa_error *err) {
  const lqa_review_event *last = find_newest(log, reviewer);
  *row = -1;
  if (!last) {
    return LQA_OK;
  }
  lqa_review_event e = {.row = last->row,
                        .kind = LQA_REVIEW_UNDO,
                        .label = LQA_CLASS_NONE,
                        .reviewer = reviewer,
                        .seconds = NAN,
                        .undoes = last->id};
  const verdict_of_people decision = {last->kind == LQA_REVIEW_LABEL && is_in_force(log, last),
                                      last->previous_label,
                                      last->previous_by >= 0 ? last->previous_by : reviewer};
  LQA_TRY(find_previous(log, e.row, &e, err));
  LQA_TRY(record(log, &e, &decision, (lqa_str){NULL, 0}, err));
  *row = e.row;
  return LQA_OK;
}
