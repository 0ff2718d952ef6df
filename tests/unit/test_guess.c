/* Which column is what: tables, patterns, splits, and the error that asks. */
#include "source_fixture.h"

static void write_table(const char *name) {
  FILE *file = fopen(name, "w");
  fputs("key,survived,sex,age,fare,name\n", file);
  for (int i = 0; i < 60; i++) {
    fprintf(file, "%d,%d,%s,%d,%d.5,\"Smith, Mr. J. %d\"\n", i + 1, i % 2, i % 3 ? "f" : "m",
            20 + i * 7 % 50, i * 13 % 40, i);
  }
  fclose(file);
}

static void assert_features(const lqa_dataset *d, const char *names) {
  char listed[500] = "";
  for (int32_t i = 0; i < d->n_features; i++) {
    snprintf(listed + strlen(listed), sizeof listed - strlen(listed), "%s%s", i ? "," : "",
             d->features[i].name);
  }
  assert_string_equal(listed, names);
}

/* A name of a person is no text beside numbers and categories. */
static void test_table(void **state) {
  (void)state;
  write_table("t.csv");
  lqa_dataset *d = load(options_for("t.csv", NULL));
  assert_int_equal(d->kind, LQA_CONTENT_TABLE);
  assert_string_equal(d->label_text.name, "survived");
  assert_string_equal(d->roles[LQA_ROLE_ID].name, "key");
  assert_features(d, "sex,age,fare");
  assert_non_null(
      strstr(fixture_messages.data, "a table of the other columns but 'name' (nearly every row"));
  lqa_dataset_free(d);
}

static void test_patterns(void **state) {
  (void)state;
  const char *all[] = {"*"}, *some[] = {"?ge", "f*", "sex"}, *none[] = {"x*"};
  const char *out[] = {"na*", "Sex"};
  lqa_source_options o = options_for("t.csv", NULL);
  o.features = (lqa_text_list){all, 1};
  lqa_dataset *d = load(o);
  assert_features(d, "sex,age,fare,name");
  lqa_dataset_free(d);
  o.exclude = (lqa_text_list){out, 2};
  d = load(o);
  assert_features(d, "age,fare");
  lqa_dataset_free(d);
  o.features = (lqa_text_list){some, 3};
  o.exclude.n = 0;
  d = load(o);
  assert_features(d, "age,fare,sex");
  lqa_dataset_free(d);
  o.features = (lqa_text_list){none, 1};
  assert_refused(o, LQA_BAD_USAGE, "--features 'x*' matches no column");
  o.features = (lqa_text_list){all, 1};
  o.exclude = (lqa_text_list){none, 1};
  assert_refused(o, LQA_BAD_USAGE, "--exclude 'x*' matches no column");
  o.exclude = (lqa_text_list){all, 1};
  o.label = "survived";
  assert_refused(o, LQA_BAD_USAGE, "matches no column that has no other part");
}

static void test_splits(void **state) {
  (void)state;
  write_text("s.csv", "text,label,split\nsome words here,a,train\nother words there,b,Test\n");
  lqa_dataset *d = load(options_for("s.csv", NULL));
  assert_string_equal(d->roles[LQA_ROLE_SPLIT].name, "split");
  assert_non_null(strstr(fixture_messages.data, "split from 'split'"));
  lqa_dataset_free(d);
  write_text("n.csv", "text,label,split\nsome words here,a,left\nother words there,b,right\n");
  d = load(options_for("n.csv", NULL));
  assert_null(d->roles[LQA_ROLE_SPLIT].name);
  lqa_dataset_free(d);
  write_text("x_train.csv", "text,label\nsome words here,a\nmore words,b\n");
  write_text("x_test.csv", "text,label\nother words there,b\n");
  d = load(options_for("x_train.csv", "x_test.csv"));
  assert_true(lqa_str_equal(lqa_column_get(&d->roles[LQA_ROLE_SPLIT], 1), LQA_STR("train")));
  assert_true(lqa_str_equal(lqa_column_get(&d->roles[LQA_ROLE_SPLIT], 2), LQA_STR("test")));
  assert_non_null(strstr(fixture_messages.data, "split from the names of the files"));
  lqa_dataset_free(d);
  d = load(options_for("x_train.csv", NULL)); /* one file: no split */
  assert_null(d->roles[LQA_ROLE_SPLIT].name);
  lqa_dataset_free(d);
}

/* One column of probabilities, of two classes; patterns name such columns, too. */
static void test_one_probability(void **state) {
  (void)state;
  const char *one[] = {"p_*"}, *first[] = {"q ham"};
  write_text("p.csv", "text,label,p_1,q ham\na b,ham,.25,.75\nc d,spam,.5,.5\n");
  lqa_source_options o = options_for("p.csv", NULL);
  o.pred_probs = (lqa_text_list){one, 1};
  lqa_dataset *d = load(o);
  assert_true(lqa_matrix_get(d->pred_probs, 0, 0) == .75);
  assert_true(lqa_matrix_get(d->pred_probs, 0, 1) == .25);
  assert_non_null(
      strstr(fixture_messages.data, "'p_1' is taken for the probability of class 'spam'"));
  lqa_dataset_free(d);
  o.pred_probs = (lqa_text_list){first, 1};
  d = load(o);
  assert_true(lqa_matrix_get(d->pred_probs, 0, 0) == .75);
  assert_non_null(strstr(fixture_messages.data, "the probability of class 'ham'"));
  lqa_dataset_free(d);
}

static void test_question(void **state) {
  (void)state;
  FILE *file = fopen("q's.csv", "w");
  fputs("a,b,odd one\n", file);
  for (int i = 0; i < 30; i++) {
    fprintf(file, "%d,%d.5,%s\n", i * 3 % 7, i, i % 2 ? "yes" : "no");
  }
  fclose(file);
  assert_refused(options_for("q's.csv", NULL), LQA_BAD_USAGE,
                 "no column looks like the label|a: whole numbers: 0 | 3 | 6|b: numbers: 0.5|"
                 "odd one: categories: no | yes|labelqa audit 'q'\\''s.csv' --features '*' "
                 "--label 'odd one'");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_table), cmocka_unit_test(test_patterns), cmocka_unit_test(test_splits),
      cmocka_unit_test(test_one_probability), cmocka_unit_test(test_question)};
  return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
