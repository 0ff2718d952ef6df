/* A view in a DuckDB file reads what its file holds, and nothing else of this machine. */
#include "base/file.h"
#include "data/query/query.h"
#include "data/source/source.h"

#include "must.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/labelqa-only-files-XXXXXX";

static void run(lqa_database *database, const char *sql) {
  lqa_error err;
  lqa_status status = lqa_database_run(database, sql, NULL, 0, &err);
  if (status != LQA_OK) {
    fail_msg("%s: %s", sql, err.message);
  }
}

static int make_file(void **state) {
  (void)state;
  lqa_database *database = NULL;
  lqa_error err;
  assert_non_null(mkdtemp(folder));
  assert_int_equal(chdir(folder), 0);
  MUST(lqa_file_save("secret.csv", "text,label\ntop secret,a\n", 24, &err));
  MUST(lqa_database_open(NULL, &database, &err));
  run(database, "ATTACH 'made.duckdb' AS made");
  run(database, "CREATE TABLE made.rows AS SELECT 'text ' || i AS text, i % 2 AS label"
                " FROM range(40) r(i)");
  run(database, "USE made");
  run(database, "CREATE VIEW own AS SELECT * FROM rows WHERE text <> ''");
  run(database, "CREATE VIEW other AS SELECT * FROM read_csv('secret.csv')");
  run(database, "CREATE VIEW folder AS SELECT file AS text, 'a' AS label FROM glob('/*')");
  lqa_database_close(database);
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  assert_int_equal(chdir("/"), 0);
  return lqa_folder_remove(folder, NULL);
}

static lqa_status load(const char *path, int64_t *n_rows, lqa_error *err) {
  const lqa_source_options options = {.paths = {&path, 1}, .one_class_allowed = true};
  lqa_dataset *dataset = NULL;
  LQA_TRY(lqa_dataset_load(&options, NULL, &dataset, err));
  *n_rows = dataset->n_rows;
  lqa_dataset_free(dataset);
  return LQA_OK;
}

static void own_rows_are_read(void **state) {
  (void)state;
  int64_t n_rows = 0;
  lqa_error err;
  MUST(load("made.duckdb::rows", &n_rows, &err));
  assert_int_equal(n_rows, 40);
  MUST(load("made.duckdb::own", &n_rows, &err));
  assert_int_equal(n_rows, 40);
}

static void other_files_are_not(void **state) {
  (void)state;
  int64_t n_rows = 0;
  lqa_error err;
  assert_int_equal(load("made.duckdb::other", &n_rows, &err), LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "made.duckdb"));
  assert_non_null(strstr(err.message, "'other'"));
  assert_int_equal(load("made.duckdb::folder", &n_rows, &err), LQA_BAD_DATA);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(own_rows_are_read),
      cmocka_unit_test(other_files_are_not),
  };
  return cmocka_run_group_tests(tests, make_file, remove_folder);
}
