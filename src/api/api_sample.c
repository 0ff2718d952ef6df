/* labelqa sample: draws a spot-check sheet, or takes one back and says how many labels are wrong.
 */
#include "api/open_run.h"
#include "api/command.h"
#include "api/report_result.h"
#include "export/export_file.h"
#include "report/report.h"
#include "report/spot_report.h"
#include "store/review_list.h"

static lqa_status draw(const lqa_sample_args *args, lqa_run *run, lqa_arena *arena,
                       lqa_result *result, lqa_error *err) {
  lqa_spot_check check = {0};
  lqa_spot_options options = {args->n, (uint64_t)args->common.seed, args->out};
  LQA_TRY(lqa_export_path_check(run, args->out, err));
  LQA_TRY(lqa_spot_draw(run, &options, arena, &check, err));
  lqa_buf_printf(&result->text,
                 "%s: %lld row%s to check, drawn at random by stratum.\nFill in is_correct (yes or "
                 "no) and, where it is no, correct_label; then:\n  labelqa sample %s --ingest %s\n",
                 args->out, (long long)check.drawn, lqa_plural(check.drawn), args->run, args->out);
  lqa_spot_report_json(&check, args->out, &result->json);
  return LQA_OK;
}

/* The least trusted rows without a decision, as a sheet for `decide`. They are no random sample,
 * so they give no error rate. */
static lqa_status draw_suspects(const lqa_sample_args *args, lqa_run *run, lqa_result *result,
                                lqa_error *err) {
  int64_t n = 0;
  lqa_review_output output = {.path = args->out, .limit = args->n, .n_rows = &n};
  LQA_TRY(lqa_export_path_check(run, args->out, err));
  LQA_TRY(lqa_table_format_of(args->out, &output.format, err));
  LQA_TRY(lqa_review_save(run, &output, err));
  lqa_buf_printf(&result->text,
                 "%s: the %lld least trusted row%s without a decision.\nFill in decision (a "
                 "class, or keep, unsure); then:\n  labelqa decide %s %s\n",
                 args->out, (long long)n, lqa_plural(n), args->run, args->out);
  lqa_json json;
  lqa_json_init(&json, &result->json, 1);
  lqa_json_open_object(&json);
  lqa_json_add_text(&json, "file", args->out);
  lqa_json_add_int(&json, "suspects", n);
  lqa_json_close_object(&json);
  lqa_buf_add_char(&result->json, '\n');
  return LQA_OK;
}

/* The answers are in run.db before the files are made again from it. */
static lqa_status ingest(const lqa_sample_args *args, lqa_run *run, lqa_arena *arena,
                         lqa_result *result, lqa_error *err) {
  lqa_spot_check check = {0};
  lqa_spot_sheet sheet = {args->ingest, args->by};
  lqa_report_args report_args;
  lqa_report_args_init(&report_args);
  report_args.common = args->common;
  LQA_TRY(lqa_spot_ingest(run, &sheet, arena, &check, err));
  lqa_result *report = lqa_result_new(&args->common);
  if (!report) {
    return lqa_fail_memory(err, "taking the sheet back");
  }
  lqa_status status = lqa_report_result_refresh(run, args->run, &report_args, report, err);
  lqa_result_free(report);
  LQA_TRY(status);
  lqa_spot_report_text(&check, &result->text);
  if (check.rate.n > 0) {
    lqa_report_advise_relabel(check.rate.low, args->run, "", &result->text);
  }
  lqa_spot_report_json(&check, args->ingest, &result->json);
  return LQA_OK;
}

static lqa_status run(const void *data, lqa_result **out, lqa_error *err) {
  const lqa_sample_args *args = data;
  lqa_run *opened = NULL;
  lqa_arena arena;
  if (!args->out == !args->ingest) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    "give either " LQA_OPTION("out") " SHEET (to draw) or " LQA_OPTION(
                        "ingest") " SHEET (to take one back)");
  }
  LQA_TRY(lqa_command_open_run(
      &(lqa_run_opening){args->run, true, args->common.observer, &args->reread}, &opened, err));
  lqa_arena_init(&arena);
  lqa_result *result = lqa_result_new(&args->common);
  lqa_status status = result ? LQA_OK : lqa_fail_memory(err, "sampling");
  if (result) {
    status = args->ingest     ? ingest(args, opened, &arena, result, err)
             : args->suspects ? draw_suspects(args, opened, result, err)
                              : draw(args, opened, &arena, result, err);
  }
  lqa_run_close(opened);
  lqa_arena_clear(&arena);
  if (status != LQA_OK) {
    lqa_result_free(result);
    return status;
  }
  return lqa_result_finish(result, out, err);
}

/* clang-format off */
static const lqa_option options[] = {
  {.name = "n", .kind = LQA_OPTION_INT, .offset = offsetof(lqa_sample_args, n),
   .default_value = "200", .min = 1, .max = 1e9, .argument = "N", .help = "rows to draw"},
  {.name = "suspects", .kind = LQA_OPTION_FLAG, .offset = offsetof(lqa_sample_args, suspects),
   .help = "instead of a sample, the N least trusted rows without a decision; read the filled-in "
           "sheet with labelqa decide"},
  {.name = "out", .kind = LQA_OPTION_TEXT, .offset = offsetof(lqa_sample_args, out),
   .argument = "SHEET", .help = "sheet to write: .csv, .jsonl, .parquet"},
  {.name = "ingest", .kind = LQA_OPTION_TEXT, .offset = offsetof(lqa_sample_args, ingest),
   .argument = "SHEET", .help = "filled-in sheet to read"},
  {.name = "by", .kind = LQA_OPTION_TEXT, .offset = offsetof(lqa_sample_args, by),
   .argument = "NAME", .help = "who checked it (default spot-check)"},
  LQA_REREAD_OPTIONS(lqa_sample_args), LQA_COMMON_OPTIONS(lqa_sample_args)};
/* clang-format on */

const lqa_command lqa_command_sample = {
    .number = LQA_COMMAND_sample,
    .name = "sample",
    .summary =
        "Draws a spot-check sheet, reads it when filled in, prints error rates with intervals",
    .description =
        "The sheet mixes suspicious and unsuspected rows of every class in random order "
        "and does not\nshow which are suspected, so that it does not influence the answers.",
    .example = "labelqa sample tickets.labelqa --n 200 --out sheet.csv\n"
               "labelqa sample tickets.labelqa --ingest sheet.csv --by anna",
    .args_size = sizeof(lqa_sample_args),
    .options = options,
    .positionals = {{"RUN", offsetof(lqa_sample_args, run), false, true}},
    .run = run,
};

void lqa_sample_args_init(lqa_sample_args *args) {
  lqa_command_init_args(LQA_COMMAND_sample, args);
}

lqa_status lqa_cmd_sample(const lqa_sample_args *args, lqa_result **result, lqa_error *err) {
  lqa_error_clear(err);
  return run(args, result, err);
}
