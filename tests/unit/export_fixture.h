/* export_fixture.h - a run that people and a judge worked on, and exports of it. */
#ifndef LQA_TESTS_EXPORT_FIXTURE_H
#define LQA_TESTS_EXPORT_FIXTURE_H

#include "shown.h"
#include "export/export.h"

#include "run_fixture.h"

static char *scratch, *run_path;

/* People decided rows 0 (another label), 2 (for its label) and 1 (first one, then another, then
 * withdrawn); the judge corrected rows 1 and 8, did not know row 6. */
static inline int make_run(void **state) {
  (void)state;
  lqa_error err;
  lqa_run *run = NULL;
  scratch = make_scratch();
  run_path = path_in(scratch, "run");
  write_run(run_path);
  MUST(lqa_run_open(run_path, true, NULL, &run, &err));
  give_verdict(run, 1, "NO", "Business");
  give_verdict(run, 8, "NO", "Business");
  give_verdict(run, 6, "UNKNOWN", NULL);
  decide(run, 0, "Sports", "Ann");
  decide(run, 2, "World", "Ann");
  decide(run, 1, "World", "Bob");
  decide(run, 1, "Business", "Ann");
  decide(run, 1, NULL, "Ann");
  MUST(lqa_run_refresh(run, &err));
  lqa_run_close(run);
  return 0;
}

static inline int drop_run(void **state) {
  (void)state;
  free(run_path);
  remove_scratch(scratch);
  return 0;
}

/* Runs an export of the run into scratch/`name`. */
static inline lqa_status try_export(const char *what, lqa_export_options options,
                                    lqa_export_summary *summary, lqa_error *err) {
  lqa_run *run = NULL;
  must_be_ok(lqa_run_open(run_path, false, NULL, &run, err), err);
  lqa_status status = lqa_export_run(lqa_export_find(what), run, &options, summary, err);
  lqa_run_close(run);
  return status;
}

static inline lqa_export_summary export_to(const char *what, const char *name,
                                           lqa_export_options options) {
  lqa_error err;
  lqa_export_summary summary;
  char *path = path_in(scratch, name);
  options.path = path;
  MUST(try_export(what, options, &summary, &err));
  free(path);
  return summary;
}

static inline void check_text(const char *name, const char *expected) {
  char *text = read_all(scratch, name);
  assert_string_equal(text, expected);
  free(text);
}

static inline void check_query(const char *name, const char *sql, const char *expected) {
  char *path = path_in(scratch, name);
  char *rows = query_file(path, sql);
  assert_string_equal(rows, expected);
  free(rows);
  free(path);
}

static const lqa_export_options NOTHING = {0};

/* report.json with these findings; `fixed` reads nothing else of it. */
static inline void write_report(const char *findings) {
  lqa_error err;
  char *path = path_in(run_path, "report.json");
  lqa_buf text;
  lqa_buf_init(&text, 1 << 20);
  lqa_buf_printf(&text, "{\"schema\": \"labelqa.report/1\", \"provenance\": [%s]}", findings);
  MUST(lqa_file_save(path, text.data, text.size, &err));
  lqa_buf_clear(&text);
  free(path);
}

static inline void check_fixed(const char *findings, const char *repair, const char *labels,
                               lqa_export_summary expected) {
  write_report(findings);
  lqa_export_summary summary =
      export_to("fixed", "fixed.parquet", (lqa_export_options){.repair = repair});
  check_query("fixed.parquet", "SELECT string_agg(coalesce(label, '-'), ' ') FROM read_parquet($1)",
              labels);
  assert_int_equal(summary.n_changed, expected.n_changed);
  assert_int_equal(summary.n_emptied, expected.n_emptied);
}

#endif
