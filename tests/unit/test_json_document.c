/* JSON that is no list of flat objects: shapes of documents, exports of labelling tools. */
#include "source_fixture.h"

/* The file's rows: text, label, text, label, ..., NULL ends; "-" is NULL. */
static lqa_dataset *assert_texts(const char *name, const char *json, const char *what,
                                 const char *const *expected) {
  write_text(name, json);
  lqa_source_options o = options_for(name, NULL);
  o.one_class_allowed = true;
  lqa_dataset *d = load(o);
  if (what && !strstr(fixture_messages.data, what)) {
    fail_msg("'%s' is not in: %s", what, fixture_messages.data);
  }
  int64_t row = 0;
  for (; expected[2 * row]; row++) {
    lqa_str text = lqa_column_get(&d->content, row), label = lqa_column_get(&d->label_text, row);
    assert_true(lqa_str_equal(text, lqa_str_from(expected[2 * row])));
    bool is_null = strcmp(expected[2 * row + 1], "-") == 0;
    assert_true(is_null ? lqa_str_is_null(label)
                        : lqa_str_equal(label, lqa_str_from(expected[2 * row + 1])));
  }
  assert_int_equal(d->n_rows, row);
  return d;
}

static void assert_two(const char *json, const char *what) {
  static const char *const expected[] = {"one \"text\"", "a", "other text", "b", NULL};
  lqa_dataset_free(assert_texts("d.json", json, what, expected));
}

static void test_documents(void **state) {
  (void)state;
  assert_two("{\"data\": [{\"text\": \"one \\\"text\\\"\", \"label\": \"a\"},"
             "{\"text\": \"other text\", \"label\": \"b\"}], \"version\": 1}",
             "one list of rows");
  assert_two("{\"text\": [\"one \\\"text\\\"\", \"other text\"], \"label\": [\"a\", \"b\"]}",
             "object of columns");
  assert_two("{\"text\": {\"0\": \"one \\\"text\\\"\", \"1\": \"other text\"},"
             "\"label\": {\"0\": \"a\", \"1\": \"b\"}}",
             "object of columns");
  assert_two("{\"7\": {\"label\": \"a\", \"text\": \"one \\\"text\\\"\"},"
             "\"8\": {\"label\": \"b\", \"text\": \"other text\", \"n\": 2}}",
             "object of rows");
}

static void test_splits(void **state) {
  (void)state;
  static const char *const expected[] = {"one text",   "a", "other text", "b",
                                         "third text", "a", NULL};
  lqa_dataset *d = assert_texts("c.json",
                                "{\"train\": [[\"one text\", \"a\"], [\"other text\", \"b\"]],"
                                "\"test\": [[\"third text\", \"a\"]]}",
                                "their key is the split", expected);
  assert_true(lqa_str_equal(lqa_column_get(&d->roles[LQA_ROLE_SPLIT], 2), LQA_STR("test")));
  assert_int_equal(d->files[0].size_bytes, 81); /* the file's own, not what it was made to */
  lqa_dataset_free(d);
  lqa_dataset_free(assert_texts("l.json",
                                "[[\"a\", \"one text\"], [\"b\", \"other text\"], [\"a\", \"third "
                                "text\"]]",
                                "a list of lists", expected));
  lqa_dataset_free(assert_texts(
      "b.json",
      "{\"a\": [\"one text\"], \"b\": [\"other text\"], \"a \": [\"third "
      "text\"]}",
      "texts under their label",
      (const char *const[]){"one text", "a", "other text", "b", "third text", "a ", NULL}));
}

static void test_exports(void **state) {
  (void)state;
  static const char *const expected[] = {"one text", "a", "other text", "-", NULL};
  lqa_dataset *d = assert_texts(
      "s.json",
      "[{\"id\": 4, \"data\": {\"text\": \"one text\"}, \"annotations\": [{\"was_cancelled\": true,"
      "\"result\": [{\"value\": {\"choices\": [\"z\"]}}]}, {\"completed_by\": {\"email\": "
      "\"m@x.y\"},"
      "\"result\": [{\"value\": {\"choices\": [\"a\"]}}]}]},"
      "{\"id\": 5, \"data\": {\"text\": \"other text\"}, \"annotations\": []}]",
      "export of Label Studio", expected);
  assert_string_equal(d->roles[LQA_ROLE_ID].name, "id");
  lqa_dataset_free(d);
  lqa_dataset_free(assert_texts(
      "p.jsonl",
      "{\"text\":\"one text\",\"_input_hash\":1,\"accept\":[\"a\"],\"answer\":\"accept\"}\n"
      "{\"text\":\"other text\",\"_input_hash\":2,\"accept\":[\"b\"],\"answer\":\"ignore\"}\n",
      "export of Prodigy", expected));
  lqa_dataset_free(
      assert_texts("a.jsonl",
                   "{\"id\":\"1\",\"fields\":{\"text\":\"one "
                   "text\"},\"responses\":{\"label\":[{\"value\":\"a\"}]}}\n"
                   "{\"id\":\"2\",\"fields\":{\"text\":\"other text\"},\"responses\":{}}\n",
                   "export of Argilla", expected));
  lqa_dataset_free(assert_texts("o.jsonl",
                                "{\"id\":1,\"text\":\"one text\",\"label\":[\"a\"]}\n"
                                "{\"id\":2,\"text\":\"other text\",\"label\":[]}\n",
                                NULL, expected));
}

/* Damage is told as for any JSON file. */
static void test_damage(void **state) {
  (void)state;
  write_text("x.json", "{\"train\": [[\"one text\", \"a\"], [\"other\"");
  assert_refused(options_for("x.json", NULL), LQA_BAD_DATA, "x.json|cut off");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_documents),
                                     cmocka_unit_test(test_splits), cmocka_unit_test(test_exports),
                                     cmocka_unit_test(test_damage)};
  return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
