/* Tables: the same rows in three formats, quoting, formula escapes, same bytes twice, no debris. */
#include "must.h"

#include "data/table/table.h"

#include "base/file.h"
#include "base/rng.h"
#include "data/query/query.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const texts[] = {
    "plain", "a,b",    "say \"hi\"", "two\nlines",       "=1+1", "-5", "-x",
    "",      " edge ", NULL,         "\xc3\xa9t\xc3\xa9"};
enum { N_TEXTS = sizeof texts / sizeof *texts };

static void get_text(void *data, int64_t row, lqa_value *value) {
  (void)data;
  value->text = lqa_str_from(texts[row % N_TEXTS]);
}
static void get_number(void *data, int64_t row, lqa_value *value) {
  (void)data;
  value->number = row % 3 == 2 ? NAN : (double)row / 3;
}
static void get_integer(void *data, int64_t row, lqa_value *value) {
  (void)data;
  value->integer = row % 2 ? row * 5000000000 : row;
  value->is_null = row % 5 == 4;
}
static void get_flag(void *data, int64_t row, lqa_value *value) {
  (void)data;
  value->integer = row % 2;
}
static void get_list(void *data, int64_t row, lqa_value *value) {
  (void)data;
  static const lqa_str items[] = {LQA_STR("null-label"), LQA_STR("a; b"), LQA_STR("third, one")};
  value->list = items;
  value->n_list = (size_t)(row % 4);
  value->is_null = row % 7 == 6;
}

static const lqa_table_column columns[] = {{"text", LQA_VALUE_TEXT, get_text, NULL},
                                           {"x", LQA_VALUE_DOUBLE, get_number, NULL},
                                           {"n", LQA_VALUE_INT64, get_integer, NULL},
                                           {"flag", LQA_VALUE_BOOL, get_flag, NULL},
                                           {"why", LQA_VALUE_TEXT_LIST, get_list, NULL}};

static char folder[] = "/tmp/labelqa-table-XXXXXX";

static int make_folder(void **state) {
  (void)state;
  return mkdtemp(folder) == NULL;
}
static int drop_folder(void **state) {
  (void)state;
  return lqa_folder_remove(folder, NULL) != LQA_OK;
}

static char *path_of(const char *name) {
  static char path[256];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static lqa_buf save(const char *name, int64_t n_rows) {
  lqa_table table = {.n_rows = n_rows, .columns = columns, .n_columns = 5};
  lqa_table_format format;
  lqa_error err;
  assert_int_equal(lqa_table_format_of(name, &format, NULL), LQA_OK);
  MUST(lqa_table_save(&table, path_of(name), format, NULL, &err));
  lqa_buf bytes;
  lqa_buf_init(&bytes, 1 << 28);
  assert_int_equal(lqa_file_load(path_of(name), &bytes, NULL), LQA_OK);
  return bytes;
}

static void test_csv(void **state) {
  (void)state;
  lqa_buf bytes = save("t.csv", 11);
  assert_string_equal(bytes.data,
                      "text,x,n,flag,why\n"
                      "plain,0,0,false,\n"
                      "\"a,b\",0.3333333333333333,5000000000,true,null-label\n"
                      "\"say \"\"hi\"\"\",,2,false,null-label; a; b\n"
                      "\"two\nlines\",1,15000000000,true,\"null-label; a; b; third, one\"\n"
                      "'=1+1,1.3333333333333333,,false,\n"
                      "-5,,25000000000,true,null-label\n"
                      "'-x,2,6,false,\n"
                      "\"\",2.3333333333333335,35000000000,true,"
                      "\"null-label; a; b; third, one\"\n"
                      "\" edge \",,8,false,\n"
                      ",3,,true,null-label\n"
                      "\xc3\xa9t\xc3\xa9,3.3333333333333335,10,false,null-label; a; b\n");
  lqa_buf_clear(&bytes);
}

static void test_jsonl(void **state) {
  (void)state;
  lqa_buf bytes = save("t.jsonl", 3);
  assert_string_equal(bytes.data,
                      "{\"text\":\"plain\",\"x\":0,\"n\":0,\"flag\":false,\"why\":[]}\n"
                      "{\"text\":\"a,b\",\"x\":0.3333333333333333,\"n\":5000000000,\"flag\":true,"
                      "\"why\":[\"null-label\"]}\n"
                      "{\"text\":\"say \\\"hi\\\"\",\"x\":null,\"n\":2,\"flag\":false,"
                      "\"why\":[\"null-label\",\"a; b\"]}\n");
  lqa_buf_clear(&bytes);
}

/* A full disk, played by a limit on file sizes: in our words, whoever was writing. */
static void test_full_disk(void **state) {
  (void)state;
  static const char *const names[] = {"full.parquet", "full.csv"};
  lqa_table table = {.n_rows = 100000, .columns = columns, .n_columns = 5};
  struct rlimit old, small;
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
  small = old;
  small.rlim_cur = 1000;
  for (size_t i = 0; i < 2; i++) {
    lqa_error err;
    char start[300];
    snprintf(start, sizeof start, "cannot write '%s", path_of(names[i]));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    lqa_status status = lqa_table_save(&table, path_of(names[i]),
                                       i == 0 ? LQA_TABLE_PARQUET : LQA_TABLE_CSV, NULL, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(status, LQA_BAD_FILE);
    assert_ptr_equal(strstr(err.message, start), err.message);
    assert_non_null(strstr(err.message, "File too large; raise the limit"));
    assert_false(lqa_path_exists(path_of(names[i])));
  }
}

/* Every cell read back through SQL equals the cell given. */
static void compare_parquet(const char *name, int64_t n_rows) {
  lqa_database *db = NULL;
  lqa_query *q = NULL;
  const char *params[] = {path_of(name)};
  assert_int_equal(lqa_database_open(NULL, &db, NULL), LQA_OK);
  assert_int_equal(lqa_query_open(db, "SELECT * FROM read_parquet($1)", params, 1, &q, NULL),
                   LQA_OK);
  bool more = true;
  for (int64_t row = 0; row < n_rows; row++) {
    assert_int_equal(lqa_query_next(q, &more, NULL), LQA_OK);
    assert_true(more);
    lqa_value text = {0}, number = {0}, integer = {0}, list = {0}, got = lqa_query_get(q, 0);
    get_text(NULL, row, &text);
    get_number(NULL, row, &number);
    get_integer(NULL, row, &integer);
    get_list(NULL, row, &list);
    assert_true(got.is_null == lqa_str_is_null(text.text) && lqa_str_equal(got.text, text.text));
    got = lqa_query_get(q, 1);
    assert_true(isnan(number.number) ? got.is_null : got.number == number.number);
    got = lqa_query_get(q, 2);
    assert_true(integer.is_null ? got.is_null : got.integer == integer.integer);
    assert_int_equal(lqa_query_get(q, 3).integer, row % 2);
    got = lqa_query_get(q, 4);
    assert_true(got.is_null == list.is_null);
    for (size_t i = 0; !list.is_null && i < list.n_list; i++) {
      assert_true(lqa_str_equal(got.list[i], list.list[i]));
    }
  }
  assert_int_equal(lqa_query_next(q, &more, NULL), LQA_OK);
  assert_false(more);
  lqa_query_close(q);
  lqa_database_close(db);
}

static void test_parquet(void **state) {
  (void)state;
  lqa_buf a = save("a.parquet", 300000), b = save("b.parquet", 300000);
  assert_int_equal(a.size, b.size);
  assert_memory_equal(a.data, b.data, a.size);
  compare_parquet("a.parquet", 300000);
  lqa_buf_clear(&a);
  lqa_buf_clear(&b);
  a = save("empty.parquet", 0);
  compare_parquet("empty.parquet", 0);
  lqa_buf_clear(&a);
}

static lqa_status feed(void *data, int64_t row, lqa_error *err) {
  int64_t *fed = data;
  if (row == 5000) {
    return lqa_fail(err, LQA_BAD_DATA, "row 5000 is no good");
  }
  assert_int_equal(*fed, row);
  (*fed)++;
  return LQA_OK;
}
static void get_fed(void *data, int64_t row, lqa_value *value) {
  assert_int_equal(*(int64_t *)data, row + 1);
  value->integer = row;
}

static void test_stream(void **state) {
  (void)state;
  const lqa_table_column fed_columns[] = {{"a", LQA_VALUE_INT64, get_fed, NULL},
                                          {"b", LQA_VALUE_INT32, get_fed, NULL}};
  for (lqa_table_format format = LQA_TABLE_PARQUET; format <= LQA_TABLE_JSONL; format++) {
    int64_t fed = 0;
    lqa_error err;
    lqa_table table = {.columns = fed_columns, .n_columns = 2, .data = &fed, .begin_row = feed};
    table.n_rows = 4999;
    assert_int_equal(lqa_table_save(&table, path_of("fed"), format, NULL, &err), LQA_OK);
    assert_int_equal(fed, 4999);
    fed = 0;
    table.n_rows = 9000;
    assert_int_equal(lqa_table_save(&table, path_of("fed2"), format, NULL, &err), LQA_BAD_DATA);
    assert_string_equal(err.message, "row 5000 is no good");
    assert_false(lqa_path_exists(path_of("fed2")));
  }
}

static void test_failures(void **state) {
  (void)state;
  lqa_table_format format;
  lqa_error err;
  assert_int_equal(lqa_table_format_of("x.txt", &format, &err), LQA_BAD_USAGE);
  lqa_table table = {.n_rows = 5, .columns = columns, .n_columns = 5};
  volatile int cancelled = 1;
  lqa_observer observer = {.cancelled = &cancelled};
  for (format = LQA_TABLE_PARQUET; format <= LQA_TABLE_JSONL; format++) {
    assert_int_equal(lqa_table_save(&table, path_of("no/folder"), format, NULL, &err),
                     LQA_BAD_FILE);
    assert_int_equal(lqa_table_save(&table, path_of("none"), format, &observer, &err),
                     LQA_INTERRUPTED);
    assert_false(lqa_path_exists(path_of("none")));
  }
  /* rmdir succeeds only if no temporary file was left beside the target. */
  char *sub = strdup(path_of("sub"));
  assert_int_equal(mkdir(sub, 0777), 0);
  assert_int_equal(lqa_table_save(&table, path_of("sub/none"), LQA_TABLE_CSV, &observer, NULL),
                   LQA_INTERRUPTED);
  assert_int_equal(rmdir(sub), 0);
  free(sub);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_csv),     cmocka_unit_test(test_jsonl),
      cmocka_unit_test(test_parquet), cmocka_unit_test(test_full_disk),
      cmocka_unit_test(test_stream),  cmocka_unit_test(test_failures)};
  return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
