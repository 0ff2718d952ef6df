/* diff_runs.c - neither run is written to, and no source is read: labels, contents' hashes and
 * evidence are in rows.parquet and run.db, rates in report.json, as the last command left them.
 */
#include "versions/diff_runs.h"

#include "base/file.h"
#include "base/plain_file.h"
#include "report/run_report.h"

#include <stdlib.h>

enum { MAX_REPORT_BYTES = 256 << 20 };

/* Without a report.json that can be read, what run.db keeps of the audit has to do. */
static lqa_status load_report(lqa_run *run, const char *name, lqa_arena *arena, lqa_report *out,
                              lqa_error *err) {
  lqa_buf json;
  lqa_error ignored;
  char *path = lqa_path_join(run->folder, "report.json");
  lqa_status status;
  lqa_buf_init(&json, MAX_REPORT_BYTES);
  LQA_TRY_OUT(path ? LQA_OK : lqa_fail_memory(err, "reading the report"));
  if (lqa_plain_file_check(path, false, &ignored) != LQA_OK ||
      lqa_file_load(path, &json, &ignored) != LQA_OK ||
      lqa_report_load(lqa_buf_str(&json), name, arena, out, &ignored) != LQA_OK) {
    *out = (lqa_report){.version = NULL};
    status = lqa_run_report_load(run, name, 0, arena, out, err);
  }
out:
  lqa_buf_clear(&json);
  free(path);
  return status;
}

lqa_status lqa_diff_runs_open(const char *a, const char *b, const lqa_observer *observer,
                              lqa_diff_runs *out, lqa_error *err) {
  *out = (lqa_diff_runs){.a = NULL};
  lqa_arena_init(&out->arena);
  LQA_TRY(lqa_run_open(a, false, observer, &out->a, err));
  LQA_TRY(lqa_run_open(b, false, observer, &out->b, err));
  LQA_TRY(load_report(out->a, a, &out->arena, &out->report_a, err));
  LQA_TRY(load_report(out->b, b, &out->arena, &out->report_b, err));
  return lqa_diff_make(out->a, &out->report_a, out->b, &out->report_b, &out->diff, err);
}

void lqa_diff_runs_close(lqa_diff_runs *runs) {
  lqa_diff_clear(&runs->diff);
  lqa_run_close(runs->a);
  lqa_run_close(runs->b);
  lqa_arena_clear(&runs->arena);
}
