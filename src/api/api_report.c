/* labelqa report: prints a run's summary again and rewrites its files from run.db. */
#include "api/command.h"
#include "api/open_run.h"
#include "api/result.h"
#include "api/report_result.h"
#include "report/fail_if.h"

static lqa_status run(const void *data, lqa_result **out, lqa_error *err) {
  const lqa_report_args *args = data;
  lqa_run *opened = NULL;
  LQA_TRY(lqa_fail_if_check(&args->fail_if, err));
  LQA_TRY(lqa_command_open_run(
      &(lqa_run_opening){args->run, true, args->common.observer, &args->reread}, &opened, err));
  lqa_result *result = lqa_result_new(&args->common);
  lqa_status status = result ? lqa_report_result_refresh(opened, args->run, args, result, err)
                             : lqa_fail_memory(err, "reporting");
  lqa_run_close(opened);
  if (status != LQA_OK && status != LQA_FAIL_IF) {
    lqa_result_free(result);
    return status;
  }
  lqa_status finished = lqa_result_finish(result, out, err);
  return finished == LQA_OK ? status : finished;
}

/* clang-format off */
static const lqa_option options[] = {
  {.name = "top", .kind = LQA_OPTION_INT, .offset = offsetof(lqa_report_args, top),
   .default_value = "25", .min = 0, .max = 100000, .argument = "N",
   .help = "suspicious rows to list"},
  {.name = "fail-if", .kind = LQA_OPTION_TEXT_LIST, .offset = offsetof(lqa_report_args, fail_if),
   .argument = "'NAME OP NUMBER'",
   .help = "exit with 1 if this holds, such as 'error_rate.high > 0.05'; names: "
           LQA_FAIL_IF_NAMES},
  LQA_REREAD_OPTIONS(lqa_report_args), LQA_COMMON_OPTIONS(lqa_report_args)};
/* clang-format on */

const lqa_command lqa_command_report = {
    .number = LQA_COMMAND_report,
    .name = "report",
    .summary = "Prints a run's summary again and rewrites its report files",
    .example = "labelqa report tickets.labelqa --top 50",
    .args_size = sizeof(lqa_report_args),
    .options = options,
    .positionals = {{"RUN", offsetof(lqa_report_args, run), false, true}},
    .run = run,
};

void lqa_report_args_init(lqa_report_args *args) {
  lqa_command_init_args(LQA_COMMAND_report, args);
}

lqa_status lqa_cmd_report(const lqa_report_args *args, lqa_result **result, lqa_error *err) {
  lqa_error_clear(err);
  return run(args, result, err);
}
