/* store/run_schema.c - the tables of run.db, made and recognised.
 *
 * A run folder may come from a stranger. Another table, view, trigger or generated column would run
 * SQL of its maker in our queries, so a run.db whose objects are not exactly ours is refused; the
 * tables of a review may be absent. The texts that SQLite keeps are those that made the objects.
 */
#include "store/run_schema.h"

#include <stdio.h>

enum { APPLICATION_ID = 0x4c514131, SCHEMA_VERSION = 1 };

#define ROW_COLUMNS "row_number INTEGER, row_key TEXT NOT NULL, occurrence INTEGER, "
#define APPEND_ONLY(table)                                                                         \
  "CREATE TRIGGER " table "_is_kept BEFORE DELETE ON " table " BEGIN SELECT RAISE(ABORT, '" table  \
  " is append-only'); END;"                                                                        \
  "CREATE TRIGGER " table "_is_final BEFORE UPDATE ON " table " BEGIN SELECT RAISE(ABORT, '" table \
  " is append-only'); END;"

static const char SCHEMA[] =
    "CREATE TABLE document(name TEXT PRIMARY KEY, body TEXT NOT NULL, made_utc TEXT NOT NULL);"
    "CREATE TABLE note(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, text TEXT NOT NULL,"
    " made_utc TEXT NOT NULL);"
    "CREATE TABLE suggestion(row_number INTEGER PRIMARY KEY, label TEXT NOT NULL);"
    "CREATE TABLE judge_run(id INTEGER PRIMARY KEY, made_utc TEXT NOT NULL, model TEXT NOT NULL,"
    " protocol TEXT NOT NULL, planned INTEGER, judged INTEGER, yes INTEGER, no INTEGER,"
    " unknown INTEGER, cached INTEGER, calls INTEGER, tokens_in INTEGER, tokens_out INTEGER,"
    " cost_usd REAL, agreement REAL, details TEXT);"
    "CREATE TABLE verdict(id INTEGER PRIMARY KEY, " ROW_COLUMNS
    " label TEXT, verdict TEXT NOT NULL CHECK(verdict IN ('YES', 'NO', 'UNKNOWN')),"
    " corrected TEXT, judge_run INTEGER, made_utc TEXT NOT NULL, kind TEXT, inclusion REAL);"
    "CREATE TABLE reply(id INTEGER PRIMARY KEY, " ROW_COLUMNS
    " judge_run INTEGER, judge INTEGER NOT NULL, repeat INTEGER NOT NULL, verdict TEXT NOT NULL,"
    " corrected TEXT, why TEXT, raw TEXT NOT NULL, model TEXT, base_url TEXT, reply_model TEXT,"
    " prompt_hash TEXT, asked_utc TEXT, tokens_in INTEGER, tokens_out INTEGER, cost_usd REAL,"
    " cached INTEGER NOT NULL);"
    "CREATE TABLE decision(id INTEGER PRIMARY KEY, " ROW_COLUMNS
    " label TEXT, decided_by TEXT NOT NULL, note TEXT, made_utc TEXT NOT NULL);"
    "CREATE TABLE sheet(id TEXT PRIMARY KEY, population TEXT NOT NULL, seed INTEGER NOT NULL,"
    " made_utc TEXT NOT NULL);"
    "CREATE TABLE stratum(sheet TEXT NOT NULL, number INTEGER NOT NULL, suspicious INTEGER NOT "
    "NULL,"
    " label TEXT, rest INTEGER NOT NULL, population INTEGER NOT NULL, drawn INTEGER NOT NULL,"
    " PRIMARY KEY(sheet, number));"
    "CREATE TABLE sheet_row(sheet TEXT NOT NULL, position INTEGER NOT NULL, " ROW_COLUMNS
    " label TEXT, stratum INTEGER NOT NULL, PRIMARY KEY(sheet, position));"
    "CREATE TABLE answer(id INTEGER PRIMARY KEY, sheet TEXT NOT NULL, position INTEGER NOT NULL,"
    " is_correct INTEGER NOT NULL, correct_label TEXT, note TEXT, checked_by TEXT NOT NULL,"
    " made_utc TEXT NOT NULL);"
    "CREATE INDEX verdict_of_row ON verdict(row_number, id) WHERE row_number IS NOT NULL;"
    "CREATE INDEX reply_of_row ON reply(row_number, id) WHERE row_number IS NOT NULL;"
    "CREATE INDEX decision_of_row ON decision(row_number, id) WHERE row_number IS NOT "
    "NULL;" APPEND_ONLY("note") APPEND_ONLY("judge_run") APPEND_ONLY("verdict") APPEND_ONLY("reply")
        APPEND_ONLY("decision") APPEND_ONLY("sheet") APPEND_ONLY("stratum") APPEND_ONLY("sheet_row")
            APPEND_ONLY("answer");

/* Made when the first review of a run begins. A decision that counts stands in `decision`, too. */
static const char REVIEW_SCHEMA[] =
    "CREATE TABLE review(id INTEGER PRIMARY KEY, " ROW_COLUMNS
    " kind TEXT NOT NULL CHECK(kind IN ('label', 'unsure', 'undo')), label TEXT,"
    " reviewer TEXT NOT NULL, seconds REAL, blind INTEGER NOT NULL, adjudicates INTEGER NOT NULL,"
    " undoes INTEGER, previous_label TEXT, previous_by TEXT, note TEXT, made_utc TEXT NOT NULL);"
    "CREATE INDEX review_of_row ON review(row_number, id) WHERE row_number IS NOT "
    "NULL;" APPEND_ONLY("review");

lqa_status lqa_run_schema_make(lqa_sql *sql, lqa_error *err) {
  char pragmas[96];
  snprintf(pragmas, sizeof pragmas, "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT",
           APPLICATION_ID, SCHEMA_VERSION);
  LQA_TRY(lqa_sql_run(sql, "BEGIN", err));
  LQA_TRY(lqa_sql_run(sql, SCHEMA, err));
  return lqa_sql_run(sql, pragmas, err);
}

static lqa_status check_version(lqa_sql *sql, const char *path, lqa_error *err) {
  int64_t application = 0, version = 0;
  LQA_TRY(lqa_sql_get_int(sql, "PRAGMA application_id", &application, err));
  LQA_TRY(lqa_sql_get_int(sql, "PRAGMA user_version", &version, err));
  if (application != APPLICATION_ID) {
    return lqa_fail_at(err, LQA_BAD_DATA, path, -1, NULL, "'%s' is not the database of a run",
                       path);
  }
  if (version != SCHEMA_VERSION) {
    return lqa_fail_at(err, LQA_BAD_DATA, path, -1, NULL,
                       "'%s' has schema %lld, this version reads %d; use the labelqa that wrote it",
                       path, (long long)version, SCHEMA_VERSION);
  }
  return LQA_OK;
}

/* Both lists are in the order of names; what SQLite makes by itself has no SQL. */
#define LIST_OBJECTS(required)                                                          \
  "SELECT name, type || ' ' || coalesce(sql, ''), " required " FROM main.sqlite_master" \
  " WHERE sql IS NOT NULL OR type <> 'index' ORDER BY name, type"

static lqa_status fail_object(const char *path, lqa_str name, const char *what, lqa_error *err) {
  return lqa_fail_at(err, LQA_BAD_DATA, path, -1, NULL,
                     "'%s' is not as labelqa makes it: '%.*s' %s", path, (int)name.size, name.data,
                     what);
}

/* Walks both lists; any difference is somebody's change. */
static lqa_status compare_objects(const char *path, lqa_statement *ours, lqa_statement *theirs,
                                  lqa_error *err) {
  bool is_ours = false, is_theirs = false;
  LQA_TRY(lqa_statement_next(ours, &is_ours, err));
  LQA_TRY(lqa_statement_next(theirs, &is_theirs, err));
  while (is_ours || is_theirs) {
    lqa_str our_name = is_ours ? lqa_statement_text(ours, 0) : (lqa_str){NULL, 0};
    lqa_str name = is_theirs ? lqa_statement_text(theirs, 0) : (lqa_str){NULL, 0};
    int order = !is_ours ? 1 : !is_theirs ? -1 : lqa_str_compare(our_name, name);
    if (order > 0) {
      return fail_object(path, name, "does not belong there", err);
    }
    if (order < 0 && lqa_statement_int(ours, 2)) {
      return fail_object(path, our_name, "is missing", err);
    }
    if (order == 0) {
      if (!lqa_str_equal(lqa_statement_text(ours, 1), lqa_statement_text(theirs, 1))) {
        return fail_object(path, name, "is another one", err);
      }
      LQA_TRY(lqa_statement_next(theirs, &is_theirs, err));
    }
    LQA_TRY(lqa_statement_next(ours, &is_ours, err));
  }
  return LQA_OK;
}

/* Tables with other columns, views, triggers and generated columns run SQL of their maker. */
static lqa_status check_objects(lqa_sql *sql, const char *path, lqa_error *err) {
  lqa_sql *model = NULL;
  lqa_statement *ours = NULL, *theirs = NULL;
  lqa_status status;
  if (lqa_sql_connect(NULL, LQA_SQL_CREATE, 0, &model) != LQA_OK) {
    lqa_sql_close(model);
    return lqa_fail_memory(err, "opening run.db");
  }
  LQA_TRY_OUT(lqa_sql_run(model, SCHEMA, err));
  LQA_TRY_OUT(
      lqa_sql_run(model, "CREATE TEMP TABLE required AS SELECT name FROM main.sqlite_master", err));
  LQA_TRY_OUT(lqa_sql_run(model, REVIEW_SCHEMA, err));
  LQA_TRY_OUT(
      lqa_sql_prepare(model, LIST_OBJECTS("name IN (SELECT name FROM temp.required)"), &ours, err));
  LQA_TRY_OUT(lqa_sql_prepare(sql, LIST_OBJECTS("0"), &theirs, err));
  status = compare_objects(path, ours, theirs, err);
out:
  lqa_statement_free(ours);
  lqa_statement_free(theirs);
  lqa_sql_close(model);
  return status;
}

lqa_status lqa_run_schema_check(lqa_sql *sql, const char *path, lqa_error *err) {
  LQA_TRY(check_version(sql, path, err));
  return check_objects(sql, path, err);
}

/* A table for the review, and whatever stood before it. */
lqa_status lqa_run_schema_add_review(lqa_sql *sql, lqa_error *err) {
  int64_t is_there = 0;
  LQA_TRY(lqa_sql_run(sql, "BEGIN IMMEDIATE", err));
  lqa_status status;
  LQA_TRY_OUT(lqa_sql_get_int(sql, "SELECT count(*) FROM main.sqlite_master WHERE name = 'review'",
                              &is_there, err));
  LQA_TRY_OUT(is_there ? LQA_OK : lqa_sql_run(sql, REVIEW_SCHEMA, err));
  return lqa_sql_run(sql, "COMMIT", err);
out:
  (void)!lqa_sql_run(sql, "ROLLBACK", NULL);
  return status;
}
