/* labelqa evaluate: open the run, read the truth beside it, measure, show. */
#include "api/open_run.h"
#include "api/command.h"
#include "api/result.h"
#include "evaluate/evaluate.h"
#include "evaluate/truth.h"

static lqa_status show(const lqa_evaluate_args *args, const lqa_evaluation *evaluation,
                       lqa_result **out, lqa_error *err) {
  lqa_result *result = lqa_result_new(&args->common);
  if (!result) {
    return lqa_fail_memory(err, "writing the result");
  }
  lqa_json json;
  lqa_evaluation_print(evaluation, (int)args->common.width, &result->text);
  lqa_json_init(&json, &result->json, 1);
  lqa_evaluation_json(evaluation, &json);
  lqa_buf_add_char(&result->json, '\n');
  return lqa_result_finish(result, out, err);
}

static lqa_status evaluate(const lqa_evaluate_args *args, const lqa_run *run, lqa_evaluation *out,
                           lqa_error *err) {
  const lqa_truth_columns columns = {args->truth, args->corruption};
  lqa_truth_rows rows;
  LQA_TRY(lqa_truth_load(run, &columns, &rows, err));
  const lqa_truth truth = {rows.is_error, rows.is_left_out, args->corruption ? rows.kind : NULL,
                           rows.label};
  lqa_status status = lqa_evaluate_rows(&run->evidence, &truth, out, err);
  lqa_truth_rows_clear(&rows);
  return status;
}

static lqa_status run(const void *data, lqa_result **out, lqa_error *err) {
  const lqa_evaluate_args *args = data;
  lqa_evaluation evaluation;
  lqa_run *opened = NULL;
  LQA_TRY(lqa_command_open_run(
      &(lqa_run_opening){args->run, false, args->common.observer, &args->reread}, &opened, err));
  lqa_status status;
  LQA_TRY_OUT(evaluate(args, opened, &evaluation, err));
  status = show(args, &evaluation, out, err);
out:
  lqa_run_close(opened);
  return status;
}

/* clang-format off */
static const lqa_option options[] = {
  {.name = "truth", .kind = LQA_OPTION_TEXT, .offset = offsetof(lqa_evaluate_args, truth),
   .argument = "COL", .help = "column with the true label", .required = true},
  {.name = "corruption", .kind = LQA_OPTION_TEXT,
   .offset = offsetof(lqa_evaluate_args, corruption), .argument = "COL",
   .help = "column with the kind of corruption"},
  LQA_REREAD_OPTIONS(lqa_evaluate_args), LQA_COMMON_OPTIONS(lqa_evaluate_args)};
/* clang-format on */

const lqa_command lqa_command_evaluate = {
    .number = LQA_COMMAND_evaluate,
    .name = "evaluate",
    .summary = "Precision and recall of every audit against known truth",
    .example = "labelqa evaluate corrupted.labelqa --truth label_true --corruption corruption",
    .args_size = sizeof(lqa_evaluate_args),
    .options = options,
    .positionals = {{"RUN", offsetof(lqa_evaluate_args, run), false, true}},
    .run = run,
};

void lqa_evaluate_args_init(lqa_evaluate_args *args) {
  lqa_command_init_args(LQA_COMMAND_evaluate, args);
}

lqa_status lqa_cmd_evaluate(const lqa_evaluate_args *args, lqa_result **result, lqa_error *err) {
  lqa_error_clear(err);
  return run(args, result, err);
}
