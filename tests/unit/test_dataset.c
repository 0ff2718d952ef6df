/* Datasets from arrays: class order, NULLs, content hashes, lookups. */
#include "must.h"

#include "data/dataset/dataset.h"

#include <stdlib.h>
#include <string.h>

#define S(text) LQA_STR(text)

static lqa_dataset *build(const lqa_str *texts, const lqa_str *labels, int64_t n,
                          const lqa_str *classes, int32_t n_classes) {
  lqa_dataset *d = NULL;
  lqa_error err;
  MUST(lqa_dataset_from_arrays(n, texts, labels, classes, n_classes, &d, &err));
  return d;
}

static void assert_str(lqa_str s, const char *text) {
  assert_int_equal(s.size, strlen(text));
  assert_memory_equal(s.data, text, s.size);
}

static void test_content_and_hash(void **state) {
  (void)state;
  lqa_str texts[] = {S("Hello  World"), S("hello world "), S(""), {NULL, 0}, S(" \t\n"), S("a\0b")};
  lqa_str labels[] = {S("x"), S("y"), S("x"), S(""), {NULL, 0}, S(" ")};
  lqa_dataset *d = build(texts, labels, 6, NULL, 0);
  assert_memory_equal(&d->content_hash[0], &d->content_hash[1], sizeof(lqa_hash128));
  assert_true(lqa_dataset_has_content(d, 0) && lqa_dataset_has_content(d, 5));
  for (int row = 2; row <= 4; row++) {
    assert_false(lqa_dataset_has_content(d, row));
    assert_true(lqa_str_is_null(lqa_column_get(&d->content, row)));
    assert_true(d->content_hash[row].high == 0 && d->content_hash[row].low == 0);
    assert_false(lqa_dataset_is_scorable(d, row));
  }
  assert_int_equal(lqa_column_get(&d->content, 5).size, 3);
  assert_int_equal(d->n_classes, 2);
  const int32_t expected[] = {0, 1, 0, LQA_LABEL_NULL, LQA_LABEL_NULL, LQA_LABEL_NULL};
  assert_memory_equal(d->label, expected, sizeof expected);
  lqa_dataset_free(d);
}

static void test_class_order(void **state) {
  (void)state;
  lqa_str numbers[] = {S("10"), S("9"), S("-1"), S("01"), S("1"), S("9")};
  lqa_dataset *d = build(numbers, numbers, 6, NULL, 0);
  const char *numeric[] = {"-1", "01", "1", "9", "10"};
  assert_int_equal(d->n_classes, 5);
  for (int k = 0; k < 5; k++) {
    assert_str(d->classes[k], numeric[k]);
  }
  lqa_dataset_free(d);
  lqa_str mixed[] = {S("10"), S("9"), S("a"), S("\xc3\xa9"), S("Z")};
  d = build(mixed, mixed, 5, NULL, 0);
  const char *by_code_point[] = {"10", "9", "Z", "a", "\xc3\xa9"};
  for (int k = 0; k < 5; k++) {
    assert_str(d->classes[k], by_code_point[k]);
  }
  lqa_dataset_free(d);
}

static void test_given_classes(void **state) {
  (void)state;
  lqa_str labels[] = {S("b"), S("a"), S("MISC"), S("")};
  lqa_str classes[] = {S("b"), S("c"), S("a")};
  lqa_dataset *d = build(labels, labels, 4, classes, 3);
  const int32_t expected[] = {0, 2, LQA_LABEL_UNKNOWN, LQA_LABEL_NULL};
  assert_memory_equal(d->label, expected, sizeof expected);
  assert_true(d->classes_given);
  lqa_dataset_free(d);
  lqa_str twice[] = {S("a"), S("a")};
  lqa_error err;
  lqa_dataset *none = NULL;
  assert_int_equal(lqa_dataset_from_arrays(4, labels, labels, twice, 2, &none, &err),
                   LQA_BAD_USAGE);
  assert_non_null(strstr(err.message, "'a' is given twice"));
  assert_null(none);
}

static void test_lookups(void **state) {
  (void)state;
  lqa_str texts[] = {S("one"), S("two")};
  lqa_dataset *d = build(texts, texts, 2, NULL, 0);
  char scratch[24];
  int64_t row_in_file = -1;
  assert_str(lqa_dataset_row_id(d, 1, scratch), "1");
  assert_string_equal(lqa_dataset_file_of(d, 1, &row_in_file)->path, "(memory)");
  assert_int_equal(row_in_file, 1);
  assert_false(lqa_dataset_has_role(d, LQA_ROLE_ID));
  lqa_dataset_free(d);
  d = build(NULL, texts, 2, NULL, 0);
  assert_int_equal(d->kind, LQA_CONTENT_NONE);
  assert_true(lqa_dataset_is_scorable(d, 0));
  lqa_dataset_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_content_and_hash),
      cmocka_unit_test(test_class_order),
      cmocka_unit_test(test_given_classes),
      cmocka_unit_test(test_lookups),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
