/* Tables of features, embeddings, and probabilities that the user brings. */
#include "source_fixture.h"

#include "base/npy.h"
#include "data/dataset/feature_columns.h"

#include <math.h>

static void test_features(void **state) {
  (void)state;
  write_text("t.csv", "age,job,score,note,y\n31,cook,1.5,a,yes\n?,clerk,NA,a,no\n40,,-2e3,b,yes\n"
                      " 31 ,cook,nan,,no\n?,NA,,-,no\n");
  const char *names[] = {"age", "job", "score", "note"};
  lqa_source_options o = options_for("t.csv", NULL);
  o.features = (lqa_text_list){names, 4};
  o.label = "y";
  lqa_dataset *d = load(o);
  assert_int_equal(d->kind, LQA_CONTENT_TABLE);
  assert_string_equal(d->content_name, "age+job+score+note");
  assert_int_equal(d->n_features, 4);
  const lqa_feature_column *f = d->features;
  assert_false(f[0].is_categorical);
  assert_true(f[0].values[0] == 31 && isnan(f[0].values[1]) && f[0].values[3] == 31);
  assert_true(f[1].is_categorical && f[1].n_categories == 2);
  assert_true(lqa_str_equal(f[1].categories[1], LQA_STR("clerk")));
  assert_true(f[1].values[3] == 0 && isnan(f[1].values[2]) && isnan(f[1].values[4]));
  assert_true(f[2].values[0] == 1.5 && isnan(f[2].values[1]) && f[2].values[2] == -2000);
  assert_true(f[3].is_categorical && isnan(f[3].values[4]));
  assert_value(&d->content, 0,
               "31\x1f"
               "cook\x1f"
               "1.5\x1f"
               "a");
  assert_value(&d->content, 2,
               "40\x1f\x1f-2e3\x1f"
               "b");
  assert_value(&d->content, 4, NULL); /* all values are missing */
  assert_false(lqa_dataset_is_scorable(d, 4));
  lqa_dataset_free(d);
}

static void test_missing_marks(void **state) {
  (void)state;
  const char *missing[] = {"", "NA", "n/a", "NaN", "NULL", "None", "nil", "?", "-", " "};
  const char *present[] = {"0", "unknown", "N", "--", "a", "none.", "nu"};
  for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
    assert_true(lqa_feature_is_missing(lqa_str_from(missing[i])));
  }
  for (size_t i = 0; i < sizeof present / sizeof *present; i++) {
    assert_false(lqa_feature_is_missing(lqa_str_from(present[i])));
  }
  assert_true(lqa_feature_is_missing((lqa_str){NULL, 0}));
}

static const char *unused_remark(const char *csv) {
  static const char mark[] = "--pred-probs ";
  write_text("u.csv", csv);
  lqa_source_options o = options_for("u.csv", NULL);
  o.label = "label";
  lqa_dataset_free(load(o));
  char *at = strstr(fixture_messages.data, mark);
  if (at) {
    at += sizeof mark - 1;
    at[strcspn(at, " ")] = '\0';
  }
  return at ? at : "";
}

/* Probabilities that lie unused are named with the option that takes them. */
static void test_unused_probabilities(void **state) {
  (void)state;
  assert_string_equal(unused_remark("text,label,prob_y,prob_x\na,x,.1,.9\nb,y,.5,.5\n"),
                      "prob_y,prob_x");
  assert_string_equal(unused_remark("text,label,probability\na,x,.1\nb,y,.5\n"), "probability");
  assert_string_equal(unused_remark("text,label,Prob_0,Prob_1\na,x,.1,.9\nb,y,.5,.5\n"),
                      "Prob_0,Prob_1");
  assert_string_equal(unused_remark("text,label,p_x,p_y\na,x,.1,.9\nb,y,.5,.5\n"), "p_x,p_y");
  assert_string_equal(
      unused_remark("text,label,p_a,p_b,p_c,p_d\nq,a,1,0,0,0\nr,b,0,1,0,0\ns,c,0,0,1,0\n"),
      "'p_*'");
  /* Not enough of them, or named after something else. */
  assert_string_equal(unused_remark("text,label,p_size,p_age\na,x,1,9\nb,y,5,5\n"), "");
  assert_string_equal(unused_remark("text,label,problem\na,x,1\nb,y,5\nc,z,2\n"), "");
  assert_string_equal(unused_remark("text,label,prob_x,prob_q\na,x,.1,.9\nb,y,.5,.5\n"), "");
}

static void save_matrix(const char *name, const float *data, int64_t n_rows, int64_t n_columns) {
  assert_int_equal(lqa_npy_save_f32(name, data, n_rows, n_columns, NULL), LQA_OK);
}

static lqa_source_options with_probs(const char *path, const char **names, size_t n) {
  lqa_source_options o = options_for(path, NULL);
  o.pred_probs = (lqa_text_list){names, n};
  return o;
}

static void test_npy_probabilities(void **state) {
  (void)state;
  const float p[] = {.5f, .25f, .25f, 0, 1, 0, .1f, .2f, .7f};
  save_matrix("p.npy", p, 3, 3);
  const char *npy[] = {"p.npy"};
  write_text("w.csv", "text,label\na,red\nb,blue\nc,green\n");
  lqa_dataset *d = load(with_probs("w.csv", npy, 1));
  assert_int_equal(d->pred_probs->n_columns, 3);
  assert_true(lqa_matrix_get(d->pred_probs, 1, 1) == 1);
  assert_int_equal(d->label[0], 2); /* blue, green, red: columns are in class order */
  lqa_dataset_free(d);
  /* Integer labels: class k is column k, whether or not it occurs. */
  write_text("i.csv", "text,label\na,0\nb,2\nc,0\n");
  d = load(with_probs("i.csv", npy, 1));
  assert_int_equal(d->n_classes, 3);
  assert_false(d->classes_given);
  assert_true(d->label[1] == 2 && lqa_str_equal(d->classes[1], LQA_STR("1")));
  lqa_dataset_free(d);
  write_text("i3.csv", "text,label\na,1\nb,2\nc,3\n");
  lqa_error err =
      assert_refused(with_probs("i3.csv", npy, 1), LQA_BAD_DATA,
                     "i3.csv, row 2, column 'label': label 3 has no column in 'p.npy'|0 to "
                     "2|--classes");
  assert_int_equal(err.row, 2);
  const char *classes[] = {"1", "2", "3"};
  lqa_source_options o = with_probs("i3.csv", npy, 1);
  o.classes = (lqa_text_list){classes, 3};
  d = load(o);
  assert_int_equal(d->label[2], 2);
  lqa_dataset_free(d);
  write_text("two.csv", "text,label\na,x\nb,y\nc,y\n");
  assert_refused(with_probs("two.csv", npy, 1), LQA_BAD_DATA,
                 "'p.npy': 3 columns of probabilities, but 2 classes (x, ...)");
}

static void test_npy_shapes(void **state) {
  (void)state;
  const float p[] = {.5f, .5f, 0, 1, 1, 0, .25f, .75f};
  const char *npy[] = {"s.npy"}, *none[] = {"none.npy"};
  write_text("s.csv", "text,label\na,x\nb,y\nc,x\n");
  save_matrix("s.npy", p, 2, 2);
  assert_refused(with_probs("s.csv", npy, 1), LQA_BAD_DATA,
                 "'s.npy' has 2 rows, but the sources have 3");
  save_matrix("s.npy", p, 4, 2);
  assert_refused(with_probs("s.csv", npy, 1), LQA_BAD_DATA, "'s.npy' has 4 rows");
  assert_refused(with_probs("s.csv", none, 1), LQA_BAD_FILE, "none.npy");
  write_text("four.csv", "text,label\na,x\nb,y\nc,x\nd,y\n");
  lqa_source_options o = with_probs("four.csv", npy, 1);
  o.limit = 2;
  lqa_dataset *d = load(o); /* the first rows of both */
  assert_int_equal(d->pred_probs->n_rows, 2);
  lqa_dataset_free(d);
  o.limit = 0;
  o.where = "text >= 'c'";
  d = load(o);
  assert_int_equal(d->n_rows, 2);
  assert_true(lqa_matrix_get(d->pred_probs, 1, 1) == .75);
  lqa_dataset_free(d);
  const float logits[] = {3.5f, .5f, 0, 1, 1, 0};
  save_matrix("s.npy", logits, 3, 2);
  assert_refused(with_probs("s.csv", npy, 1), LQA_BAD_DATA,
                 "s.npy, row 0, class 0: 3.5 is no probability|softmax");
}

static void test_probability_columns(void **state) {
  (void)state;
  write_text("c.csv", "text,label,p_red,p_blue\na,red,0.9,0.1\nb,blue,0.25,0.75\nc,red,,\n");
  const char *names[] = {"p_red", "p_blue"};
  lqa_dataset *d = load(with_probs("c.csv", names, 2));
  /* By name: column p_red is class red, which comes second. */
  assert_true(lqa_matrix_get(d->pred_probs, 0, 1) == .9);
  assert_true(lqa_matrix_get(d->pred_probs, 1, 0) == .75);
  assert_true(isnan(lqa_matrix_get(d->pred_probs, 2, 0)));
  lqa_dataset_free(d);
  write_text("o.csv", "text,label,first,second\na,x,0.9,0.1\nb,y,0.2,0.8\n");
  const char *order[] = {"first", "second"};
  d = load(with_probs("o.csv", order, 2)); /* no class names: in class order */
  assert_true(lqa_matrix_get(d->pred_probs, 0, 0) == .9);
  lqa_dataset_free(d);
  /* Named columns fix the class set, even where a class does not occur. */
  write_text("k.csv", "text,label,c,a,b\nx,a,0.1,0.7,0.2\ny,b,0.3,0.3,0.4\n");
  const char *abc[] = {"c", "a", "b"};
  d = load(with_probs("k.csv", abc, 3));
  assert_int_equal(d->n_classes, 3);
  assert_true(lqa_matrix_get(d->pred_probs, 0, 0) == .7 &&
              lqa_matrix_get(d->pred_probs, 0, 2) == .1);
  lqa_dataset_free(d);
  write_text("n.csv", "text,label,p_1,p_10\nx,1,0.5,0.5\ny,10,0.25,0.75\n");
  const char *numbers[] = {"p_10", "p_1"};
  d = load(with_probs("n.csv", numbers, 2));
  assert_true(lqa_matrix_get(d->pred_probs, 1, 1) == .75);
  lqa_dataset_free(d);
  write_text("bad.csv", "text,label,p_x,p_y\na,x,0.9,0.1\nb,y,high,0.8\n");
  const char *xy[] = {"p_x", "p_y"};
  lqa_error err = assert_refused(with_probs("bad.csv", xy, 2), LQA_BAD_DATA,
                                 "bad.csv, row 1, column 'p_x': 'high' is no probability");
  assert_int_equal(err.row, 1);
  write_text("half.csv", "text,label,p_x,p_w\na,x,0.9,0.1\nb,y,0.2,0.8\n");
  const char *half[] = {"p_x", "p_w"};
  assert_refused(with_probs("half.csv", half, 2), LQA_BAD_DATA, "none is named after 'y'");
  const char *gone[] = {"p_x", "p_z"};
  assert_refused(with_probs("bad.csv", gone, 2), LQA_BAD_USAGE, "no column 'p_z'");
}

static void test_without_text(void **state) {
  (void)state;
  const float p[] = {1, 0, 0, 1};
  save_matrix("q.npy", p, 2, 2);
  const char *npy[] = {"q.npy"};
  write_text("q.csv", "n,label\n1,x\n2,y\n");
  lqa_dataset *d = load(with_probs("q.csv", npy, 1));
  assert_int_equal(d->kind, LQA_CONTENT_NONE);
  assert_true(lqa_dataset_is_scorable(d, 0));
  lqa_dataset_free(d);
  lqa_source_options o = options_for("q.csv", NULL);
  o.content_optional = true;
  d = load(o);
  assert_int_equal(d->kind, LQA_CONTENT_NONE);
  lqa_dataset_free(d);
}

static void test_embeddings(void **state) {
  (void)state;
  const float e[] = {1, 2, 3, 4, 5, 6, 1, 2, 3};
  save_matrix("e.npy", e, 3, 3);
  write_text("e.csv", "n,label\n1,x\n2,y\n3,x\n");
  lqa_source_options o = options_for("e.csv", NULL);
  o.embeddings = "e.npy";
  lqa_dataset *d = load(o);
  assert_int_equal(d->kind, LQA_CONTENT_EMBEDDING);
  assert_int_equal(d->embeddings->n_columns, 3);
  /* Rows are known by their vectors where there is no text. */
  assert_memory_equal(&d->content_hash[0], &d->content_hash[2], sizeof(lqa_hash128));
  assert_memory_not_equal(&d->content_hash[0], &d->content_hash[1], sizeof(lqa_hash128));
  lqa_dataset_free(d);
  write_text("et.csv", "text,label\na,x\nb,y\nc,x\n");
  o.paths.items[0] = "et.csv";
  d = load(o);
  assert_value(&d->content, 1, "b");
  assert_memory_not_equal(&d->content_hash[0], &d->content_hash[2], sizeof(lqa_hash128));
  lqa_dataset_free(d);
  save_matrix("e.npy", e, 2, 3);
  assert_refused(o, LQA_BAD_DATA, "'e.npy' has 2 rows, but the sources have 3");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_features),
      cmocka_unit_test(test_missing_marks),
      cmocka_unit_test(test_npy_probabilities),
      cmocka_unit_test(test_npy_shapes),
      cmocka_unit_test(test_probability_columns),
      cmocka_unit_test(test_unused_probabilities),
      cmocka_unit_test(test_without_text),
      cmocka_unit_test(test_embeddings),
  };
  return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
