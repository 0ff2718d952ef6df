/* Charts: scales and marks against numbers known by hand, and documents that stay whole whatever
 * they are given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "report/chart/chart.h"

#include <math.h>
#include <stdlib.h>

static void test_scales_map_ends_to_ends(void **state) {
  (void)state;
  const lqa_scale y = {0, 50, 200, 20, false}, x = {1, 1000, 0, 300, true};
  assert_true(fabs(lqa_scale_at(&y, 0) - 200) < 1e-9);
  assert_true(fabs(lqa_scale_at(&y, 25) - 110) < 1e-9);
  assert_true(fabs(lqa_scale_at(&y, 500) - 20) < 1e-9);
  assert_true(fabs(lqa_scale_at(&y, (double)NAN) - 200) < 1e-9);
  assert_true(fabs(lqa_scale_at(&x, 10) - 100) < 1e-9);
  assert_true(fabs(lqa_scale_at(&x, 100) - 200) < 1e-9);
  assert_true(fabs(lqa_scale_at(&x, 0)) < 1e-9);
  const lqa_scale empty = {3, 3, 0, 10, false};
  assert_true(lqa_scale_at(&empty, 3) == 0);
}

static void test_marks_are_round(void **state) {
  (void)state;
  double ticks[LQA_SCALE_MAX_TICKS];
  const lqa_scale shares = {0, .25, 0, 1, false};
  int n = lqa_scale_ticks(&shares, 4, ticks);
  assert_int_equal(n, 3);
  assert_true(fabs(ticks[1] - .1) < 1e-12 && fabs(ticks[2] - .2) < 1e-12);
  const lqa_scale counts = {.5, 2500, 0, 1, true};
  n = lqa_scale_ticks(&counts, 4, ticks);
  assert_int_equal(n, 4);
  assert_true(ticks[0] == 1 && ticks[3] == 1000);
  const lqa_scale nothing = {1, 1, 0, 1, false};
  assert_int_equal(lqa_scale_ticks(&nothing, 4, ticks), 0);
  assert_true(lqa_scale_round_up(.013) - .02 < 1e-12 && lqa_scale_round_up(.013) > .0199);
  assert_true(lqa_scale_round_up(230) == 250);
  assert_true(lqa_scale_round_up(100) == 100);
  assert_true(lqa_scale_round_up(0) == 1 && lqa_scale_round_up((double)INFINITY) == 1);
}

static int count_of(const char *text, const char *what) {
  int n = 0;
  for (const char *at = text; (at = strstr(at, what)); at++) {
    n++;
  }
  return n;
}

/* Opened and closed alike, no raw markup, no comma or letter in a number. */
static void assert_whole(const lqa_buf *out) {
  assert_false(out->failed);
  const char *s = out->data;
  assert_int_equal(count_of(s, "<svg "), 1);
  assert_int_equal(count_of(s, "</svg>"), 1);
  assert_int_equal(count_of(s, "<g>"), count_of(s, "</g>"));
  assert_int_equal(count_of(s, "<text"), count_of(s, "</text>"));
  assert_int_equal(count_of(s, "<title"), count_of(s, "</title>"));
  assert_null(strstr(s, "<script"));
  assert_null(strstr(s, "nan"));
  assert_null(strstr(s, "inf\""));
}

static const lqa_str evil = {"</text><script>alert('x')</script>\xE2\x80\xAE\x1b[31m\xFF", 44};

static lqa_chart_head head(void) {
  return (lqa_chart_head){7, "A & B", evil};
}

static void test_bars_carry_hints_and_bands(void **state) {
  (void)state;
  const lqa_chart_value values[] = {{evil, 10, .25, .2, .3},
                                    {{NULL, 0}, 0, (double)NAN, (double)NAN, (double)NAN},
                                    {{NULL, 0}, 5, 1, (double)NAN, (double)NAN}};
  const lqa_chart_band band = {.5, 1.5};
  lqa_chart_columns chart = {.head = head(),
                             .values = values,
                             .n = 3,
                             .is_percent = true,
                             .x_name = "x",
                             .y_name = "y",
                             .first = evil,
                             .last = LQA_STR("end"),
                             .bands = &band,
                             .n_bands = 1};
  lqa_buf out;
  lqa_buf_init(&out, 1 << 20);
  lqa_chart_draw_columns(&chart, &out);
  assert_whole(&out);
  assert_int_equal(count_of(out.data, "class=\"bar\""), 2);
  assert_int_equal(count_of(out.data, "class=\"whisker\""), 1);
  assert_int_equal(count_of(out.data, "class=\"band\""), 2);
  assert_non_null(strstr(out.data, "25.0 % of 10 rows"));
  assert_non_null(strstr(out.data, "<title id=\"t7\">A &amp; B</title>"));
  lqa_buf_reset(&out);
  chart.n = 0;
  lqa_chart_draw_columns(&chart, &out);
  assert_whole(&out);
  lqa_buf_clear(&out);
}

static void test_ranges_name_their_rows(void **state) {
  (void)state;
  const lqa_chart_value values[] = {{evil, 10, .25, .2, .3}, {LQA_STR("a"), 1, 0, 0, .9}};
  const lqa_chart_ranges chart = {
      .head = head(), .values = values, .n = 2, .is_percent = true, .x_name = "share"};
  lqa_buf out;
  lqa_buf_init(&out, 1 << 20);
  lqa_chart_draw_ranges(&chart, &out);
  assert_whole(&out);
  assert_int_equal(count_of(out.data, "<circle class=\"bar\""), 2);
  assert_non_null(strstr(out.data, ">25.0 %</text>"));
  lqa_buf_clear(&out);
}

static void test_heat_has_a_number_in_every_cell(void **state) {
  (void)state;
  lqa_str names[LQA_CHART_MAX_CELLS];
  int64_t cells[LQA_CHART_MAX_CELLS * LQA_CHART_MAX_CELLS];
  for (int i = 0; i < LQA_CHART_MAX_CELLS; i++) {
    names[i] = i ? LQA_STR("class") : evil;
  }
  for (int i = 0; i < LQA_CHART_MAX_CELLS * LQA_CHART_MAX_CELLS; i++) {
    cells[i] = i;
  }
  for (int n = 0; n <= LQA_CHART_MAX_CELLS; n += 4) {
    const lqa_chart_heat chart = {.head = head(),
                                  .names = names,
                                  .n = n,
                                  .cells = cells,
                                  .row_name = "given",
                                  .column_name = "suggested"};
    lqa_buf out;
    lqa_buf_init(&out, 1 << 20);
    lqa_chart_draw_heat(&chart, &out);
    assert_whole(&out);
    assert_int_equal(count_of(out.data, "class=\"plain\""), n * n);
    assert_int_equal(count_of(out.data, "class=\"bar\""), n * (n - (n > 0)));
    lqa_buf_clear(&out);
  }
}

static void test_lines_are_named_and_skip_what_is_not_known(void **state) {
  (void)state;
  const lqa_chart_point points[] = {{1, .5, (double)NAN, (double)NAN},
                                    {2, (double)NAN, (double)NAN, (double)NAN},
                                    {3, .7, .6, .8}};
  const lqa_chart_lines chart = {.head = head(),
                                 .lines = {{"recall", points, 3}, {"precision", points, 3}},
                                 .n_lines = 2,
                                 .x_to = 3,
                                 .y_to = 1,
                                 .has_diagonal = true,
                                 .mark = 2,
                                 .mark_name = "here",
                                 .x_name = "rows",
                                 .y_name = "share"};
  lqa_buf out;
  lqa_buf_init(&out, 1 << 20);
  lqa_chart_draw_lines(&chart, &out);
  assert_whole(&out);
  assert_non_null(strstr(out.data, ">recall</text>"));
  assert_non_null(strstr(out.data, ">precision</text>"));
  assert_int_equal(count_of(out.data, "<circle"), 2);
  assert_int_equal(count_of(out.data, "class=\"guide\""), 2);
  lqa_buf_clear(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_scales_map_ends_to_ends),
      cmocka_unit_test(test_marks_are_round),
      cmocka_unit_test(test_bars_carry_hints_and_bands),
      cmocka_unit_test(test_ranges_name_their_rows),
      cmocka_unit_test(test_heat_has_a_number_in_every_cell),
      cmocka_unit_test(test_lines_are_named_and_skip_what_is_not_known),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
