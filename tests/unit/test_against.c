/* tests/unit/test_against.c - changes since an earlier run, and label migrations. */
#include "distribution_fixture.h"

#include "audit/against.h"

static const char *id_value(int row) {
  static char text[24];
  snprintf(text, sizeof text, "id%d", row);
  return text;
}

/* An earlier run of the same data, rows in reverse order. */
typedef struct earlier {
  lqa_dataset *dataset;
  lqa_str label[N];
  role_store id;
  lqa_hash128 hash[N];
  lqa_against against;
} earlier;

static void make_earlier(earlier *e, bool with_ids) {
  e->dataset = make_dataset();
  for (int i = 0; i < N; i++) {
    int from = N - 1 - i;
    e->hash[i] = e->dataset->content_hash[from];
    e->label[i] = lqa_str_from(NAMES[labels[from]]);
    strcpy(e->id.bytes + e->id.offsets[i], id_value(from));
    e->id.offsets[i + 1] = e->id.offsets[i] + strlen(id_value(from));
  }
  e->against = (lqa_against){"old.labelqa",
                             N,
                             e->hash,
                             e->label,
                             {with_ids ? "id" : NULL, N, e->id.bytes, e->id.offsets, NULL},
                             NULL};
  lqa_dataset_free(e->dataset);
}

static void audit_against(lqa_dataset *d, const earlier *e, lqa_audit_run *run) {
  fixture_init(run, "content-changed", NULL);
  fixture_run(run, &(lqa_audit_input){.dataset = d, .against = &e->against});
}

static void finds_changes_by_id(void **state) {
  (void)state;
  static earlier e;
  fill(10);
  make_earlier(&e, true);
  strcpy(texts[7], "edited");
  labels[9] = (labels[9] + 1) % K;
  lqa_audit_run run;
  lqa_dataset *d = make_dataset();
  set_role(d, LQA_ROLE_ID, 0, "id", id_value);
  audit_against(d, &e, &run);
  fixture_expect_rows(fixture_find(&run, "content-changed", 0), (int64_t[]){7}, 1);
  assert_string_equal(fixture_find(&run, "content-changed", 0)->subject, "content");
  fixture_expect_rows(fixture_find(&run, "content-changed", 1), (int64_t[]){9}, 1);
  assert_true(fixture_is_clean(&run, "rows-added") && fixture_is_clean(&run, "rows-removed"));
  done(d, &run);
}

static void finds_changes_by_content(void **state) {
  (void)state;
  static earlier e;
  fill(11);
  strcpy(texts[100], texts[200]); /* two copies before and after */
  make_earlier(&e, false);
  strcpy(texts[7], "edited");
  labels[9] = (labels[9] + 1) % K;
  lqa_audit_run run;
  lqa_dataset *d = make_dataset();
  audit_against(d, &e, &run);
  const lqa_finding *changed = fixture_find(&run, "content-changed", 0);
  assert_true(changed->rows[0] == 9 || changed->rows[changed->n_rows - 1] == 9);
  fixture_expect_rows(fixture_find(&run, "rows-added", 0), (int64_t[]){7}, 1);
  assert_non_null(strstr(fixture_find(&run, "rows-removed", 0)->message, "1 row of"));
  done(d, &run);
}

static const char *other_id(int row) {
  static char text[24];
  snprintf(text, sizeof text, "x%d", row);
  return text;
}

static void refuses_ids_that_never_match(void **state) {
  (void)state;
  static earlier e;
  fill(12);
  make_earlier(&e, true);
  lqa_dataset *d = make_dataset();
  set_role(d, LQA_ROLE_ID, 0, "id", other_id);
  lqa_audit_run run;
  lqa_error err;
  fixture_init(&run, "content-changed", NULL);
  lqa_audit_input known = {.dataset = d, .against = &e.against};
  assert_int_equal(lqa_audit_run_structural(&run, &known, &err), LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "no id of column 'id'"));
  done(d, &run);
}

static lqa_migration migration_of(const earlier *e, const lqa_str *from, const lqa_str *to,
                                  size_t n) {
  return (lqa_migration){"old.csv",         "map.csv", N,    e->hash, e->against.label,
                         e->against.row_id, n,         from, to};
}

static void checks_a_migration_against_its_map(void **state) {
  (void)state;
  static earlier e;
  fill(13);
  make_earlier(&e, false);
  int n_outside = 0;
  for (int i = 0; i < N; i++) { /* a, b -> a; c -> c; d -> d, but some d -> b and some d -> a */
    bool wrong = labels[i] == 3 && i % 7 < 2;
    n_outside += wrong;
    labels[i] = wrong ? (i % 7 == 0) : labels[i] == 1 ? 0 : labels[i];
  }
  const lqa_str from[] = {LQA_STR("a"), LQA_STR("b"), LQA_STR("c"), LQA_STR("d")};
  const lqa_str to[] = {LQA_STR("a"), LQA_STR("a"), LQA_STR("c"), LQA_STR("d")};
  lqa_migration migration = migration_of(&e, from, to, 4);
  lqa_audit_run run;
  lqa_dataset *d = make_dataset();
  fixture_init(&run, "label-migration", NULL);
  fixture_run(&run, &(lqa_audit_input){.dataset = d, .migration = &migration});
  const lqa_finding *outside = fixture_find(&run, "label-migration", 0);
  assert_int_equal(outside->n_rows, n_outside);
  assert_non_null(strstr(outside->message, "\"d\" -> \"b\""));
  assert_non_null(
      strstr(fixture_find(&run, "merged-labels", 0)->message, "2 old labels became \"a\""));
  assert_null(fixture_find(&run, "merged-labels", 1)); /* what the map forbids is not counted */
  const lqa_finding *pairs = fixture_find(&run, "migrated-pairs", 0);
  assert_non_null(strstr(pairs->message, "600 rows of 600"));
  assert_non_null(strstr(pairs->details_json, "\"old\":\"d\",\"new\":\"b\",\"count\":"));
  assert_non_null(strstr(pairs->details_json, "\"spot_check\":["));
  done(d, &run);
}

static void refuses_a_map_with_unknown_labels(void **state) {
  (void)state;
  static earlier e;
  fill(14);
  make_earlier(&e, false);
  const lqa_str from[] = {LQA_STR("a"), LQA_STR("zebra")};
  const lqa_str to[] = {LQA_STR("a"), LQA_STR("b")};
  for (int swapped = 0; swapped < 2; swapped++) {
    lqa_migration migration = migration_of(&e, swapped ? to : from, swapped ? from : to, 2);
    lqa_audit_run run;
    lqa_error err;
    lqa_dataset *d = make_dataset();
    fixture_init(&run, "label-migration", NULL);
    lqa_audit_input known = {.dataset = d, .migration = &migration};
    assert_int_equal(lqa_audit_run_structural(&run, &known, &err), LQA_BAD_DATA);
    assert_string_equal(err.file, "map.csv");
    assert_int_equal(err.row, 1);
    assert_non_null(strstr(err.message, "'zebra'"));
    done(d, &run);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_changes_by_id),
      cmocka_unit_test(finds_changes_by_content),
      cmocka_unit_test(refuses_ids_that_never_match),
      cmocka_unit_test(checks_a_migration_against_its_map),
      cmocka_unit_test(refuses_a_map_with_unknown_labels),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
