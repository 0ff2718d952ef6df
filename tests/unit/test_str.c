/* Borrowed texts, buffers with a ceiling, and error records. */
#include "base/buf.h"
#include "base/memory.h"
#include "base/rng.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void test_compare(void **state) {
  (void)state;
  const lqa_str none = {NULL, 0};
  assert_true(lqa_str_compare(LQA_STR("a"), LQA_STR("b")) < 0);
  assert_true(lqa_str_compare(LQA_STR("ab"), LQA_STR("a")) > 0);
  assert_true(lqa_str_compare(LQA_STR("a\0b"), LQA_STR("a\0c")) < 0);
  assert_true(lqa_str_compare(LQA_STR("z"), LQA_STR("\xC3\xA4")) < 0);
  assert_int_equal(lqa_str_compare(none, LQA_STR("")), 0);
  assert_true(lqa_str_equal(none, LQA_STR("")));
  assert_true(lqa_str_is_null(none) && !lqa_str_is_null(LQA_STR("")));
  assert_true(lqa_str_is_null(lqa_str_from(NULL)));
  assert_false(lqa_str_equal(LQA_STR("a"), LQA_STR("A")));
  assert_true(lqa_str_equal_nocase(LQA_STR("NaN-[z]"), LQA_STR("nAn-[Z]")));
  assert_false(lqa_str_equal_nocase(LQA_STR("@"), LQA_STR("`")));
}

static void test_parts(void **state) {
  (void)state;
  assert_true(lqa_str_equal(lqa_str_trim(LQA_STR(" \t\r\n\v\f a b \n")), LQA_STR("a b")));
  assert_int_equal(lqa_str_trim(LQA_STR("  ")).size, 0);
  assert_true(lqa_str_starts_with(LQA_STR("abc"), LQA_STR("ab")));
  assert_true(lqa_str_starts_with(LQA_STR("abc"), LQA_STR("")));
  assert_false(lqa_str_starts_with(LQA_STR("a"), LQA_STR("ab")));
  assert_true(lqa_str_ends_with(LQA_STR("a.csv"), LQA_STR(".csv")));
  assert_false(lqa_str_ends_with(LQA_STR("csv"), LQA_STR(".csv")));
}

static void test_integers(void **state) {
  (void)state;
  const struct {
    const char *text;
    bool good;
    long long value;
  } cases[] = {{"0", true, 0},
               {"-0", true, 0},
               {"007", true, 7},
               {"9223372036854775807", true, INT64_MAX},
               {"-9223372036854775808", true, INT64_MIN},
               {"9223372036854775808", false, 0},
               {"-9223372036854775809", false, 0},
               {"", false, 0},
               {"-", false, 0},
               {"+1", false, 0},
               {" 1", false, 0},
               {"1 ", false, 0},
               {"1.0", false, 0},
               {"--1", false, 0},
               {"1e3", false, 0},
               {"0x1", false, 0},
               {"111111111111111111111111", false, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    long long value = 0;
    assert_int_equal(lqa_str_to_int64(lqa_str_from(cases[i].text), &value), cases[i].good);
    assert_true(value == cases[i].value);
  }
}

static void test_numbers(void **state) {
  (void)state;
  const struct {
    const char *text;
    bool good;
    double value;
  } cases[] = {{"1", true, 1},      {"-2.5e-3", true, -0.0025}, {"+.5", true, 0.5},
               {"5.", true, 5},     {"1E3", true, 1000},        {"", false, 0},
               {".", false, 0},     {"e5", false, 0},           {"1e", false, 0},
               {"1,5", false, 0},   {"nan", false, 0},          {"inf", false, 0},
               {"0x10", false, 0},  {"1e999", false, 0},        {" 1", false, 0},
               {"1 ", false, 0},    {"1-2", false, 0},          {"1..2", false, 0},
               {"1e-999", true, 0}, {"--1", false, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    double value = 0;
    if (lqa_str_to_double(lqa_str_from(cases[i].text), &value) != cases[i].good ||
        value != cases[i].value) {
      fail_msg("'%s' became %g", cases[i].text, value);
    }
  }
}

/* A host program with a decimal comma changes nothing. */
static void test_numbers_in_another_locale(void **state) {
  (void)state;
  const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
  for (size_t i = 0; i < 4; i++) {
    if (setlocale(LC_ALL, names[i])) {
      double value;
      assert_true(lqa_str_to_double(LQA_STR("1.5"), &value));
      assert_true(value == 1.5);
      assert_false(lqa_str_to_double(LQA_STR("1,5"), &value));
      setlocale(LC_ALL, "C");
      return;
    }
  }
  skip(); /* no locale with a decimal comma is installed */
}

/* Edit distance by its definition, exponential and obvious. */
static size_t slow_distance(const char *a, size_t n, const char *b, size_t m) {
  if (n == 0 || m == 0) {
    return n + m;
  }
  size_t best = slow_distance(a, n - 1, b, m - 1) + (a[n - 1] != b[m - 1]);
  size_t other = slow_distance(a, n - 1, b, m) + 1;
  best = other < best ? other : best;
  other = slow_distance(a, n, b, m - 1) + 1;
  best = other < best ? other : best;
  if (n > 1 && m > 1 && a[n - 1] == b[m - 2] && a[n - 2] == b[m - 1]) {
    other = slow_distance(a, n - 2, b, m - 2) + 1;
    best = other < best ? other : best;
  }
  return best;
}

static void test_distance(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 1, 1);
  for (int round = 0; round < 500; round++) {
    char a[6], b[6];
    size_t n = lqa_rng_below(&rng, 6), m = lqa_rng_below(&rng, 6);
    for (int i = 0; i < 6; i++) {
      a[i] = (char)('a' + lqa_rng_below(&rng, 3));
      b[i] = (char)('a' + lqa_rng_below(&rng, 3));
    }
    assert_int_equal(lqa_str_distance((lqa_str){a, n}, (lqa_str){b, m}), slow_distance(a, n, b, m));
  }
  assert_int_equal(lqa_str_distance(LQA_STR("Label"), LQA_STR("lable")), 1);
  char big[65] = {0};
  assert_true(lqa_str_distance((lqa_str){big, 65}, LQA_STR("a")) == SIZE_MAX);
  assert_int_equal(lqa_str_distance((lqa_str){big, 64}, LQA_STR("a")), 64);
}

static void test_buffer(void **state) {
  (void)state;
  lqa_buf buf;
  lqa_buf_init(&buf, 1 << 20);
  assert_int_equal(lqa_buf_str(&buf).size, 0);
  assert_non_null(lqa_buf_str(&buf).data);
  lqa_buf_add_text(&buf, "ab");
  lqa_buf_add_char(&buf, 'c');
  lqa_buf_add_str(&buf, LQA_STR("d\0e"));
  lqa_buf_add_str(&buf, (lqa_str){NULL, 0});
  lqa_buf_printf(&buf, "%d|%s", 42, "x");
  assert_memory_equal(buf.data, "abcd\0e42|x", 11);
  assert_int_equal(buf.size, 10);
  lqa_buf_reset(&buf);
  assert_string_equal(buf.data, "");
  for (int i = 0; i < 10000; i++) {
    lqa_buf_printf(&buf, "%d,", i);
    assert_int_equal(buf.data[buf.size], 0);
  }
  size_t size = 0;
  char *text = lqa_buf_take(&buf, &size);
  assert_int_equal(strlen(text), size);
  assert_memory_equal(text, "0,1,2,", 6);
  free(text);
  assert_null(buf.data);
  text = lqa_buf_take(&buf, NULL);
  assert_string_equal(text, "");
  free(text);
}

static void test_buffer_ceiling(void **state) {
  (void)state;
  lqa_buf buf;
  lqa_error err;
  lqa_buf_init(&buf, 5);
  lqa_buf_add_text(&buf, "abcde");
  assert_int_equal(lqa_buf_check(&buf, NULL), LQA_OK);
  lqa_buf_add_char(&buf, 'f');
  assert_true(buf.failed);
  lqa_buf_add(&buf, "", 0);
  assert_string_equal(buf.data, "abcde");
  assert_int_equal(lqa_buf_check(&buf, &err), LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "5 bytes"));
  assert_null(lqa_buf_take(&buf, NULL));
  assert_false(buf.failed);
  lqa_buf_printf(&buf, "%s", "123456");
  assert_true(buf.failed);
  lqa_buf_clear(&buf);
  lqa_buf_init(&buf, SIZE_MAX / 2);
  lqa_memory_fail_after(1);
  lqa_buf_add_char(&buf, 'x');
  lqa_memory_fail_after(0);
  assert_true(buf.failed && !buf.full);
  assert_int_equal(lqa_buf_check(&buf, &err), LQA_NO_MEMORY);
  lqa_buf_clear(&buf);
}

static void test_errors(void **state) {
  (void)state;
  lqa_error err;
  assert_int_equal(lqa_fail(NULL, LQA_BAD_DATA, "x"), LQA_BAD_DATA);
  assert_int_equal(lqa_fail_at(&err, LQA_BAD_DATA, "a.csv", 7, "label", "row %d", 7), LQA_BAD_DATA);
  assert_int_equal(err.status, LQA_BAD_DATA);
  assert_string_equal(err.message, "row 7");
  assert_string_equal(err.file, "a.csv");
  assert_string_equal(err.column, "label");
  assert_int_equal(err.row, 7);
  assert_int_equal(lqa_fail(&err, LQA_BAD_USAGE, "y"), LQA_BAD_USAGE);
  assert_string_equal(err.file, "");
  assert_int_equal(err.row, -1);
  errno = ENOENT;
  assert_int_equal(lqa_fail_errno(&err, "open", "b"), LQA_BAD_FILE);
  assert_string_equal(err.message, "cannot open 'b': No such file or directory");
  assert_int_equal(err.reason, LQA_REASON_MISSING);
  static const struct {
    int number;
    lqa_reason reason;
  } known[] = {{EACCES, LQA_REASON_PERMISSION},
               {EEXIST, LQA_REASON_EXISTS},
               {EISDIR, LQA_REASON_FOLDER},
               {ENOSPC, LQA_REASON_NONE}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    errno = known[i].number;
    assert_int_equal(lqa_fail_errno(&err, "open", "b"), LQA_BAD_FILE);
    assert_int_equal(err.reason, known[i].reason);
  }
  assert_int_equal(lqa_fail_because(LQA_BAD_DATA, &err, LQA_REASON_SINGULAR), LQA_BAD_DATA);
  assert_int_equal(lqa_fail_because(LQA_BAD_DATA, NULL, LQA_REASON_SINGULAR), LQA_BAD_DATA);
  assert_int_equal(err.reason, LQA_REASON_SINGULAR);
  assert_int_equal(lqa_fail(&err, LQA_BAD_USAGE, "y"), LQA_BAD_USAGE);
  assert_int_equal(err.reason, LQA_REASON_NONE);
  char big[5000];
  memset(big, 'x', sizeof big - 1);
  big[sizeof big - 1] = '\0';
  assert_int_equal(lqa_fail_at(&err, LQA_BAD_FILE, big, -1, big, "%s", big), LQA_BAD_FILE);
  assert_int_equal(strlen(err.message), sizeof err.message - 1);
  assert_int_equal(strlen(err.file), sizeof err.file - 1);
  lqa_error_clear(NULL);
  assert_int_equal(lqa_status_exit_code(LQA_NO_MEMORY), 7);
  assert_int_equal(lqa_status_exit_code(LQA_INTERRUPTED), 130);
  assert_int_equal(lqa_status_exit_code(LQA_OK), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_compare),
      cmocka_unit_test(test_parts),
      cmocka_unit_test(test_integers),
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_numbers_in_another_locale),
      cmocka_unit_test(test_distance),
      cmocka_unit_test(test_buffer),
      cmocka_unit_test(test_buffer_ceiling),
      cmocka_unit_test(test_errors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
