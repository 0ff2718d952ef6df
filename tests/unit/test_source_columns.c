/* tests/unit/test_source_columns.c - which columns a source has and what they are: header or none,
 * columns named, guessed, and guesses that the rows refute. */
#include "source_fixture.h"

static void test_header_rule(void **state) {
  (void)state;
  write_text("h1.csv", "wordy,kind\nlong words here to read,x\nother words there to read,y\n"
                       "third words,x\nfourth words,y\n");
  lqa_source_options o = options_for("h1.csv", NULL);
  lqa_dataset *d = load(o); /* no known name, but nothing like the rows below */
  assert_int_equal(d->n_rows, 4);
  assert_string_equal(d->label_text.name, "kind");
  assert_non_null(strstr(fixture_messages.data, "guessed: text from 'wordy', label from 'kind'"));
  lqa_dataset_free(d);
  write_text("h0.csv", "long words here to read,x\nother words there to read,y\nthird words,x\n"
                       "fourth words,y\n");
  d = load(options_for("h0.csv", NULL));
  assert_int_equal(d->n_rows, 4);
  assert_non_null(
      strstr(fixture_messages.data,
             "warning: h0.csv: the first record (long words here to read, x) is read as "
             "data, because 'x' occurs again below it; if it is the header, say "
             "--header yes"));
  lqa_dataset_free(d);
  o.header = "yes";
  d = load(o);
  assert_int_equal(d->n_rows, 4);
  lqa_dataset_free(d);
  o.header = NULL;
  o.label = "kind"; /* a named column makes it a header */
  d = load(o);
  assert_int_equal(d->n_rows, 4);
  lqa_dataset_free(d);
  o.header = "no";
  assert_refused(o, LQA_BAD_USAGE,
                 "no column 'kind'|column0, column1|is read as data|--columns|--header yes");
  const char *names[] = {"wordy", "kind"};
  o.columns = (lqa_text_list){names, 2};
  d = load(o);
  assert_int_equal(d->n_rows, 5);
  lqa_dataset_free(d);
  o.header = "auto"; /* the first record is exactly the names */
  d = load(o);
  assert_int_equal(d->n_rows, 4);
  lqa_dataset_free(d);
  o.columns.n = 1;
  o.label = NULL;
  assert_refused(o, LQA_BAD_USAGE,
                 "--columns names 1 columns, but the first record of 'h1.csv' has 2");
  o.header = "yes";
  assert_refused(o, LQA_BAD_USAGE, "--columns|--header yes");
  o.header = "perhaps";
  assert_refused(o, LQA_BAD_USAGE, "--header is yes, no or auto, not 'perhaps'");
}

static void test_headerless(void **state) {
  (void)state;
  write_text("n.csv",
             "\"3\",\"A title\",\"Some words, more\"\n\"4\",\"Another\",\"Other \"\"words\"\"\"\n");
  lqa_source_options o = options_for("n.csv", NULL);
  const char *names[] = {"class", "title", "description"}, *texts[] = {"title", "description"};
  o.columns = (lqa_text_list){names, 3};
  o.text = (lqa_text_list){texts, 2};
  lqa_dataset *d = load(o);
  static const char *const expected[] = {
      "A title Some words, more", "3", "Another Other \"words\"", "4", NULL, NULL};
  assert_rows(d, expected);
  assert_string_equal(d->content_name, "title+description");
  lqa_dataset_free(d);
}

static void test_named_columns(void **state) {
  (void)state;
  write_text("c.csv",
             "Text,gold,who,fold,when,web,g,key\na,x,w1,train,2020,u,1,k1\nb,y,w2,,,,2,k2\n");
  lqa_source_options o = options_for("c.csv", NULL);
  const char *text[] = {"text"};
  o.text = (lqa_text_list){text, 1}; /* without case, as the only match */
  o.label = "gold";
  o.annotator = "who";
  o.split = "fold";
  o.time = "when";
  o.source_column = "web";
  o.group = "g";
  o.id = "key";
  lqa_dataset *d = load(o);
  assert_string_equal(d->content_name, "Text");
  assert_value(&d->roles[LQA_ROLE_ANNOTATOR], 1, "w2");
  assert_value(&d->roles[LQA_ROLE_SPLIT], 0, "train");
  assert_value(&d->roles[LQA_ROLE_SPLIT], 1, NULL);
  assert_value(&d->roles[LQA_ROLE_TIME], 0, "2020");
  assert_value(&d->roles[LQA_ROLE_SOURCE], 0, "u");
  assert_value(&d->roles[LQA_ROLE_GROUP], 1, "2");
  char scratch[24];
  assert_true(lqa_str_equal(lqa_dataset_row_id(d, 1, scratch), LQA_STR("k2")));
  assert_int_equal(fixture_messages.size, 0);
  lqa_dataset_free(d);
  o.label = "nope";
  lqa_error err = assert_refused(o, LQA_BAD_USAGE, "'c.csv' has no column 'nope'|Text, gold, who");
  assert_string_equal(err.column, "nope");
  o.label = "gold";
  const char *twice[] = {"Text", "who2"};
  o.text = (lqa_text_list){twice, 2};
  assert_refused(o, LQA_BAD_USAGE, "no column 'who2'");
}

static void test_guesses(void **state) {
  (void)state;
  /* Names in order of preference, whatever the order of the columns. */
  write_text("g1.csv", "class,content,label,id\nx,some text,y,1\ny,more text,x,2\n");
  lqa_dataset *d = load(options_for("g1.csv", NULL));
  assert_string_equal(d->label_text.name, "label");
  assert_string_equal(d->content_name, "content");
  assert_string_equal(d->roles[LQA_ROLE_ID].name, "id");
  assert_non_null(strstr(fixture_messages.data,
                         "guessed: text from 'content', label from 'label', id from 'id'"));
  lqa_dataset_free(d);
  write_text("g2.csv", "row_id,data,untrustworthy_label,label\n1,t,a,b\n2,u,b,a\n");
  d = load(options_for("g2.csv", NULL));
  assert_string_equal(d->label_text.name, "untrustworthy_label");
  assert_string_equal(d->content_name, "data");
  lqa_dataset_free(d);
  /* Values: fewest different, longest, integers that never repeat. */
  FILE *file = fopen("g3.csv", "w");
  fprintf(file, "nr,tweet_body,kind,url,split\n");
  for (int i = 0; i < 40; i++) {
    fprintf(file, "%d,the words of a longer tweet number %d,k%d,http://x/%d,%s\n", 900 - i, i,
            i % 3, i, i % 2 ? "train" : "test");
  }
  fclose(file);
  lqa_source_options o = options_for("g3.csv", NULL);
  o.header = "yes";
  d = load(o);
  assert_string_equal(d->label_text.name, "kind");
  assert_string_equal(d->content_name, "tweet_body");
  assert_string_equal(d->roles[LQA_ROLE_ID].name, "nr");
  lqa_dataset_free(d);
  write_text("g4.csv", "word,label\nab,x\ncd,y\n");
  assert_refused(options_for("g4.csv", NULL), LQA_BAD_USAGE,
                 "no column looks like the text|--text|--features");
  write_text("g5.csv", "text,n\nsome words,1\nother words,2\nwords,3\n");
  assert_refused(options_for("g5.csv", NULL), LQA_BAD_USAGE,
                 "no column looks like the label|--label");
}

/* An id guessed from values must hold for all rows. */
static void test_guessed_id_is_dropped(void **state) {
  (void)state;
  FILE *file = fopen("i.csv", "w");
  fprintf(file, "nr,text,label\n");
  for (int i = 0; i < 1500; i++) {
    fprintf(file, "%d,some words %d,%d\n", i < 1200 ? i : i - 1200, i, i % 2);
  }
  fclose(file);
  lqa_dataset *d = load(options_for("i.csv", NULL));
  assert_false(lqa_dataset_has_role(d, LQA_ROLE_ID));
  assert_non_null(strstr(fixture_messages.data, "'nr' is not used as the id after all"));
  lqa_dataset_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_header_rule),           cmocka_unit_test(test_headerless),
      cmocka_unit_test(test_named_columns),         cmocka_unit_test(test_guesses),
      cmocka_unit_test(test_guessed_id_is_dropped),
  };
  return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
