/* labelqa diff: what changed between two runs. */
#include "api/command.h"
#include "api/result.h"
#include "export/export_file.h"
#include "versions/diff_runs.h"

#include <stddef.h>

static lqa_status show(const lqa_diff_args *args, const lqa_diff_runs *runs, lqa_result *result,
                       lqa_error *err) {
  lqa_json json;
  lqa_diff_text(&runs->diff, &result->text);
  lqa_json_init(&json, &result->json, 2);
  lqa_diff_json(&runs->diff, &json);
  lqa_buf_add_char(&result->json, '\n');
  if (!args->out) {
    return LQA_OK;
  }
  LQA_TRY(lqa_export_path_check(runs->a, args->out, err));
  LQA_TRY(lqa_export_path_check(runs->b, args->out, err));
  LQA_TRY(lqa_diff_save(&runs->diff, args->out, args->common.observer, err));
  lqa_buf_printf(&result->text, "%zu rows that changed are in %s\n", runs->diff.rows.n, args->out);
  return LQA_OK;
}

static lqa_status run(const void *data, lqa_result **out, lqa_error *err) {
  const lqa_diff_args *args = data;
  lqa_diff_runs runs;
  lqa_result *result = lqa_result_new(&args->common);
  if (!result) {
    return lqa_fail_memory(err, "comparing two runs");
  }
  lqa_status status = lqa_diff_runs_open(args->a, args->b, args->common.observer, &runs, err);
  if (status == LQA_OK) {
    status = show(args, &runs, result, err);
  }
  lqa_diff_runs_close(&runs);
  if (status != LQA_OK) {
    lqa_result_free(result);
    return status;
  }
  return lqa_result_finish(result, out, err);
}

static const lqa_option options[] = {
    {.name = "out",
     .kind = LQA_OPTION_TEXT,
     .offset = offsetof(lqa_diff_args, out),
     .argument = "FILE",
     .help = "write every row that changed: .csv, .jsonl or .parquet"},
    LQA_COMMON_OPTIONS(lqa_diff_args)};

const lqa_command lqa_command_diff = {
    .number = LQA_COMMAND_diff,
    .name = "diff",
    .summary = "What changed between two runs, by whom, and whether it got better",
    .description = "RUN_A is the older run. Rows are matched by id where both runs have one, else "
                   "by content.\nA label that RUN_A's people or judge had named is told apart from "
                   "one that someone\nelse gave.",
    .example = "labelqa diff march.labelqa april.labelqa\n"
               "labelqa diff march.labelqa april.labelqa --out changed.csv",
    .args_size = sizeof(lqa_diff_args),
    .options = options,
    .positionals = {{"RUN_A", offsetof(lqa_diff_args, a), false, true},
                    {"RUN_B", offsetof(lqa_diff_args, b), false, true}},
    .run = run,
};

void lqa_diff_args_init(lqa_diff_args *args) {
  lqa_command_init_args(LQA_COMMAND_diff, args);
}

lqa_status lqa_cmd_diff(const lqa_diff_args *args, lqa_result **result, lqa_error *err) {
  lqa_error_clear(err);
  return run(args, result, err);
}
