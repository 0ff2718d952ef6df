/* store/spot_rate.c - error rates from the answers in run.db.
 *
 * A sheet speaks for the rows it was drawn from: after an audit of changed data its decisions still
 * hold, row by row, but its rate does not, so sheets are matched by the fingerprint of all keys and
 * labels. */
#include "base/memory.h"
#include "store/spot_check.h"

#include <math.h>
#include <stdio.h>

/* The sheet with the newest answer among those drawn from `population`. */
static lqa_status find_sheet(lqa_sql *sql, const char *population, lqa_spot_check *out, bool *found,
                             lqa_error *err) {
  lqa_statement *s = NULL;
  LQA_TRY(lqa_sql_prepare(sql,
                          "SELECT a.sheet FROM answer a JOIN sheet s ON s.id = a.sheet"
                          " WHERE s.population = ? ORDER BY a.id DESC LIMIT 1",
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

/* One row per stratum, with the answers that came last for each drawn row. */
static const char RATES[] =
    "WITH last AS (SELECT position, is_correct FROM answer WHERE sheet = ?1 AND id IN"
    " (SELECT max(id) FROM answer WHERE sheet = ?1 GROUP BY position))"
    " SELECT h.suspicious, h.rest, h.population, h.drawn, count(l.position),"
    " coalesce(sum(1 - l.is_correct), 0), h.label FROM stratum h"
    " JOIN sheet_row r ON r.sheet = h.sheet AND r.stratum = h.number"
    " LEFT JOIN last l ON l.position = r.position"
    " WHERE h.sheet = ?1 GROUP BY h.number ORDER BY h.number";

static lqa_status read_stratum(lqa_statement *s, lqa_arena *arena, lqa_spot_stratum *out) {
  lqa_str label = lqa_statement_text(s, 6);
  const char *copy = label.data ? lqa_arena_copy(arena, label.data, label.size) : NULL;
  *out = (lqa_spot_stratum){.is_suspicious = lqa_statement_int(s, 0) != 0,
                            .is_rest = lqa_statement_int(s, 1) != 0,
                            .label = {copy, label.size},
                            .population = lqa_statement_int(s, 2),
                            .drawn = lqa_statement_int(s, 3),
                            .answered = lqa_statement_int(s, 4),
                            .wrong = lqa_statement_int(s, 5)};
  const lqa_stratum cell = {out->population, out->answered, out->wrong};
  out->rate = lqa_interval_of_stratum(&cell, .95);
  return label.data && !copy ? LQA_NO_MEMORY : LQA_OK;
}

static lqa_status load_strata(lqa_sql *sql, lqa_arena *arena, lqa_spot_check *out, lqa_error *err) {
  LQA_VEC(lqa_spot_stratum) strata = {0};
  lqa_statement *s = NULL;
  bool more = true;
  LQA_TRY(lqa_sql_prepare(sql, RATES, &s, err));
  lqa_statement_set_text(s, 1, lqa_str_from(out->sheet));
  lqa_status status;
  LQA_TRY_OUT(lqa_statement_next(s, &more, err));
  while (more) {
    lqa_spot_stratum stratum;
    LQA_TRY_OUT(read_stratum(s, arena, &stratum) == LQA_OK &&
                        lqa_vec_push(&strata, stratum) == LQA_OK
                    ? lqa_statement_next(s, &more, err)
                    : lqa_fail_memory(err, "reading spot checks"));
  }
  out->strata = lqa_arena_alloc(arena, strata.n + 1, sizeof *out->strata);
  LQA_TRY_OUT(out->strata ? LQA_OK : lqa_fail_memory(err, "reading spot checks"));
  if (strata.n > 0) {
    memcpy(out->strata, strata.data, strata.n * sizeof *out->strata);
  }
  out->n_strata = strata.n;
out:
  lqa_statement_free(s);
  lqa_vec_clear(&strata);
  return status;
}

/* The strata of one kind, from cells[n] on; returns how many cells there are then. */
static size_t add_cells(lqa_spot_check *out, bool is_suspicious, lqa_stratum *cells, size_t n) {
  for (size_t h = 0; h < out->n_strata; h++) {
    const lqa_spot_stratum *s = &out->strata[h];
    if (s->is_suspicious == is_suspicious) {
      cells[n++] = (lqa_stratum){s->population, s->answered, s->wrong};
      out->drawn += s->drawn;
      out->answered += s->answered;
      out->wrong += s->wrong;
    }
  }
  return n;
}

static lqa_status add_up(lqa_spot_check *out, lqa_error *err) {
  lqa_stratum *cells = lqa_malloc(out->n_strata, sizeof *cells);
  if (!cells) {
    return lqa_fail_memory(err, "reading spot checks");
  }
  size_t n_suspicious = add_cells(out, true, cells, 0);
  size_t n = add_cells(out, false, cells, n_suspicious);
  out->rate = lqa_interval_stratified(cells, n, .95);
  out->recall = lqa_flag_recall(cells, n, n_suspicious, .95);
  free(cells);
  return LQA_OK;
}

lqa_status lqa_spot_rate(const lqa_run *run, lqa_arena *arena, lqa_spot_check *out, bool *found,
                         lqa_error *err) {
  lqa_sql *sql = lqa_run_db_sql(run->db);
  lqa_spot_check check = {0};
  int64_t n_answers = 0;
  char population[33];
  *found = false;
  LQA_TRY(lqa_sql_get_int(sql, "SELECT count(*) FROM answer", &n_answers, err));
  if (n_answers == 0) {
    return LQA_OK;
  }
  LQA_TRY(lqa_run_population(run, population, err));
  LQA_TRY(find_sheet(sql, population, &check, found, err));
  if (!*found) {
    return LQA_OK;
  }
  LQA_TRY(load_strata(sql, arena, &check, err));
  LQA_TRY(add_up(&check, err));
  *out = check;
  return LQA_OK;
}
