/* Queries: types, lists, NULLs, order over many chunks, two streams at once, errors, cancellation.
 */
#include "must.h"

#include "data/query/query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static lqa_database *db;

static int open_db(void **state) {
  (void)state;
  lqa_database_options options = {.n_threads = 2, .memory_bytes = 500000000};
  return lqa_database_open(&options, &db, NULL) != LQA_OK;
}

static int close_db(void **state) {
  (void)state;
  lqa_database_close(db);
  return 0;
}

static lqa_query *start(const char *sql) {
  lqa_query *q = NULL;
  lqa_error err;
  MUST(lqa_query_open(db, sql, NULL, 0, &q, &err));
  return q;
}

static bool step(lqa_query *q) {
  bool more = false;
  assert_int_equal(lqa_query_next(q, &more, NULL), LQA_OK);
  return more;
}

static void test_types(void **state) {
  (void)state;
  lqa_query *q =
      start("SELECT 1::TINYINT a, 70000 b, 1.5::FLOAT c, true d, 'x' || chr(0) || 'y' e, "
            "['p', NULL, 'a text of more than twelve bytes'] f, NULL::VARCHAR g");
  assert_int_equal(lqa_query_count_columns(q), 7);
  assert_string_equal(lqa_query_column_name(q, 5), "f");
  assert_int_equal(lqa_query_column_type(q, 5), LQA_VALUE_TEXT_LIST);
  assert_true(step(q));
  assert_int_equal(lqa_query_get(q, 0).integer, 1);
  assert_int_equal(lqa_query_get(q, 1).integer, 70000);
  assert_true(lqa_query_get(q, 2).number == 1.5);
  assert_int_equal(lqa_query_get(q, 3).integer, 1);
  assert_true(lqa_str_equal(lqa_query_get(q, 4).text, LQA_STR("x\0y")));
  lqa_value list = lqa_query_get(q, 5);
  assert_int_equal(list.n_list, 3);
  assert_true(lqa_str_is_null(list.list[1]));
  assert_int_equal(list.list[2].size, 32);
  assert_true(lqa_query_get(q, 6).is_null);
  assert_false(step(q));
  lqa_query_close(q);
}

static void test_order_and_two_streams(void **state) {
  (void)state;
  assert_int_equal(
      lqa_database_run(db, "CREATE TABLE t AS SELECT range AS i FROM range(300000)", NULL, 0, NULL),
      LQA_OK);
  lqa_query *a = start("SELECT i FROM t"), *b = start("SELECT 'row ' || i FROM t");
  char expected[32];
  for (int64_t i = 0; i < 300000; i++) {
    assert_true(step(a) && step(b));
    assert_int_equal(lqa_query_get(a, 0).integer, i);
    int n = snprintf(expected, sizeof expected, "row %lld", (long long)i);
    assert_true(lqa_str_equal(lqa_query_get(b, 0).text, (lqa_str){expected, (size_t)n}));
  }
  assert_false(step(a) || step(b));
  lqa_query_close(a);
  lqa_query_close(b);
}

static void test_parameters(void **state) {
  (void)state;
  const char *params[] = {"it's", NULL};
  lqa_query *q = NULL;
  assert_int_equal(lqa_query_open(db, "SELECT $1::VARCHAR, $2::VARCHAR", params, 2, &q, NULL),
                   LQA_OK);
  assert_true(step(q));
  assert_true(lqa_str_equal(lqa_query_get(q, 0).text, LQA_STR("it's")));
  assert_true(lqa_query_get(q, 1).is_null);
  lqa_query_close(q);
}

static void test_errors(void **state) {
  (void)state;
  lqa_query *q = NULL;
  lqa_error err;
  assert_int_equal(lqa_query_open(db, "SELEC 1", NULL, 0, &q, &err), LQA_BAD_USAGE);
  assert_null(strchr(err.message, '\n'));
  assert_int_equal(
      lqa_query_open(db, "SELECT * FROM read_parquet('/no/such.parquet')", NULL, 0, &q, &err),
      LQA_BAD_FILE);
  assert_int_equal(lqa_query_open(db, "SELECT DATE '2020-01-01' AS d", NULL, 0, &q, &err),
                   LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "column 'd'"));
  /* An error in the middle of a stream arrives after good rows. */
  q = start("SELECT CASE WHEN i = 250000 THEN error('late')::VARCHAR ELSE 'ok' END FROM t");
  lqa_status status = LQA_OK;
  bool more = true;
  int64_t rows = 0;
  while (status == LQA_OK && more) {
    status = lqa_query_next(q, &more, &err);
    rows += status == LQA_OK && more;
  }
  assert_int_equal(status, LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "late"));
  assert_in_range(rows, 0, 250000);
  lqa_query_close(q);
}

static void test_cancel(void **state) {
  (void)state;
  volatile int cancelled = 1;
  lqa_observer observer = {.cancelled = &cancelled};
  lqa_database_options options = {.n_threads = 2, .observer = &observer};
  lqa_database *other = NULL;
  assert_int_equal(lqa_database_open(&options, &other, NULL), LQA_OK);
  lqa_error err;
  assert_int_equal(lqa_database_run(other,
                                    "CREATE TABLE s AS SELECT hash(range) h FROM range(50000000) "
                                    "ORDER BY h",
                                    NULL, 0, &err),
                   LQA_INTERRUPTED);
  lqa_database_close(other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_types),      cmocka_unit_test(test_order_and_two_streams),
      cmocka_unit_test(test_parameters), cmocka_unit_test(test_errors),
      cmocka_unit_test(test_cancel),
  };
  return cmocka_run_group_tests(tests, open_db, close_db);
}
