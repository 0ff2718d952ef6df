/* The error rate from rows verified in phases: exact where everything is known, the plain share in
 * a plain sample, corrected for a judge's errors. Coverage is measured by bench/error_rate. */
#include "trust/phase_rate.h"

#include "must.h"

#include <math.h>

enum { N = 400, K = 2 };

static int32_t label[N];
static lqa_phase_row rows[N];
static int64_t class_rows[K] = {N / 2, N / 2};

static int set_labels(void **state) {
  (void)state;
  for (int i = 0; i < N; i++) {
    label[i] = i < N / 2 ? 0 : 1;
  }
  return 0;
}

/* Every step-th row is verified; of class 0 every tenth row is wrong. */
static lqa_phase_rate estimate(int step, double control, int32_t judge, lqa_judge_error error,
                               lqa_arena *arena) {
  static double sums[K];
  int64_t n = 0;
  sums[0] = sums[1] = control * N / 2;
  for (int i = 0; i < N; i += step) {
    bool is_wrong = label[i] == 0 && i / step % 10 == 0;
    rows[n++] = (lqa_phase_row){i, 1. / step, control, is_wrong, judge};
  }
  const lqa_rate_phase phase = {rows, n, sums};
  const lqa_phase_rate_input input = {N, K, label, class_rows, &phase, 1, &error};
  lqa_phase_rate out;
  assert_int_equal(lqa_phase_rate_of(&input, arena, &out), LQA_OK);
  return out;
}

static const lqa_judge_error nobody = {0, 1, 0, 0};

static void all_rows_verified_are_known(void **state) {
  (void)state;
  lqa_arena arena;
  lqa_arena_init(&arena);
  lqa_phase_rate rate = estimate(1, .3, -1, nobody, &arena);
  assert_float_equal(rate.rate.estimate, .05, 1e-12);
  assert_float_equal(rate.rate.low, .05, 1e-3);
  assert_float_equal(rate.rate.high, .05, 1e-3);
  assert_float_equal(rate.by_class[0].estimate, .1, 1e-12);
  assert_float_equal(rate.by_class[1].estimate, 0, 1e-12);
  assert_float_equal(rate.by_class[1].low, 0, 0);
  lqa_arena_clear(&arena);
}

static void a_plain_sample_gives_its_share_whatever_the_control(void **state) {
  (void)state;
  lqa_arena arena;
  lqa_arena_init(&arena);
  for (int i = 0; i < 3; i++) {
    const double controls[] = {0, .05, .8};
    lqa_phase_rate rate = estimate(4, controls[i], -1, nobody, &arena);
    assert_float_equal(rate.rate.estimate, .05, 1e-12);
    assert_true(rate.rate.low > 0 && rate.rate.low < .05 && rate.rate.high > .05);
    assert_true(rate.rate.high < .2);
    assert_int_equal(rate.rate.n, 100);
    assert_int_equal(rate.by_class[0].n, 50);
    assert_float_equal(rate.by_class[0].estimate, .1, 1e-12);
  }
  lqa_arena_clear(&arena);
}

/* A judge that says NO of 5 % of the right and 85 % of the wrong labels: (.05 - .05) / .8. */
static void a_judges_errors_are_taken_out(void **state) {
  (void)state;
  lqa_arena arena;
  lqa_arena_init(&arena);
  const lqa_judge_error known = {.05, .85, 0, 0}, unsure = {.05, .85, .02, .02};
  lqa_phase_rate rate = estimate(4, .05, 0, known, &arena);
  assert_float_equal(rate.rate.estimate, 0, 1e-12);
  assert_float_equal(rate.by_class[0].estimate, (.1 - .05) / .8, 1e-12);
  lqa_phase_rate wider = estimate(4, .05, 0, unsure, &arena);
  assert_true(wider.rate.high > rate.rate.high);
  lqa_arena_clear(&arena);
}

static void few_rows_promise_nothing(void **state) {
  (void)state;
  lqa_arena arena;
  lqa_arena_init(&arena);
  lqa_phase_rate rate = estimate(40, .05, -1, nobody, &arena); /* 10 rows, 5 a class */
  assert_int_equal(rate.by_class[0].n, 5);
  assert_true(isnan(rate.by_class[0].estimate));
  assert_float_equal(rate.by_class[0].low, 0, 0);
  assert_float_equal(rate.by_class[0].high, 1, 0);
  assert_true(rate.rate.high > .2);
  const lqa_phase_rate_input none = {N, K, label, class_rows, NULL, 0, &nobody};
  assert_int_equal(lqa_phase_rate_of(&none, &arena, &rate), LQA_OK);
  assert_int_equal(rate.rate.n, 0);
  lqa_arena_clear(&arena);
}

static void rows_that_nobody_could_tell_are_stood_for(void **state) {
  (void)state;
  lqa_arena arena;
  lqa_phase_rate out;
  double sums[K] = {0, 0};
  lqa_arena_init(&arena);
  for (int i = 0; i < 100; i++) { /* every fifth UNKNOWN, of the others a quarter wrong */
    rows[i] = (lqa_phase_row){4 * i, .25, 0, i % 5 == 0 ? NAN : i % 5 == 1, -1};
  }
  const lqa_rate_phase phase = {rows, 100, sums};
  const lqa_phase_rate_input input = {N, K, label, class_rows, &phase, 1, &nobody};
  assert_int_equal(lqa_phase_rate_of(&input, &arena, &out), LQA_OK);
  assert_float_equal(out.rate.estimate, .25, 1e-12);
  assert_int_equal(out.rate.n, 80);
  lqa_arena_clear(&arena);
}

/* Rows 0-99 are sure to be drawn, 20 of them wrong; of the other 300 every tenth is asked. */
static void sure_rows_are_known_the_others_estimated(void **state) {
  (void)state;
  lqa_arena arena;
  lqa_phase_rate out;
  double sums[K] = {0, 0};
  lqa_arena_init(&arena);
  for (int i = 0; i < 130; i++) {
    bool is_sure = i < 100;
    rows[i] = (lqa_phase_row){is_sure ? i : 100 + (i - 100) * 10, is_sure ? 1 : .1, 0,
                              is_sure ? i < 20 : i < 103, -1};
  }
  const lqa_rate_phase phase = {rows, 130, sums};
  const lqa_phase_rate_input input = {N, K, label, class_rows, &phase, 1, &nobody};
  assert_int_equal(lqa_phase_rate_of(&input, &arena, &out), LQA_OK);
  assert_string_equal(out.rate.method, LQA_RATE_OF_STRATA);
  assert_float_equal(out.rate.estimate, (20 + 300 * .1) / 400, 1e-12);
  assert_true(out.rate.low > 20. / 400 && out.rate.low < .1);
  assert_true(out.rate.high > .14 && out.rate.high < .25);
  lqa_arena_clear(&arena);
}

/* A judge that is said to call 30 % of right labels wrong has done so of 5 %: nothing follows. */
static void a_judge_better_than_its_figure_gives_no_rate(void **state) {
  (void)state;
  lqa_arena arena;
  lqa_arena_init(&arena);
  const lqa_judge_error bad = {.3, .85, .01, .01};
  lqa_phase_rate rate = estimate(2, .05, 0, bad, &arena);
  assert_int_equal(rate.rate.n, 0);
  assert_true(isnan(rate.rate.estimate));
  lqa_arena_clear(&arena);
}

static void rows_for_a_width(void **state) {
  (void)state;
  const lqa_interval rate = {.1, .06, .14, "difference", 200};
  assert_int_equal(lqa_rate_rows_for(&rate, INT64_MAX, .01), 3200);
  assert_int_equal(lqa_rate_rows_for(&rate, INT64_MAX, .05), 200);
  /* 1 / n = 1 / 1000 + (1 / 200 - 1 / 1000) / 16 */
  assert_int_equal(lqa_rate_rows_for(&rate, 1000, .01), 800);
  assert_int_equal(lqa_rate_rows_for(&rate, 200, .01), 200);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_rows_verified_are_known),
      cmocka_unit_test(a_plain_sample_gives_its_share_whatever_the_control),
      cmocka_unit_test(a_judges_errors_are_taken_out),
      cmocka_unit_test(few_rows_promise_nothing),
      cmocka_unit_test(rows_that_nobody_could_tell_are_stood_for),
      cmocka_unit_test(sure_rows_are_known_the_others_estimated),
      cmocka_unit_test(a_judge_better_than_its_figure_gives_no_rate),
      cmocka_unit_test(rows_for_a_width),
  };
  return cmocka_run_group_tests(tests, set_labels, NULL);
}
