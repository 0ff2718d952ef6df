/* Labels as people write them: lists of one, missing ones, codes with names, integers of any size.
 */
#include "data/dataset/labels.h"
#include "data/source/source_labels.h"
#include "source_fixture.h"

static void assert_element(const char *label, size_t n, const char *expected) {
  lqa_arena arena;
  lqa_str element = {NULL, 0};
  lqa_arena_init(&arena);
  assert_int_equal(lqa_label_unwrap(lqa_str_from(label), &arena, &element), n);
  if (n == 1) {
    assert_true(lqa_str_equal(element, lqa_str_from(expected)));
  }
  lqa_arena_clear(&arena);
}

static void test_unwrap(void **state) {
  (void)state;
  assert_element("card", 1, "card");
  assert_element("[\"card\"]", 1, "card");
  assert_element("['card']", 1, "card");
  assert_element("[card]", 1, "card");
  assert_element(" [ \"a, b\" ] ", 1, "a, b");
  assert_element("[\"a\\u00e9\\\"\"]", 1, "a\xC3\xA9\"");
  assert_element("{\"choices\": [\"x\"]}", 1, "x");
  assert_element("{'label': 'it'}", 1, "it");
  assert_element("[don't know]", 1, "don't know");
  assert_element("[1]", 1, "1");
  assert_element("[]", 0, "");
  assert_element("{}", 0, "");
  assert_element("[null]", 0, "");
  assert_element("['a', 'b']", 2, "");
  assert_element("{\"choices\": [\"x\", \"y\"]}", 2, "");
  assert_element("[a, b, c]", 3, "");
}

static void assert_classes(const lqa_dataset *d, const char *expected) {
  char listed[500] = "";
  for (int32_t k = 0; k < d->n_classes; k++) {
    snprintf(listed + strlen(listed), sizeof listed - strlen(listed), "%s%.*s", k ? "|" : "",
             (int)d->classes[k].size, d->classes[k].data);
  }
  assert_string_equal(listed, expected);
}

static void test_lists(void **state) {
  (void)state;
  write_text("l.jsonl", "{\"text\":\"a b\",\"label\":[\"x\"]}\n{\"text\":\"c d\",\"label\":[]}\n"
                        "{\"text\":\"e f\",\"label\":[\"y\"]}\n");
  lqa_dataset *d = load(options_for("l.jsonl", NULL));
  assert_classes(d, "x|y");
  assert_int_equal(d->label[1], LQA_LABEL_NULL);
  lqa_dataset_free(d);
  write_text("m.csv", "text,label\na b,\"['x']\"\nc d,\"['x', 'y']\"\n");
  assert_refused(options_for("m.csv", NULL), LQA_BAD_DATA,
                 "m.csv, row 1, column 'label': 2 labels in one cell|multi-label");
}

static void test_missing(void **state) {
  (void)state;
  const char *missing[] = {"-1", "?"};
  write_text("c.csv", "text,label\na b,0\nc d,1\ne f,2\ng h,-1\ni j,-1\nk l,?\n");
  lqa_source_options o = options_for("c.csv", NULL);
  lqa_dataset *d = load(o);
  assert_non_null(strstr(fixture_messages.data, "class '?' (1 row) looks like a missing label"));
  lqa_dataset_free(d);
  o.missing_labels = (lqa_text_list){missing + 1, 1};
  d = load(o);
  assert_classes(d, "-1|0|1|2");
  assert_non_null(strstr(fixture_messages.data, "class '-1' (2 rows) looks like a missing label; "
                                                "if it is, say --missing-label '-1'"));
  lqa_dataset_free(d);
  o.missing_labels = (lqa_text_list){missing, 2};
  d = load(o);
  assert_classes(d, "0|1|2");
  assert_null(strstr(fixture_messages.data, "looks like"));
  lqa_dataset_free(d);
  write_text("p.csv", "text,label\na b,-1\nc d,1\ne f,0\n"); /* a polarity */
  d = load(options_for("p.csv", NULL));
  assert_null(strstr(fixture_messages.data, "looks like"));
  lqa_dataset_free(d);
}

static void test_names(void **state) {
  (void)state;
  const char *names[] = {"2=World", "1=Sports", "0=Arts", "7=Never"}, *wrong[] = {"World"};
  write_text("n.csv", "text,label\na b,0\nc d,1\ne f,2\ng h,5\n");
  lqa_source_options o = options_for("n.csv", NULL);
  o.class_names = (lqa_text_list){names, 4};
  lqa_dataset *d = load(o);
  assert_classes(d, "World|Sports|Arts|5");
  assert_true(lqa_str_equal(lqa_column_get(&d->label_text, 0), LQA_STR("Arts")));
  assert_false(d->classes_given);
  lqa_dataset_free(d);
  o.class_names = (lqa_text_list){wrong, 1};
  assert_refused(o, LQA_BAD_USAGE, "--class-names takes CODE=NAME, as 0=World, not 'World'");
}

/* ClassLabel of Hugging Face's datasets in a Parquet file's metadata. */
static void test_parquet_names(void **state) {
  (void)state;
  lqa_database_options options = {.n_threads = 1};
  lqa_database *database = NULL;
  lqa_error err;
  assert_int_equal(lqa_database_open(&options, &database, &err), LQA_OK);
  assert_int_equal(
      lqa_database_run(database,
                       "COPY (SELECT 'text of ' || i AS text, i % 3 - 1 AS label FROM range(30) "
                       "t(i)) TO 'h.parquet' (FORMAT parquet, KV_METADATA {huggingface: "
                       "'{\"info\": {\"features\": {\"label\": {\"names\": [\"no\", \"yes\"], "
                       "\"_type\": \"ClassLabel\"}}}}'})",
                       NULL, 0, &err),
      LQA_OK);
  lqa_database_close(database);
  lqa_dataset *d = load(options_for("h.parquet", NULL));
  assert_classes(d, "no|yes");
  assert_int_equal(d->label[0], LQA_LABEL_NULL); /* -1: not labelled */
  assert_int_equal(d->label[2], 1);
  lqa_dataset_free(d);
}

static void test_integers(void **state) {
  (void)state;
  lqa_str classes[] = {
      LQA_STR("18446744073709551615"), LQA_STR("5"),   LQA_STR("-2"),
      LQA_STR("9223372036854775808"),  LQA_STR("007"), LQA_STR("-99999999999999999999")};
  static const char *const sorted[] = {
      "-99999999999999999999", "-2", "5", "007", "9223372036854775808", "18446744073709551615"};
  lqa_labels_sort(classes, 6);
  for (int i = 0; i < 6; i++) {
    assert_true(lqa_str_equal(classes[i], lqa_str_from(sorted[i])));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_unwrap),        cmocka_unit_test(test_lists),
      cmocka_unit_test(test_missing),       cmocka_unit_test(test_names),
      cmocka_unit_test(test_parquet_names), cmocka_unit_test(test_integers)};
  return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
