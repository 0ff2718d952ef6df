/* The report as JSON must read back to itself, and no text from the data may escape into markup or
 * steer a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/text_wrap.h"
#include "report/report.h"

#include <math.h>

static const int64_t rows[] = {3, 7};
static const lqa_report_finding findings[] = {
    {.id = "null-content",
     .severity = "error",
     .message = "2 rows are <empty>",
     .count = 2,
     .rows = rows,
     .n_rows = 2,
     .z = NAN},
    {.id = "row-shift",
     .severity = "error",
     .message = "rows 5-9 carry the label of the row above",
     .count = 5,
     .is_block = true,
     .rows_from = 5,
     .rows_to = 9,
     .has_shift = true,
     .shift = 1,
     .z = 10.5,
     .repair = "row-shift",
     .details_json = "{\"a\":[1,{\"b\":null}],\"c\":\"d\"}"},
    {.id = "rare-class", .severity = "warn", .message = "", .count = 0, .z = NAN},
    {.id = "slice", .severity = "warn", .message = "", .count = 0, .accepted = 4, .z = NAN}};
static const lqa_report_not_run not_run[] = {{"id-order", "no --id column"},
                                             {"time-order", "no --time <column>"},
                                             {"id-duplicate", "no --id column"}};

static lqa_report make_report(void) {
  static lqa_str classes[2];
  static lqa_report_class per_class[2];
  static lqa_report_overlap overlap;
  static lqa_report_length length;
  static lqa_report_timing timing = {"reading", 0.125, 1 << 20};
  static const char *notes[] = {"a note"};
  static lqa_str reason;
  static lqa_report_suspect suspect;
  classes[0] = LQA_STR("A");
  classes[1] = LQA_STR("B & \"C\"");
  per_class[0] = (lqa_report_class){classes[0], 10, 2, 0.25, 0.125, 0.75};
  per_class[1] = (lqa_report_class){classes[1], 20, 1, 0.05, 0.1, 0.95};
  overlap = (lqa_report_overlap){classes[0], classes[1], 3, 0.1};
  length = (lqa_report_length){classes[0], 12.5, 3.25, 10};
  reason = LQA_STR("<script>alert(1)</script>");
  suspect = (lqa_report_suspect){.row_id = LQA_STR("r1"),
                                 .text = LQA_STR("<img src=x>\x1b[31m evil | *text*\nline two"),
                                 .label = classes[0],
                                 .suggested = classes[1],
                                 .trust_score = 0.3,
                                 .reasons = &reason,
                                 .n_reasons = 1};
  return (lqa_report){.version = "1",
                      .run_path = "run",
                      .n_rows = 30,
                      .classes = classes,
                      .n_classes = 2,
                      .findings = findings,
                      .n_findings = 4,
                      .not_run = not_run,
                      .n_not_run = 3,
                      .lengths = &length,
                      .n_lengths = 1,
                      .confident = {true, "logistic", "stable", 3, 4, 0.99, 0.9, per_class, 2,
                                    &overlap, 1, .has_skill = true},
                      .loss = {3, false, 0},
                      .relabel = 1,
                      .keep_ambiguous = 2,
                      .needs_review = 3,
                      .keep = 24,
                      .has_error_rate = true,
                      .error_rate = {0.1, 0.05, 0.2, "wilson", 100},
                      .error_rate_frame = "all rows",
                      .has_flag_recall = true,
                      .flag_recall = {0.7, 0.5, 0.9, "mover-wilson", 100},
                      .timings = &timing,
                      .n_timings = 1,
                      .peak_rss_bytes = 1234,
                      .suspects = &suspect,
                      .n_suspects = 1,
                      .notes = notes,
                      .n_notes = 1};
}

static void test_json_reads_back_to_itself(void **state) {
  (void)state;
  lqa_report report = make_report(), again;
  lqa_arena arena;
  lqa_error err;
  lqa_buf first, second;
  lqa_arena_init(&arena);
  lqa_buf_init(&first, 1 << 20);
  lqa_buf_init(&second, 1 << 20);
  lqa_report_json(&report, &first);
  assert_int_equal(lqa_report_load(lqa_buf_str(&first), "run", &arena, &again, &err), LQA_OK);
  lqa_report_json(&again, &second);
  assert_string_equal(first.data, second.data);
  assert_int_equal(again.findings[1].rows_to, 9);
  assert_true(again.findings[1].z == 10.5);
  lqa_buf_clear(&first);
  lqa_buf_clear(&second);
  lqa_arena_clear(&arena);
}

static bool holds(void (*render)(const lqa_report *, lqa_buf *), const lqa_report *r,
                  const char *text) {
  lqa_buf out;
  lqa_buf_init(&out, 1 << 20);
  render(r, &out);
  bool found = strstr(out.data, text) != NULL;
  lqa_buf_clear(&out);
  return found;
}

static void terminal(const lqa_report *r, lqa_buf *out) {
  lqa_report_terminal(r, 500, out);
  lqa_report_terminal_next(r, out);
}

/* A blend has no training accuracy of its own: that of a member is told as such. */
static void test_training_accuracy_is_told_of_whom(void **state) {
  (void)state;
  lqa_report r = make_report();
  assert_true(holds(terminal, &r, "99.0 % on its own training rows\n"));
  r.confident.trained_member = "logistic regression";
  assert_true(holds(terminal, &r, "99.0 % on training rows (logistic regression alone)"));
  assert_true(
      holds(lqa_report_markdown, &r, "99.0 % on training rows (logistic regression alone)"));
  assert_true(holds(lqa_report_html, &r, "99.0 % on training rows (logistic regression alone)"));
  assert_true(holds(lqa_report_json, &r, "\"train_accuracy_of\": \"logistic regression\""));
}

/* Where the model knows nothing no renderer prints an estimate as if it were known. */
static void test_an_unskilled_model_estimates_nothing(void **state) {
  (void)state;
  void (*const renderers[])(const lqa_report *, lqa_buf *) = {terminal, lqa_report_markdown,
                                                              lqa_report_html};
  lqa_report r = make_report();
  for (int i = 0; i < 3; i++) {
    assert_true(holds(renderers[i], &r, "about 4 labels estimated wrong"));
    assert_true(holds(renderers[i], &r, "a note"));
  }
  assert_true(holds(lqa_report_json, &r, "\"estimated_errors\": 4"));
  r.confident.has_skill = false;
  for (int i = 0; i < 3; i++) {
    assert_false(holds(renderers[i], &r, "estimated wrong"));
    assert_false(holds(renderers[i], &r, "est. wrong"));
    assert_true(holds(renderers[i], &r, "No row is flagged: the probabilities predict the labels"));
    assert_true(holds(renderers[i], &r, "The labels were not checked"));
  }
  assert_true(holds(lqa_report_json, &r, "\"estimated_errors\": null"));
  assert_true(holds(lqa_report_json, &r, "\"skilled\": false"));
}

static void test_another_schema_is_refused(void **state) {
  (void)state;
  lqa_arena arena;
  lqa_report report;
  lqa_error err;
  lqa_arena_init(&arena);
  assert_int_equal(lqa_report_load(LQA_STR("{\"schema\":\"x/9\"}"), "run", &arena, &report, &err),
                   LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "x/9"));
  assert_int_equal(lqa_report_load(LQA_STR("{\"schema\":"), "run", &arena, &report, &err),
                   LQA_BAD_DATA);
  lqa_arena_clear(&arena);
}

static void test_markup_is_escaped(void **state) {
  (void)state;
  lqa_report report = make_report();
  void (*const renderers[])(const lqa_report *, lqa_buf *) = {lqa_report_html, lqa_report_markdown,
                                                              lqa_report_junit};
  for (int i = 0; i < 3; i++) {
    lqa_buf out;
    lqa_buf_init(&out, 1 << 20);
    renderers[i](&report, &out);
    assert_null(strstr(out.data, "<img"));
    assert_null(strstr(out.data, "<script"));
    assert_null(strstr(out.data, "<empty>"));
    assert_null(strchr(out.data, '\x1b'));
    lqa_buf_clear(&out);
  }
}

static lqa_report_finding many[12];

static void test_checks_without_findings_are_told(void **state) {
  (void)state;
  lqa_report report = make_report();
  void (*const renderers[])(const lqa_report *, lqa_buf *) = {lqa_report_html, lqa_report_markdown};
  for (int i = 0; i < 2; i++) {
    lqa_buf out;
    lqa_buf_init(&out, 1 << 20);
    renderers[i](&report, &out);
    assert_non_null(strstr(out.data, "1 check found nothing"));
    assert_non_null(strstr(out.data, "accepted by the baseline: slice (4)"));
    assert_non_null(strstr(out.data, "not run: no --id column (id-order, id-duplicate)"));
    assert_non_null(strstr(out.data, "not run: no --time &lt;column&gt; (time-order)"));
    lqa_buf_clear(&out);
  }
  lqa_buf out;
  lqa_buf_init(&out, 1 << 20);
  lqa_report_junit(&report, &out);
  assert_non_null(strstr(out.data, "tests=\"7\" failures=\"2\" skipped=\"3\""));
  assert_non_null(strstr(out.data, "name=\"id-order\"><skipped message=\"no --id column\"/>"));
  lqa_buf_clear(&out);
}

static void test_findings_alike_are_cut(void **state) {
  (void)state;
  lqa_report report = make_report();
  for (int i = 0; i < 12; i++) {
    many[i] = findings[0];
    many[i].id = i == 11 ? "null-label" : "rare-class";
  }
  report.findings = many;
  report.n_findings = 12;
  lqa_buf out;
  lqa_buf_init(&out, 1 << 20);
  lqa_report_terminal(&report, 80, &out);
  int shown = 0;
  for (const char *at = out.data; (at = strstr(at, "error rare-class")) != NULL; at++) {
    shown++;
  }
  assert_int_equal(shown, 5);
  assert_non_null(strstr(out.data, "and 6 more of rare-class (see report.html)"));
  assert_non_null(strstr(out.data, "error null-label"));
  lqa_buf_clear(&out);
}

static void test_terminal_fits_and_is_tame(void **state) {
  (void)state;
  lqa_report report = make_report();
  lqa_buf out;
  lqa_buf_init(&out, 1 << 20);
  lqa_report_terminal(&report, 80, &out);
  lqa_report_terminal_next(&report, &out);
  assert_null(strchr(out.data, '\x1b'));
  assert_non_null(strstr(out.data, "rows 5-9 carry the label"));
  assert_non_null(strstr(out.data, "--repair row-shift"));
  assert_non_null(strstr(out.data, "  1 check found nothing\n"));
  assert_non_null(strstr(out.data, "  not run: no --id column (id-order, id-duplicate)\n"));
  assert_non_null(strstr(out.data, "The 1 row to doubt first"));
  lqa_buf_clear(&out);
}

/* The widest line of the summary, in columns. */
static int widest(const lqa_report *r, int width) {
  lqa_buf out;
  lqa_buf_init(&out, 1 << 22);
  lqa_report_terminal(r, width, &out);
  assert_false(out.failed);
  int most = 0;
  for (char *line = strtok(out.data, "\n"); line; line = strtok(NULL, "\n")) {
    int columns = lqa_text_columns(lqa_str_from(line));
    most = columns > most ? columns : most;
  }
  lqa_buf_clear(&out);
  return most;
}

enum { LONG_BYTES = 1 << 20 };

/* Names, messages and texts without a space, wide characters, combining marks without an end. */
static void test_no_line_is_wider_than_the_terminal(void **state) {
  (void)state;
  static char word[LONG_BYTES + 1], wide[3 * 300 + 1], marks[2 * 30000 + 1];
  memset(word, 'x', LONG_BYTES);
  for (int i = 0; i < 300; i++) {
    memcpy(wide + 3 * (size_t)i, "漢", 3);
  }
  for (int i = 0; i < 30000; i++) {
    memcpy(marks + 2 * (size_t)i, "\xCC\x81", 2);
  }
  const lqa_str texts[] = {{word, LONG_BYTES}, {wide, 900}, {marks, 60000}};
  for (int i = 0; i < 3; i++) {
    lqa_report report = make_report();
    lqa_report_class classes[] = {report.confident.per_class[0], report.confident.per_class[1]};
    lqa_report_suspect suspect = report.suspects[0];
    lqa_report_finding finding = findings[0];
    lqa_report_overlap overlap = {texts[i], texts[i], 3, 0.1};
    classes[0].label = suspect.text = suspect.label = suspect.suggested = suspect.row_id = texts[i];
    suspect.suggested = LQA_STR("other");
    finding.message = texts[i].data;
    report.findings = &finding;
    report.n_findings = 1;
    report.confident.per_class = classes;
    report.confident.overlaps = &overlap;
    report.suspects = &suspect;
    const int widths[] = {44, 60, 80, 300};
    for (int w = 0; w < 4; w++) {
      int most = widest(&report, widths[w]);
      assert_in_range(most, 20, widths[w]);
    }
  }
}

static void test_the_worst_comes_first(void **state) {
  (void)state;
  lqa_report report = make_report();
  lqa_report_finding list[] = {findings[0], findings[1], findings[0]};
  list[0].severity = "info";
  list[0].id = "duplicate";
  list[1].severity = "warn";
  list[2].id = "null-label";
  lqa_report_class classes[20];
  for (int k = 0; k < 20; k++) {
    classes[k] = (lqa_report_class){LQA_STR("middling"), 10, 1, 0.01 * k, 0, 1};
  }
  classes[3] = (lqa_report_class){LQA_STR("worst"), 10, 5, 0.5, 0, 1};
  report.findings = list;
  report.n_findings = 3;
  report.confident.per_class = classes;
  report.confident.n_classes = 20;
  void (*const renderers[])(const lqa_report *, lqa_buf *) = {terminal, lqa_report_markdown};
  for (int i = 0; i < 2; i++) {
    lqa_buf out;
    lqa_buf_init(&out, 1 << 20);
    renderers[i](&report, &out);
    const char *error = strstr(out.data, "null-label"), *warn = strstr(out.data, "row-shift |");
    warn = warn ? warn : strstr(out.data, "warn  row-shift");
    const char *info = strstr(out.data, "duplicate");
    assert_true(error && warn && info && error < warn && warn < info);
    assert_true(strstr(out.data, "worst ") < strstr(out.data, "middling"));
    lqa_buf_clear(&out);
  }
  assert_true(holds(terminal, &report, "and 8 more classes, none worse"));
}

/* Above 30 % by the interval's lower end every summary says that repairing is the wrong tool. */
static void test_beyond_repair_is_said_everywhere(void **state) {
  (void)state;
  void (*const renderers[])(const lqa_report *, lqa_buf *) = {terminal, lqa_report_markdown,
                                                              lqa_report_html};
  lqa_report by_people = make_report(), by_judge = make_report();
  by_people.n_findings = by_judge.n_findings = 1; /* none that must be repaired first */
  by_people.error_rate = (lqa_interval){0.4, 0.305, 0.5, "wilson", 100};
  by_judge.has_error_rate = false;
  by_judge.error_rate = (lqa_interval){0};
  by_judge.judge = (lqa_report_judge){
      .ran = true, .model = "m", .protocol = "verify", .random = {0.4, 0.31, 0.5, "wilson", 90}};
  lqa_report good = make_report();
  good.error_rate = (lqa_interval){0.4, 0.30, 0.5, "wilson", 100};
  for (int i = 0; i < 3; i++) {
    assert_true(holds(renderers[i], &by_people, "More than 30 % of the labels are wrong"));
    assert_true(holds(renderers[i], &by_people, "plan to relabel from scratch"));
    assert_true(holds(renderers[i], &by_judge, "More than 30 % of the labels are wrong"));
    assert_false(holds(renderers[i], &good, "More than 30 %"));
    by_people.n_findings = 4; /* with one that must be repaired first */
    assert_true(holds(renderers[i], &by_people, "without the repair more than 30 % are wrong"));
    by_people.n_findings = 1;
  }
}

/* Every picture there can be, of two classes. */
static void draw_all(lqa_report *r) {
  static const lqa_figure_pair pairs[] = {{0, 1, 3}, {1, 0, 2}};
  static const int64_t agreed[] = {7, 18};
  static lqa_figure_part parts[2];
  const lqa_figure_part made[] = {{LQA_STR("a"), 10, {.estimate = .5, .low = .3, .high = .7}},
                                  {LQA_STR("<b>"), 20, {.high = .2}}};
  static lqa_report_figures f;
  memcpy(parts, made, sizeof parts); /* outlives this function */
  f = (lqa_report_figures){.is_known = true,
                           .pairs = pairs,
                           .n_pairs = 2,
                           .n_changed = 5,
                           .agreed = agreed,
                           .n_blocks = 4,
                           .n_periods = 4,
                           .n_deciles = LQA_FIGURE_DECILES,
                           .sources = {{"split", parts, 2, 3}},
                           .n_sources = 1,
                           .effort = {{1, 1, .5}, {2, .5, 1}},
                           .n_effort = 2,
                           .effort_errors = 1,
                           .effort_rows = 2};
  f.histogram[19] = 30;
  for (int i = 0; i < 4; i++) {
    f.blocks[i] = f.periods[i] = f.deciles[i] = parts[i % 2];
  }
  r->figures = &f;
  r->judge = (lqa_report_judge){.ran = true, .model = "m", .protocol = "verify", .judged = 3};
}

/* Whichever allocation fails: the page is whole, or the renderer says that it is not. */
static void test_a_page_is_whole_or_failed(void **state) {
  (void)state;
  void (*const renderers[])(const lqa_report *, lqa_buf *) = {lqa_report_html, lqa_report_markdown,
                                                              terminal};
  lqa_report report = make_report();
  draw_all(&report);
  for (int i = 0; i < 3; i++) {
    lqa_buf whole, out;
    lqa_buf_init(&whole, 1 << 20);
    renderers[i](&report, &whole);
    assert_true(i > 0 || strstr(whole.data, "By training loss"));
    int n_failed = 0;
    for (long n = 1; n <= 500; n++) { /* more than there are */
      lqa_buf_init(&out, 1 << 20);
      lqa_memory_fail_after(n);
      renderers[i](&report, &out);
      lqa_memory_fail_after(0);
      n_failed += out.failed;
      assert_true(out.failed || strcmp(out.data, whole.data) == 0);
      lqa_buf_clear(&out);
    }
    assert_in_range(n_failed, 10, 400);
    lqa_buf_clear(&whole);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_json_reads_back_to_itself),
      cmocka_unit_test(test_training_accuracy_is_told_of_whom),
      cmocka_unit_test(test_an_unskilled_model_estimates_nothing),
      cmocka_unit_test(test_another_schema_is_refused),
      cmocka_unit_test(test_markup_is_escaped),
      cmocka_unit_test(test_checks_without_findings_are_told),
      cmocka_unit_test(test_findings_alike_are_cut),
      cmocka_unit_test(test_terminal_fits_and_is_tame),
      cmocka_unit_test(test_no_line_is_wider_than_the_terminal),
      cmocka_unit_test(test_the_worst_comes_first),
      cmocka_unit_test(test_beyond_repair_is_said_everywhere),
      cmocka_unit_test(test_a_page_is_whole_or_failed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
