/* Dialects judged from a head: delimiters, plain quotes, line ends, damage that must stay visible.
 */
#include "data/source/csv_detect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static lqa_csv_dialect detect(const char *text, bool whole, lqa_csv_hints hints, bool *dropped) {
  lqa_csv_dialect dialect;
  lqa_csv_finds finds;
  assert_int_equal(lqa_csv_detect(text, strlen(text), whole, &hints, &dialect, &finds), LQA_OK);
  if (dropped) {
    *dropped = finds.quotes_dropped;
  }
  return dialect;
}

static void assert_delimiter(const char *text, char delimiter) {
  lqa_csv_dialect d = detect(text, true, (lqa_csv_hints){0}, NULL);
  if (d.delimiter != delimiter) {
    fail_msg("'%c', not '%c' in: %s", delimiter, d.delimiter, text);
  }
}

static void test_delimiters(void **state) {
  (void)state;
  assert_delimiter("text,label\nhello,a\n", ',');
  assert_delimiter("text\tlabel\nhello, you\ta\n", '\t');
  assert_delimiter("text;label\n\"x;y\";a\n1,5;b\n", ';');
  assert_delimiter("text|label\nx|a\n", '|');
  assert_delimiter("text,label\n\"a;b\",x\nc;d,y\n", ',');
  assert_delimiter("\"a, b\";c\n\"d\";e\n", ';');
  assert_delimiter("text\none\ntwo\n", ',');
  assert_delimiter("", ',');
  /* Damaged: most records agree. */
  assert_delimiter("text,label\nx,a\ny,b,c\nz,d\n", ',');
  assert_delimiter("text;label\nx;a\ny;b;c\nz;d\n", ';');
  assert_delimiter("text,label\nx,a\n\"y,b\nz;w,d\n", ',');
  lqa_csv_dialect d = detect("one\ntwo\n", true, (lqa_csv_hints){.prefers_tab = true}, NULL);
  assert_int_equal(d.delimiter, '\t');
  d = detect("a;b,c\n", true, (lqa_csv_hints){.has_delimiter = true, .delimiter = ','}, NULL);
  assert_int_equal(d.delimiter, ',');
}

static lqa_csv_finds find(const char *text) {
  lqa_csv_dialect dialect;
  lqa_csv_finds finds;
  lqa_csv_hints none = {0};
  assert_int_equal(lqa_csv_detect(text, strlen(text), true, &none, &dialect, &finds), LQA_OK);
  return finds;
}

static void test_first_lines(void **state) {
  (void)state;
  assert_int_equal(detect("sep=|\na;b|c\nd;e|f\n", true, (lqa_csv_hints){0}, NULL).delimiter, '|');
  assert_int_equal(detect("\"sep=;\"\r\na;b\n", true, (lqa_csv_hints){0}, NULL).skip_lines, 1);
  assert_true(find("SEP=,\na,b\n").has_separator_line);
  assert_false(find("sep=mean,x\na,b\n").has_separator_line);
  assert_false(find("sep=").has_separator_line);
  assert_int_equal(find("Export of May\n\ntext,label\na,b\nc,d\n").n_preamble, 2);
  assert_int_equal(find("text,label\na,b\nc\nd,e\n").n_preamble, 0);
  assert_int_equal(find("a\ntext,label\nc,d\ne\n").n_preamble, 0);
}

static void test_spaces(void **state) {
  (void)state;
  assert_true(detect("39, State-gov, 7\n50, Private, 8\n1, b, 9\n", true, (lqa_csv_hints){0}, NULL)
                  .skips_spaces);
  assert_true(find("id,text\n1, \"a, b\"\n2, \"c\"\n").spaces_skipped);
  assert_false(find("id, text\n1,a\n2, c\n").spaces_skipped);
  assert_false(find("id, text\n1, a\n").spaces_skipped);
}

static void test_incomplete_head(void **state) {
  (void)state;
  lqa_csv_dialect d = detect("a;b\nc;d\ne,f", false, (lqa_csv_hints){0}, NULL);
  assert_int_equal(d.delimiter, ';');
  d = detect("a;b\nc;\"cut, off", false, (lqa_csv_hints){0}, NULL);
  assert_int_equal(d.delimiter, ';');
}

static void test_quotes(void **state) {
  (void)state;
  bool dropped;
  assert_int_equal(
      detect("ham\t\"Happy\" I know\nham\thi\n", true, (lqa_csv_hints){0}, &dropped).quote, 0);
  assert_true(dropped);
  assert_int_equal(detect("x\t\"a b\"\ny\t\"c\"\n", true, (lqa_csv_hints){0}, &dropped).quote, '"');
  assert_false(dropped);
  assert_int_equal(detect("x\t\"a\nb\"\ny\tc\n", true, (lqa_csv_hints){0}, &dropped).quote, '"');
  /* An unterminated quote stays one, so that reading fails. */
  assert_int_equal(detect("x\t\"a b\ny\tc\n", true, (lqa_csv_hints){0}, &dropped).quote, '"');
  /* With commas quotes are always quotes. */
  assert_int_equal(detect("ham,\"Happy\" I know\n", true, (lqa_csv_hints){0}, &dropped).quote, '"');
  assert_int_equal(
      detect("x\t\"a\" b\n", true, (lqa_csv_hints){.has_quote = true, .quote = '"'}, &dropped)
          .quote,
      '"');
}

static void test_line_ends(void **state) {
  (void)state;
  assert_int_equal(detect("a,b\rc,d\r", true, (lqa_csv_hints){0}, NULL).newline, '\r');
  assert_int_equal(detect("a,b\r\nc,d\r\n", true, (lqa_csv_hints){0}, NULL).newline, '\n');
  assert_int_equal(detect("a,b", true, (lqa_csv_hints){0}, NULL).newline, '\n');
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_delimiters), cmocka_unit_test(test_first_lines),
      cmocka_unit_test(test_spaces),     cmocka_unit_test(test_incomplete_head),
      cmocka_unit_test(test_quotes),     cmocka_unit_test(test_line_ends)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
