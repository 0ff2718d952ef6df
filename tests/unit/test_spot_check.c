/* Spot checks: strata and allocation, the sheet, answers back as decisions and rates, mistakes
 * named. */
#include "run_fixture.h"

#include "store/spot_check.h"

enum { N_MANY = 60 };

typedef struct many_rows {
  run_row rows[N_MANY];
  char ids[N_MANY][8], texts[N_MANY][32];
} many_rows;

/* 30 World, 20 Sports, 10 Business; every sixth row is flagged. */
static const run_row *make_many(many_rows *many) {
  for (int i = 0; i < N_MANY; i++) {
    int label = i < 30 ? 0 : i < 50 ? 1 : 2;
    snprintf(many->ids[i], sizeof many->ids[i], "r%d", i);
    snprintf(many->texts[i], sizeof many->texts[i], "report number %d", i);
    many->rows[i] = (run_row){many->ids[i],
                              many->texts[i],
                              RUN_CLASSES[label].data,
                              i % 6 == 0 ? (label + 1) % 3 : label,
                              i % 6 == 0 ? .1 : .9,
                              i % 6 == 0 ? i / 6 + 1 : 0};
  }
  return many->rows;
}

typedef struct desk {
  many_rows many;
  char *scratch, *path, *sheet;
  lqa_run *run;
  lqa_arena arena;
} desk;

static int set_up(void **state) {
  lqa_error err;
  desk *d = calloc(1, sizeof *d);
  d->scratch = make_scratch();
  d->path = path_in(d->scratch, "x.labelqa");
  d->sheet = path_in(d->scratch, "sheet.csv");
  lqa_arena_init(&d->arena);
  write_run_of(d->path, make_many(&d->many), N_MANY, true);
  MUST(lqa_run_open(d->path, true, NULL, &d->run, &err));
  *state = d;
  return 0;
}

static int tear_down(void **state) {
  desk *d = *state;
  lqa_run_close(d->run);
  lqa_arena_clear(&d->arena);
  remove_scratch(d->scratch);
  free(d->path), free(d->sheet);
  free(d);
  return 0;
}

static lqa_spot_check draw_rows(desk *d, int64_t n, uint64_t seed) {
  lqa_error err;
  lqa_spot_check check;
  const lqa_spot_options options = {n, seed, d->sheet};
  MUST(lqa_spot_draw(d->run, &options, &d->arena, &check, &err));
  return check;
}

static void strata_are_fair(void **state) {
  desk *d = *state;
  for (int64_t n = 1; n <= 70; n++) {
    lqa_spot_check check = draw_rows(d, n, 3);
    int64_t population = 0, drawn = 0;
    assert_int_equal(check.drawn, n < N_MANY ? n : N_MANY);
    for (size_t h = 0; h < check.n_strata; h++) {
      const lqa_spot_stratum *s = &check.strata[h];
      population += s->population;
      drawn += s->drawn;
      assert_true(s->drawn <= s->population);
      assert_true(n < 2 || s->drawn >= 1);
      if (n >= 20) { /* within a row or the floor of its proportional share */
        double share = (double)check.drawn * (double)s->population / N_MANY;
        assert_true(fabs((double)s->drawn - share) <= 10);
      }
    }
    assert_int_equal(population, N_MANY);
    assert_int_equal(drawn, check.drawn);
  }
}

static void sheet_hides_the_suspicion(void **state) {
  desk *d = *state;
  lqa_spot_check check = draw_rows(d, 24, 1);
  char *text = read_all(d->scratch, "sheet.csv"), line[256];
  const char *head = "check_id,row_id,row_number,text,label,is_correct,correct_label,note\n";
  assert_memory_equal(text, head, strlen(head));
  assert_null(strstr(text, "flagged"));
  int sorted = 0, last = -1, seen[N_MANY] = {0};
  char *save = NULL;
  strtok_r(text, "\n", &save);
  for (int i = 0; i < 24; i++) {
    char *row = strtok_r(NULL, "\n", &save), id[8], check_id[32];
    int number;
    assert_non_null(row);
    assert_int_equal(sscanf(row, "%31[^,],%7[^,],%d,", check_id, id, &number), 3);
    snprintf(line, sizeof line, "%s-%d", check.sheet, i);
    assert_string_equal(check_id, line);
    snprintf(line, sizeof line, "%s-%d,r%d,%d,report number %d,%s,,,", check.sheet, i, number,
             number, number,
             RUN_CLASSES[number < 30   ? 0
                         : number < 50 ? 1
                                       : 2]
                 .data);
    assert_string_equal(row, line);
    assert_int_equal(seen[number]++, 0);
    sorted += number > last;
    last = number;
  }
  assert_true(sorted < 20); /* not in source order */
  free(text);
}

static void same_seed_same_rows(void **state) {
  desk *d = *state;
  char *texts[3];
  for (int i = 0; i < 3; i++) {
    draw_rows(d, 20, i == 2 ? 9 : 5);
    texts[i] = read_all(d->scratch, "sheet.csv");
  }
  /* Two sheets of the same draw differ in their id only. */
  size_t size = strlen(texts[0]), differing = 0;
  assert_int_equal(size, strlen(texts[1]));
  for (size_t i = 0; i < size; i++) {
    differing += texts[0][i] != texts[1][i];
  }
  assert_in_range(differing, 1, 20 * 8);
  assert_string_not_equal(texts[0], texts[2]);
  free(texts[0]), free(texts[1]), free(texts[2]);
}

/* Fills the sheet in: wrong rows are those with a number divisible by `wrong`, and get
 * `correction`. */
static void fill_sheet(desk *d, int wrong, const char *correction) {
  char *text = read_all(d->scratch, "sheet.csv"), *save = NULL;
  lqa_buf out;
  lqa_buf_init(&out, 1 << 20);
  for (char *row = strtok_r(text, "\n", &save); row; row = strtok_r(NULL, "\n", &save)) {
    int number;
    if (sscanf(row, "%*[^,],r%d,", &number) != 1) {
      lqa_buf_printf(&out, "%s\n", row);
      continue;
    }
    row[strlen(row) - 2] = '\0';
    lqa_buf_printf(&out, number % wrong == 0 ? "%sNo,%s,\"clearly, wrong\"\n" : "%syes,,\n", row,
                   correction);
  }
  lqa_error err;
  MUST(lqa_file_save(d->sheet, out.data, out.size, &err));
  lqa_buf_clear(&out);
  free(text);
}

static void answers_become_decisions_and_a_rate(void **state) {
  desk *d = *state;
  lqa_error err;
  lqa_spot_check check, again;
  bool found = true;
  MUST(lqa_spot_rate(d->run, &d->arena, &check, &found, &err));
  assert_false(found);
  draw_rows(d, N_MANY, 2); /* everything: the rate is known exactly */
  fill_sheet(d, 15, "Business");
  const lqa_spot_sheet sheet = {d->sheet, "ann"};
  /* Row 45 is Sports, 0, 15, 30 World or Sports: all four corrections are another class. */
  MUST(lqa_spot_ingest(d->run, &sheet, &d->arena, &check, &err));
  assert_int_equal(check.answered, N_MANY);
  assert_int_equal(check.wrong, 4);
  assert_int_equal(check.decided, N_MANY);
  assert_true(fabs(check.rate.estimate - 4. / 60) < 1e-12);
  assert_true(check.rate.low == check.rate.estimate && check.rate.high == check.rate.estimate);
  MUST(lqa_run_refresh(d->run, &err));
  assert_int_equal(d->run->overlay.decisions, N_MANY);
  assert_int_equal(d->run->evidence.decided_label[45], 2);
  assert_string_equal(d->run->evidence.decided_by[45], "spot-check (ann)");
  assert_int_equal(d->run->evidence.action[45], LQA_ACTION_RELABEL);
  MUST(lqa_spot_rate(d->run, &d->arena, &again, &found, &err));
  assert_true(found);
  assert_int_equal(again.wrong, 4);
  assert_string_equal(again.sheet, check.sheet);
}

static void rate_weighs_the_strata(void **state) {
  desk *d = *state;
  lqa_error err;
  lqa_spot_check check;
  draw_rows(d, 30, 4);
  fill_sheet(d, 6, ""); /* exactly the flagged rows are wrong: 10 of 60 */
  const lqa_spot_sheet sheet = {d->sheet, NULL};
  MUST(lqa_spot_ingest(d->run, &sheet, &d->arena, &check, &err));
  double estimate = 0;
  for (size_t h = 0; h < check.n_strata; h++) {
    const lqa_spot_stratum *s = &check.strata[h];
    assert_int_equal(s->answered, s->drawn);
    assert_int_equal(s->wrong, s->is_suspicious ? s->drawn : 0);
    estimate += (double)s->population / N_MANY * (s->is_suspicious ? 1 : 0);
  }
  assert_true(fabs(check.rate.estimate - estimate) < 1e-12);
  assert_true(fabs(check.rate.estimate - 1. / 6) < 1e-12);
  assert_true(check.rate.low < 1. / 6 && check.rate.high > 1. / 6);
  assert_true(check.recall.estimate == 1 && check.recall.high == 1); /* none is wrong outside */
  assert_true(check.recall.low > 0 && check.recall.low < 1);
  assert_int_equal(check.recall.n, check.answered);
  assert_int_equal(check.wrong_only, check.wrong);
  assert_int_equal(check.decided, check.answered - check.wrong);
}

static void later_answers_replace_earlier_ones(void **state) {
  desk *d = *state;
  lqa_error err;
  lqa_spot_check check;
  draw_rows(d, 30, 4);
  char *empty = read_all(d->scratch, "sheet.csv");
  const lqa_spot_sheet sheet = {d->sheet, NULL};
  fill_sheet(d, 6, "");
  MUST(lqa_spot_ingest(d->run, &sheet, &d->arena, &check, &err));
  assert_true(check.wrong > 0);
  save_text(d->sheet, empty);
  fill_sheet(d, 1000, "Business"); /* only row 0, if drawn, is wrong now */
  MUST(lqa_spot_ingest(d->run, &sheet, &d->arena, &check, &err));
  assert_int_equal(check.answered, 30);
  assert_true(check.wrong <= 1);
  free(empty);
}

static void rate_ends_with_the_data(void **state) {
  desk *d = *state;
  lqa_error err;
  lqa_spot_check check;
  bool found;
  draw_rows(d, 30, 4);
  fill_sheet(d, 15, "Business");
  lqa_run_close(d->run);
  d->many.rows[59].label = "World"; /* other data now */
  write_run_of(d->path, d->many.rows, N_MANY, true);
  MUST(lqa_run_open(d->path, true, NULL, &d->run, &err));
  const lqa_spot_sheet sheet = {d->sheet, NULL};
  MUST(lqa_spot_ingest(d->run, &sheet, &d->arena, &check, &err));
  assert_true(check.decided > 20); /* decisions hold ... */
  MUST(lqa_spot_rate(d->run, &d->arena, &check, &found, &err));
  assert_false(found); /* ... the rate was about other rows */
}

static void mistakes_are_named(void **state) {
  desk *d = *state;
  static const struct {
    const char *answer, *words;
  } cases[] = {
      {"perhaps,,", "is_correct is 'perhaps', expected yes, no or nothing"},
      {"no,Wrold,", "correct_label 'Wrold' is not a class"},
      {"yes,Business,", "is_correct is yes, but correct_label is another class, 'Business'"},
      {"no,World,", "is_correct is no, but correct_label is the label itself"},
      {",,", "holds no answer"},
  };
  lqa_error err;
  lqa_spot_check check = draw_rows(d, N_MANY, 1), out;
  const lqa_spot_sheet sheet = {d->sheet, NULL};
  char text[256];
  char *whole = read_all(d->scratch, "sheet.csv");
  int position;
  char *row7 = strstr(whole, ",r7,7,"), *start = row7;
  while (start[-1] != '\n') {
    start--;
  }
  assert_int_equal(sscanf(start, "%*[^-]-%d", &position), 1);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    snprintf(text, sizeof text, "check_id,label,is_correct,correct_label,note\n%s-%d,World,%s\n",
             check.sheet, position, cases[i].answer);
    save_text(d->sheet, text);
    assert_int_equal(lqa_spot_ingest(d->run, &sheet, &d->arena, &out, &err), LQA_BAD_DATA);
    if (!strstr(err.message, cases[i].words)) {
      print_error("%s\n", err.message);
    }
    assert_non_null(strstr(err.message, cases[i].words));
    assert_non_null(strstr(err.message, "sheet.csv"));
  }
  save_text(d->sheet, "check_id,is_correct\nffffffff-1,yes\nnonsense,yes\n");
  assert_int_equal(lqa_spot_ingest(d->run, &sheet, &d->arena, &out, &err), LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "row 0 (line 2): check_id 'ffffffff-1'"));
  assert_non_null(strstr(err.message, "row 1 (line 3): check_id 'nonsense'"));
  save_text(d->sheet, "id,answer\n1,yes\n");
  assert_int_equal(lqa_spot_ingest(d->run, &sheet, &d->arena, &out, &err), LQA_BAD_USAGE);
  bool found = true;
  MUST(lqa_spot_rate(d->run, &d->arena, &out, &found, &err));
  assert_false(found); /* nothing of all that was stored */
  free(whole);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(strata_are_fair, set_up, tear_down),
      cmocka_unit_test_setup_teardown(sheet_hides_the_suspicion, set_up, tear_down),
      cmocka_unit_test_setup_teardown(same_seed_same_rows, set_up, tear_down),
      cmocka_unit_test_setup_teardown(answers_become_decisions_and_a_rate, set_up, tear_down),
      cmocka_unit_test_setup_teardown(rate_weighs_the_strata, set_up, tear_down),
      cmocka_unit_test_setup_teardown(later_answers_replace_earlier_ones, set_up, tear_down),
      cmocka_unit_test_setup_teardown(rate_ends_with_the_data, set_up, tear_down),
      cmocka_unit_test_setup_teardown(mistakes_are_named, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
