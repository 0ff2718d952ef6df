/* tests/unit/test_distribution.c - drift, order, splits, leaks, slices, identifiers. */
#include "distribution_fixture.h"

#include <math.h>

static void finds_a_late_class(void **state) {
  (void)state;
  fill(1);
  for (int i = 0; i < 400; i++) {
    labels[i] %= 3; /* "d" first appears after row 400 */
  }
  lqa_audit_run run;
  lqa_dataset *d = make_dataset();
  audit(d, "label-drift", NULL, &run);
  const lqa_finding *finding = fixture_find(&run, "label-drift", 0);
  assert_non_null(finding);
  assert_string_equal(finding->subject, "d");
  assert_non_null(strstr(finding->message, "first appears at row 40"));
  assert_null(fixture_find(&run, "label-drift", 1));
  done(d, &run);
}

static void names_a_renamed_class(void **state) {
  (void)state;
  fill(2);
  for (int i = 0; i < N; i++) { /* "c" until row 300, "d" from there */
    labels[i] = labels[i] >= 2 ? (i < 300 ? 2 : 3) : labels[i];
  }
  lqa_audit_run run;
  lqa_dataset *d = make_dataset();
  audit(d, "label-drift", NULL, &run);
  assert_non_null(
      strstr(fixture_find(&run, "label-drift", 0)->message, "Class \"d\" begins there: renamed?"));
  assert_non_null(
      strstr(fixture_find(&run, "label-drift", 1)->message, "Class \"c\" ends there: renamed?"));
  done(d, &run);
}

static void order_alone_is_no_drift(void **state) {
  (void)state;
  for (int shape = 0; shape < 3; shape++) {
    fill(3);
    for (int i = 0; i < N; i++) {
      labels[i] = shape == 0 ? labels[i] : shape == 1 ? i * K / N : labels[i - i % 25];
    }
    lqa_audit_run run;
    lqa_dataset *d = make_dataset();
    audit(d, "label-drift", NULL, &run);
    assert_true(fixture_is_clean(&run, "label-drift"));
    lqa_audit_run_clear(&run);
    audit(d, "sorted-order", NULL, &run);
    assert_int_equal(fixture_find(&run, "sorted-order", 0) != NULL, shape > 0);
    done(d, &run);
  }
}

static const char *time_value(int row) {
  static char text[24];
  int day = row * 7 % N; /* rows are not in the order of time */
  snprintf(text, sizeof text, "2020-%02d-%02d", 1 + day / 28 % 12, 1 + day % 28);
  return text;
}

static void looks_along_time(void **state) {
  (void)state;
  fill(4);
  for (int i = 0; i < N; i++) {
    int day = i * 7 % N;
    labels[i] = day / 28 % 12 < 8 ? labels[i] % 3 : labels[i]; /* "d" from September on */
  }
  lqa_audit_run run;
  lqa_dataset *d = make_dataset();
  set_role(d, LQA_ROLE_TIME, 0, "when", time_value);
  audit(d, "label-drift", NULL, &run);
  assert_non_null(strstr(fixture_find(&run, "label-drift", 0)->message, "at 2020-09-0"));
  done(d, &run);
}

static const char *source_value(int row) {
  return row % 3 == 0 ? "web" : row % 3 == 1 ? "mail" : "phone";
}

static void finds_a_class_missing_from_a_source(void **state) {
  (void)state;
  fill(5);
  for (int i = 1; i < N; i += 3) {
    labels[i] %= 3; /* no "d" by mail */
  }
  lqa_audit_run run;
  lqa_dataset *d = make_dataset();
  set_role(d, LQA_ROLE_SOURCE, 0, "source", source_value);
  audit(d, "label-drift", NULL, &run);
  const lqa_finding *finding = fixture_find(&run, "label-drift", 0);
  assert_non_null(finding);
  assert_non_null(strstr(finding->message, "\"d\" does not occur in source \"mail\""));
  assert_null(fixture_find(&run, "label-drift", 1));
  done(d, &run);
}

static void finds_labels_told_by_the_source(void **state) {
  (void)state;
  fill(6);
  lqa_audit_run run;
  lqa_dataset *d = make_dataset();
  set_role(d, LQA_ROLE_SOURCE, 0, "source", source_value);
  audit(d, "metadata-leak", NULL, &run);
  assert_true(fixture_is_clean(&run, "metadata-leak"));
  done(d, &run);
  for (int i = 0; i < N; i++) {
    labels[i] = i % 40 == 0 ? 3 : i % 3;
  }
  d = make_dataset();
  set_role(d, LQA_ROLE_SOURCE, 0, "source", source_value);
  audit(d, "metadata-leak", NULL, &run);
  assert_string_equal(fixture_find(&run, "metadata-leak", 0)->subject, "source");
  done(d, &run);
}

static void finds_the_label_among_features(void **state) {
  (void)state;
  static double values[3][N];
  static lqa_feature_column features[3];
  fill(10);
  lqa_dataset *d = make_dataset();
  for (int i = 0; i < N; i++) {
    values[0][i] = i % 8 ? d->label[i] : i % 3; /* a good feature */
    values[1][i] = 10 - d->label[i];            /* the label in other words */
    values[2][i] = i + d->label[i] / 10.;       /* a value a row tells nothing of the others */
  }
  static const char *const names[] = {"helpful", "code", "unique"};
  for (int c = 0; c < 3; c++) {
    features[c] = (lqa_feature_column){names[c], false, values[c], 0, NULL};
  }
  lqa_audit_run run;
  d->n_features = 3;
  d->features = features;
  audit(d, "metadata-leak", NULL, &run);
  assert_string_equal(fixture_find(&run, "metadata-leak", 0)->subject, "code");
  assert_null(fixture_find(&run, "metadata-leak", 1));
  d->n_features = 0;
  done(d, &run);
}

static const char *split_value(int row) {
  return row < 450 ? "train" : "test";
}

static void finds_splits_that_differ(void **state) {
  (void)state;
  fill(7);
  lqa_audit_run run;
  lqa_dataset *d = make_dataset();
  set_role(d, LQA_ROLE_SPLIT, 0, "split", split_value);
  audit(d, "split-drift", NULL, &run);
  assert_true(fixture_is_clean(&run, "split-drift"));
  done(d, &run);
  for (int i = 450; i < N; i++) {
    labels[i] = i % 2 ? 0 : labels[i];
    texts[i][9] = 0; /* shorter texts */
  }
  d = make_dataset();
  set_role(d, LQA_ROLE_SPLIT, 0, "split", split_value);
  audit(d, "split-drift", NULL, &run);
  assert_string_equal(fixture_find(&run, "split-drift", 0)->subject, "classes");
  assert_string_equal(fixture_find(&run, "split-drift", 1)->subject, "lengths");
  done(d, &run);
}

static const char *annotator_value(int row) {
  static char text[8];
  snprintf(text, sizeof text, "a%d", row % 10);
  return text;
}

static void finds_a_careless_annotator(void **state) {
  (void)state;
  static float probs[N * K];
  fill(8);
  lqa_rng rng;
  lqa_rng_init(&rng, 8, 1);
  for (int i = 0; i < N;
       i++) { /* predictions are the truth; annotator a3 errs in 40 %, others in 10 % */
    int truth = labels[i];
    for (int k = 0; k < K; k++) {
      probs[i * K + k] = k == truth ? .7f : .1f;
    }
    if (lqa_rng_below(&rng, 100) < (i % 10 == 3 ? 40u : 10u)) {
      labels[i] = (truth + 1) % K;
    }
  }
  lqa_audit_run run;
  lqa_dataset *d = make_dataset();
  set_role(d, LQA_ROLE_ANNOTATOR, 0, "annotator", annotator_value);
  audit(d, "slice", probs, &run);
  const lqa_finding *finding = fixture_find(&run, "slice", 0);
  assert_non_null(finding);
  assert_string_equal(finding->subject, "annotator \"a3\"");
  assert_null(fixture_find(&run, "slice", 1));
  done(d, &run);
}

static void finds_a_mislabelled_template(void **state) {
  (void)state;
  static float probs[N * K];
  fill(10);
  lqa_rng rng;
  lqa_rng_init(&rng, 10, 1);
  for (int i = 0; i < N; i++) { /* as above; a template's rows err in 40 % */
    int truth = labels[i];
    bool is_template = i % 10 == 7;
    if (is_template) {
      snprintf(texts[i], sizeof texts[i],
               "the weekly report of the northern branch was received and filed under %d", i);
    }
    for (int k = 0; k < K; k++) {
      probs[i * K + k] = k == truth ? .7f : .1f;
    }
    if (lqa_rng_below(&rng, 100) < (is_template ? 40u : 10u)) {
      labels[i] = (truth + 1) % K;
    }
  }
  lqa_audit_run run;
  lqa_dataset *d = make_dataset();
  static const char *checks[] = {"slice", "near-duplicate"};
  const lqa_audit_choices choices = {.checks = {checks, 2}};
  assert_int_equal(lqa_audit_run_init(&run, &choices, NULL), LQA_OK);
  fixture_run(&run, &(lqa_audit_input){.dataset = d, .pred_probs = probs});
  const lqa_finding *finding = NULL; /* the template's texts are also of one length */
  bool found = false;
  for (int i = 0; (finding = fixture_find(&run, "slice", i)) != NULL; i++) {
    found = found || strcmp(finding->subject, "the near duplicates of row 7") == 0;
  }
  assert_true(found);
  done(d, &run);
  d = make_dataset();
  audit(d, "slice", probs, &run); /* clusters are made for who needs them, not for slices alone */
  for (int i = 0; (finding = fixture_find(&run, "slice", i)) != NULL; i++) {
    assert_null(strstr(finding->subject, "near duplicates"));
  }
  done(d, &run);
}

static void finds_identifiers_among_features(void **state) {
  (void)state;
  static double values[4][N];
  static lqa_feature_column features[4];
  fill(9);
  for (int i = 0; i < N; i++) {
    values[0][i] = 1000 + i + i / 50; /* a counter with holes */
    values[1][i] = i;                 /* categories, one a row */
    values[2][i] = i * 31 % 97;       /* whole numbers, no counter */
    values[3][i] = i / 100.;          /* ascending, but measured */
  }
  static const char *const names[] = {"number", "customer", "age", "dose"};
  for (int c = 0; c < 4; c++) {
    features[c] = (lqa_feature_column){names[c], c == 1, values[c], c == 1 ? N : 0, NULL};
  }
  lqa_audit_run run;
  lqa_dataset *d = make_dataset();
  d->n_features = 4;
  d->features = features;
  audit(d, "identifier-column", NULL, &run);
  assert_string_equal(fixture_find(&run, "identifier-column", 0)->subject, "number");
  assert_string_equal(fixture_find(&run, "identifier-column", 1)->subject, "customer");
  assert_null(fixture_find(&run, "identifier-column", 2));
  d->n_features = 0;
  done(d, &run);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_a_late_class),
      cmocka_unit_test(names_a_renamed_class),
      cmocka_unit_test(order_alone_is_no_drift),
      cmocka_unit_test(looks_along_time),
      cmocka_unit_test(finds_a_class_missing_from_a_source),
      cmocka_unit_test(finds_labels_told_by_the_source),
      cmocka_unit_test(finds_splits_that_differ),
      cmocka_unit_test(finds_a_careless_annotator),
      cmocka_unit_test(finds_a_mislabelled_template),
      cmocka_unit_test(finds_the_label_among_features),
      cmocka_unit_test(finds_identifiers_among_features),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
