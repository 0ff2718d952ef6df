/* Option tables: every kind from text, precise messages, ownership, help. */
#include "shown.h"
#include "base/option.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

struct args {
  int overwrite;
  int64_t folds;
  double C;
  const char *label, *model, *key, *url;
  uint64_t memory;
  lqa_text_list ngrams, classes, fail_if, checks;
};

#define AT(field) offsetof(struct args, field)
static const lqa_option table[] = {
    {.name = "overwrite", .kind = LQA_OPTION_FLAG, .offset = AT(overwrite), .help = "replace it"},
    {.name = "folds",
     .kind = LQA_OPTION_INT,
     .offset = AT(folds),
     .default_value = "5",
     .min = 2,
     .max = 100,
     .argument = "K",
     .help = "folds of the cross-validation",
     .group = "Model"},
    {.name = "C",
     .kind = LQA_OPTION_DOUBLE,
     .offset = AT(C),
     .default_value = "1.0",
     .min = 1e-9,
     .max = 1e300,
     .help = "inverse strength",
     .group = "Model"},
    {.name = "label",
     .kind = LQA_OPTION_TEXT,
     .offset = AT(label),
     .argument = "COL",
     .help = "column of the label",
     .required = true},
    {.name = "model",
     .kind = LQA_OPTION_CHOICE,
     .offset = AT(model),
     .default_value = "auto",
     .choices = "auto|logistic|naive-bayes",
     .help = "what is trained",
     .group = "Model"},
    {.name = "memory-limit",
     .kind = LQA_OPTION_SIZE,
     .offset = AT(memory),
     .default_value = "64MB",
     .help = "ceiling"},
    {.name = "ngrams",
     .kind = LQA_OPTION_TEXT_LIST,
     .offset = AT(ngrams),
     .split_commas = true,
     .default_value = "1,2",
     .default_list = (const char *const[]){"1", "2", NULL},
     .help = "word n-grams",
     .group = "Model"},
    {.name = "classes",
     .kind = LQA_OPTION_TEXT_LIST,
     .offset = AT(classes),
     .split_commas = true,
     .help = "the known labels"},
    {.name = "fail-if", .kind = LQA_OPTION_TEXT_LIST, .offset = AT(fail_if), .help = "conditions"},
    {.name = "checks",
     .kind = LQA_OPTION_TEXT_LIST,
     .offset = AT(checks),
     .split_commas = true,
     .default_value = "all",
     .help = "which checks run"},
    {.name = "base-url",
     .kind = LQA_OPTION_TEXT,
     .offset = AT(url),
     .environment = "BASE_URL",
     .help = "where the judge is"},
    {.name = "key",
     .kind = LQA_OPTION_TEXT,
     .offset = AT(key),
     .environment = "KEY",
     .environment_only = true},
    {.name = NULL}};

static struct args fresh(void) {
  struct args args = {0};
  assert_int_equal(lqa_option_init(table, &args, NULL), LQA_OK);
  return args;
}

static void expect_usage(struct args *args, const char *name, const char *value,
                         const char *message) {
  lqa_error err;
  assert_int_equal(lqa_option_set(table, args, name, value, &err), LQA_BAD_USAGE);
  assert_string_equal(shown(&err), message);
}

static void set(struct args *args, const char *name, const char *value) {
  lqa_error err;
  lqa_error_clear(&err);
  lqa_status status = lqa_option_set(table, args, name, value, &err);
  assert_string_equal(err.message, "");
  assert_int_equal(status, LQA_OK);
}

static void test_defaults(void **state) {
  (void)state;
  struct args args = fresh();
  assert_int_equal(args.folds, 5);
  assert_true(args.C == 1.0);
  assert_null(args.label);
  assert_string_equal(args.model, "auto");
  assert_int_equal(args.memory, 64000000);
  assert_int_equal(args.ngrams.n, 2);
  assert_string_equal(args.ngrams.items[1], "2");
  assert_int_equal(args.checks.n, 1);
  assert_string_equal(args.checks.items[0], "all");
  assert_int_equal(args.classes.n, 0);
  /* Nothing is owned yet: leak checkers see a struct dropped here without lqa_option_clear. */
}

static void test_bad_tables_are_told(void **state) {
  (void)state;
  lqa_option bad[] = {table[6], {.name = NULL}};
  bad[0].default_list = NULL;
  struct args args = {0};
  lqa_error err;
  assert_int_equal(lqa_option_init(bad, &args, &err), LQA_INTERNAL);
  bad[0] = table[4];
  bad[0].default_value = "trees";
  assert_int_equal(lqa_option_init(bad, &args, &err), LQA_INTERNAL);
  bad[0] = table[1];
  bad[0].default_value = "1";
  assert_int_equal(lqa_option_init(bad, &args, &err), LQA_INTERNAL);
}

static void test_numbers(void **state) {
  (void)state;
  struct args args = fresh();
  set(&args, "folds", "100");
  assert_int_equal(args.folds, 100);
  const char *bad_ints[] = {"1", "101", "5.0", "", " 5", "5 ", "+5", "0x5", "99999999999999999999"};
  for (size_t i = 0; i < sizeof bad_ints / sizeof *bad_ints; i++) {
    char expected[200];
    snprintf(expected, sizeof expected, "option --folds: '%s' is not a whole number from 2 to 100",
             bad_ints[i]);
    expect_usage(&args, "folds", bad_ints[i], expected);
  }
  assert_int_equal(args.folds, 100);
  set(&args, "C", "2.5e-1");
  assert_true(args.C == 0.25);
  expect_usage(&args, "C", "0", "option --C: '0' is not a number of at least 1e-09");
  expect_usage(&args, "C", "nan", "option --C: 'nan' is not a number of at least 1e-09");
  expect_usage(&args, "C", "inf", "option --C: 'inf' is not a number of at least 1e-09");
  lqa_option_clear(table, &args);
  assert_int_equal(args.folds, 0);
}

static void test_sizes(void **state) {
  (void)state;
  struct args args = fresh();
  const struct {
    const char *text;
    uint64_t bytes;
  } good[] = {{"0", 0},
              {"1000", 1000},
              {"512MB", 512000000},
              {"2GB", 2000000000},
              {"64MiB", 67108864},
              {"1.5 kib", 1536},
              {"3k", 3000},
              {"7B", 7},
              {"1TB", 1000000000000}};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    set(&args, "memory_limit", good[i].text);
    assert_int_equal(args.memory, good[i].bytes);
  }
  const char *bad[] = {"", "GB", "1XB", "-1", "1 G B", "1GBs", "9999999PB", "1..5", "1e3"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char expected[200];
    snprintf(expected, sizeof expected,
             "option --memory-limit: '%s' is not a size such as 512MB, 2GB, 64MiB or 1000000",
             bad[i]);
    expect_usage(&args, "memory-limit", bad[i], expected);
  }
  assert_int_equal(args.memory, 1000000000000);
}

static void test_texts_choices_flags(void **state) {
  (void)state;
  struct args args = fresh();
  set(&args, "label", "category");
  set(&args, "label", "");
  assert_string_equal(args.label, "");
  set(&args, "model", "naive-bayes");
  expect_usage(&args, "model", "naive",
               "option --model: 'naive' is not one of auto|logistic|naive-bayes");
  expect_usage(&args, "model", "", "option --model: '' is not one of auto|logistic|naive-bayes");
  expect_usage(&args, "model", "auto|logistic",
               "option --model: 'auto|logistic' is not one of auto|logistic|naive-bayes");
  assert_string_equal(args.model, "naive-bayes");
  set(&args, "overwrite", NULL);
  assert_int_equal(args.overwrite, 1);
  set(&args, "overwrite", "False");
  assert_int_equal(args.overwrite, 0);
  set(&args, "overwrite", "on");
  assert_int_equal(args.overwrite, 1);
  expect_usage(&args, "overwrite", "maybe", "option --overwrite: 'maybe' is neither yes nor no");
  expect_usage(&args, "label", NULL, "option --label needs a value: --label COL");
  lqa_option_clear(table, &args);
  assert_null(args.label);
}

static void assert_items(const lqa_text_list *list, size_t n, const char *const *items) {
  assert_int_equal(list->n, n);
  for (size_t i = 0; i < n; i++) {
    assert_string_equal(list->items[i], items[i]);
  }
}

static void test_lists(void **state) {
  (void)state;
  struct args args = fresh();
  set(&args, "classes", "A,\"B, or \"\"C\"\"\",5\" pipe");
  set(&args, "classes", "\"\"");
  assert_items(&args.classes, 4, (const char *const[]){"A", "B, or \"C\"", "5\" pipe", ""});
  set(&args, "ngrams", "3"); /* drops the default */
  set(&args, "ngrams", "4,5");
  assert_items(&args.ngrams, 3, (const char *const[]){"3", "4", "5"});
  set(&args, "checks", "basic");
  assert_items(&args.checks, 1, (const char *const[]){"basic"});
  set(&args, "fail-if", "a > 1, b");
  set(&args, "fail-if", "");
  assert_items(&args.fail_if, 2, (const char *const[]){"a > 1, b", ""});
  const char *bad[] = {"", "A,", ",A", "A,,B", "\"A", "\"A\"B", "A,\"", "\"A\","};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char expected[200];
    snprintf(expected, sizeof expected,
             "option --classes: '%s' is not a list such as A,B,\"C, with a comma\"", bad[i]);
    expect_usage(&args, "classes", bad[i], expected);
  }
  assert_int_equal(args.classes.n, 4);
  lqa_option_clear(table, &args);
  assert_null(args.classes.items);
}

static void test_unknown_names(void **state) {
  (void)state;
  struct args args = fresh();
  expect_usage(&args, "fold", "3", "unknown option --fold; did you mean --folds?");
  expect_usage(&args, "lable", "x", "unknown option --lable; did you mean --label?");
  expect_usage(&args, "mem", "x", "unknown option --mem; did you mean --memory-limit?");
  expect_usage(&args, "memroy-limit", "x",
               "unknown option --memroy-limit; did you mean --memory-limit?");
  expect_usage(&args, "zebra", "x",
               "unknown option --zebra; the help of the command lists its "
               "options");
  expect_usage(&args, "key", "secret",
               "unknown option --key; the help of the command lists its "
               "options");
  assert_null(args.key);
}

static char *lookup(const char *name) {
  return strcmp(name, "KEY") == 0 ? "sk-1" : strcmp(name, "BASE_URL") == 0 ? "http://e" : NULL;
}

static void test_environment(void **state) {
  (void)state;
  struct args args = fresh();
  set(&args, "base-url", "http://mine");
  assert_int_equal(lqa_option_fill(table, &args, lookup, NULL), LQA_OK);
  assert_string_equal(args.key, "sk-1");
  assert_string_equal(args.url, "http://mine");
  lqa_option_clear(table, &args);
  assert_int_equal(lqa_option_fill(table, &args, lookup, NULL), LQA_OK);
  assert_string_equal(args.url, "http://e");
  lqa_option_clear(table, &args);
}

static void test_required(void **state) {
  (void)state;
  struct args args = fresh();
  lqa_error err;
  assert_int_equal(lqa_option_check(table, &args, &err), LQA_BAD_USAGE);
  assert_string_equal(shown(&err), "option --label is required: column of the label");
  set(&args, "label", "y");
  assert_int_equal(lqa_option_check(table, &args, &err), LQA_OK);
  lqa_option_clear(table, &args);
}

static void test_help(void **state) {
  (void)state;
  lqa_buf out;
  lqa_buf_init(&out, 1 << 20);
  lqa_option_help(table, 60, &out);
  assert_string_equal(out.data, "Options:\n"
                                "  --overwrite               replace it\n"
                                "  --label COL               column of the label (required)\n"
                                "  --memory-limit SIZE       ceiling (default 64MB)\n"
                                "  --classes TEXT            the known labels\n"
                                "                            (comma-separated, repeatable)\n"
                                "  --fail-if TEXT            conditions (repeatable)\n"
                                "  --checks TEXT             which checks run\n"
                                "                            (comma-separated, repeatable;\n"
                                "                            default all)\n"
                                "  --base-url TEXT           where the judge is (else\n"
                                "                            $BASE_URL)\n"
                                "\n"
                                "Model:\n"
                                "  --folds K                 folds of the cross-validation\n"
                                "                            (default 5)\n"
                                "  --C X                     inverse strength (default 1.0)\n"
                                "  --model auto|logistic|naive-bayes\n"
                                "                            what is trained (default auto)\n"
                                "  --ngrams TEXT             word n-grams (comma-separated,\n"
                                "                            repeatable; default 1,2)\n");
  lqa_buf_clear(&out);
}

static void test_help_stays_in_width(void **state) {
  (void)state;
  for (int width = 52; width < 140; width++) {
    lqa_buf out;
    lqa_buf_init(&out, 1 << 20);
    lqa_option_help(table, width, &out);
    for (const char *line = out.data; *line;) {
      size_t size = strcspn(line, "\n");
      assert_true(size <= (size_t)width);
      assert_true(size == 0 || line[size - 1] != ' ');
      line += size + 1;
    }
    lqa_buf_clear(&out);
  }
}

static void test_man_and_words(void **state) {
  (void)state;
  const lqa_option two[] = {{.name = "memory-limit", .kind = LQA_OPTION_SIZE, .help = ".a \\ b"},
                            {.name = "key", .environment_only = true},
                            {.name = NULL}};
  lqa_buf out;
  lqa_buf_init(&out, 1 << 20);
  lqa_option_man(two, &out);
  assert_string_equal(out.data, ".SS Options\n.TP\n\\fB\\-\\-memory\\-limit\\fR \\fISIZE\\fR\n"
                                "\\&.a \\e b\n");
  lqa_buf_reset(&out);
  lqa_option_words(two, &out);
  assert_string_equal(out.data, "--memory-limit\n");
  lqa_buf_clear(&out);
}

/* Every allocation fails once: an error each time, no leak, no list half set. */
static void test_failing_memory(void **state) {
  (void)state;
  for (long n = 1; n < 100; n++) {
    struct args args = fresh();
    lqa_memory_fail_after(n);
    lqa_status status = lqa_option_set(table, &args, "classes", "A,B", NULL);
    if (status == LQA_OK) {
      status = lqa_option_set(table, &args, "ngrams", "7", NULL);
    }
    lqa_memory_fail_after(0);
    bool are_whole = (args.classes.n == 0 || args.classes.n == 2) && args.ngrams.n > 0;
    lqa_option_clear(table, &args);
    assert_true(are_whole);
    if (status == LQA_OK) {
      assert_true(n > 5);
      return;
    }
    assert_int_equal(status, LQA_NO_MEMORY);
  }
  fail_msg("never succeeded");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_defaults),
      cmocka_unit_test(test_bad_tables_are_told),
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_sizes),
      cmocka_unit_test(test_texts_choices_flags),
      cmocka_unit_test(test_lists),
      cmocka_unit_test(test_unknown_names),
      cmocka_unit_test(test_environment),
      cmocka_unit_test(test_required),
      cmocka_unit_test(test_help),
      cmocka_unit_test(test_help_stays_in_width),
      cmocka_unit_test(test_man_and_words),
      cmocka_unit_test(test_failing_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
