/* Commands by name: every table is sound, options reach their fields, mistakes are named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "shown.h"
#include "api/command.h"
#include "labelqa/labelqa.h"

#include <stdio.h>
#include <stdlib.h>

static void test_every_table_is_sound(void **state) {
  (void)state;
  for (size_t i = 0; i < lqa_command_count(); i++) {
    const lqa_command *command = lqa_command_get((lqa_command_number)i);
    lqa_error err;
    void *args = calloc(1, command->args_size);
    assert_int_equal(command->number, i);
    assert_int_equal(lqa_option_init(command->options, args, &err), LQA_OK);
    for (const lqa_option *option = command->options; option->name; option++) {
      assert_true(option->offset < command->args_size);
      assert_non_null(option->help);
    }
    assert_non_null(command->example);
    lqa_option_clear(command->options, args);
    free(args);
  }
}

static void test_help_man_and_words_name_every_option(void **state) {
  (void)state;
  for (size_t i = 0; i < lqa_command_count(); i++) {
    const char *name = lqa_command_name(i);
    char *texts[] = {lqa_command_help(name, 90), lqa_command_man(name), lqa_command_words(name)};
    for (int t = 0; t < 3; t++) {
      assert_non_null(texts[t]);
      for (const lqa_option *o = lqa_command_find(name)->options; o->name; o++) {
        size_t first_word = strcspn(o->name, "-"); /* man pages escape the hyphens */
        char word[64];
        snprintf(word, sizeof word, "%.*s", (int)first_word, o->name);
        if (!o->environment_only) {
          assert_non_null(strstr(texts[t], word));
        }
      }
      lqa_free(texts[t]);
    }
    assert_non_null(lqa_command_summary(i));
  }
  assert_null(lqa_command_help("nonsense", 80));
}

static void expect_usage(const char *command, int argc, char **argv, const char *words) {
  lqa_call *call = NULL;
  lqa_result *result = NULL;
  lqa_error err;
  bool help = false;
  assert_int_equal(lqa_call_new(command, &call, &err), LQA_OK);
  lqa_status status = lqa_call_parse(call, argc, argv, &help, &err);
  if (status == LQA_OK) {
    status = lqa_call_run(call, &result, &err);
  }
  assert_int_equal(status, LQA_BAD_USAGE);
  if (!strstr(shown(&err), words)) {
    fail_msg("expected '%s' in '%s'", words, err.message);
  }
  lqa_call_free(call);
}

static void test_mistakes_are_named(void **state) {
  (void)state;
  lqa_call *call = NULL;
  lqa_error err;
  assert_int_equal(lqa_call_new("audti", &call, &err), LQA_BAD_USAGE);
  assert_non_null(strstr(err.message, "did you mean 'audit'"));
  expect_usage("audit", 2, (char *[]){"x.csv", "--lable=y"}, "--label");
  expect_usage("audit", 3, (char *[]){"x.csv", "--folds", "1"}, "from 2 to 64");
  expect_usage("audit", 2, (char *[]){"x.csv", "--folds"}, "needs a value");
  expect_usage("audit", 3, (char *[]){"x.csv", "--model", "forest"}, "auto|logistic");
  expect_usage("audit", 0, NULL, "SOURCE is missing");
  expect_usage("audit", 3, (char *[]){"x.csv", "--fail-if", "errors > 0"}, "findings.error");
  expect_usage("report", 2, (char *[]){"a", "b"}, "unexpected argument 'b'");
  expect_usage("evaluate", 1, (char *[]){"run"}, "--truth is required");
}

static void test_options_reach_the_result(void **state) {
  (void)state;
  lqa_call *call = NULL;
  lqa_result *result = NULL;
  bool help = false;
  char *argv[] = {"--format", "json", "--quiet"};
  assert_int_equal(lqa_call_new("checks", &call, NULL), LQA_OK);
  assert_int_equal(lqa_call_parse(call, 3, argv, &help, NULL), LQA_OK);
  assert_true(lqa_call_wants_json(call));
  assert_true(lqa_call_is_quiet(call));
  assert_int_equal(lqa_call_run(call, &result, NULL), LQA_OK);
  assert_non_null(strstr(lqa_result_json(result), "\"null-content\""));
  assert_non_null(strstr(lqa_result_text(result), "duplicate-conflict"));
  lqa_result_free(result);
  lqa_call_free(call);
}

static char *fake_environment(const char *name) {
  return strcmp(name, "LABELQA_DATA") == 0 ? "/nowhere/at/all.csv" : NULL;
}

static void test_environment_fills_what_was_not_set(void **state) {
  (void)state;
  lqa_call *call = NULL;
  lqa_result *result = NULL;
  lqa_error err;
  assert_int_equal(lqa_call_new("demo", &call, &err), LQA_OK);
  assert_int_equal(lqa_call_set(call, "out", "never-made", &err), LQA_OK);
  assert_int_equal(lqa_call_fill(call, fake_environment, &err), LQA_OK);
  assert_int_equal(lqa_call_run(call, &result, &err), LQA_BAD_FILE);
  assert_non_null(strstr(err.message, "/nowhere/at/all.csv"));
  lqa_call_free(call);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_table_is_sound),
      cmocka_unit_test(test_help_man_and_words_name_every_option),
      cmocka_unit_test(test_mistakes_are_named),
      cmocka_unit_test(test_options_reach_the_result),
      cmocka_unit_test(test_environment_fills_what_was_not_set),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
