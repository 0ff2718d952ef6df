/* No text of a stranger steers a terminal: in results, messages and JSON. */
#include "base/json.h"
#include "base/printable.h"
#include "labelqa/labelqa.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *text, const char *shown) {
  char clean[64];
  assert_in_range(snprintf(clean, sizeof clean, "%s", text), 0, sizeof clean - 1);
  lqa_printable_clean(clean, strlen(clean));
  assert_string_equal(clean, shown);
}

static void what_steers_is_replaced(void **state) {
  (void)state;
  expect("plain, tab\tand line\n", "plain, tab\tand line\n");
  expect("\x1b[31mred\x1b[0m", "?[31mred?[0m");
  expect("over\rwritten\b\x07\x7f", "over?written???");
  expect("C1 CSI \xc2\x9b"
         "31m",
         "C1 CSI ??31m");
  expect("an 8-bit CSI \x9b"
         "31m",
         "an 8-bit CSI ?31m");
  expect("bidi \xe2\x80\xae"
         "gnp.exe",
         "bidi ???gnp.exe");
  expect("isolate \xe2\x81\xa6x\xe2\x81\xa9", "isolate ???x???");
}

static void letters_of_all_scripts_stay(void **state) {
  (void)state;
  expect("žluť 日本 \xf0\x9f\x98\x80 עברית", "žluť 日本 \xf0\x9f\x98\x80 עברית");
  expect("a replacement \xef\xbf\xbd given as such", "a replacement \xef\xbf\xbd given as such");
}

static void messages_are_clean(void **state) {
  (void)state;
  char shown[64];
  size_t n = lqa_message_render("file '\x1b]0;x\x07.csv'", LQA_AS_FLAGS, shown, sizeof shown);
  assert_string_equal(shown, "file '?]0;x?.csv'");
  assert_int_equal(n, strlen(shown));
}

static void json_escapes_them(void **state) {
  (void)state;
  lqa_buf out;
  lqa_buf_init(&out, 1 << 10);
  lqa_json json;
  lqa_json_init(&json, &out, 0);
  lqa_json_text(&json, "\x1b\x7f \xc2\x9b \xe2\x80\xae ž");
  assert_string_equal(out.data, "\"\\u001b\\u007f \\u009b \\u202e ž\"");
  lqa_buf_clear(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_steers_is_replaced),
      cmocka_unit_test(letters_of_all_scripts_stay),
      cmocka_unit_test(messages_are_clean),
      cmocka_unit_test(json_escapes_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
