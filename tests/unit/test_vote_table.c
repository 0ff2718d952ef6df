/* tests/unit/test_vote_table.c - votes from files: long and wide, named and guessed, what belongs
 * to an item, and every mistake in the user's words. */
#include "shown.h"
#include "source_fixture.h"

#include "data/votes/vote_table.h"

static lqa_error fixture_error;

static lqa_vote_options votes_in(const char *path) {
  return (lqa_vote_options){.source = options_for(path, NULL)};
}

static lqa_vote_table *load_votes(const lqa_vote_options *options) {
  lqa_vote_table *table = NULL;
  lqa_error_clear(&fixture_error);
  lqa_buf_reset(&fixture_messages);
  lqa_status status = lqa_vote_table_load(options, &fixture_observer, &table, &fixture_error);
  if (status != LQA_OK) {
    print_error("%s\n", fixture_error.message);
  }
  assert_int_equal(status, LQA_OK);
  return table;
}

static void refuse(const lqa_vote_options *options, lqa_status want, const char *message) {
  lqa_vote_table *table = NULL;
  lqa_error_clear(&fixture_error);
  lqa_status status = lqa_vote_table_load(options, &fixture_observer, &table, &fixture_error);
  if (status != want || !strstr(shown(&fixture_error), message)) {
    print_error("got %d: %s\n", (int)status, fixture_error.message);
  }
  assert_int_equal(status, want);
  assert_non_null(strstr(fixture_error.message, message));
}

static void assert_text(lqa_str got, const char *want) {
  assert_int_equal(got.size, strlen(want));
  assert_memory_equal(got.data, want, got.size);
}

static void long_votes_are_read(void **state) {
  (void)state;
  write_text("long.csv", "question,worker,answer,extra\nq1,ann,dog,x\nq1,bob,cat,x\nq2,ann,,x\n"
                         "q3,bob,dog,x\n");
  lqa_vote_options o = votes_in("long.csv");
  lqa_vote_table *t = load_votes(&o);
  char scratch[24];
  assert_false(t->is_wide);
  assert_int_equal(t->n_votes, 3);
  assert_int_equal(t->n_items, 2);
  assert_int_equal(t->n_items_empty, 1);
  assert_int_equal(t->n_missing, 1);
  assert_int_equal(t->n_annotators, 2);
  assert_text(t->classes[0], "cat");
  assert_int_equal(t->label[0], 1);
  assert_text(lqa_vote_table_item(t, 1, scratch), "q3");
  assert_text(lqa_vote_table_annotator(t, 1), "bob");
  assert_int_equal(t->row[2], 3);
  assert_non_null(strstr(fixture_messages.data, "item from 'question', annotator from 'worker', "
                                                "label from 'answer'"));
  lqa_vote_table_free(t);
}

static void wide_votes_are_read(void **state) {
  (void)state;
  const char *names[] = {"rater_*"};
  write_text("wide.csv", "id,rater_1,rater_2,rater_10,note\n7,1,2,,a\n8,,,,b\n9,2,2,1,c\n");
  lqa_vote_options o = votes_in("wide.csv");
  for (int given = 0; given < 2; given++) {
    o.wide = given ? (lqa_text_list){names, 1} : (lqa_text_list){0};
    lqa_vote_table *t = load_votes(&o);
    assert_true(t->is_wide);
    assert_int_equal(t->n_annotators, 3);
    assert_int_equal(t->n_votes, 5);
    assert_int_equal(t->n_items, 2);
    assert_int_equal(t->n_missing, 4);
    assert_text(lqa_vote_table_annotator(t, 2), "rater_10");
    lqa_vote_table_free(t);
  }
  /* Texts, ids and known labels are no annotators, by their names. */
  const char *all[] = {"*"};
  write_text("people.csv", "comment_id,comment,ann,bob,gold\nc1,very long,x,y,x\nc2,short,y,,y\n");
  for (int given = 0; given < 2; given++) {
    lqa_vote_options people = votes_in("people.csv");
    people.source.header = "yes";
    people.wide = given ? (lqa_text_list){all, 1} : (lqa_text_list){0};
    lqa_vote_table *t = load_votes(&people);
    assert_int_equal(t->n_annotators, 2);
    assert_int_equal(t->n_votes, 3);
    lqa_vote_table_free(t);
  }
  /* No names to go by: all columns hold the same values. */
  write_text("matrix.csv", "x,y,z\n0,1,0\n1,1,\n0,0,0\n");
  lqa_vote_options plain = votes_in("matrix.csv");
  plain.source.header = "yes";
  lqa_vote_table *t = load_votes(&plain);
  char scratch[24];
  assert_int_equal(t->n_annotators, 3);
  assert_text(lqa_vote_table_item(t, 2, scratch), "2");
  lqa_vote_table_free(t);
}

static void what_belongs_to_an_item_is_kept(void **state) {
  (void)state;
  const char *text[] = {"text"}, *probs[] = {"p_dog", "p_cat"};
  write_text("full.csv", "item,annotator,label,text,gold,when,p_dog,p_cat\n"
                         "a,x,dog,barks,dog,3,0.9,0.1\na,y,cat,barks,,1,0.9,0.1\n"
                         "b,x,cat,meows,,2,0.2,0.8\n");
  lqa_vote_options o = votes_in("full.csv");
  o.source.text = (lqa_text_list){text, 1};
  o.source.pred_probs = (lqa_text_list){probs, 2};
  o.source.time = "when";
  o.gold = "gold";
  o.truth = "gold";
  lqa_vote_table *t = load_votes(&o);
  /* The columns' names are the class set, in their order. */
  assert_text(t->classes[0], "dog");
  assert_text(t->text[1], "meows");
  assert_int_equal(t->gold[0], 0);
  assert_int_equal(t->gold[1], -1);
  assert_int_equal(t->truth[0], 0);
  assert_text(t->time[1], "1");
  assert_true(t->probs[0] == .9F && t->probs[3] == .8F);
  lqa_vote_table_free(t);
}

static void known_labels_come_from_files_too(void **state) {
  (void)state;
  const char *probs[] = {"probs.csv"};
  write_text("v.csv", "question,worker,answer\n1,a,0\n1,b,1\n2,a,1\n");
  write_text("truth.csv", "question,truth\n2,1\n1,5\n9,1\n");
  write_text("probs.csv", "question,0,1\n2,.5,.5\n1,1,0\n");
  lqa_vote_options o = votes_in("v.csv");
  o.truth = "truth.csv";
  o.source.pred_probs = (lqa_text_list){probs, 1};
  lqa_vote_table *t = load_votes(&o);
  assert_int_equal(t->truth[0], -2); /* a class that nobody voted for */
  assert_int_equal(t->truth[1], 1);
  assert_int_equal(t->n_truth_unknown, 1);
  assert_true(t->probs[0] == 1 && t->probs[2] == .5F);
  lqa_vote_table_free(t);
  write_text("none.csv", "question,truth\n8,1\n");
  o.truth = "none.csv";
  refuse(&o, LQA_BAD_DATA, "none of its items (column 'question') is among the votes");
  o.truth = "absent.csv";
  refuse(&o, LQA_BAD_USAGE, "neither a column of the source nor a file");
}

static void repeats_are_settled_by_the_user(void **state) {
  (void)state;
  write_text("twice.csv", "item,annotator,label\n1,a,x\n1,b,y\n1,a,y\n1,b,y\n2,a,x\n");
  lqa_vote_options o = votes_in("twice.csv");
  refuse(&o, LQA_BAD_DATA,
         "twice.csv, row 2: annotator 'a' labels item '1' a second time ('y', "
         "after 'x' in row 0). Say which vote holds");
  assert_int_equal(fixture_error.row, 2);
  for (int last = 0; last < 2; last++) {
    o.repeats = last ? LQA_REPEATS_LAST : LQA_REPEATS_FIRST;
    lqa_vote_table *t = load_votes(&o);
    assert_int_equal(t->n_votes, 3);
    assert_int_equal(t->n_repeats, 2);
    assert_int_equal(t->n_repeats_same, 1);
    int found = 0;
    for (int64_t v = 0; v < t->n_votes; v++) {
      if (t->item[v] == 0 && t->annotator[v] == 0) {
        assert_int_equal(t->label[v], last);
        found++;
      }
    }
    assert_int_equal(found, 1);
    lqa_vote_table_free(t);
  }
}

static void bad_content_is_named(void **state) {
  (void)state;
  const char *classes[] = {"dog", "cat"}, *probs[] = {"p", "q"}, *npy[] = {"absent.npy"};
  write_text("bad.csv", "item,annotator,label\n1,a,dog\n1,b,Dog\n");
  lqa_vote_options o = votes_in("bad.csv");
  o.source.classes = (lqa_text_list){classes, 2};
  refuse(&o, LQA_BAD_DATA,
         "bad.csv, row 1, column 'label': the label 'Dog' is none of the 2 classes given (did you "
         "mean 'dog'?)");
  write_text("who.csv", "item,annotator,label\n1,,dog\n");
  o = votes_in("who.csv");
  refuse(&o, LQA_BAD_DATA, "who.csv, row 0, column 'annotator': the annotator is empty");
  write_text("what.csv", "item,annotator,label\n,a,dog\n");
  o = votes_in("what.csv");
  refuse(&o, LQA_BAD_DATA, "what.csv, row 0, column 'item': the item is empty");
  write_text("ragged.csv", "item,annotator,label\n1,a,dog\n1,b\n");
  o = votes_in("ragged.csv");
  refuse(&o, LQA_BAD_DATA, "row 1");
  write_text("silent.csv", "item,annotator,label\n1,a,\n");
  o = votes_in("silent.csv");
  refuse(&o, LQA_BAD_DATA, "there are no votes");
  write_text("gold.csv", "item,annotator,label,gold\n1,a,x,x\n1,b,x,y\n");
  o = votes_in("gold.csv");
  o.gold = "gold";
  refuse(&o, LQA_BAD_DATA, "gold.csv, row 1, column 'gold': the item has another known label");
  const char *half[] = {"p_x", "p_w"};
  write_text("half.csv", "item,annotator,label,p_x,p_w\n1,a,x,.5,.5\n1,b,y,.5,.5\n");
  o = votes_in("half.csv");
  o.source.pred_probs = (lqa_text_list){half, 2};
  refuse(&o, LQA_BAD_DATA, "none is named after 'y'");
  write_text("probs.csv", "item,annotator,label,p,q\n1,a,x,.5,.5\n1,b,y,.5,nan\n");
  o = votes_in("probs.csv");
  o.source.pred_probs = (lqa_text_list){probs, 2};
  refuse(&o, LQA_BAD_DATA, "probs.csv, row 1, column 'q': 'nan' is no probability");
  write_text("sum.csv", "item,annotator,label,p,q\n1,a,x,.5,.7\n1,b,y,.5,.7\n");
  o = votes_in("sum.csv");
  o.source.pred_probs = (lqa_text_list){probs, 2};
  refuse(&o, LQA_BAD_DATA, "sum to 1.2, not 1");
  o.source.pred_probs = (lqa_text_list){npy, 1};
  refuse(&o, LQA_BAD_FILE, "absent.npy");
}

static void columns_that_cannot_be_told_are_asked_for(void **state) {
  (void)state;
  const char *no_wide[] = {"coder*"};
  write_text("odd.csv", "title,body\nhello there,long text one\ngood bye,another text\n");
  lqa_vote_options o = votes_in("odd.csv");
  o.source.header = "yes";
  refuse(&o, LQA_BAD_USAGE, "no column looks like the annotator");
  o.source.annotator = "worker";
  refuse(&o, LQA_BAD_USAGE, "--annotator: 'odd.csv' has no column 'worker'");
  o.source.annotator = NULL;
  o.wide = (lqa_text_list){no_wide, 1};
  refuse(&o, LQA_BAD_USAGE, "--wide coder* matches no column");
}

static void spellings_are_remarked(void **state) {
  (void)state;
  write_text("spelt.csv", "item,annotator,label,truth\n1,a,dog,dog\n1,b,Dog ,dog\n");
  lqa_vote_options o = votes_in("spelt.csv");
  lqa_vote_table *t = load_votes(&o);
  assert_int_equal(t->notes.n, 2);
  assert_non_null(strstr(t->notes.data[0], "column 'truth' is not used"));
  assert_non_null(strstr(t->notes.data[1], "look like one class spelt in two ways"));
  lqa_vote_table_free(t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(long_votes_are_read),
      cmocka_unit_test(wide_votes_are_read),
      cmocka_unit_test(what_belongs_to_an_item_is_kept),
      cmocka_unit_test(known_labels_come_from_files_too),
      cmocka_unit_test(repeats_are_settled_by_the_user),
      cmocka_unit_test(bad_content_is_named),
      cmocka_unit_test(columns_that_cannot_be_told_are_asked_for),
      cmocka_unit_test(spellings_are_remarked),
  };
  return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
