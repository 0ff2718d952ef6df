/* Exports of the fixture's run: what is refused, and faults. */
#include "export_fixture.h"

#include <signal.h>
#include <sys/resource.h>

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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bad_options),         cmocka_unit_test(test_bad_places),
      cmocka_unit_test(test_source_is_kept),      cmocka_unit_test(test_full_disk),
      cmocka_unit_test(test_failing_allocations),
  };
  return cmocka_run_group_tests(tests, make_run, drop_run);
}
