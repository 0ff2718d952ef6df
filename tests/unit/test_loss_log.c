/* Training logs: columns by name, ids and row numbers, epochs and steps, damage named by row. */
#include "run_fixture.h"

#include "store/loss_log.h"

static lqa_status add_log(lqa_run *run, const char *folder, const char *name, const char *text,
                          lqa_loss_summary *summary, lqa_error *err) {
  char *path = path_in(folder, name);
  const char *paths[] = {path};
  save_text(path, text);
  lqa_status status = lqa_run_add_losses(run, &(lqa_text_list){paths, 1}, summary, err);
  free(path);
  return status;
}

/* id a<i> has loss i in three epochs, except that a2 is the worst in two of them. */
static char *make_csv(void) {
  lqa_buf text;
  lqa_buf_init(&text, 1 << 20);
  lqa_buf_add_text(&text, "epoch,guid,loss\n");
  for (int epoch = 1; epoch <= 3; epoch++) {
    for (int i = 0; i < FIXTURE_ROWS; i++) {
      lqa_buf_printf(&text, "%d,a%d,%g\n", epoch, i, i == 2 && epoch > 1 ? 40. : i * .5);
    }
  }
  lqa_buf_add_text(&text, "1,stranger,3\n");
  return lqa_buf_take(&text, NULL);
}

static void csv_by_id_and_epoch(void **state) {
  char *scratch = make_scratch(), *path = path_in(scratch, "x.labelqa"), *csv = make_csv();
  (void)state;
  lqa_error err;
  lqa_run *run = NULL;
  lqa_loss_summary summary;
  write_run(path);
  MUST(lqa_run_open(path, true, NULL, &run, &err));
  MUST(add_log(run, scratch, "log.csv", csv, &summary, &err));
  assert_int_equal(summary.records, 36);
  assert_int_equal(summary.unmatched, 1);
  assert_int_equal(summary.epochs, 3);
  assert_int_equal(summary.rows, FIXTURE_ROWS);
  /* Top decile of 12: the two highest. a2 is there in epochs 2 and 3, a11 in all, a10 in one. */
  for (int64_t row = 0; row < FIXTURE_ROWS; row++) {
    assert_int_equal(run->evidence.is_high_loss[row], row == 2 || row == 11);
  }
  assert_true(run->evidence.loss[2] == (1 + 40. + 40.) / 3);
  assert_true(run->evidence.loss[3] == 1.5);
  MUST(lqa_run_refresh(run, &err));
  lqa_run_close(run);
  MUST(lqa_run_open(path, false, NULL, &run, &err)); /* it lasts */
  assert_int_equal(run->manifest.loss_files.n, 1);
  assert_int_equal(run->manifest.loss_epochs, 3);
  assert_true(run->evidence.is_high_loss[2] && run->evidence.loss[2] == 27);
  lqa_run_close(run);
  remove_scratch(scratch);
  free(path), free(csv);
}

static void jsonl_by_row_number_and_step(void **state) {
  char *scratch = make_scratch(), *path = path_in(scratch, "x.labelqa");
  (void)state;
  lqa_error err;
  lqa_run *run = NULL;
  lqa_loss_summary summary;
  write_run(path);
  MUST(lqa_run_open(path, true, NULL, &run, &err));
  MUST(add_log(run, scratch, "log.jsonl",
               "{\"idx\": 0, \"step\": 10, \"loss\": 1.5}\n{\"idx\": 1, \"step\": 20, \"loss\": "
               "0.25}\n{\"idx\": 0, \"step\": 30, \"loss\": 0.5}\n{\"idx\": 99, \"step\": 40, "
               "\"loss\": 1}\n",
               &summary, &err));
  assert_int_equal(summary.records, 3);
  assert_int_equal(summary.unmatched, 1);
  assert_int_equal(summary.epochs, 2);
  assert_true(run->evidence.loss[0] == 1);
  assert_true(isnan(run->evidence.loss[5]));
  lqa_run_close(run);
  remove_scratch(scratch);
  free(path);
}

/* `rounds` passes over the fixture's rows; the value beside a loss is what `mark` makes of it. */
static char *make_log(const char *column, int rounds, double (*mark)(int round, int i)) {
  lqa_buf text;
  lqa_buf_init(&text, 1 << 20);
  lqa_buf_printf(&text, "id,%s,loss\n", column);
  for (int round = 0; round < rounds; round++) {
    for (int i = 0; i < FIXTURE_ROWS; i++) {
      lqa_buf_printf(&text, "a%d,%.6g,%d\n", i, mark(round, i), i);
    }
  }
  return lqa_buf_take(&text, NULL);
}

static double whole(int round, int i) {
  return round + 1 + 0 * i;
}
static double progress(int round, int i) {
  return round + (i + 1.) / FIXTURE_ROWS;
}
static double half(int round, int i) {
  return (round + 1) / 2. + 0 * i;
}
static double counter(int round, int i) {
  return round * FIXTURE_ROWS + i;
}

static void epochs_are_passes(void **state) {
  char *scratch = make_scratch(), *path = path_in(scratch, "x.labelqa");
  (void)state;
  static const struct {
    const char *column;
    double (*mark)(int round, int i);
    const char *rule;
  } cases[] = {{"epoch", whole, "as the log numbers them"},
               {"epoch", progress, "p in (k-1, k] is epoch k"},
               {"epoch", half, "each value of epoch is a pass"},
               {"epoch", counter, "are steps"},
               {"step", counter, "the n-th record of a row, by step"}};
  lqa_error err;
  lqa_run *run = NULL;
  write_run(path);
  MUST(lqa_run_open(path, true, NULL, &run, &err));
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    lqa_loss_summary summary;
    char *log = make_log(cases[i].column, 3, cases[i].mark);
    MUST(add_log(run, scratch, "log.csv", log, &summary, &err));
    if (summary.epochs != 3 || !strstr(summary.rule, cases[i].rule)) {
      fail_msg("case %zu: %d epochs, %s", i, (int)summary.epochs, summary.rule);
    }
    assert_true(run->evidence.is_high_loss[FIXTURE_ROWS - 1] && !run->evidence.is_high_loss[0]);
    free(log);
  }
  lqa_run_close(run);
  remove_scratch(scratch);
  free(path);
}

static void damage_is_named(void **state) {
  char *scratch = make_scratch(), *path = path_in(scratch, "x.labelqa");
  (void)state;
  static const struct {
    const char *text, *words;
    lqa_status status;
  } cases[] = {
      {"id,epoch,loss\na1,1,0.5\na2,1,high\n",
       "row 1, column loss: expected a finite number, "
       "found 'high'",
       LQA_BAD_DATA},
      {"id,epoch,loss\na1,1,nan\n", "row 0, column loss", LQA_BAD_DATA},
      {"id,epoch,loss\na1,first,1\n", "column epoch: expected a finite number, found 'first'",
       LQA_BAD_DATA},
      {"name,epoch,loss\na1,1,1\n", "no column with the rows' ids", LQA_BAD_USAGE},
      {"id,epoch,accuracy\na1,1,1\n", "no column with the losses", LQA_BAD_USAGE},
      {"id,epoch,loss\nzz,1,1\n", "none of its 1 ids is a row of this run", LQA_BAD_DATA},
  };
  lqa_error err;
  lqa_run *run = NULL;
  write_run(path);
  MUST(lqa_run_open(path, true, NULL, &run, &err));
  double before = run->evidence.loss[0];
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    lqa_loss_summary summary;
    lqa_status status = add_log(run, scratch, "log.csv", cases[i].text, &summary, &err);
    if (status != cases[i].status || !strstr(err.message, cases[i].words)) {
      print_error("case %zu: status %d: %s\n", i, (int)status, err.message);
    }
    assert_int_equal(status, cases[i].status);
    assert_non_null(strstr(err.message, cases[i].words));
    assert_non_null(strstr(err.message, "log.csv"));
  }
  assert_true(run->evidence.loss[0] == before);
  lqa_run_close(run);
  remove_scratch(scratch);
  free(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(csv_by_id_and_epoch),
      cmocka_unit_test(jsonl_by_row_number_and_step),
      cmocka_unit_test(epochs_are_passes),
      cmocka_unit_test(damage_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
