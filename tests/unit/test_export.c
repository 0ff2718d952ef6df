/* Exports of the fixture's run: contents of every kind and format, what is refused, faults. */
#include "shown.h"
#include "export/export.h"

#include "base/json_read.h"
#include "run_fixture.h"

#include <signal.h>
#include <sys/resource.h>

static char *scratch, *run_path;

/* People decided rows 0 (another label), 2 (for its label) and 1 (first one, then another, then
 * withdrawn); the judge corrected rows 1 and 8, did not know row 6. */
static int make_run(void **state) {
  (void)state;
  lqa_error err;
  lqa_run *run = NULL;
  scratch = make_scratch();
  run_path = path_in(scratch, "run");
  write_run(run_path);
  MUST(lqa_run_open(run_path, true, NULL, &run, &err));
  give_verdict(run, 1, "NO", "Business");
  give_verdict(run, 8, "NO", "Business");
  give_verdict(run, 6, "UNKNOWN", NULL);
  decide(run, 0, "Sports", "Ann");
  decide(run, 2, "World", "Ann");
  decide(run, 1, "World", "Bob");
  decide(run, 1, "Business", "Ann");
  decide(run, 1, NULL, "Ann");
  MUST(lqa_run_refresh(run, &err));
  lqa_run_close(run);
  return 0;
}

static int drop_run(void **state) {
  (void)state;
  free(run_path);
  remove_scratch(scratch);
  return 0;
}

/* Runs an export of the run into scratch/`name`. */
static lqa_status try_export(const char *what, lqa_export_options options,
                             lqa_export_summary *summary, lqa_error *err) {
  lqa_run *run = NULL;
  must_be_ok(lqa_run_open(run_path, false, NULL, &run, err), err);
  lqa_status status = lqa_export_run(lqa_export_find(what), run, &options, summary, err);
  lqa_run_close(run);
  return status;
}

static lqa_export_summary export_to(const char *what, const char *name,
                                    lqa_export_options options) {
  lqa_error err;
  lqa_export_summary summary;
  char *path = path_in(scratch, name);
  options.path = path;
  MUST(try_export(what, options, &summary, &err));
  free(path);
  return summary;
}

static void check_text(const char *name, const char *expected) {
  char *text = read_all(scratch, name);
  assert_string_equal(text, expected);
  free(text);
}

static void check_query(const char *name, const char *sql, const char *expected) {
  char *path = path_in(scratch, name);
  char *rows = query_file(path, sql);
  assert_string_equal(rows, expected);
  free(rows);
  free(path);
}

static const lqa_export_options NOTHING = {0};

static void test_relabel(void **state) {
  (void)state;
  lqa_export_summary summary = export_to("relabel", "relabel.parquet", NOTHING);
  assert_int_equal(summary.n_rows, 3);
  check_query("relabel.parquet",
              "SELECT row_id, row_number::VARCHAR, text, label, suggested_label, corrected_label, "
              "decided_label, decided_by, verdict, trust_score::VARCHAR, self_confidence::VARCHAR "
              "FROM read_parquet($1)",
              "a0|0|the cup final went to penalties|World|Sports|-|Sports|Ann|-|0.0|0.05\n"
              "a1|1|shares fell after the, \"warning\"|Sports|Business|Business|-|-|NO|0.05|0.01\n"
              "a8|8|=cmd() the bank\nlent more|Sports|Business|Business|-|-|NO|0.05|0.2\n");
  check_query("relabel.parquet", "SELECT (min(len(reasons)) > 0)::VARCHAR FROM read_parquet($1)",
              "true\n");
}

static void test_relabel_csv(void **state) {
  (void)state;
  export_to("relabel", "relabel.csv", NOTHING);
  char *text = read_all(scratch, "relabel.csv");
  assert_non_null(strstr(text, "row_id,row_number,text,label,suggested_label,corrected_label,"
                               "decided_label,decided_by,verdict,trust_score,self_confidence,"
                               "reasons\n"));
  assert_non_null(strstr(text, "a8,8,\"'=cmd() the bank\nlent more\",Sports,Business,Business,,"));
  free(text);
}

static void test_review(void **state) {
  (void)state;
  lqa_export_summary summary = export_to("review", "review.jsonl", NOTHING);
  export_to("review", "review.parquet", NOTHING);
  export_to("review", "review.any", (lqa_export_options){.format = "csv"});
  assert_int_equal(summary.n_rows, 8);
  const char *order = "a0\na1\na8\na3\na4\na5\na6\na7\n";
  check_query("review.jsonl", "SELECT row_id FROM read_json($1)", order);
  check_query("review.parquet", "SELECT row_id FROM read_parquet($1)", order);
  check_query("review.any", "SELECT row_id FROM read_csv($1)", order);
  char *own = read_all(run_path, "review.csv"); /* no text is long enough to be cut there */
  check_text("review.any", own);
  free(own);
}

static const lqa_json_node *nth(const lqa_json_node *array, size_t n) {
  const lqa_json_node *node = array->first;
  while (n-- > 0) {
    node = node->next;
  }
  return node;
}

static void test_label_studio(void **state) {
  (void)state;
  lqa_error err;
  lqa_arena arena;
  const lqa_json_node *tasks;
  export_to("review", "tasks.json", (lqa_export_options){.format = "label-studio"});
  char *text = read_all(scratch, "tasks.json");
  lqa_arena_init(&arena);
  MUST(lqa_json_parse(lqa_str_from(text), "tasks.json", &arena, &tasks, &err));
  assert_int_equal(tasks->n, 8);
  const lqa_json_node *task = nth(tasks, 1), *data = lqa_json_find(task, "data");
  assert_int_equal(lqa_json_find_int(task, "id", -1), 1);
  assert_string_equal(lqa_json_find_text(data, "text"), RUN_ROWS[1].text);
  assert_string_equal(lqa_json_find_text(data, "label"), "Sports");
  assert_string_equal(lqa_json_find_text(data, "row_id"), "a1");
  assert_int_equal(lqa_json_find_int(data, "row_number", -1), 1);
  const lqa_json_node *prediction = nth(lqa_json_find(task, "predictions"), 0);
  assert_string_equal(lqa_json_find_text(prediction, "model_version"), "logistic");
  assert_float_equal(lqa_json_find_number(prediction, "score", 0), .95, 1e-12);
  const lqa_json_node *result = nth(lqa_json_find(prediction, "result"), 0);
  assert_string_equal(lqa_json_find_text(result, "from_name"), "label");
  assert_string_equal(lqa_json_find_text(result, "to_name"), "text");
  assert_string_equal(lqa_json_find_text(result, "type"), "choices");
  const lqa_json_node *choices = lqa_json_find(lqa_json_find(result, "value"), "choices");
  assert_int_equal(choices->n, 1);
  assert_string_equal(choices->first->text.data, "Business");
  const lqa_json_node *empty = lqa_json_find(nth(tasks, 3), "data");
  assert_string_equal(lqa_json_find_text(empty, "text"), "");
  lqa_arena_clear(&arena);
  free(text);
}

static void test_cleaned(void **state) {
  (void)state;
  lqa_export_summary summary = export_to("cleaned", "cleaned.csv", NOTHING);
  assert_int_equal(summary.n_rows, FIXTURE_ROWS);
  assert_int_equal(summary.n_changed, 1);
  assert_int_equal(summary.n_guarded, 1);
  check_text("cleaned.csv", "id,text,label,extra\n"
                            "a0,the cup final went to penalties,Sports,extra 0\n"
                            "a1,\"shares fell after the, \"\"warning\"\"\",Sports,extra 1\n"
                            "a2,ministers met in the capital,World,extra 2\n"
                            "a3,,World,extra 3\n"
                            "a4,profit rose by a tenth,,extra 4\n"
                            "a5,the striker scored twice,MISC,extra 5\n"
                            "a6,oil price climbs,Business,extra 6\n"
                            "a7,Oil  price climbs,World,extra 7\n"
                            "a8,\"'=cmd() the bank\nlent more\",Sports,extra 8\n"
                            "a9,a treaty was signed \xc3\xa9,World,extra 9\n"
                            "a10,the marathon was won by a local,Sports,extra 10\n"
                            "a11,the merger was approved,Business,extra 11\n");
}

static void test_cleaned_with_candidates(void **state) {
  (void)state;
  lqa_export_summary summary =
      export_to("cleaned", "applied.parquet", (lqa_export_options){.apply_relabel = true});
  assert_int_equal(summary.n_changed, 3);
  assert_int_equal(summary.n_guarded, 0);
  check_query("applied.parquet",
              "SELECT string_agg(coalesce(label, '-'), ' '), count(*)::VARCHAR "
              "FROM read_parquet($1)",
              "Sports Business World World - MISC Business World Business World Sports Business|"
              "12\n");
}

static void test_weights(void **state) {
  (void)state;
  lqa_export_summary summary = export_to("weights", "weights.jsonl", NOTHING);
  assert_int_equal(summary.n_rows, FIXTURE_ROWS);
  check_query("weights.jsonl",
              "SELECT row_id, row_number::VARCHAR, label, round(weight, 3)::VARCHAR "
              "FROM read_json($1)",
              "a0|0|World|0.0\na1|1|Sports|0.05\na2|2|World|1.0\na3|3|World|0.0\na4|4|-|0.0\n"
              "a5|5|MISC|0.3\na6|6|Business|0.3\na7|7|World|0.3\na8|8|Sports|0.05\n"
              "a9|9|World|0.99\na10|10|Sports|0.97\na11|11|Business|0.95\n");
}

/* Every weight is the row's p_correct, and 0 where the run has none for the row. */
static void check_p_correct_weights(const double *p_correct) {
  lqa_buf want;
  lqa_buf_init(&want, 1 << 12);
  for (int row = 0; row < FIXTURE_ROWS; row++) {
    lqa_buf_printf(&want, "%d|%.1f\n", row, isnan(p_correct[row]) ? 0 : p_correct[row]);
  }
  lqa_buf_add(&want, "", 1);
  check_query("by.jsonl", "SELECT row_number::VARCHAR, weight::VARCHAR FROM read_json($1)",
              want.data);
  lqa_buf_clear(&want);
}

static void test_weights_by_p_correct(void **state) {
  (void)state;
  lqa_error err;
  lqa_run *run = NULL;
  lqa_export_summary summary;
  char *path = path_in(scratch, "by.jsonl");
  MUST(lqa_run_open(run_path, false, NULL, &run, &err));
  double *p = run->evidence.p_correct;
  for (int row = 0; row < FIXTURE_ROWS; row++) {
    p[row] = NAN;
  }
  lqa_export_options options = {.by = "p_correct", .path = path};
  assert_int_equal(lqa_export_run(lqa_export_find("weights"), run, &options, &summary, &err),
                   LQA_BAD_USAGE);
  assert_non_null(strstr(shown(&err), "no row of this run has a p_correct"));
  for (int row = 1; row < FIXTURE_ROWS; row++) {
    p[row] = row % 2 ? .5 : .2;
  }
  MUST(lqa_export_run(lqa_export_find("weights"), run, &options, &summary, &err));
  assert_int_equal(summary.n_rows, FIXTURE_ROWS);
  check_p_correct_weights(p);
  lqa_run_close(run);
  free(path);
}

static void test_decisions(void **state) {
  (void)state;
  lqa_export_summary summary = export_to("decisions", "decisions.csv", NOTHING);
  assert_int_equal(summary.n_rows, 5);
  check_query("decisions.csv",
              "SELECT row_id, row_number::VARCHAR, row_key, label_before, decided_label, "
              "decided_by, note, (decided_at > '2026')::VARCHAR "
              "FROM read_csv($1, all_varchar = true)",
              "a0|0|id:a0|World|Sports|Ann|-|true\na2|2|id:a2|World|World|Ann|-|true\n"
              "a1|1|id:a1|Sports|World|Bob|-|true\na1|1|id:a1|World|Business|Ann|-|true\n"
              "a1|1|id:a1|Business|-|Ann|-|true\n");
}

/* report.json with these findings; `fixed` reads nothing else of it. */
static void write_report(const char *findings) {
  lqa_error err;
  char *path = path_in(run_path, "report.json");
  lqa_buf text;
  lqa_buf_init(&text, 1 << 20);
  lqa_buf_printf(&text, "{\"schema\": \"labelqa.report/1\", \"provenance\": [%s]}", findings);
  MUST(lqa_file_save(path, text.data, text.size, &err));
  lqa_buf_clear(&text);
  free(path);
}

static void check_fixed(const char *findings, const char *repair, const char *labels,
                        lqa_export_summary expected) {
  write_report(findings);
  lqa_export_summary summary =
      export_to("fixed", "fixed.parquet", (lqa_export_options){.repair = repair});
  check_query("fixed.parquet", "SELECT string_agg(coalesce(label, '-'), ' ') FROM read_parquet($1)",
              labels);
  assert_int_equal(summary.n_changed, expected.n_changed);
  assert_int_equal(summary.n_emptied, expected.n_emptied);
}

/* As given: World Sports World World - MISC Business World Sports World Sports Business */
static void test_fixed(void **state) {
  (void)state;
  check_fixed("{\"id\": \"row-shift\", \"count\": 4, \"rows_from\": 6, \"rows_to\": 9, "
              "\"shift\": 1, \"repair\": \"row-shift\"},"
              "{\"id\": \"row-shift\", \"count\": 2, \"rows_from\": 0, \"rows_to\": 1, "
              "\"shift\": -1, \"repair\": \"row-shift\"}",
              "row-shift", "- World World World - MISC World Sports World - Sports Business\n",
              (lqa_export_summary){.n_changed = 6, .n_emptied = 2});
  check_fixed("{\"id\": \"reversed-order\", \"count\": 1, \"rows_from\": 0, \"rows_to\": 11, "
              "\"repair\": \"reversed-order\"}",
              "reversed-order",
              "Business Sports World Sports World Business MISC - World World Sports World\n",
              (lqa_export_summary){.n_changed = 8}); /* a label that was NULL moves: none is lost */
  check_fixed("{\"id\": \"label-spelling\", \"count\": 1, \"rows\": [5], \"repair\": "
              "\"label-spelling\", \"details\": {\"map\": [[\"MISC\", \"Sports\"]]}}",
              "label-spelling",
              "World Sports World World - Sports Business World Sports World Sports Business\n",
              (lqa_export_summary){.n_changed = 1});
}

static void test_fixed_part(void **state) {
  (void)state;
  check_fixed("{\"id\": \"swapped-codes\", \"count\": 1, \"repair\": \"swapped-codes\", "
              "\"details\": {\"column\": \"extra\", \"value\": \"extra 1\", "
              "\"map\": [[\"World\", \"Sports\"], [\"Sports\", \"World\"]]}}",
              "swapped-codes",
              "World World World World - MISC Business World Sports World Sports Business\n",
              (lqa_export_summary){.n_changed = 1});
  check_fixed(
      "{\"id\": \"swapped-codes\", \"count\": 1, \"rows_from\": 9, \"rows_to\": 10, "
      "\"repair\": \"swapped-codes\", \"details\": {\"column\": null, \"value\": \"b.csv\", "
      "\"map\": [[\"World\", \"Sports\"], [\"Sports\", \"World\"]]}}",
      "swapped-codes",
      "World Sports World World - MISC Business World Sports Sports World Business\n",
      (lqa_export_summary){.n_changed = 2});
}

/* The export fails with `status` and a message that says `word`, and leaves no file. */
static void check_refused(const char *what, lqa_export_options options, lqa_status status,
                          const char *word) {
  lqa_error err;
  lqa_export_summary summary;
  bool existed = lqa_path_exists(options.path);
  assert_int_equal(try_export(what, options, &summary, &err), status);
  if (!strstr(shown(&err), word)) {
    fail_msg("'%s' is not in: %s", word, err.message);
  }
  assert_int_equal(lqa_path_exists(options.path), existed);
}

static void test_bad_options(void **state) {
  (void)state;
  char *csv = path_in(scratch, "no.csv"), *text = path_in(scratch, "no.txt");
  assert_null(lqa_export_find("everything"));
  check_refused("review", (lqa_export_options){.path = text}, LQA_BAD_USAGE, "label-studio");
  check_refused("weights", (lqa_export_options){.path = text}, LQA_BAD_USAGE, ".parquet");
  check_refused("labeling-config", (lqa_export_options){.path = text, .format = "csv"},
                LQA_BAD_USAGE, "one format");
  check_refused("review", (lqa_export_options){.path = csv, .format = "xlsx"}, LQA_BAD_USAGE,
                "xlsx");
  check_refused("cleaned", (lqa_export_options){.path = csv, .format = "label-studio"},
                LQA_BAD_USAGE, "'review'");
  check_refused("review", (lqa_export_options){.path = csv, .apply_relabel = true}, LQA_BAD_USAGE,
                "--apply");
  check_refused("cleaned", (lqa_export_options){.path = csv, .repair = "row-shift"}, LQA_BAD_USAGE,
                "--repair");
  write_report("{\"count\": 1, \"rows_from\": 0, \"rows_to\": 3, \"repair\": \"reversed-order\"},"
               "{\"count\": 0, \"repair\": \"row-shift\"}");
  check_refused("fixed", (lqa_export_options){.path = csv}, LQA_BAD_USAGE, "offer: reversed-order");
  check_refused("fixed", (lqa_export_options){.path = csv, .repair = "row-shift"}, LQA_BAD_USAGE,
                "repairs: reversed-order");
  write_report("");
  check_refused("fixed", (lqa_export_options){.path = csv, .repair = "row-shift"}, LQA_BAD_USAGE,
                "none");
  free(csv);
  free(text);
}

static void test_bad_places(void **state) {
  (void)state;
  lqa_error err;
  char *inside = path_in(run_path, "mine.csv"), *link = path_in(scratch, "link"),
       *through = path_in(scratch, "link/mine.csv"), *nowhere = path_in(scratch, "no/such/x.csv"),
       *folder = path_in(scratch, "folder.csv"), *pipe_path = path_in(scratch, "pipe.csv");
  assert_int_equal(symlink(run_path, link), 0);
  assert_int_equal(mkdir(folder, 0755), 0);
  assert_int_equal(mkfifo(pipe_path, 0644), 0);
  check_refused("weights", (lqa_export_options){.path = inside}, LQA_BAD_USAGE, "inside the run");
  check_refused("weights", (lqa_export_options){.path = through}, LQA_BAD_USAGE, "inside the run");
  check_refused("weights", (lqa_export_options){.path = nowhere}, LQA_BAD_FILE,
                "there is no folder");
  check_refused("weights", (lqa_export_options){.path = folder}, LQA_BAD_FILE, "a folder");
  check_refused("weights", (lqa_export_options){.path = pipe_path}, LQA_BAD_FILE, "no ordinary");
  check_refused("weights", (lqa_export_options){.path = "/proc/no.csv"}, LQA_BAD_FILE, "/proc");
  check_refused("review", (lqa_export_options){.path = "/proc/no.json", .format = "label-studio"},
                LQA_BAD_FILE, "/proc");
  MUST(lqa_folder_remove(folder, &err));
  assert_int_equal(unlink(link), 0);
  assert_int_equal(unlink(pipe_path), 0);
  free(inside);
  free(link);
  free(through);
  free(nowhere);
  free(folder);
  free(pipe_path);
}

/* The fixture's rows came from no file; here the run says that they came from one. */
static void test_source_is_kept(void **state) {
  (void)state;
  lqa_error err;
  lqa_export_summary summary;
  lqa_run *run = NULL;
  char *path = path_in(scratch, "source.csv"), *same = path_in(scratch, "./source.csv");
  MUST(lqa_file_save(path, "id,text,label\n", 14, &err));
  MUST(lqa_run_open(run_path, false, NULL, &run, &err));
  const lqa_source_file file = {.path = path, .n_rows = FIXTURE_ROWS};
  run->manifest.files = &file;
  run->manifest.n_files = 1;
  const lqa_export_options options = {.path = same};
  assert_int_equal(lqa_export_run(lqa_export_find("weights"), run, &options, &summary, &err),
                   LQA_BAD_USAGE);
  assert_non_null(strstr(err.message, "is a source of this run"));
  check_text("source.csv", "id,text,label\n");
  lqa_run_close(run);
  free(path);
  free(same);
}

/* Every kind, with the file size limited to a few bytes: the old file stays, nothing is left over.
 */
static void test_full_disk(void **state) {
  (void)state;
  struct rlimit old, small;
  lqa_error err;
  lqa_export_summary summary;
  char *path = path_in(scratch, "full.csv");
  write_report("{\"count\": 1, \"rows_from\": 0, \"rows_to\": 11, \"repair\": \"reversed-order\"}");
  MUST(lqa_file_save(path, "old\n", 4, &err));
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
  small = old;
  small.rlim_cur = 16;
  for (int i = 0; i < LQA_EXPORT_COUNT; i++) {
    const lqa_export *export = lqa_export_get((lqa_export_number)i);
    lqa_export_options options = {
        .path = path, .repair = export->number == LQA_EXPORT_fixed ? "reversed-order" : NULL};
    lqa_run *run = NULL;
    MUST(lqa_run_open(run_path, false, NULL, &run, &err));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    lqa_status status = lqa_export_run(export, run, &options, &summary, &err);
    if (status == LQA_BAD_FILE && export->has_tasks) {
      options.format = "prodigy";
      status = lqa_export_run(export, run, &options, &summary, &err);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    lqa_run_close(run);
    assert_int_equal(status, LQA_BAD_FILE);
    check_text("full.csv", "old\n");
  }
  free(path);
}

/* Every allocation of an export fails once: an error or a whole file, never a crash or a part. */
static void fail_allocations(const char *what, lqa_export_options options) {
  lqa_error err;
  lqa_export_summary summary;
  char *path = path_in(scratch, "alloc.csv");
  export_to(what, "alloc.csv", options);
  char *whole = read_all(scratch, "alloc.csv");
  options.path = path;
  lqa_status status = LQA_NO_MEMORY;
  for (long n = 1; status != LQA_OK && n < 20000; n++) {
    lqa_run *run = NULL;
    MUST(lqa_run_open(run_path, false, NULL, &run, &err));
    assert_int_equal(unlink(path), 0);
    lqa_memory_fail_after(n);
    status = lqa_export_run(lqa_export_find(what), run, &options, &summary, &err);
    lqa_memory_fail_after(0);
    lqa_run_close(run);
    if (status != LQA_OK && status != LQA_NO_MEMORY) {
      fail_msg("%s, allocation %ld: %d %s", what, n, (int)status, err.message);
    }
    assert_int_equal(lqa_path_exists(path), status == LQA_OK);
    if (status == LQA_OK) {
      check_text("alloc.csv", whole);
    }
    MUST(lqa_file_save(path, "x", 1, &err));
  }
  assert_int_equal(status, LQA_OK);
  free(whole);
  free(path);
}

static void test_failing_allocations(void **state) {
  (void)state;
  write_report("{\"count\": 1, \"rows_from\": 0, \"rows_to\": 3, \"repair\": \"reversed-order\"}");
  fail_allocations("relabel", NOTHING);
  fail_allocations("review", NOTHING);
  fail_allocations("review", (lqa_export_options){.format = "label-studio"});
  fail_allocations("review", (lqa_export_options){.format = "argilla"});
  fail_allocations("review", (lqa_export_options){.format = "prodigy"});
  fail_allocations("cleaned", NOTHING);
  fail_allocations("weights", NOTHING);
  fail_allocations("decisions", NOTHING);
  fail_allocations("fixed", (lqa_export_options){.repair = "reversed-order"});
}

static void test_table(void **state) {
  (void)state;
  for (int i = 0; i < LQA_EXPORT_COUNT; i++) {
    const lqa_export *export = lqa_export_get((lqa_export_number)i);
    assert_int_equal(export->number, i);
    assert_ptr_equal(lqa_export_find(export->name), export);
    assert_true(strlen(export->summary) > 10);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_table),
                                     cmocka_unit_test(test_relabel),
                                     cmocka_unit_test(test_relabel_csv),
                                     cmocka_unit_test(test_review),
                                     cmocka_unit_test(test_label_studio),
                                     cmocka_unit_test(test_cleaned),
                                     cmocka_unit_test(test_cleaned_with_candidates),
                                     cmocka_unit_test(test_weights),
                                     cmocka_unit_test(test_weights_by_p_correct),
                                     cmocka_unit_test(test_decisions),
                                     cmocka_unit_test(test_fixed),
                                     cmocka_unit_test(test_fixed_part),
                                     cmocka_unit_test(test_bad_options),
                                     cmocka_unit_test(test_bad_places),
                                     cmocka_unit_test(test_source_is_kept),
                                     cmocka_unit_test(test_full_disk),
                                     cmocka_unit_test(test_failing_allocations)};
  return cmocka_run_group_tests(tests, make_run, drop_run);
}
