/* Exports of the fixture's run: contents of every kind and format. */
#include "export_fixture.h"

#include "base/json_read.h"

static void test_relabel(void **state) {
  (void)state;
  lqa_export_summary summary = export_to("relabel", "relabel.parquet", NOTHING);
  assert_int_equal(summary.n_rows, 3);
  check_query("relabel.parquet",
              "SELECT row_id, row_number::VARCHAR, text, label, suggested_label, corrected_label, "
              "decided_label, decided_by, verdict, trust_score::VARCHAR, self_confidence::VARCHAR "
              "FROM read_parquet($1)",
              "a0|0|the cup final went to penalties|World|Sports|-|Sports|Ann|-|0.0|0.05\n"
              "a1|1|shares fell after the, \"warning\"|Sports|Business|Business|-|-|NO|0.05|0.01\n"
              "a8|8|=cmd() the bank\nlent more|Sports|Business|Business|-|-|NO|0.05|0.2\n");
  check_query("relabel.parquet", "SELECT (min(len(reasons)) > 0)::VARCHAR FROM read_parquet($1)",
              "true\n");
}

static void test_relabel_csv(void **state) {
  (void)state;
  export_to("relabel", "relabel.csv", NOTHING);
  char *text = read_all(scratch, "relabel.csv");
  assert_non_null(strstr(text, "row_id,row_number,text,label,suggested_label,corrected_label,"
                               "decided_label,decided_by,verdict,trust_score,self_confidence,"
                               "reasons\n"));
  assert_non_null(strstr(text, "a8,8,\"'=cmd() the bank\nlent more\",Sports,Business,Business,,"));
  free(text);
}

static void test_review(void **state) {
  (void)state;
  lqa_export_summary summary = export_to("review", "review.jsonl", NOTHING);
  export_to("review", "review.parquet", NOTHING);
  export_to("review", "review.any", (lqa_export_options){.format = "csv"});
  assert_int_equal(summary.n_rows, 8);
  const char *order = "a0\na1\na8\na3\na4\na5\na6\na7\n";
  check_query("review.jsonl", "SELECT row_id FROM read_json($1)", order);
  check_query("review.parquet", "SELECT row_id FROM read_parquet($1)", order);
  check_query("review.any", "SELECT row_id FROM read_csv($1)", order);
  char *own = read_all(run_path, "review.csv"); /* no text is long enough to be cut there */
  check_text("review.any", own);
  free(own);
}

static const lqa_json_node *nth(const lqa_json_node *array, size_t n) {
  const lqa_json_node *node = array->first;
  while (n-- > 0) {
    node = node->next;
  }
  return node;
}

static void test_label_studio(void **state) {
  (void)state;
  lqa_error err;
  lqa_arena arena;
  const lqa_json_node *tasks;
  export_to("review", "tasks.json", (lqa_export_options){.format = "label-studio"});
  char *text = read_all(scratch, "tasks.json");
  lqa_arena_init(&arena);
  MUST(lqa_json_parse(lqa_str_from(text), "tasks.json", &arena, &tasks, &err));
  assert_int_equal(tasks->n, 8);
  const lqa_json_node *task = nth(tasks, 1), *data = lqa_json_find(task, "data");
  assert_int_equal(lqa_json_find_int(task, "id", -1), 1);
  assert_string_equal(lqa_json_find_text(data, "text"), RUN_ROWS[1].text);
  assert_string_equal(lqa_json_find_text(data, "label"), "Sports");
  assert_string_equal(lqa_json_find_text(data, "row_id"), "a1");
  assert_int_equal(lqa_json_find_int(data, "row_number", -1), 1);
  const lqa_json_node *prediction = nth(lqa_json_find(task, "predictions"), 0);
  assert_string_equal(lqa_json_find_text(prediction, "model_version"), "logistic");
  assert_float_equal(lqa_json_find_number(prediction, "score", 0), .95, 1e-12);
  const lqa_json_node *result = nth(lqa_json_find(prediction, "result"), 0);
  assert_string_equal(lqa_json_find_text(result, "from_name"), "label");
  assert_string_equal(lqa_json_find_text(result, "to_name"), "text");
  assert_string_equal(lqa_json_find_text(result, "type"), "choices");
  const lqa_json_node *choices = lqa_json_find(lqa_json_find(result, "value"), "choices");
  assert_int_equal(choices->n, 1);
  assert_string_equal(choices->first->text.data, "Business");
  const lqa_json_node *empty = lqa_json_find(nth(tasks, 3), "data");
  assert_string_equal(lqa_json_find_text(empty, "text"), "");
  lqa_arena_clear(&arena);
  free(text);
}

static void test_cleaned(void **state) {
  (void)state;
  lqa_export_summary summary = export_to("cleaned", "cleaned.csv", NOTHING);
  assert_int_equal(summary.n_rows, FIXTURE_ROWS);
  assert_int_equal(summary.n_changed, 1);
  assert_int_equal(summary.n_guarded, 1);
  check_text("cleaned.csv", "id,text,label,extra\n"
                            "a0,the cup final went to penalties,Sports,extra 0\n"
                            "a1,\"shares fell after the, \"\"warning\"\"\",Sports,extra 1\n"
                            "a2,ministers met in the capital,World,extra 2\n"
                            "a3,,World,extra 3\n"
                            "a4,profit rose by a tenth,,extra 4\n"
                            "a5,the striker scored twice,MISC,extra 5\n"
                            "a6,oil price climbs,Business,extra 6\n"
                            "a7,Oil  price climbs,World,extra 7\n"
                            "a8,\"'=cmd() the bank\nlent more\",Sports,extra 8\n"
                            "a9,a treaty was signed \xc3\xa9,World,extra 9\n"
                            "a10,the marathon was won by a local,Sports,extra 10\n"
                            "a11,the merger was approved,Business,extra 11\n");
}

static void test_cleaned_with_candidates(void **state) {
  (void)state;
  lqa_export_summary summary =
      export_to("cleaned", "applied.parquet", (lqa_export_options){.apply_relabel = true});
  assert_int_equal(summary.n_changed, 3);
  assert_int_equal(summary.n_guarded, 0);
  check_query("applied.parquet",
              "SELECT string_agg(coalesce(label, '-'), ' '), count(*)::VARCHAR "
              "FROM read_parquet($1)",
              "Sports Business World World - MISC Business World Business World Sports Business|"
              "12\n");
}

static void test_weights(void **state) {
  (void)state;
  lqa_export_summary summary = export_to("weights", "weights.jsonl", NOTHING);
  assert_int_equal(summary.n_rows, FIXTURE_ROWS);
  check_query("weights.jsonl",
              "SELECT row_id, row_number::VARCHAR, label, round(weight, 3)::VARCHAR "
              "FROM read_json($1)",
              "a0|0|World|0.0\na1|1|Sports|0.05\na2|2|World|1.0\na3|3|World|0.0\na4|4|-|0.0\n"
              "a5|5|MISC|0.3\na6|6|Business|0.3\na7|7|World|0.3\na8|8|Sports|0.05\n"
              "a9|9|World|0.99\na10|10|Sports|0.97\na11|11|Business|0.95\n");
}

/* Every weight is the row's p_correct, and 0 where the run has none for the row. */
static void check_p_correct_weights(const double *p_correct) {
  lqa_buf want;
  lqa_buf_init(&want, 1 << 12);
  for (int row = 0; row < FIXTURE_ROWS; row++) {
    lqa_buf_printf(&want, "%d|%.1f\n", row, isnan(p_correct[row]) ? 0 : p_correct[row]);
  }
  lqa_buf_add(&want, "", 1);
  check_query("by.jsonl", "SELECT row_number::VARCHAR, weight::VARCHAR FROM read_json($1)",
              want.data);
  lqa_buf_clear(&want);
}

static void test_weights_by_p_correct(void **state) {
  (void)state;
  lqa_error err;
  lqa_run *run = NULL;
  lqa_export_summary summary;
  char *path = path_in(scratch, "by.jsonl");
  MUST(lqa_run_open(run_path, false, NULL, &run, &err));
  double *p = run->evidence.p_correct;
  for (int row = 0; row < FIXTURE_ROWS; row++) {
    p[row] = NAN;
  }
  lqa_export_options options = {.by = "p_correct", .path = path};
  assert_int_equal(lqa_export_run(lqa_export_find("weights"), run, &options, &summary, &err),
                   LQA_BAD_USAGE);
  assert_non_null(strstr(shown(&err), "no row of this run has a p_correct"));
  for (int row = 1; row < FIXTURE_ROWS; row++) {
    p[row] = row % 2 ? .5 : .2;
  }
  MUST(lqa_export_run(lqa_export_find("weights"), run, &options, &summary, &err));
  assert_int_equal(summary.n_rows, FIXTURE_ROWS);
  check_p_correct_weights(p);
  lqa_run_close(run);
  free(path);
}

static void test_decisions(void **state) {
  (void)state;
  lqa_export_summary summary = export_to("decisions", "decisions.csv", NOTHING);
  assert_int_equal(summary.n_rows, 5);
  check_query("decisions.csv",
              "SELECT row_id, row_number::VARCHAR, row_key, label_before, decided_label, "
              "decided_by, note, (decided_at > '2026')::VARCHAR "
              "FROM read_csv($1, all_varchar = true)",
              "a0|0|id:a0|World|Sports|Ann|-|true\na2|2|id:a2|World|World|Ann|-|true\n"
              "a1|1|id:a1|Sports|World|Bob|-|true\na1|1|id:a1|World|Business|Ann|-|true\n"
              "a1|1|id:a1|Business|-|Ann|-|true\n");
}

/* As given: World Sports World World - MISC Business World Sports World Sports Business */
static void test_fixed(void **state) {
  (void)state;
  check_fixed("{\"id\": \"row-shift\", \"count\": 4, \"rows_from\": 6, \"rows_to\": 9, "
              "\"shift\": 1, \"repair\": \"row-shift\"},"
              "{\"id\": \"row-shift\", \"count\": 2, \"rows_from\": 0, \"rows_to\": 1, "
              "\"shift\": -1, \"repair\": \"row-shift\"}",
              "row-shift", "- World World World - MISC World Sports World - Sports Business\n",
              (lqa_export_summary){.n_changed = 6, .n_emptied = 2});
  check_fixed("{\"id\": \"reversed-order\", \"count\": 1, \"rows_from\": 0, \"rows_to\": 11, "
              "\"repair\": \"reversed-order\"}",
              "reversed-order",
              "Business Sports World Sports World Business MISC - World World Sports World\n",
              (lqa_export_summary){.n_changed = 8}); /* a label that was NULL moves: none is lost */
  check_fixed("{\"id\": \"label-spelling\", \"count\": 1, \"rows\": [5], \"repair\": "
              "\"label-spelling\", \"details\": {\"map\": [[\"MISC\", \"Sports\"]]}}",
              "label-spelling",
              "World Sports World World - Sports Business World Sports World Sports Business\n",
              (lqa_export_summary){.n_changed = 1});
}

static void test_fixed_part(void **state) {
  (void)state;
  check_fixed("{\"id\": \"swapped-codes\", \"count\": 1, \"repair\": \"swapped-codes\", "
              "\"details\": {\"column\": \"extra\", \"value\": \"extra 1\", "
              "\"map\": [[\"World\", \"Sports\"], [\"Sports\", \"World\"]]}}",
              "swapped-codes",
              "World World World World - MISC Business World Sports World Sports Business\n",
              (lqa_export_summary){.n_changed = 1});
  check_fixed(
      "{\"id\": \"swapped-codes\", \"count\": 1, \"rows_from\": 9, \"rows_to\": 10, "
      "\"repair\": \"swapped-codes\", \"details\": {\"column\": null, \"value\": \"b.csv\", "
      "\"map\": [[\"World\", \"Sports\"], [\"Sports\", \"World\"]]}}",
      "swapped-codes",
      "World Sports World World - MISC Business World Sports Sports World Business\n",
      (lqa_export_summary){.n_changed = 2});
}

static void test_table(void **state) {
  (void)state;
  for (int i = 0; i < LQA_EXPORT_COUNT; i++) {
    const lqa_export *export = lqa_export_get((lqa_export_number)i);
    assert_int_equal(export->number, i);
    assert_ptr_equal(lqa_export_find(export->name), export);
    assert_true(strlen(export->summary) > 10);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_table),
      cmocka_unit_test(test_relabel),
      cmocka_unit_test(test_relabel_csv),
      cmocka_unit_test(test_review),
      cmocka_unit_test(test_label_studio),
      cmocka_unit_test(test_cleaned),
      cmocka_unit_test(test_cleaned_with_candidates),
      cmocka_unit_test(test_weights),
      cmocka_unit_test(test_weights_by_p_correct),
      cmocka_unit_test(test_decisions),
      cmocka_unit_test(test_fixed),
      cmocka_unit_test(test_fixed_part),
  };
  return cmocka_run_group_tests(tests, make_run, drop_run);
}
