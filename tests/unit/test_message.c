/* Options in messages: each front end writes them its way, and no data of the user is taken for
 * one. */
#include "must.h"

#include "base/message_text.h"
#include "base/observer.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>

static void expect(const lqa_error *err, lqa_option_style style, const char *want) {
  char text[512];
  assert_int_equal(lqa_message_render(err->message, style, text, sizeof text), strlen(want));
  assert_string_equal(text, want);
}

static void options_are_named_as_the_front_end_does(void **state) {
  (void)state;
  lqa_error err;
  assert_int_equal(
      lqa_fail(&err, LQA_BAD_USAGE,
               "give " LQA_OPTION("max_cost") " or " LQA_OPTION_AS("header", "yes") ", not %d %s",
               7, "x"),
      LQA_BAD_USAGE);
  expect(&err, LQA_AS_FLAGS, "give --max-cost or --header yes, not 7 x");
  expect(&err, LQA_AS_KEYWORDS, "give max_cost= or header=yes, not 7 x");
  expect(&err, LQA_AS_FIELDS, "give max_cost or header yes, not 7 x");
  assert_int_equal(
      lqa_fail(&err, LQA_BAD_USAGE, LQA_OPTION_AS("%s", "%s") ": wrong", "min-df", "9"),
      LQA_BAD_USAGE);
  expect(&err, LQA_AS_FLAGS, "--min-df 9: wrong");
  expect(&err, LQA_AS_KEYWORDS, "min_df=9: wrong");
}

/* A file or a label may hold anything, the marks too. */
static void data_is_never_an_option(void **state) {
  static const char forged[] = LQA_OPTION_AS("yes", "1") "\x0e" LQA_OPTION("out") "\x0f--a b=";
  static const char want[] = "?yes?1?\?\?out?\?--a b=";
  char text[512];
  (void)state;
  lqa_error err;
  assert_int_equal(lqa_fail(&err, LQA_BAD_DATA, "%s", forged), LQA_BAD_DATA);
  expect(&err, LQA_AS_FLAGS, want);
  assert_int_equal(lqa_fail(&err, LQA_BAD_DATA, "%s: see " LQA_OPTION("label"), forged),
                   LQA_BAD_DATA);
  snprintf(text, sizeof text, "%s: see --label", want);
  expect(&err, LQA_AS_FLAGS, text);
  assert_int_equal(
      lqa_fail(&err, LQA_BAD_DATA, LQA_WORDS " %s", "name it with " LQA_OPTION("cache"), forged),
      LQA_BAD_DATA);
  snprintf(text, sizeof text, "name it with cache= %s", want);
  expect(&err, LQA_AS_KEYWORDS, text);
  snprintf(text, sizeof text, "name it with --cache %s", want);
  expect(&err, LQA_AS_FLAGS, text);
}

static void hear(void *data, lqa_message_level level, const char *text) {
  (void)level;
  (void)lqa_message_render(text, LQA_AS_KEYWORDS, data, 512);
}

static void remarks_follow_the_same_rule(void **state) {
  (void)state;
  char heard[512];
  const lqa_observer observer = {.message = hear, .data = heard};
  lqa_observe_message(&observer, LQA_MESSAGE_INFO, LQA_OPTION("%s") " has no effect: %s", "min_df",
                      LQA_OPTION("x"));
  assert_string_equal(heard, "min_df= has no effect: ?x?");
}

/* However long: cut, closed, and the whole length told. */
static void long_messages_are_cut(void **state) {
  (void)state;
  lqa_error err;
  char big[3 * LQA_MESSAGE_BYTES], small[8];
  memset(big, 'x', sizeof big - 1);
  big[sizeof big - 1] = '\0';
  assert_int_equal(lqa_fail(&err, LQA_BAD_DATA, "%s " LQA_OPTION("label"), big), LQA_BAD_DATA);
  assert_int_equal(strlen(err.message), LQA_MESSAGE_BYTES - 1);
  assert_int_equal(lqa_message_render(LQA_OPTION("label"), LQA_AS_FLAGS, small, sizeof small), 7);
  assert_string_equal(small, "--label");
  assert_int_equal(lqa_message_render(LQA_OPTION("labels"), LQA_AS_FLAGS, small, sizeof small), 8);
  assert_string_equal(small, "--label");
  assert_int_equal(lqa_message_render("\x01open", LQA_AS_FLAGS, NULL, 0), 6);
}

/* Findings and notes of any length, kept in an arena. */
static void kept_messages_follow_the_same_rule(void **state) {
  (void)state;
  lqa_arena arena;
  lqa_arena_init(&arena);
  const char *text =
      lqa_message_new(&arena, "%s: leave " LQA_OPTION("min_df") " out", "a\x01label\x02");
  assert_string_equal(text, "a?label?: leave \x01min_df\x02 out");
  assert_string_equal(lqa_message_in_style(text, LQA_AS_FLAGS, &arena),
                      "a?label?: leave --min-df out");
  assert_string_equal(lqa_message_in_style(text, LQA_AS_KEYWORDS, &arena),
                      "a?label?: leave min_df= out");
  const char *plain = "no option";
  assert_ptr_equal(lqa_message_in_style(plain, LQA_AS_FLAGS, &arena), plain);
  char big[3 * LQA_MESSAGE_BYTES];
  memset(big, 'x', sizeof big - 1);
  big[sizeof big - 1] = '\0';
  text = lqa_message_new(&arena, "%s " LQA_OPTION("C"), big);
  assert_int_equal(strlen(text), sizeof big - 1 + 4);
  assert_string_equal(lqa_message_in_style(text, LQA_AS_FLAGS, &arena) + sizeof big, "--C");
  lqa_arena_clear(&arena);
}

/* What a command says: only marks change, control characters of data stay for who shows them. */
static void results_keep_all_else(void **state) {
  (void)state;
  static const char said[] = "a\x1b[0m\tb\n" LQA_OPTION_AS("header", "yes") "\x01 open";
  lqa_buf out;
  lqa_buf_init(&out, 1 << 12);
  lqa_message_add(lqa_str_from(said), LQA_AS_FLAGS, &out);
  assert_string_equal(out.data, "a\x1b[0m\tb\n--header yes\x01 open");
  lqa_buf_clear(&out);
}

static void json_has_flags(void **state) {
  (void)state;
  lqa_buf out;
  lqa_json json;
  lqa_buf_init(&out, 1 << 12);
  lqa_json_init(&json, &out, 0);
  lqa_json_open_array(&json);
  lqa_json_add_message(&json, NULL, "say " LQA_OPTION("label"));
  lqa_json_add_message(&json, NULL, NULL);
  lqa_json_close_array(&json);
  assert_non_null(strstr(out.data, "\"say --label\""));
  assert_non_null(strstr(out.data, "null"));
  lqa_buf_clear(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(options_are_named_as_the_front_end_does),
                                     cmocka_unit_test(data_is_never_an_option),
                                     cmocka_unit_test(remarks_follow_the_same_rule),
                                     cmocka_unit_test(long_messages_are_cut),
                                     cmocka_unit_test(kept_messages_follow_the_same_rule),
                                     cmocka_unit_test(results_keep_all_else),
                                     cmocka_unit_test(json_has_flags)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
