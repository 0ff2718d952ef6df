/* A command that changed a run makes its report files again and says what the summary says.
 */
#include "api/report_result.h"

#include "api/report_truth.h"
#include "report/fail_if.h"
#include "report/run_report.h"

lqa_status lqa_report_result_show(const lqa_report *report, int width, lqa_result *result) {
  lqa_arena arena;
  lqa_report shown, written;
  lqa_arena_init(&arena);
  lqa_status status = lqa_report_in_style(report, result->style, &arena, &shown);
  LQA_TRY_OUT(status);
  LQA_TRY_OUT(lqa_report_in_style(report, LQA_AS_FLAGS, &arena, &written));
  lqa_report_terminal(&shown, width, &result->text);
  result->next_at = result->text.size;
  lqa_report_terminal_next(&shown, &result->text);
  lqa_report_json(&written, &result->json);
  free(result->run_path);
  result->run_path = strdup(report->run_path);
  status = result->run_path ? LQA_OK : LQA_NO_MEMORY;
out:
  lqa_arena_clear(&arena);
  return status;
}

lqa_status lqa_report_result_refresh(lqa_run *run, const char *path, const lqa_report_args *args,
                                     lqa_result *result, lqa_error *err) {
  lqa_run_lock lock = LQA_RUN_LOCK_NONE;
  lqa_report report = {0};
  lqa_arena arena;
  lqa_arena_init(&arena);
  lqa_status status;
  LQA_TRY_OUT(lqa_run_lock_files(path, &lock, err));
  LQA_TRY_OUT(lqa_run_refresh(run, err));
  LQA_TRY_OUT(lqa_run_report_load(run, path, args->top, &arena, &report, err));
  LQA_TRY_OUT(lqa_report_truth_add(run, &report, err));
  LQA_TRY_OUT(lqa_run_report_save(&report, run->folder, err));
  LQA_TRY_OUT(lqa_report_result_show(&report, (int)args->common.width, result));
  status = lqa_fail_if_run(&args->fail_if, &report, err);
out:
  lqa_run_unlock(&lock);
  lqa_arena_clear(&arena);
  return status;
}
