/* A run on disk: what is written is read back, verdicts and decisions change the files, an
 * overwritten run hands them on by row key. */
#include "shown.h"
#include "run_fixture.h"

#include "store/loss_log.h"

static void expect_query(const char *run, const char *file, const char *sql, const char *want) {
  char *path = path_in(run, file);
  char *got = query_file(path, sql);
  assert_string_equal(got ? got : "", want);
  free(got);
  free(path);
}

static void rows_have_the_contracts_columns(void **state) {
  char *scratch = make_scratch(), *path = path_in(scratch, "x.labelqa");
  (void)state;
  write_run(path);
  expect_query(path, "rows.parquet",
               "SELECT column_name || ' ' || column_type FROM (DESCRIBE SELECT * FROM "
               "read_parquet($1))",
               "row_id VARCHAR\nrow_number BIGINT\nsource_file VARCHAR\nsource_row BIGINT\n"
               "content_hash VARCHAR\nlabel VARCHAR\npredicted_label VARCHAR\n"
               "self_confidence DOUBLE\nis_label_issue BOOLEAN\nissue_rank INTEGER\nloss DOUBLE\n"
               "loss_percentile DOUBLE\nis_high_loss BOOLEAN\nprovenance VARCHAR[]\n"
               "verdict VARCHAR\ncorrected_label VARCHAR\ndecided_label VARCHAR\n"
               "decided_by VARCHAR\nsuggested_label VARCHAR\np_correct DOUBLE\n"
               "trust_score DOUBLE\nreview_action VARCHAR\nreasons VARCHAR[]\n");
  expect_query(path, "rows.parquet",
               "SELECT row_id, label, suggested_label, review_action, trust_score::VARCHAR, "
               "array_to_string(provenance, ','), issue_rank::VARCHAR, content_hash IS NULL "
               "|| '' FROM read_parquet($1) WHERE row_number IN (0, 3, 4, 5, 7, 9)",
               "a0|World|Sports|needs_review|0.3||2|false\n"
               "a3|World|World|needs_review|0.3|null-content|-|true\n"
               "a4|-|Business|needs_review|0.3|null-label|-|false\n"
               "a5|MISC|Sports|needs_review|0.3|unknown-label|-|false\n"
               "a7|World|Business|needs_review|0.3|duplicate-conflict|-|false\n"
               "a9|World|World|keep|0.99||-|false\n");
  remove_scratch(scratch);
  free(path);
}

static void review_list_is_in_order(void **state) {
  char *scratch = make_scratch(), *path = path_in(scratch, "x.labelqa");
  (void)state;
  write_run(path);
  char *review = read_all(path, "review.csv");
  const char *want =
      "row_id,row_number,text,label,predicted_label,suggested_label,self_confidence,verdict,"
      "corrected_label,trust_score,review_action,reasons,decision,note,full_text,source_file,"
      "source_row,conflicts_with,valid classes: World | Sports | Business\n"
      "a1,1,\"shares fell after the, \"\"warning\"\"\",Sports,Business,Business,0.01,,,0.3,"
      "needs_review,a model that never saw this row gives the label 1.0 % and predicts 'Business' "
      "(label issue 1),";
  assert_memory_equal(review, want, strlen(want));
  assert_non_null(strstr(review, "\na8,8,\"'=cmd() the bank\nlent more\",Sports,"));
  const char *ranked[] = {"\na1,", "\na0,", "\na8,", "\na3,", "\na4,", "\na5,", "\na6,", "\na7,"};
  for (size_t i = 1; i < 8; i++) {
    assert_true(strstr(review, ranked[i - 1]) < strstr(review, ranked[i]));
  }
  assert_null(strstr(review, "\na2,"));
  free(review);
  remove_scratch(scratch);
  free(path);
}

static void opened_run_equals_the_audited_one(void **state) {
  char *scratch = make_scratch(), *path = path_in(scratch, "x.labelqa");
  (void)state;
  write_run(path);
  lqa_error err;
  lqa_run *run = NULL;
  char *rows = path_in(path, "rows.parquet");
  char *before = query_file(rows, "SELECT md5(string_agg(t::VARCHAR, '')) FROM read_parquet($1) t");
  char *review = read_all(path, "review.csv"), *manifest = read_all(path, "manifest.json");
  MUST(lqa_run_open(path, true, NULL, &run, &err));
  assert_int_equal(run->rows.n_rows, FIXTURE_ROWS);
  assert_int_equal(run->manifest.seed, 7);
  assert_string_equal(run->manifest.source.id, "id");
  assert_int_equal(run->rows.label[4], LQA_LABEL_NULL);
  assert_int_equal(run->rows.label[5], LQA_LABEL_UNKNOWN);
  assert_int_equal(run->evidence.structural_label[7], 2);
  MUST(lqa_run_refresh(run, &err));
  lqa_run_close(run);
  char *after = query_file(rows, "SELECT md5(string_agg(t::VARCHAR, '')) FROM read_parquet($1) t");
  char *review2 = read_all(path, "review.csv"), *manifest2 = read_all(path, "manifest.json");
  assert_string_equal(before, after);
  assert_string_equal(review, review2);
  assert_string_equal(manifest, manifest2);
  free(before), free(after), free(review), free(review2), free(manifest), free(manifest2);
  free(rows);
  remove_scratch(scratch);
  free(path);
}

static void people_and_judges_change_the_files(void **state) {
  char *scratch = make_scratch(), *path = path_in(scratch, "x.labelqa");
  (void)state;
  write_run(path);
  lqa_error err;
  lqa_run *run = NULL;
  MUST(lqa_run_open(path, true, NULL, &run, &err));
  give_verdict(run, 0, "NO", "Sports");
  give_verdict(run, 8, "YES", NULL);
  give_verdict(run, 10, "UNKNOWN", NULL);
  decide(run, 1, "Business", "ann");
  decide(run, 2, "World", "ann");
  decide(run, 6, "World", "ann");
  decide(run, 6, NULL, "ann"); /* thought better of it */
  decide(run, 7, "World", "bo");
  decide(run, 7, "Business", "ann");
  MUST(lqa_run_refresh(run, &err));
  lqa_run_close(run);
  expect_query(path, "rows.parquet",
               "SELECT row_id, verdict, corrected_label, decided_label, decided_by, "
               "suggested_label, trust_score::VARCHAR, review_action FROM read_parquet($1) "
               "WHERE row_number IN (0, 1, 2, 6, 7, 8, 10)",
               "a0|NO|Sports|-|-|Sports|0.05|relabel\n"
               "a1|-|-|Business|ann|Business|0.0|relabel\n"
               "a2|-|-|World|ann|World|1.0|keep\n"
               "a6|-|-|-|-|Business|0.3|needs_review\n"
               "a7|-|-|Business|ann|Business|0.0|relabel\n"
               "a8|YES|-|-|-|Sports|0.6|keep (ambiguous)\n"
               "a10|UNKNOWN|-|-|-|Sports|0.3|needs_review\n");
  remove_scratch(scratch);
  free(path);
}

/* The fixture's rows in another order, one gone, one with another label, one new in front. */
static void make_changed_rows(run_row *rows) {
  rows[0] = (run_row){"new", "a fresh report", "World", 0, .7, 0};
  for (int i = 1; i < FIXTURE_ROWS; i++) {
    rows[i] = RUN_ROWS[FIXTURE_ROWS - i]; /* a11 .. a1; a0 is gone */
  }
  rows[4].label = "World"; /* a8 was Sports */
}

static void overwriting_carries_by_key(void **state) {
  bool with_ids = *(bool *)*state;
  char *scratch = make_scratch(), *path = path_in(scratch, "x.labelqa");
  lqa_error err;
  lqa_run *run = NULL;
  run_row changed[FIXTURE_ROWS];
  write_run_of(path, RUN_ROWS, FIXTURE_ROWS, with_ids);
  MUST(lqa_run_open(path, true, NULL, &run, &err));
  decide(run, 0, "Sports", "ann");
  decide(run, 1, "Business", "ann");
  give_verdict(run, 2, "YES", NULL);
  give_verdict(run, 8, "NO", "Business"); /* on the label Sports */
  decide(run, 7, "Business", "bo");       /* the second row of its content */
  MUST(lqa_run_refresh(run, &err));
  lqa_run_close(run);

  make_changed_rows(changed);
  write_run_of(path, changed, FIXTURE_ROWS, with_ids);
  MUST(lqa_run_open(path, true, NULL, &run, &err));
  assert_int_equal(run->overlay.decisions, 2);
  assert_int_equal(run->overlay.verdicts, 1);
  assert_int_equal(run->overlay.void_verdicts, 1); /* a8 has another label now */
  assert_int_equal(run->evidence.decided_label[11], 2);
  assert_int_equal(run->evidence.verdict[10], LQA_VERDICT_YES);
  /* With ids a7 is a7; without, rows 6 and 7 are the same content, and 7 now comes first. */
  assert_int_equal(run->evidence.decided_label[with_ids ? 5 : 6], 2);
  lqa_run_close(run);

  write_run_of(path, RUN_ROWS, FIXTURE_ROWS, with_ids); /* and back: the lost row is found again */
  MUST(lqa_run_open(path, false, NULL, &run, &err));
  assert_int_equal(run->overlay.decisions, 3);
  assert_int_equal(run->overlay.verdicts, 2);
  assert_int_equal(run->evidence.decided_label[0], 1);
  assert_string_equal(run->evidence.decided_by[7], "bo");
  assert_int_equal(run->evidence.corrected_label[8], 2);
  lqa_run_close(run);
  remove_scratch(scratch);
  free(path);
}

static void history_is_append_only(void **state) {
  char *scratch = make_scratch(), *path = path_in(scratch, "x.labelqa");
  (void)state;
  lqa_error err;
  lqa_run *run = NULL;
  write_run(path);
  MUST(lqa_run_open(path, true, NULL, &run, &err));
  decide(run, 1, "Business", "ann");
  give_verdict(run, 2, "YES", NULL);
  static const char *const bad[] = {
      "DELETE FROM decision", "UPDATE decision SET label = 'World'", "DELETE FROM verdict",
      "UPDATE verdict SET verdict = 'NO'",
      "INSERT INTO verdict VALUES"
      "(9, 1, 'k', NULL, 'World', 'MAYBE', NULL, 0, 'now', NULL, NULL)"};
  for (size_t i = 0; i < 5; i++) {
    assert_int_equal(lqa_sql_run(lqa_run_db_sql(run->db), bad[i], &err), LQA_BAD_DATA);
  }
  MUST(lqa_run_overlay(run, &err));
  assert_int_equal(run->overlay.decisions, 1);
  assert_int_equal(run->overlay.verdicts, 1);
  lqa_run_close(run);
  remove_scratch(scratch);
  free(path);
}

static void run_in_use_is_not_replaced(void **state) {
  char *scratch = make_scratch(), *path = path_in(scratch, "x.labelqa");
  (void)state;
  lqa_error err;
  lqa_run *run = NULL, *second = NULL;
  lqa_run_draft draft;
  write_run(path);
  assert_int_equal(lqa_run_draft_begin(path, false, &draft, &err), LQA_BAD_FILE);
  assert_non_null(strstr(shown(&err), "--overwrite"));
  MUST(lqa_run_open(path, true, NULL, &run, &err));
  assert_int_equal(lqa_run_draft_begin(path, true, &draft, &err), LQA_BAD_FILE);
  assert_non_null(strstr(err.message, "in use"));
  MUST(lqa_run_open(path, true, NULL, &second, &err)); /* a second writer is fine */
  decide(second, 2, "World", "bo");
  lqa_run_close(second);
  lqa_run_close(run);
  MUST(lqa_run_draft_begin(path, true, &draft, &err));
  assert_int_equal(lqa_run_open(path, true, NULL, &run, &err), LQA_BAD_FILE);
  assert_non_null(strstr(err.message, "being replaced"));
  MUST(lqa_run_open(path, false, NULL, &run, &err)); /* readers are not disturbed */
  lqa_run_close(run);
  lqa_run_draft_discard(&draft);
  remove_scratch(scratch);
  free(path);
}

static void run_being_written_is_refused_at_once(void **state) {
  char *scratch = make_scratch(), *path = path_in(scratch, "new.labelqa");
  (void)state;
  lqa_error err;
  lqa_run_draft first, second;
  MUST(lqa_run_draft_begin(path, false, &first, &err));
  assert_int_equal(lqa_run_draft_begin(path, false, &second, &err), LQA_BAD_FILE);
  assert_non_null(strstr(err.message, "another command is writing"));
  assert_int_equal(lqa_run_draft_begin(path, true, &second, &err), LQA_BAD_FILE);
  lqa_run_draft_discard(&first);
  MUST(lqa_run_draft_begin(path, false, &second, &err)); /* the first gave up */
  lqa_run_draft_discard(&second);
  remove_scratch(scratch);
  free(path);
}

/* Two commands opened the run; each writes what it knows; nothing gets lost. */
static void writers_keep_each_others_work(void **state) {
  char *scratch = make_scratch(), *path = path_in(scratch, "x.labelqa");
  char *log = path_in(scratch, "log.csv");
  (void)state;
  lqa_error err;
  lqa_run *losses = NULL, *people = NULL, *judge = NULL, *run = NULL;
  lqa_loss_summary summary;
  const char *files[] = {log}, *models[] = {"judge-1"};
  write_run(path);
  MUST(lqa_run_open(path, true, NULL, &losses, &err));
  MUST(lqa_run_open(path, true, NULL, &people, &err));
  MUST(lqa_run_open(path, true, NULL, &judge, &err));
  save_text(log, "id,loss\na0,5\na1,6\n");
  MUST(lqa_run_add_losses(losses, &(lqa_text_list){files, 1}, &summary, &err));
  decide(people, 2, "World", "ann");
  give_verdict(judge, 0, "NO", "Sports");
  judge->manifest.judge_models = (lqa_text_list){models, 1};
  MUST(lqa_run_refresh(judge, &err));
  MUST(lqa_run_refresh(losses, &err));
  MUST(lqa_run_refresh(people, &err));
  MUST(lqa_run_refresh(people, &err)); /* and once more: nothing is taken twice */
  lqa_run_close(losses);
  lqa_run_close(people);
  lqa_run_close(judge);
  MUST(lqa_run_open(path, false, NULL, &run, &err));
  assert_true(run->evidence.loss[1] == 6 && isnan(run->evidence.loss[2]));
  assert_int_equal(run->manifest.loss_files.n, 1);
  assert_string_equal(run->manifest.judge_models.items[0], "judge-1");
  assert_int_equal(run->evidence.decided_label[2], 0);
  assert_int_equal(run->evidence.verdict[0], LQA_VERDICT_NO);
  lqa_run_close(run);
  expect_query(path, "rows.parquet",
               "SELECT row_id, loss::VARCHAR, verdict, decided_by FROM read_parquet($1) WHERE "
               "row_number < 3",
               "a0|5.0|NO|-\na1|6.0|-|-\na2|-|-|ann\n");
  remove_scratch(scratch);
  free(path), free(log);
}

static void what_is_no_run_is_refused(void **state) {
  char *scratch = make_scratch(), *path = path_in(scratch, "x.labelqa");
  (void)state;
  lqa_error err;
  lqa_run *run = NULL;
  lqa_run_draft draft;
  assert_int_equal(lqa_run_open(path, false, NULL, &run, &err), LQA_BAD_FILE);
  assert_non_null(strstr(err.message, "there is no run"));
  assert_int_equal(mkdir(path, 0777), 0);
  assert_int_equal(lqa_run_open(path, true, NULL, &run, &err), LQA_BAD_FILE);
  assert_int_equal(lqa_run_draft_begin(path, true, &draft, &err), LQA_BAD_FILE);
  assert_non_null(strstr(err.message, "is not a run"));
  char *manifest = path_in(path, "manifest.json");
  const char *newer = "{\"schema\": \"labelqa.run/9\"}";
  MUST(lqa_file_save(manifest, newer, strlen(newer), &err));
  assert_int_equal(lqa_run_open(path, false, NULL, &run, &err), LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "labelqa.run/9"));
  free(manifest);
  remove_scratch(scratch);
  free(path);
}

static void damaged_runs_are_refused(void **state) {
  char *scratch = make_scratch(), *path = path_in(scratch, "x.labelqa");
  (void)state;
  static const char *const files[] = {"rows.parquet", "run.db", "manifest.json"};
  lqa_error err;
  for (size_t i = 0; i < 3; i++) {
    lqa_run *run = NULL;
    write_run(path);
    char *file = path_in(path, files[i]);
    assert_int_equal(truncate(file, 100), 0);
    lqa_status status = lqa_run_open(path, false, NULL, &run, &err);
    assert_true(status == LQA_BAD_DATA || status == LQA_BAD_FILE);
    assert_non_null(strstr(err.message, files[i]));
    assert_int_equal(unlink(file), 0);
    assert_int_equal(lqa_run_open(path, false, NULL, &run, &err), LQA_BAD_FILE);
    MUST(lqa_folder_remove(path, &err));
    free(file);
  }
  remove_scratch(scratch);
  free(path);
}

int main(void) {
  static bool ids[] = {true, false};
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_have_the_contracts_columns),
      cmocka_unit_test(review_list_is_in_order),
      cmocka_unit_test(opened_run_equals_the_audited_one),
      cmocka_unit_test(people_and_judges_change_the_files),
      cmocka_unit_test_prestate(overwriting_carries_by_key, &ids[0]),
      cmocka_unit_test_prestate(overwriting_carries_by_key, &ids[1]),
      cmocka_unit_test(history_is_append_only),
      cmocka_unit_test(run_in_use_is_not_replaced),
      cmocka_unit_test(run_being_written_is_refused_at_once),
      cmocka_unit_test(writers_keep_each_others_work),
      cmocka_unit_test(what_is_no_run_is_refused),
      cmocka_unit_test(damaged_runs_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
