/* Lines for a terminal: nothing is lost, nothing is wider than asked for. */
#include "base/text_wrap.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void expect(const char *text, int width, const char *wrapped) {
  lqa_buf out;
  lqa_buf_init(&out, 1 << 20);
  lqa_text_wrap(lqa_str_from(text), width, &out);
  assert_false(out.failed);
  assert_string_equal(out.data, wrapped);
  lqa_buf_clear(&out);
}

static void sentences(void **state) {
  (void)state;
  expect("short\n\nlines stay\n", 40, "short\n\nlines stay\n");
  expect("one two three four five six", 20, "one two three four\nfive six");
  expect("  - a step that is far too long for one line\n", 30,
         "  - a step that is far too\n    long for one line\n");
  expect("https://example.org/a/word/wider/than/all the rest", 20,
         "https://example.org/a/word/wider/than/all\nthe rest");
}

static void commands_can_be_copied(void **state) {
  (void)state;
  expect("      labelqa sample some.labelqa --n 200 --out sheet.csv\n", 40,
         "      labelqa sample some.labelqa --n \\\n        200 --out sheet.csv\n");
}

static void columns(void **state) {
  (void)state;
  assert_int_equal(lqa_text_columns(LQA_STR("abc")), 3);
  assert_int_equal(lqa_text_columns(LQA_STR("\x1b[1;31mabc\x1b[0m")), 3);
  assert_int_equal(lqa_text_columns(LQA_STR("\xe6\x97\xa5\xe6\x9c\xac")), 4); /* two wide ones */
  assert_int_equal(lqa_text_columns(LQA_STR("e\xcc\x81")), 1);                /* e and an accent */
  expect("\x1b[1;31mone\x1b[0m two three four five", 20,
         "\x1b[1;31mone\x1b[0m two three four\nfive");
}

/* Every width, on a text with words of all lengths: the words are the same, the lines fit. */
static void every_width(void **state) {
  (void)state;
  char text[2000] = "";
  for (int i = 0; i < 150; i++) {
    snprintf(text + strlen(text), sizeof text - strlen(text), "%.*s ", 1 + i * 7 % 13,
             "abcdefghijklmno");
  }
  for (int width = 20; width < 200; width++) {
    lqa_buf out;
    lqa_buf_init(&out, 1 << 20);
    lqa_text_wrap(lqa_str_from(text), width, &out);
    size_t at = 0;
    int column = 0;
    for (size_t i = 0; i < out.size; i++) {
      column = out.data[i] == '\n' ? 0 : column + 1;
      assert_true(column <= width);
      while (text[at] == ' ') {
        at++;
      }
      if (out.data[i] != ' ' && out.data[i] != '\n') {
        assert_int_equal(out.data[i], text[at++]);
      }
    }
    assert_int_equal(text[at] == '\0' || text[at] == ' ', 1);
    lqa_buf_clear(&out);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(sentences),
                                     cmocka_unit_test(commands_can_be_copied),
                                     cmocka_unit_test(columns), cmocka_unit_test(every_width)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
