/* labelqa sample: how many labels are wrong? A sheet of rows for people to check, drawn by strata,
 * and the rate that their answers give.
 */
#include "api/command.h"
#include "api/run_rewrite.h"
#include "api/sample_result.h"
#include "export/export_file.h"

static lqa_status draw(const lqa_sample_args *args, lqa_run *run, lqa_arena *arena,
                       lqa_result *result, lqa_error *err) {
  const lqa_spot_options options = {args->n, (uint64_t)args->common.seed, args->out};
  lqa_spot_check check;
  LQA_TRY(lqa_export_path_check(run, args->out, err));
  LQA_TRY(lqa_spot_draw(run, &options, arena, &check, err));
  lqa_sample_describe_draw(&check, args->out, args->run, result);
  return LQA_OK;
}

static lqa_status ingest(const lqa_sample_args *args, lqa_run *run, lqa_arena *arena,
                         lqa_result *result, lqa_error *err) {
  const lqa_spot_sheet sheet = {args->ingest, args->by};
  lqa_spot_check check;
  LQA_TRY(lqa_spot_ingest(run, &sheet, arena, &check, err));
  lqa_sample_describe_rate(&check, true, result);
  return lqa_run_report_rewrite(run, args->run, &args->common, err);
}

/* Neither draw nor ingest: where things stand. */
static lqa_status show(const lqa_sample_args *args, lqa_run *run, lqa_arena *arena,
                       lqa_result *result, lqa_error *err) {
  lqa_spot_check check;
  bool found = false;
  LQA_TRY(lqa_spot_rate(run, arena, &check, &found, err));
  if (!found) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    "no rows of this run have been checked: draw a sheet with --out SHEET.csv, or "
                    "take one back with --ingest (%s)",
                    args->run);
  }
  lqa_sample_describe_rate(&check, false, result);
  return LQA_OK;
}

static lqa_status work(const lqa_sample_args *args, lqa_result *result, lqa_error *err) {
  lqa_run *opened;
  lqa_arena arena;
  bool is_writing = args->out || args->ingest;
  LQA_TRY(lqa_run_open(args->run, is_writing, args->common.observer, &opened, err));
  lqa_arena_init(&arena);
  lqa_status status = args->out      ? draw(args, opened, &arena, result, err)
                      : args->ingest ? ingest(args, opened, &arena, result, err)
                                     : show(args, opened, &arena, result, err);
  lqa_arena_clear(&arena);
  lqa_run_close(opened);
  return status;
}

static lqa_status run(const void *data, lqa_result **out, lqa_error *err) {
  const lqa_sample_args *args = data;
  if (!args->run) {
    return lqa_fail(err, LQA_BAD_USAGE, "RUN is missing: labelqa sample RUN --out SHEET");
  }
  if (args->out && args->ingest) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    "--out draws a sheet and --ingest takes one back: give one of them");
  }
  lqa_result *result = lqa_result_new();
  lqa_status status = result ? work(args, result, err) : lqa_fail_memory(err, "writing the result");
  if (status != LQA_OK) {
    lqa_result_free(result);
    return status;
  }
  return lqa_result_finish(result, out, err);
}

/* clang-format off */
#define FIELD(name) offsetof(lqa_sample_args, name)

static const lqa_option options[] = {
  {.name = "n", .kind = LQA_OPTION_INT, .offset = FIELD(n), .default_value = "200", .min = 1,
   .max = 1e7, .argument = "N", .help = "rows to draw", .group = "Spot check"},
  {.name = "out", .kind = LQA_OPTION_TEXT, .offset = FIELD(out), .argument = "SHEET",
   .help = "draw a sheet: .csv, .jsonl, .parquet", .group = "Spot check"},
  {.name = "ingest", .kind = LQA_OPTION_TEXT, .offset = FIELD(ingest), .argument = "SHEET",
   .help = "take a filled-in sheet back: decisions and an error rate", .group = "Spot check"},
  {.name = "by", .kind = LQA_OPTION_TEXT, .offset = FIELD(by), .argument = "NAME",
   .help = "who checked (default: spot-check)", .group = "Spot check"},
  LQA_COMMON_OPTIONS(lqa_sample_args)};
/* clang-format on */

const lqa_command lqa_command_sample = {
    .number = LQA_COMMAND_sample,
    .name = "sample",
    .summary = "Draws rows for people to check; their answers give the error rate",
    .description =
        "Suspicious rows and the others are drawn by given label, so that the rate holds for the\n"
        "whole run; the sheet does not say which rows are suspected. In it, is_correct is yes or "
        "no\n"
        "(empty: not checked) and correct_label a class. Without --out and --ingest the answers "
        "so\n"
        "far are shown.",
    .example = "labelqa sample tickets.labelqa --n 200 --out sheet.csv\n"
               "labelqa sample tickets.labelqa --ingest sheet.csv --by Ann",
    .args_size = sizeof(lqa_sample_args),
    .options = options,
    .positionals = {{"RUN", FIELD(run), false, true}},
    .run = run,
};

void lqa_sample_args_init(lqa_sample_args *args) {
  lqa_command_init_args(LQA_COMMAND_sample, args);
}

lqa_status lqa_cmd_sample(const lqa_sample_args *args, lqa_result **result, lqa_error *err) {
  lqa_error_clear(err);
  return run(args, result, err);
}
