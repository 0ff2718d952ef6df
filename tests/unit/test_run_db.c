/* run.db: records in and out, what is refused, and carrying over against a naive matcher. */
#include "run_fixture.h"

#include "base/rng.h"
#include "store/inherit.h"

typedef struct heap {
  lqa_buf text;
} heap;

static lqa_run_db *create(const char *folder) {
  lqa_error err;
  lqa_run_db *db = NULL;
  char *path = path_in(folder, "run.db");
  MUST(lqa_run_db_create(path, &db, &err));
  free(path);
  return db;
}

static lqa_status note_reply(void *data, const lqa_reply_record *r, lqa_error *err) {
  (void)err;
  heap *h = data;
  lqa_buf_printf(&h->text, "%lld %s %lld %d %d %s %s %s [", (long long)r->row.row, r->row.key.data,
                 (long long)r->judge_run, r->judge, r->repeat, r->verdict.data, r->corrected.data,
                 r->why.data);
  lqa_buf_add_str(&h->text, r->raw); /* may hold NUL */
  lqa_buf_printf(&h->text, "] %s %s %s %s %s %lld %lld %g %d\n", r->model.data, r->base_url.data,
                 r->reply_model.data, r->prompt_hash.data, r->asked_utc.data,
                 (long long)r->tokens_in, (long long)r->tokens_out, r->cost_usd, r->cached);
  return LQA_OK;
}

static void sessions_come_back(void **state) {
  (void)state;
  char *scratch = make_scratch();
  lqa_error err;
  lqa_run_db *db = create(scratch);
  lqa_arena arena;
  lqa_arena_init(&arena);
  bool found = true;
  lqa_judge_run session;
  MUST(lqa_run_db_get_judge_run(db, &session, &arena, &found, &err));
  assert_false(found);
  int64_t id = 0;
  for (int i = 1; i <= 2; i++) {
    const lqa_judge_run added = {.model = LQA_STR("gpt-4o-mini"),
                                 .protocol = LQA_STR("verify"),
                                 .planned = 80,
                                 .judged = 70 + i,
                                 .yes = 40,
                                 .no = 20,
                                 .unknown = 10 + i,
                                 .calls = 9007199254740993,
                                 .cost_usd = .0125,
                                 .agreement = NAN,
                                 .details_json = LQA_STR("{\"x\": 1}")};
    MUST(lqa_run_db_add_judge_run(db, &added, &id, &err));
    assert_int_equal(id, i);
  }
  MUST(lqa_run_db_get_judge_run(db, &session, &arena, &found, &err));
  assert_true(found && session.judged == 72 && session.calls == 9007199254740993);
  assert_true(session.cost_usd == .0125 && isnan(session.agreement));
  assert_true(lqa_str_equal(session.details_json, LQA_STR("{\"x\": 1}")));
  lqa_arena_clear(&arena);
  lqa_run_db_close(db);
  remove_scratch(scratch);
}

static void replies_come_back(void **state) {
  (void)state;
  char *scratch = make_scratch();
  lqa_error err;
  lqa_run_db *db = create(scratch);
  lqa_reply_record reply = {.row = {7, LQA_STR("id:a7")},
                            .judge_run = 2,
                            .judge = 1,
                            .verdict = LQA_STR("NO"),
                            .corrected = LQA_STR("Sports"),
                            .why = LQA_STR(""),
                            .raw = {"VERDICT: NO\0\nCORRECT", 20},
                            .model = LQA_STR("m"),
                            .base_url = LQA_STR("http://x/v1"),
                            .reply_model = LQA_STR("m-1"),
                            .prompt_hash = LQA_STR("ab"),
                            .asked_utc = LQA_STR("2026-11-23T20:46:32Z"),
                            .tokens_in = 210,
                            .tokens_out = 9,
                            .cost_usd = 1e-7,
                            .cached = true};
  MUST(lqa_run_db_add_reply(db, &reply, &err));
  reply.row.row = 8;
  MUST(lqa_run_db_add_reply(db, &reply, &err));
  heap h;
  lqa_buf_init(&h.text, 1 << 16);
  MUST(lqa_run_db_each_reply(db, 7, note_reply, &h, &err));
  static const char want[] = "7 id:a7 2 1 0 NO Sports  [VERDICT: NO\0\nCORRECT] m http://x/v1 "
                             "m-1 ab 2026-11-23T20:46:32Z 210 9 1e-07 1\n";
  assert_int_equal(h.text.size, sizeof want - 1);
  assert_memory_equal(h.text.data, want, sizeof want - 1);
  lqa_buf_clear(&h.text);
  lqa_run_db_close(db);
  remove_scratch(scratch);
}

static void documents_are_replaced(void **state) {
  (void)state;
  char *scratch = make_scratch();
  lqa_error err;
  lqa_buf out;
  bool found = true;
  lqa_run_db *db = create(scratch);
  lqa_buf_init(&out, 1 << 16);
  MUST(lqa_run_db_get_document(db, "report", &out, &found, &err));
  assert_false(found);
  MUST(lqa_run_db_set_document(db, "report", LQA_STR("one"), &err));
  MUST(lqa_run_db_set_document(db, "report", LQA_STR("two"), &err));
  MUST(lqa_run_db_get_document(db, "report", &out, &found, &err));
  assert_true(found && lqa_str_equal(lqa_buf_str(&out), LQA_STR("two")));
  lqa_buf_clear(&out);
  lqa_run_db_close(db);
  remove_scratch(scratch);
}

static lqa_status count_verdict(void *data, const lqa_verdict_record *r, lqa_error *err) {
  (void)r, (void)err;
  ++*(int *)data;
  return LQA_OK;
}

static void transactions_are_whole_or_nothing(void **state) {
  (void)state;
  char *scratch = make_scratch();
  lqa_error err;
  lqa_run_db *db = create(scratch);
  const lqa_verdict_record good = {
      .row = {1, LQA_STR("id:1")}, .label = LQA_STR("World"), .verdict = LQA_STR("YES")};
  lqa_verdict_record bad = good;
  bad.verdict = LQA_STR("MAYBE");
  MUST(lqa_run_db_begin(db, &err));
  MUST(lqa_run_db_add_verdict(db, &good, &err));
  assert_int_equal(lqa_run_db_add_verdict(db, &bad, &err), LQA_BAD_DATA);
  lqa_run_db_roll_back(db);
  int n = 0;
  MUST(lqa_run_db_each_verdict(db, count_verdict, &n, &err));
  assert_int_equal(n, 0);
  MUST(lqa_run_db_add_verdict(db, &good, &err));
  MUST(lqa_run_db_each_verdict(db, count_verdict, &n, &err));
  assert_int_equal(n, 1);
  lqa_run_db_close(db);
  remove_scratch(scratch);
}

static void other_databases_are_refused(void **state) {
  (void)state;
  char *scratch = make_scratch(), *path = path_in(scratch, "run.db");
  lqa_error err;
  lqa_run_db *db = NULL;
  lqa_sql *sql = NULL;
  assert_int_equal(lqa_run_db_open(path, false, &db, &err), LQA_BAD_FILE);
  MUST(lqa_sql_open(path, LQA_SQL_CREATE, &sql, &err));
  MUST(lqa_sql_run(sql, "CREATE TABLE t(x)", &err));
  lqa_sql_close(sql);
  assert_int_equal(lqa_run_db_open(path, false, &db, &err), LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "is not the database of a run"));
  assert_int_equal(lqa_run_db_create(path, &db, &err), LQA_BAD_FILE);
  assert_int_equal(unlink(path), 0);
  MUST(lqa_run_db_create(path, &db, &err));
  MUST(lqa_sql_run(lqa_run_db_sql(db), "PRAGMA user_version = 99", &err));
  lqa_run_db_close(db);
  assert_int_equal(lqa_run_db_open(path, true, &db, &err), LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "schema 99"));
  save_text(path,
            "this is a text, but it is long enough to be looked at: not a database at all ...");
  assert_int_equal(lqa_run_db_open(path, true, &db, &err), LQA_BAD_DATA);
  free(path);
  remove_scratch(scratch);
}

/* ---- carrying over ---- */

enum { N_CARRY = 40, N_TEXTS = 12 };

/* Rows with texts from a small set, so that most contents occur several times. */
static void make_rows(lqa_rng *rng, run_row *rows) {
  static const char *const texts[N_TEXTS] = {"one",   "two",   "three", "four", "five",   "six",
                                             "seven", "eight", "nine",  "ten",  "eleven", NULL};
  for (int i = 0; i < N_CARRY; i++) {
    rows[i] = (run_row){"", texts[lqa_rng_below(rng, N_TEXTS)], "World", 0, .9, 0};
  }
}

/* The n-th row of a text becomes the n-th row of that text: the slow, obvious way. */
static int find_slowly(const run_row *old, int row, const run_row *new_rows) {
  int nth = 0;
  for (int i = 0; i < row; i++) {
    nth += old[i].text == old[row].text;
  }
  for (int i = 0; i < N_CARRY; i++) {
    if (new_rows[i].text == old[row].text && nth-- == 0) {
      return i;
    }
  }
  return -1;
}

static void carrying_matches_the_slow_way(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_error err;
  lqa_rng_init(&rng, 5, 1);
  for (int round = 0; round < 12; round++) {
    char *scratch = make_scratch(), *path = path_in(scratch, "x.labelqa");
    run_row old[N_CARRY], changed[N_CARRY];
    int decided[N_CARRY], want[N_CARRY];
    lqa_run *run = NULL;
    make_rows(&rng, old);
    make_rows(&rng, changed);
    write_run_of(path, old, N_CARRY, false);
    MUST(lqa_run_open(path, true, NULL, &run, &err));
    for (int i = 0; i < N_CARRY; i++) {
      decided[i] = lqa_rng_below(&rng, 3) == 0 ? (int)lqa_rng_below(&rng, 3) : -1;
      want[i] = -1;
      if (decided[i] >= 0) {
        decide(run, i, RUN_CLASSES[decided[i]].data, "ann");
      }
    }
    lqa_run_close(run);
    for (int i = 0; i < N_CARRY; i++) {
      int to = decided[i] >= 0 ? find_slowly(old, i, changed) : -1;
      if (to >= 0) {
        want[to] = decided[i];
      }
    }
    write_run_of(path, changed, N_CARRY, false);
    MUST(lqa_run_open(path, false, NULL, &run, &err));
    for (int i = 0; i < N_CARRY; i++) {
      assert_int_equal(run->evidence.decided_label[i], want[i]);
    }
    lqa_run_close(run);
    write_run_of(path, old, N_CARRY, false); /* and all of it comes back */
    MUST(lqa_run_open(path, false, NULL, &run, &err));
    for (int i = 0; i < N_CARRY; i++) {
      assert_int_equal(run->evidence.decided_label[i], decided[i]);
    }
    lqa_run_close(run);
    remove_scratch(scratch);
    free(path);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sessions_come_back),
      cmocka_unit_test(replies_come_back),
      cmocka_unit_test(documents_are_replaced),
      cmocka_unit_test(transactions_are_whole_or_nothing),
      cmocka_unit_test(other_databases_are_refused),
      cmocka_unit_test(carrying_matches_the_slow_way),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
