/* tests/unit/test_row_order.c - ids and times: duplicates, order, holes, forms, bad input. */
#include "audit_fixture.h"

#include "audit/measure/sequence.h"
#include "base/timestamp.h"
#include "base/rng.h"

#include <math.h>
#include <stdio.h>

enum { N = 300 };

/* A data set of N rows with one role column of these values (NULL = NULL). */
typedef struct role_column {
  char bytes[N * 32];
  uint64_t offsets[N + 1];
  uint8_t valid[N];
} role_column;

static void set_role(lqa_dataset *d, lqa_role role, role_column *store, const char *const *values) {
  for (int i = 0; i < N; i++) {
    size_t size = values[i] ? strlen(values[i]) : 0;
    memcpy(store->bytes + store->offsets[i], values[i] ? values[i] : "", size);
    store->offsets[i + 1] = store->offsets[i] + size;
    store->valid[i] = values[i] != NULL;
  }
  d->roles[role] = (lqa_column){role == LQA_ROLE_ID ? "id" : "when", N, store->bytes,
                                store->offsets, store->valid};
}

static lqa_dataset *make_dataset(void) {
  static fixture_row rows[N];
  static char text[N][8];
  for (int i = 0; i < N; i++) {
    snprintf(text[i], sizeof text[i], "t%d", i);
    rows[i] = (fixture_row){text[i], i % 2 ? "a" : "b"};
  }
  return fixture_dataset(rows, N, NULL, 0);
}

static char buffer[N][32];
static const char *values[N];

static void audit(lqa_role role, const char *check, lqa_audit_run *run, lqa_status expected,
                  lqa_error *err) {
  static role_column store;
  lqa_dataset *d = make_dataset();
  store.offsets[0] = 0;
  set_role(d, role, &store, values);
  fixture_init(run, check, NULL);
  lqa_error_clear(err);
  assert_int_equal(lqa_audit_run_structural(run, &(lqa_audit_input){.dataset = d}, err), expected);
  lqa_dataset_free(d);
}

static void count_up(const char *format, int start) {
  for (int i = 0; i < N; i++) {
    snprintf(buffer[i], sizeof buffer[i], format, start + i);
    values[i] = buffer[i];
  }
}

static void finds_repeated_ids(void **state) {
  (void)state;
  lqa_audit_run run;
  lqa_error err;
  count_up("row-%d", 0);
  values[7] = values[3];
  values[50] = values[3];
  values[60] = values[61] = NULL; /* a missing id repeats nothing */
  audit(LQA_ROLE_ID, "id-duplicate", &run, LQA_OK, &err);
  fixture_expect_rows(fixture_find(&run, "id-duplicate", 0), (int64_t[]){3, 7, 50}, 3);
  assert_int_equal(fixture_find(&run, "id-duplicate", 0)->n_groups, 1);
  lqa_audit_run_clear(&run);
}

static void refuses_one_id_for_all(void **state) {
  (void)state;
  lqa_audit_run run;
  lqa_error err;
  for (int i = 0; i < N; i++) {
    values[i] = "same";
  }
  audit(LQA_ROLE_ID, "id-duplicate", &run, LQA_BAD_DATA, &err);
  assert_string_equal(err.column, "id");
  assert_non_null(strstr(err.message, "\"same\" in all 300 rows"));
  lqa_audit_run_clear(&run);
}

static void finds_ids_out_of_order_and_holes(void **state) {
  (void)state;
  lqa_audit_run run;
  lqa_error err;
  count_up("%d", 1000);
  for (int i = 70; i < N; i++) {
    snprintf(buffer[i], sizeof buffer[i], "%d", 1000 + i + 500); /* 500 ids missing */
  }
  values[20] = "99999999";
  audit(LQA_ROLE_ID, "id-order", &run, LQA_OK, &err);
  fixture_expect_rows(fixture_find(&run, "id-order", 0), (int64_t[]){20}, 1);
  const lqa_finding *gap = fixture_find(&run, "id-order", 1);
  assert_non_null(gap);
  assert_non_null(strstr(gap->message, "1070 to 1569 before row 70"));
  lqa_audit_run_clear(&run);
  count_up("%d", 5);
  audit(LQA_ROLE_ID, "id-order", &run, LQA_OK, &err);
  assert_true(fixture_is_clean(&run, "id-order"));
  lqa_audit_run_clear(&run);
  for (int i = 0; i < N; i++) { /* shuffled: no order is meant */
    snprintf(buffer[i], sizeof buffer[i], "%d", i * 37 % N);
  }
  audit(LQA_ROLE_ID, "id-order", &run, LQA_OK, &err);
  assert_true(fixture_is_clean(&run, "id-order"));
  lqa_audit_run_clear(&run);
}

static void finds_times_out_of_order(void **state) {
  (void)state;
  lqa_audit_run run;
  lqa_error err;
  count_up("2020-01-01T00:%02d", 0);
  for (int i = 0; i < N; i++) {
    snprintf(buffer[i], sizeof buffer[i], "2020-01-%02dT%02d:30:00Z", 1 + i / 24, i % 24);
  }
  values[40] = "2019-06-01T00:00:00Z";
  values[41] = NULL;
  values[90] = "2999-01-01T00:00:00Z";
  audit(LQA_ROLE_TIME, "time-order", &run, LQA_OK, &err);
  fixture_expect_rows(fixture_find(&run, "time-order", 0), (int64_t[]){40, 90}, 2);
  fixture_expect_rows(fixture_find(&run, "time-order", 1), (int64_t[]){90}, 1); /* the future */
  lqa_audit_run_clear(&run);
}

static void refuses_mixed_forms(void **state) {
  (void)state;
  lqa_audit_run run;
  lqa_error err;
  count_up("%d", 1700000000);
  values[33] = "23.11.2023";
  audit(LQA_ROLE_TIME, "time-order", &run, LQA_BAD_DATA, &err);
  assert_int_equal(err.row, 33);
  assert_string_equal(err.column, "when");
  assert_non_null(strstr(err.message, "23.11.2023"));
  lqa_audit_run_clear(&run);
}

static void refuses_mixed_units(void **state) {
  (void)state;
  lqa_audit_run run;
  lqa_error err;
  count_up("%d", 1700000000);
  values[33] = "1700000033000";
  audit(LQA_ROLE_TIME, "time-order", &run, LQA_BAD_DATA, &err);
  assert_int_equal(err.row, 33);
  assert_non_null(strstr(err.message, "milliseconds"));
  lqa_audit_run_clear(&run);
  values[34] = "12"; /* no date in either unit: numbers that only give an order */
  audit(LQA_ROLE_TIME, "time-order", &run, LQA_OK, &err);
  lqa_audit_run_clear(&run);
}

static void an_empty_column_is_not_run(void **state) {
  (void)state;
  lqa_audit_run run;
  lqa_error err;
  for (int i = 0; i < N; i++) {
    values[i] = NULL;
  }
  audit(LQA_ROLE_TIME, "time-order", &run, LQA_OK, &err);
  assert_int_equal(run.findings.items.n, 0);
  assert_int_equal(run.n_skipped, 1);
  assert_string_equal(run.skipped[0].reason, "column 'when' holds no time");
  lqa_audit_run_clear(&run);
}

static void reads_the_usual_forms(void **state) {
  (void)state;
  static const struct {
    const char *text;
    lqa_time_form form;
    double seconds;
  } cases[] = {
      {"1970-01-02", LQA_TIME_ISO, 86400},
      {"2026-11-23T21:04:12Z", LQA_TIME_ISO, 1795467852},
      {"2026-11-23 22:04:12.5+01:00", LQA_TIME_ISO, 1795467852.5},
      {"2026/11/23 21:04", LQA_TIME_ISO, 1795467840},
      {"2000-02-29T24:00", LQA_TIME_ISO, 951868800},
      {"23.11.2026", LQA_TIME_DAY_FIRST, 1795392000},
      {"23/11/2026 21:04", LQA_TIME_DAY_FIRST, 1795467840},
      {"11/23/2026", LQA_TIME_MONTH_FIRST, 1795392000},
      {"1795467852", LQA_TIME_SECONDS, 1795467852},
      {"1795467852000", LQA_TIME_MILLISECONDS, 1795467852},
      {"-3.5", LQA_TIME_NUMBER, -3.5},
  };
  for (size_t i = 0; i < FIXTURE_COUNT(cases); i++) {
    double seconds = 0;
    assert_true(lqa_time_parse(lqa_str_from(cases[i].text), cases[i].form, &seconds));
    assert_true(fabs(seconds - cases[i].seconds) < 1e-6);
  }
  static const char *const bad[] = {"",           "2026-13-01", "2026-11-23T25:00",
                                    "23.11.26",   "today",      "2026-11-23T21:04:12+1",
                                    "2026-11",    "nan",        "2020-02-30",
                                    "1900-02-29", "31.04.2026", "2026-11-23T24:01"};
  for (size_t i = 0; i < FIXTURE_COUNT(bad); i++) {
    double seconds;
    assert_false(lqa_time_parse(lqa_str_from(bad[i]), LQA_TIME_ISO, &seconds));
    assert_false(lqa_time_parse(lqa_str_from(bad[i]), LQA_TIME_DAY_FIRST, &seconds));
    assert_false(lqa_time_parse(lqa_str_from(bad[i]), LQA_TIME_NUMBER, &seconds));
  }
  char text[32];
  lqa_time_format(1795467852, LQA_TIME_ISO, text);
  assert_string_equal(text, "2026-11-23T21:04:12Z");
  lqa_time_format(-1, LQA_TIME_ISO, text);
  assert_string_equal(text, "1969-12-31T23:59:59Z");
}

/* Longest non-descending subsequence by the quadratic definition. */
static int slow_longest(const double *value, int n) {
  int length[N], best = 0;
  for (int i = 0; i < n; i++) {
    length[i] = isnan(value[i]) ? 0 : 1;
    for (int j = 0; j < i && length[i]; j++) {
      if (!isnan(value[j]) && value[j] <= value[i] && length[j] + 1 > length[i]) {
        length[i] = length[j] + 1;
      }
    }
    best = length[i] > best ? length[i] : best;
  }
  return best;
}

static void breaks_are_the_fewest(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 2, 0);
  for (int round = 0; round < 300; round++) {
    double value[N];
    int n = (int)lqa_rng_below(&rng, 40), n_values = 0;
    for (int i = 0; i < n; i++) {
      bool none = lqa_rng_below(&rng, 10) == 0;
      value[i] = none ? NAN : (double)lqa_rng_below(&rng, 20);
      n_values += !none;
    }
    lqa_sequence found;
    assert_int_equal(lqa_sequence_check(value, n, &found), LQA_OK);
    assert_int_equal(found.n_values, n_values);
    assert_int_equal(found.breaks.n, n_values - slow_longest(value, n));
    double last = -1;
    for (int i = 0, next = 0; i < n; i++) { /* what stays is in order */
      if (next < (int)found.breaks.n && found.breaks.data[next] == i) {
        next++;
      } else if (!isnan(value[i])) {
        assert_true(value[i] >= last);
        last = value[i];
      }
    }
    lqa_sequence_clear(&found);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_repeated_ids),
      cmocka_unit_test(refuses_one_id_for_all),
      cmocka_unit_test(finds_ids_out_of_order_and_holes),
      cmocka_unit_test(finds_times_out_of_order),
      cmocka_unit_test(refuses_mixed_forms),
      cmocka_unit_test(refuses_mixed_units),
      cmocka_unit_test(an_empty_column_is_not_run),
      cmocka_unit_test(reads_the_usual_forms),
      cmocka_unit_test(breaks_are_the_fewest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
