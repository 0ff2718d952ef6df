/* store/spot_live.c - a spot check that is answered row by row, without a sheet in between. */
#include "base/clock.h"
#include "base/vec.h"
#include "store/spot_check.h"

#include <stdio.h>

static lqa_status find_newest(const lqa_run *run, lqa_spot_sheet_state *out, bool *found,
                              lqa_error *err) {
  char population[33];
  lqa_statement *s = NULL;
  LQA_TRY(lqa_run_population(run, population, err));
  LQA_TRY(lqa_sql_prepare(lqa_run_db_sql(run->db),
                          "SELECT id FROM sheet WHERE population = ? ORDER BY rowid DESC LIMIT 1",
                          &s, err));
  lqa_statement_set_text(s, 1, lqa_str_from(population));
  lqa_status status;
  LQA_TRY_OUT(lqa_statement_next(s, found, err));
  if (*found) {
    lqa_str id = lqa_statement_text(s, 0);
    snprintf(out->sheet, sizeof out->sheet, "%.*s", (int)id.size, id.data);
  }
out:
  lqa_statement_free(s);
  return status;
}

static lqa_status read_rows(const lqa_run *run, lqa_arena *arena, lqa_spot_sheet_state *out,
                            lqa_error *err) {
  lqa_statement *s = NULL;
  bool more = true;
  int64_t n = 0, room = 0;
  char count[128];
  snprintf(count, sizeof count, "SELECT count(*) FROM sheet_row WHERE sheet = '%s'", out->sheet);
  LQA_TRY(lqa_sql_get_int(lqa_run_db_sql(run->db), count, &room, err));
  out->rows = lqa_arena_alloc(arena, (size_t)room + 1, sizeof *out->rows);
  out->is_answered = lqa_arena_alloc(arena, (size_t)room + 1, 1);
  if (!out->rows || !out->is_answered) {
    return lqa_fail_memory(err, "reading the spot check");
  }
  LQA_TRY(
      lqa_sql_prepare(lqa_run_db_sql(run->db),
                      "SELECT row_number, EXISTS (SELECT 1 FROM answer a WHERE a.sheet = r.sheet"
                      " AND a.position = r.position) FROM sheet_row r WHERE sheet = ?"
                      " ORDER BY position",
                      &s, err));
  lqa_statement_set_text(s, 1, lqa_str_from(out->sheet));
  lqa_status status;
  LQA_TRY_OUT(lqa_statement_next(s, &more, err));
  while (more && n < room) {
    int64_t row = lqa_statement_is_null(s, 0) ? -1 : lqa_statement_int(s, 0);
    if (row >= 0 && row < run->rows.n_rows) {
      out->rows[n] = row;
      out->is_answered[n++] = lqa_statement_int(s, 1) != 0;
    }
    LQA_TRY_OUT(lqa_statement_next(s, &more, err));
  }
out:
  out->n = n;
  lqa_statement_free(s);
  return status;
}

lqa_status lqa_spot_newest(const lqa_run *run, lqa_arena *arena, lqa_spot_sheet_state *out,
                           lqa_error *err) {
  bool found = false;
  *out = (lqa_spot_sheet_state){.n = 0};
  LQA_TRY(find_newest(run, out, &found, err));
  return found ? read_rows(run, arena, out, err) : LQA_OK;
}

/* Where the row stands on the sheet. */
static lqa_status find_position(const lqa_run *run, const char *sheet, int64_t row,
                                int64_t *position, lqa_error *err) {
  lqa_statement *s = NULL;
  bool more = false;
  *position = -1;
  LQA_TRY(lqa_sql_prepare(lqa_run_db_sql(run->db),
                          "SELECT position FROM sheet_row WHERE sheet = ? AND row_number = ?", &s,
                          err));
  lqa_statement_set_text(s, 1, lqa_str_from(sheet));
  lqa_statement_set_int(s, 2, row);
  lqa_status status;
  LQA_TRY_OUT(lqa_statement_next(s, &more, err));
  if (more) {
    *position = lqa_statement_int(s, 0);
  }
out:
  lqa_statement_free(s);
  return status;
}

lqa_status lqa_spot_take(lqa_run *run, const lqa_spot_answer *answer, lqa_error *err) {
  lqa_spot_sheet_state sheet = {.n = 0};
  bool found = false;
  int64_t position = -1;
  int64_t sheets = 0;
  lqa_statement *s = NULL;
  char now[32];
  LQA_TRY(lqa_sql_get_int(lqa_run_db_sql(run->db), "SELECT count(*) FROM sheet", &sheets, err));
  if (sheets == 0) {
    return LQA_OK; /* the usual case, and the fingerprint of all rows takes a while */
  }
  LQA_TRY(find_newest(run, &sheet, &found, err));
  if (found) {
    LQA_TRY(find_position(run, sheet.sheet, answer->row, &position, err));
  }
  if (position < 0) {
    return LQA_OK;
  }
  LQA_TRY(lqa_sql_prepare(
      lqa_run_db_sql(run->db),
      "INSERT INTO answer(sheet, position, is_correct, correct_label, note, checked_by, made_utc)"
      " VALUES(?, ?, ?, ?, NULL, ?, ?)",
      &s, err));
  lqa_clock_utc(now);
  lqa_statement_set_text(s, 1, lqa_str_from(sheet.sheet));
  lqa_statement_set_int(s, 2, position);
  lqa_statement_set_int(s, 3, answer->label == run->evidence.label[answer->row]);
  lqa_statement_set_text(s, 4, run->manifest.classes[answer->label]);
  lqa_statement_set_text(s, 5, answer->by);
  lqa_statement_set_text(s, 6, lqa_str_from(now));
  lqa_status status = lqa_statement_run(s, err);
  lqa_statement_free(s);
  return status;
}
