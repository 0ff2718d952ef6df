/* store/run_db.c - the records of run.db, in and out (its tables: run_schema.c).
 *
 * A record names its row by number (fast) and by key with occurrence (portable: the n-th row of
 * that key, filled in only when a later audit no longer holds the row). The newest record is the
 * one with the highest id; a partial index keeps "newest per row" cheap at any length of history.
 */
#include "store/run_db.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/memory.h"
#include "store/run_schema.h"

#include <math.h>
#include <stdio.h>

struct lqa_run_db {
  lqa_sql *sql;
  char *path;
  lqa_statement *add_verdict, *add_reply, *add_decision, *add_suggestion;
};

static lqa_status new_handle(const char *path, lqa_run_db **out, lqa_error *err) {
  lqa_run_db *db = lqa_calloc(1, sizeof *db);
  if (!db || !(db->path = strdup(path))) {
    free(db);
    return lqa_fail_memory(err, "opening run.db");
  }
  *out = db;
  return LQA_OK;
}

lqa_status lqa_run_db_create(const char *path, lqa_run_db **out, lqa_error *err) {
  lqa_run_db *db = NULL;
  LQA_TRY(new_handle(path, &db, err));
  lqa_status status;
  LQA_TRY_OUT(lqa_sql_open(path, LQA_SQL_CREATE, &db->sql, err));
  status = lqa_run_schema_make(db->sql, err);
out:
  if (status != LQA_OK) {
    lqa_run_db_close(db);
    return status;
  }
  *out = db;
  return LQA_OK;
}

lqa_status lqa_run_db_open(const char *path, bool for_writing, lqa_run_db **out, lqa_error *err) {
  lqa_run_db *db = NULL;
  LQA_TRY(new_handle(path, &db, err));
  lqa_status status;
  LQA_TRY_OUT(lqa_sql_open(path, for_writing ? LQA_SQL_WRITE : LQA_SQL_READ, &db->sql, err));
  status = lqa_run_schema_check(db->sql, path, err);
out:
  if (status != LQA_OK) {
    lqa_run_db_close(db);
    return status;
  }
  *out = db;
  return LQA_OK;
}

void lqa_run_db_close(lqa_run_db *db) {
  if (!db) {
    return;
  }
  lqa_statement_free(db->add_verdict);
  lqa_statement_free(db->add_reply);
  lqa_statement_free(db->add_decision);
  lqa_statement_free(db->add_suggestion);
  lqa_sql_close(db->sql);
  free(db->path);
  free(db);
}

lqa_status lqa_run_db_begin_review(lqa_run_db *db, lqa_error *err) {
  return lqa_run_schema_add_review(db->sql, err);
}

lqa_sql *lqa_run_db_sql(lqa_run_db *db) {
  return db->sql;
}

lqa_status lqa_run_db_begin(lqa_run_db *db, lqa_error *err) {
  return lqa_sql_run(db->sql, "BEGIN IMMEDIATE", err);
}

lqa_status lqa_run_db_commit(lqa_run_db *db, lqa_error *err) {
  lqa_status status = lqa_sql_run(db->sql, "COMMIT", err);
  if (status != LQA_OK) {
    lqa_run_db_roll_back(db);
  }
  return status;
}

void lqa_run_db_roll_back(lqa_run_db *db) {
  /* What fails here has failed before, and that failure is the one to report. */
  lqa_status ignored = lqa_sql_run(db->sql, "ROLLBACK", NULL);
  (void)ignored;
}

/* Prepares `text` into *slot on first use. */
static lqa_status ready(lqa_run_db *db, lqa_statement **slot, const char *text, lqa_error *err) {
  return *slot ? LQA_OK : lqa_sql_prepare(db->sql, text, slot, err);
}

static void set_texts(lqa_statement *s, int first, const lqa_str *values, int n) {
  for (int i = 0; i < n; i++) {
    lqa_statement_set_text(s, first + i, values[i]);
  }
}

/* `given`, or the present where it is NULL or empty. */
static lqa_str time_or_now(lqa_str given, char now[32]) {
  if (given.size > 0) {
    return given;
  }
  lqa_clock_utc(now);
  return lqa_str_from(now);
}

lqa_status lqa_run_db_set_document(lqa_run_db *db, const char *name, lqa_str body, lqa_error *err) {
  lqa_statement *s = NULL;
  char now[32];
  LQA_TRY(lqa_sql_prepare(db->sql, "INSERT OR REPLACE INTO document VALUES(?, ?, ?)", &s, err));
  const lqa_str values[] = {lqa_str_from(name), body, time_or_now((lqa_str){NULL, 0}, now)};
  set_texts(s, 1, values, 3);
  lqa_status status = lqa_statement_run(s, err);
  lqa_statement_free(s);
  return status;
}

lqa_status lqa_run_db_get_document(lqa_run_db *db, const char *name, lqa_buf *out, bool *found,
                                   lqa_error *err) {
  lqa_statement *s = NULL;
  LQA_TRY(lqa_sql_prepare(db->sql, "SELECT body FROM document WHERE name = ?", &s, err));
  lqa_statement_set_text(s, 1, lqa_str_from(name));
  lqa_status status;
  LQA_TRY_OUT(lqa_statement_next(s, found, err));
  if (*found) {
    lqa_buf_add_str(out, lqa_statement_text(s, 0));
    LQA_TRY_OUT(lqa_buf_check(out, err));
  }
out:
  lqa_statement_free(s);
  return status;
}

lqa_status lqa_run_db_add_verdict(lqa_run_db *db, const lqa_verdict_record *r, lqa_error *err) {
  char now[32];
  LQA_TRY(ready(db, &db->add_verdict,
                "INSERT INTO verdict(row_number, row_key, label, verdict, corrected, made_utc,"
                " kind, judge_run, inclusion) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
                err));
  const lqa_str values[] = {
      r->row.key, r->label, r->verdict, r->corrected, time_or_now(r->made_utc, now), r->kind};
  lqa_statement_set_int(db->add_verdict, 1, r->row.row);
  set_texts(db->add_verdict, 2, values, 6);
  lqa_statement_set_int(db->add_verdict, 8, r->judge_run);
  lqa_statement_set_number(db->add_verdict, 9, r->inclusion > 0 ? r->inclusion : NAN);
  return lqa_statement_run(db->add_verdict, err);
}

lqa_status lqa_run_db_add_reply(lqa_run_db *db, const lqa_reply_record *r, lqa_error *err) {
  LQA_TRY(ready(db, &db->add_reply,
                "INSERT INTO reply(row_number, judge_run, judge, repeat, row_key, verdict,"
                " corrected, why, raw, model, base_url, reply_model, prompt_hash, asked_utc,"
                " tokens_in, tokens_out, cost_usd, cached)"
                " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                err));
  lqa_statement *s = db->add_reply;
  const int64_t head[] = {r->row.row, r->judge_run, r->judge, r->repeat};
  const lqa_str values[] = {r->row.key, r->verdict,  r->corrected,   r->why,         r->raw,
                            r->model,   r->base_url, r->reply_model, r->prompt_hash, r->asked_utc};
  for (int i = 0; i < 4; i++) {
    lqa_statement_set_int(s, 1 + i, head[i]);
  }
  set_texts(s, 5, values, 10);
  lqa_statement_set_int(s, 15, r->tokens_in);
  lqa_statement_set_int(s, 16, r->tokens_out);
  lqa_statement_set_number(s, 17, r->cost_usd);
  lqa_statement_set_int(s, 18, r->cached);
  return lqa_statement_run(s, err);
}

lqa_status lqa_run_db_add_decision(lqa_run_db *db, const lqa_decision_record *r, lqa_error *err) {
  char now[32];
  LQA_TRY(ready(db, &db->add_decision,
                "INSERT INTO decision(row_number, row_key, label, decided_by, note, made_utc)"
                " VALUES(?, ?, ?, ?, ?, ?)",
                err));
  const lqa_str values[] = {r->row.key, r->label, r->by, r->note, time_or_now(r->made_utc, now)};
  lqa_statement_set_int(db->add_decision, 1, r->row.row);
  set_texts(db->add_decision, 2, values, 5);
  return lqa_statement_run(db->add_decision, err);
}

lqa_status lqa_run_db_add_note(lqa_run_db *db, const char *kind, lqa_str text, lqa_error *err) {
  lqa_statement *s = NULL;
  char now[32];
  LQA_TRY(
      lqa_sql_prepare(db->sql, "INSERT INTO note(kind, text, made_utc) VALUES(?, ?, ?)", &s, err));
  const lqa_str values[] = {lqa_str_from(kind), text, time_or_now((lqa_str){NULL, 0}, now)};
  set_texts(s, 1, values, 3);
  lqa_status status = lqa_statement_run(s, err);
  lqa_statement_free(s);
  return status;
}

lqa_status lqa_run_db_add_judge_run(lqa_run_db *db, const lqa_judge_run *r, int64_t *id,
                                    lqa_error *err) {
  lqa_statement *s = NULL;
  char now[32];
  LQA_TRY(lqa_sql_prepare(db->sql,
                          "INSERT INTO judge_run(made_utc, model, protocol, details, planned,"
                          " judged, yes, no, unknown, cached, calls, tokens_in, tokens_out,"
                          " cost_usd, agreement) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                          &s, err));
  const lqa_str texts[] = {time_or_now(r->made_utc, now), r->model, r->protocol, r->details_json};
  const int64_t counts[] = {r->planned, r->judged, r->yes,       r->no,        r->unknown,
                            r->cached,  r->calls,  r->tokens_in, r->tokens_out};
  set_texts(s, 1, texts, 4);
  for (int i = 0; i < 9; i++) {
    lqa_statement_set_int(s, 5 + i, counts[i]);
  }
  lqa_statement_set_number(s, 14, r->cost_usd);
  lqa_statement_set_number(s, 15, r->agreement);
  lqa_status status = lqa_statement_run(s, err);
  lqa_statement_free(s);
  return status == LQA_OK ? lqa_sql_get_int(db->sql, "SELECT last_insert_rowid()", id, err)
                          : status;
}

lqa_status lqa_run_db_add_suggestion(lqa_run_db *db, int64_t row, lqa_str label, lqa_error *err) {
  LQA_TRY(ready(db, &db->add_suggestion, "INSERT OR REPLACE INTO suggestion VALUES(?, ?)", err));
  lqa_statement_set_int(db->add_suggestion, 1, row);
  lqa_statement_set_text(db->add_suggestion, 2, label);
  return lqa_statement_run(db->add_suggestion, err);
}

/* A walk: the query, how a row of it is handed on, and to whom. */
typedef struct walk {
  const char *query;
  int64_t row; /* bound to ?1 where the query has one; -1 = none */
  lqa_status (*hand_on)(const struct walk *walk, lqa_statement *s, lqa_error *err);
  union {
    lqa_verdict_fn verdict;
    lqa_decision_fn decision;
    lqa_reply_fn reply;
    lqa_suggestion_fn suggestion;
  } fn;
  void *data;
} walk;

static lqa_status run_walk(lqa_run_db *db, const walk *w, lqa_error *err) {
  lqa_statement *s = NULL;
  bool more = true;
  LQA_TRY(lqa_sql_prepare(db->sql, w->query, &s, err));
  if (w->row >= 0) {
    lqa_statement_set_int(s, 1, w->row);
  }
  lqa_status status;
  LQA_TRY_OUT(lqa_statement_next(s, &more, err));
  while (more) {
    LQA_TRY_OUT(w->hand_on(w, s, err));
    LQA_TRY_OUT(lqa_statement_next(s, &more, err));
  }
out:
  lqa_statement_free(s);
  return status;
}

static lqa_row_ref row_of(lqa_statement *s) {
  return (lqa_row_ref){lqa_statement_int(s, 0), lqa_statement_text(s, 1)};
}

static lqa_status hand_on_verdict(const walk *w, lqa_statement *s, lqa_error *err) {
  lqa_verdict_record r = {row_of(s),
                          lqa_statement_text(s, 2),
                          lqa_statement_text(s, 3),
                          lqa_statement_text(s, 4),
                          lqa_statement_int(s, 5),
                          lqa_statement_text(s, 6),
                          lqa_statement_text(s, 7),
                          lqa_statement_number(s, 8)};
  r.inclusion = r.inclusion > 0 ? r.inclusion : 0; /* NULL reads as NaN */
  return w->fn.verdict(w->data, &r, err);
}

lqa_status lqa_run_db_each_verdict(lqa_run_db *db, lqa_verdict_fn fn, void *data, lqa_error *err) {
  walk w = {"SELECT row_number, row_key, label, verdict, corrected, judge_run, made_utc,"
            " kind, inclusion FROM verdict WHERE id IN (SELECT max(id) FROM verdict"
            " WHERE row_number IS NOT NULL GROUP BY row_number) ORDER BY row_number",
            -1,
            hand_on_verdict,
            {.verdict = fn},
            data};
  return run_walk(db, &w, err);
}

static lqa_status hand_on_decision(const walk *w, lqa_statement *s, lqa_error *err) {
  lqa_decision_record r = {row_of(s), lqa_statement_text(s, 2), lqa_statement_text(s, 3),
                           lqa_statement_text(s, 4), lqa_statement_text(s, 5)};
  return w->fn.decision(w->data, &r, err);
}

#define DECISIONS "SELECT row_number, row_key, label, decided_by, note, made_utc FROM decision "

lqa_status lqa_run_db_each_decision(lqa_run_db *db, bool history, lqa_decision_fn fn, void *data,
                                    lqa_error *err) {
  walk w = {history ? DECISIONS "WHERE row_number IS NOT NULL ORDER BY id"
                    : DECISIONS "WHERE label IS NOT NULL AND id IN (SELECT max(id) FROM decision"
                                " WHERE row_number IS NOT NULL GROUP BY row_number)"
                                " ORDER BY row_number",
            -1,
            hand_on_decision,
            {.decision = fn},
            data};
  return run_walk(db, &w, err);
}

static lqa_status hand_on_reply(const walk *w, lqa_statement *s, lqa_error *err) {
  lqa_reply_record r = {.row = row_of(s),
                        .judge_run = lqa_statement_int(s, 2),
                        .judge = (int)lqa_statement_int(s, 3),
                        .repeat = (int)lqa_statement_int(s, 4),
                        .verdict = lqa_statement_text(s, 5),
                        .corrected = lqa_statement_text(s, 6),
                        .why = lqa_statement_text(s, 7),
                        .raw = lqa_statement_text(s, 8),
                        .model = lqa_statement_text(s, 9),
                        .base_url = lqa_statement_text(s, 10),
                        .reply_model = lqa_statement_text(s, 11),
                        .prompt_hash = lqa_statement_text(s, 12),
                        .asked_utc = lqa_statement_text(s, 13),
                        .tokens_in = lqa_statement_int(s, 14),
                        .tokens_out = lqa_statement_int(s, 15),
                        .cost_usd = lqa_statement_number(s, 16),
                        .cached = lqa_statement_int(s, 17) != 0};
  return w->fn.reply(w->data, &r, err);
}

#define REPLIES                                                                         \
  "SELECT row_number, row_key, judge_run, judge, repeat, verdict, corrected, why, raw," \
  " model, base_url, reply_model, prompt_hash, asked_utc, tokens_in, tokens_out,"       \
  " cost_usd, cached FROM reply "

lqa_status lqa_run_db_each_reply(lqa_run_db *db, int64_t row, lqa_reply_fn fn, void *data,
                                 lqa_error *err) {
  walk w = {REPLIES "WHERE row_number = ? ORDER BY id", row, hand_on_reply, {.reply = fn}, data};
  return run_walk(db, &w, err);
}

lqa_status lqa_run_db_each_latest_reply(lqa_run_db *db, lqa_reply_fn fn, void *data,
                                        lqa_error *err) {
  walk w = {REPLIES "WHERE id IN (SELECT max(id) FROM reply WHERE row_number IS NOT NULL"
                    " GROUP BY row_number, model, base_url, repeat)"
                    " AND NOT EXISTS (SELECT 1 FROM verdict v WHERE v.row_number ="
                    " reply.row_number AND v.judge_run >= reply.judge_run AND v.label IS NOT"
                    " (SELECT label FROM verdict n WHERE n.row_number = reply.row_number"
                    " ORDER BY id DESC LIMIT 1)) ORDER BY row_number, id",
            -1,
            hand_on_reply,
            {.reply = fn},
            data};
  return run_walk(db, &w, err);
}

static lqa_status hand_on_suggestion(const walk *w, lqa_statement *s, lqa_error *err) {
  return w->fn.suggestion(w->data, lqa_statement_int(s, 0), lqa_statement_text(s, 1), err);
}

lqa_status lqa_run_db_each_suggestion(lqa_run_db *db, lqa_suggestion_fn fn, void *data,
                                      lqa_error *err) {
  walk w = {"SELECT row_number, label FROM suggestion ORDER BY row_number",
            -1,
            hand_on_suggestion,
            {.suggestion = fn},
            data};
  return run_walk(db, &w, err);
}

static lqa_status copy_texts(lqa_judge_run *run, lqa_arena *arena, lqa_error *err) {
  lqa_str *texts[] = {&run->model, &run->protocol, &run->details_json, &run->made_utc};
  for (size_t i = 0; i < 4; i++) {
    if (!lqa_str_is_null(*texts[i])) {
      texts[i]->data = lqa_arena_copy(arena, texts[i]->data, texts[i]->size);
      if (!texts[i]->data) {
        return lqa_fail_memory(err, "reading run.db");
      }
    }
  }
  return LQA_OK;
}

lqa_status lqa_run_db_get_judge_run(lqa_run_db *db, lqa_judge_run *run, lqa_arena *texts,
                                    bool *found, lqa_error *err) {
  lqa_statement *s = NULL;
  LQA_TRY(lqa_sql_prepare(db->sql,
                          "SELECT model, protocol, details, made_utc, planned, judged, yes, no,"
                          " unknown, cached, calls, tokens_in, tokens_out, cost_usd, agreement,"
                          " (SELECT sum(calls) FROM judge_run),"
                          " (SELECT sum(cost_usd) FROM judge_run)"
                          " FROM judge_run ORDER BY id DESC LIMIT 1",
                          &s, err));
  lqa_status status;
  LQA_TRY_OUT(lqa_statement_next(s, found, err));
  if (*found) {
    *run = (lqa_judge_run){.model = lqa_statement_text(s, 0),
                           .protocol = lqa_statement_text(s, 1),
                           .details_json = lqa_statement_text(s, 2),
                           .made_utc = lqa_statement_text(s, 3),
                           .planned = lqa_statement_int(s, 4),
                           .judged = lqa_statement_int(s, 5),
                           .yes = lqa_statement_int(s, 6),
                           .no = lqa_statement_int(s, 7),
                           .unknown = lqa_statement_int(s, 8),
                           .cached = lqa_statement_int(s, 9),
                           .calls = lqa_statement_int(s, 10),
                           .tokens_in = lqa_statement_int(s, 11),
                           .tokens_out = lqa_statement_int(s, 12),
                           .cost_usd = lqa_statement_number(s, 13),
                           .agreement = lqa_statement_number(s, 14),
                           .all_calls = lqa_statement_int(s, 15),
                           .all_cost_usd = lqa_statement_number(s, 16)};
    LQA_TRY_OUT(copy_texts(run, texts, err));
  }
out:
  lqa_statement_free(s);
  return status;
}

lqa_status lqa_run_db_judge_model(lqa_run_db *db, int64_t judge_run, lqa_arena *texts,
                                  lqa_str *model, lqa_error *err) {
  lqa_statement *s = NULL;
  bool found = false;
  LQA_TRY(lqa_sql_prepare(db->sql, "SELECT model FROM judge_run WHERE id = ?1", &s, err));
  lqa_statement_set_int(s, 1, judge_run);
  lqa_status status = lqa_statement_next(s, &found, err);
  lqa_str text = found ? lqa_statement_text(s, 0) : LQA_STR("");
  const char *copy = lqa_arena_copy(texts, text.data ? text.data : "", text.size);
  *model = (lqa_str){copy, text.size};
  lqa_statement_free(s);
  return status == LQA_OK && !copy ? lqa_fail_memory(err, "reading verdicts") : status;
}
