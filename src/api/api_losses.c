/* labelqa losses: training logs become the run's losses, and its files are made again. */
#include "api/open_run.h"
#include "api/command.h"
#include "api/report_result.h"
#include "report/loss_report.h"

static lqa_status add_losses(const lqa_losses_args *args, lqa_run *run, lqa_result *result,
                             lqa_error *err) {
  lqa_loss_summary summary;
  lqa_report_args report_args;
  lqa_report_args_init(&report_args);
  report_args.common = args->common;
  LQA_TRY(lqa_run_add_losses(run, &args->files, &summary, err));
  lqa_loss_report_text(&summary, &result->text);
  return lqa_report_result_refresh(run, args->run, &report_args, result, err);
}

static lqa_status run(const void *data, lqa_result **out, lqa_error *err) {
  const lqa_losses_args *args = data;
  lqa_run *opened = NULL;
  LQA_TRY(lqa_command_open_run(
      &(lqa_run_opening){args->run, true, args->common.observer, &args->reread}, &opened, err));
  lqa_result *result = lqa_result_new(&args->common);
  lqa_status status =
      result ? add_losses(args, opened, result, err) : lqa_fail_memory(err, "adding losses");
  lqa_run_close(opened);
  if (status != LQA_OK) {
    lqa_result_free(result);
    return status;
  }
  return lqa_result_finish(result, out, err);
}

static const lqa_option options[] = {LQA_REREAD_OPTIONS(lqa_losses_args),
                                     LQA_COMMON_OPTIONS(lqa_losses_args)};

const lqa_command lqa_command_losses = {
    .number = LQA_COMMAND_losses,
    .name = "losses",
    .summary = "Adds training logs (id, epoch, loss) to a run",
    .description = "A log is CSV, TSV, JSON lines or Parquet with a row's id, the epoch and its "
                   "loss. Rows\nthat stay in the top decile in most epochs are marked high: hard, "
                   "or mislabelled.",
    .example = "labelqa losses tickets.labelqa losses.csv",
    .args_size = sizeof(lqa_losses_args),
    .options = options,
    .positionals = {{"RUN", offsetof(lqa_losses_args, run), false, true},
                    {"FILE", offsetof(lqa_losses_args, files), true, true}},
    .run = run,
};

void lqa_losses_args_init(lqa_losses_args *args) {
  lqa_command_init_args(LQA_COMMAND_losses, args);
}

lqa_status lqa_cmd_losses(const lqa_losses_args *args, lqa_result **result, lqa_error *err) {
  lqa_error_clear(err);
  return run(args, result, err);
}
