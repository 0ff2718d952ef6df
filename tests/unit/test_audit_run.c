/* tests/unit/test_audit_run.c - the driver: choices, severities, parameters, baseline, marks, bits.
 */
#include "audit_fixture.h"

#include "base/file.h"
#include "base/memory.h"

#include <stdio.h>
#include <unistd.h>

static const fixture_row ROWS[] = {{"same", "x"}, {"same", "y"}, {NULL, "x"},
                                   {"b", NULL},   {"same", "x"}, {"c", "y"}};

static lqa_status init(const char *checks, const char *severity, const char *set, lqa_error *err) {
  const char *c[1] = {checks}, *s[1] = {severity}, *p[1] = {set};
  lqa_audit_choices choices = {
      .checks = {c, checks != NULL}, .severity = {s, severity != NULL}, .set = {p, set != NULL}};
  lqa_audit_run run;
  lqa_error_clear(err);
  lqa_status status = lqa_audit_run_init(&run, &choices, err);
  if (status == LQA_OK) {
    lqa_audit_run_clear(&run);
  }
  return status;
}

static void refuses_what_does_not_exist(void **state) {
  (void)state;
  lqa_error err;
  assert_int_equal(init("dupes", NULL, NULL, &err), LQA_BAD_USAGE);
  assert_non_null(strstr(err.message, "null-content"));
  assert_non_null(strstr(err.message, "There are: all, basic, "));
  assert_non_null(strstr(err.message, "duplicate-conflict, "));
  assert_non_null(strstr(err.message, ", overfit-model")); /* the list fits */
  assert_int_equal(init("rowshift", NULL, NULL, &err), LQA_BAD_USAGE);
  assert_non_null(strstr(err.message, "did you mean 'row-shift'?"));
  assert_int_equal(init(NULL, "duplicate=WARN", NULL, &err), LQA_OK);
  assert_int_equal(init(NULL, NULL, "rare-class.min-rows=2.5", &err), LQA_BAD_USAGE);
  assert_non_null(strstr(err.message, "a whole number from 0"));
  assert_int_equal(init(NULL, NULL, "rare-class.min-rows=2.0", &err), LQA_OK);
  assert_int_equal(init(NULL, "duplicate=fatal", NULL, &err), LQA_BAD_USAGE);
  assert_int_equal(init(NULL, "dupes=warn", NULL, &err), LQA_BAD_USAGE);
  assert_int_equal(init(NULL, NULL, "length-fingerprint.sigmas=2", &err), LQA_BAD_USAGE);
  assert_non_null(strstr(err.message, "mads, spread"));
  assert_int_equal(init(NULL, NULL, "length-fingerprint.mads=-1", &err), LQA_BAD_USAGE);
  assert_int_equal(init(NULL, NULL, "length-fingerprint.mads=x", &err), LQA_BAD_USAGE);
  assert_int_equal(init(NULL, NULL, "length-fingerprint", &err), LQA_BAD_USAGE);
  assert_int_equal(init("all", "duplicate=warn", "length-fingerprint.mads=4", &err), LQA_OK);
}

static void table_is_sound(void **state) {
  (void)state;
  for (int i = 0; i < LQA_AUDIT_COUNT; i++) {
    const lqa_audit *audit = lqa_audit_get((lqa_audit_number)i);
    assert_int_equal(audit->number, i);
    assert_non_null(audit->run);
    assert_true(lqa_audit_kind_count(audit) > 0);
    assert_ptr_equal(lqa_audit_find(audit->id), audit);
    for (int k = 0; k < lqa_audit_kind_count(audit); k++) {
      char path[512];
      snprintf(path, sizeof path, "%s/docs/audits/%s.md", LABELQA_SOURCE_DIR, audit->kinds[k].id);
      if (!lqa_path_exists(path)) {
        print_error("missing %s\n", path);
      }
      assert_true(lqa_path_exists(path));
      assert_ptr_equal(lqa_audit_of_kind(&audit->kinds[k]), audit);
    }
    for (int p = 0; p < lqa_audit_param_count(audit); p++) {
      assert_true(audit->params[p].min <= audit->params[p].default_value);
      assert_true(audit->params[p].default_value <= audit->params[p].max);
    }
  }
}

static void bits_number_the_marking_ids(void **state) {
  (void)state;
  int n = lqa_finding_bit_count();
  assert_true(n > 0 && n <= LQA_FINDING_MAX_BITS);
  for (int bit = 0; bit < n; bit++) {
    assert_int_equal(lqa_finding_bit(lqa_finding_bit_id(bit)), bit);
  }
  assert_int_equal(lqa_finding_bit("class-imbalance"), -1);
  assert_int_equal(lqa_finding_bit("no-such"), -1);
  assert_null(lqa_finding_bit_id(n));
  assert_null(lqa_finding_bit_id(-1));
}

static void marks_rows_by_severity(void **state) {
  (void)state;
  lqa_dataset *d = fixture_dataset(ROWS, FIXTURE_COUNT(ROWS), NULL, 0);
  lqa_audit_run run;
  fixture_init(&run, "basic", NULL);
  fixture_run(&run, &(lqa_audit_input){.dataset = d});
  uint64_t bits[6] = {0};
  uint8_t error[6] = {0};
  int32_t label[6] = {-1, -1, -1, -1, -1, -1};
  lqa_audit_run_mark(&run, &(lqa_audit_marks){bits, error, label});
  uint64_t conflict = (uint64_t)1 << lqa_finding_bit("duplicate-conflict");
  uint64_t copy = (uint64_t)1 << lqa_finding_bit("duplicate");
  assert_int_equal(bits[0], conflict);
  assert_int_equal(bits[4], conflict | copy);
  assert_int_equal(bits[2], (uint64_t)1 << lqa_finding_bit("null-content"));
  assert_int_equal(bits[5], 0);
  assert_memory_equal(error, ((uint8_t[]){1, 1, 1, 1, 1, 0}), 6);
  assert_int_equal(label[1], 0);
  assert_int_equal(label[2], -1);
  lqa_audit_run_clear(&run);
  lqa_dataset_free(d);
}

static void severity_can_be_overridden(void **state) {
  (void)state;
  lqa_dataset *d = fixture_dataset(ROWS, FIXTURE_COUNT(ROWS), NULL, 0);
  const char *severity[] = {"duplicate-conflict=warn", "null-label=ignore"};
  lqa_audit_choices choices = {.severity = {severity, 2}};
  lqa_audit_run run;
  assert_int_equal(lqa_audit_run_init(&run, &choices, NULL), LQA_OK);
  fixture_run(&run, &(lqa_audit_input){.dataset = d});
  assert_int_equal(fixture_find(&run, "duplicate-conflict", 0)->severity, LQA_WARN);
  for (size_t i = 0; i < run.findings.items.n; i++) {
    assert_string_not_equal(run.findings.items.data[i].kind->id, "null-label");
  }
  assert_int_equal(lqa_finding_count_severity(&run.findings, LQA_ERROR), 1); /* null-content */
  lqa_audit_run_clear(&run);
  lqa_dataset_free(d);
}

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

static lqa_status run_with_baseline(const lqa_dataset *d, const char *text, lqa_audit_run *run,
                                    lqa_error *err) {
  char path[] = "/tmp/labelqa-baseline-XXXXXX";
  close(mkstemp(path));
  write_file(path, text);
  lqa_error_clear(err);
  lqa_status status = lqa_audit_run_init(run, &(lqa_audit_choices){.baseline = path}, err);
  unlink(path);
  if (status == LQA_OK) {
    fixture_run(run, &(lqa_audit_input){.dataset = d});
  }
  return status;
}

static void baseline_takes_findings_out(void **state) {
  (void)state;
  lqa_dataset *d = fixture_dataset(ROWS, FIXTURE_COUNT(ROWS), NULL, 0);
  lqa_audit_run run;
  lqa_error err;
  assert_int_equal(
      run_with_baseline(d, "# known\n\nduplicate-conflict 1\nnull-label\r\n", &run, &err), LQA_OK);
  fixture_expect_rows(fixture_find(&run, "duplicate-conflict", 0), (int64_t[]){0, 4}, 2);
  assert_non_null(strstr(fixture_find(&run, "duplicate-conflict", 0)->message, "1 row accepted"));
  assert_true(fixture_is_clean(&run, "null-label"));
  fixture_expect_rows(fixture_find(&run, "null-content", 0), (int64_t[]){2}, 1);
  lqa_audit_run_clear(&run);
  assert_int_equal(run_with_baseline(d, "no-such 1\n", &run, &err), LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "line 1"));
  lqa_dataset_free(d);
}

static void written_baseline_accepts_all(void **state) {
  (void)state;
  lqa_dataset *d = fixture_dataset(ROWS, FIXTURE_COUNT(ROWS), NULL, 0);
  lqa_audit_run run;
  lqa_error err;
  fixture_init(&run, NULL, NULL);
  fixture_run(&run, &(lqa_audit_input){.dataset = d});
  lqa_buf text;
  lqa_buf_init(&text, 1 << 20);
  lqa_baseline_write(&run.findings, d, &text);
  lqa_audit_run_clear(&run);
  assert_int_equal(run_with_baseline(d, text.data, &run, &err), LQA_OK);
  for (size_t i = 0; i < run.findings.items.n; i++) {
    assert_int_equal(run.findings.items.data[i].count, 0);
  }
  lqa_audit_run_clear(&run);
  lqa_buf_clear(&text);
  lqa_dataset_free(d);
}

/* Sixty rows with something for most audits to find. */
static lqa_dataset *make_busy_dataset(void) {
  static char text[60][80];
  static fixture_row rows[60];
  for (int i = 0; i < 60; i++) {
    snprintf(text[i], sizeof text[i], "the %s number %d was in the %s and it is %s",
             i % 3 ? "card" : "rate", i % 50, i % 2 ? "bank" : "caf\xc3\x83\xc2\xa9",
             i % 7 ? "gone" : "back");
    rows[i] = (fixture_row){i == 9 ? NULL : text[i], i == 5   ? NULL
                                                     : i == 6 ? "Card"
                                                     : i % 3  ? "card"
                                                              : "rate"};
  }
  return fixture_dataset(rows, 60, NULL, 0);
}

/* Every allocation fails once: the run ends with LQA_NO_MEMORY and a message, or does without. */
static void survives_exhaustion(void **state) {
  (void)state;
  lqa_dataset *d = make_busy_dataset();
  float probs[60 * 3];
  for (int i = 0; i < 180; i++) {
    probs[i] = i % 3 == i / 3 % 2 ? .8f : .1f;
  }
  int failures = 0;
  for (long n = 1; n < 4000; n += n < 400 ? 1 : 37) {
    lqa_audit_run run;
    lqa_error err;
    lqa_error_clear(&err);
    lqa_audit_input known = {.dataset = d, .pred_probs = probs};
    assert_int_equal(lqa_audit_run_init(&run, &(lqa_audit_choices){0}, &err), LQA_OK);
    lqa_memory_fail_after(n);
    lqa_status status = lqa_audit_run_structural(&run, &known, &err);
    status = status == LQA_OK ? lqa_audit_run_modelled(&run, &known, &err) : status;
    lqa_memory_fail_after(0);
    assert_true(status == LQA_OK || (status == LQA_NO_MEMORY && err.message[0]));
    failures += status != LQA_OK;
    lqa_audit_run_clear(&run);
  }
  assert_true(failures > 100);
  lqa_dataset_free(d);
}

static void threads_change_no_finding(void **state) {
  (void)state;
  lqa_dataset *d = make_busy_dataset();
  float probs[60 * 3];
  for (int i = 0; i < 180; i++) {
    probs[i] = i % 3 == i / 3 % 2 ? .8f : .1f;
  }
  lqa_buf said[3];
  for (int k = 0; k < 3; k++) {
    lqa_audit_run run;
    lqa_pool *pool = lqa_pool_new(k == 0 ? 1 : k == 1 ? 2 : 8);
    fixture_init(&run, NULL, NULL);
    fixture_run(&run, &(lqa_audit_input){.dataset = d, .pred_probs = probs, .pool = pool});
    lqa_buf_init(&said[k], 1 << 20);
    for (size_t i = 0; i < run.findings.items.n; i++) {
      const lqa_finding *finding = &run.findings.items.data[i];
      lqa_buf_printf(&said[k], "%s %d %s\n", finding->kind->id, (int)finding->count,
                     finding->message);
    }
    lqa_audit_run_clear(&run);
    lqa_pool_free(pool);
  }
  assert_string_equal(said[0].data, said[1].data);
  assert_string_equal(said[0].data, said[2].data);
  for (int k = 0; k < 3; k++) {
    lqa_buf_clear(&said[k]);
  }
  lqa_dataset_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(refuses_what_does_not_exist),  cmocka_unit_test(table_is_sound),
      cmocka_unit_test(bits_number_the_marking_ids),  cmocka_unit_test(marks_rows_by_severity),
      cmocka_unit_test(severity_can_be_overridden),   cmocka_unit_test(baseline_takes_findings_out),
      cmocka_unit_test(written_baseline_accepts_all), cmocka_unit_test(survives_exhaustion),
      cmocka_unit_test(threads_change_no_finding),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
