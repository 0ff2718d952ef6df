/* labelqa sample: draws a spot-check sheet, or takes one back and says how many labels are wrong.
 */
#include "api/command.h"
#include "api/report_result.h"
#include "export/export_file.h"
#include "report/markup.h"
#include "store/spot_check.h"

#include <math.h>

static void print_rate(const lqa_interval *rate, lqa_buf *out) {
  lqa_buf_printf(out, "%6.1f %%  (95 %% interval %.1f to %.1f, %s, n = %lld)", 100 * rate->estimate,
                 100 * rate->low, 100 * rate->high, rate->method, (long long)rate->n);
}

static void print_strata(const lqa_spot_check *check, lqa_buf *out) {
  lqa_buf_add_text(out, "\nby stratum (rows in it, checked, wrong)\n");
  for (size_t i = 0; i < check->n_strata; i++) {
    const lqa_spot_stratum *s = &check->strata[i];
    lqa_buf_printf(out, "  %-13s", s->is_suspicious ? "suspicious" : "unsuspected");
    lqa_markup_excerpt(s->is_rest                  ? LQA_STR("(small classes)")
                       : lqa_str_is_null(s->label) ? LQA_STR("(no known label)")
                                                   : s->label,
                       24, out);
    lqa_buf_printf(out, ": %lld, %lld, %lld", (long long)s->population, (long long)s->answered,
                   (long long)s->wrong);
    if (s->answered > 0) {
      lqa_buf_add_text(out, "   ");
      print_rate(&s->rate, out);
    }
    lqa_buf_add_char(out, '\n');
  }
}

static void print_ingested(const lqa_spot_check *check, lqa_buf *out) {
  lqa_buf_printf(out, "%lld of %lld row%s checked, %lld wrong; %lld %s a decision now\n",
                 (long long)check->answered, (long long)check->drawn, lqa_plural(check->drawn),
                 (long long)check->wrong, (long long)check->decided,
                 check->decided == 1 ? "row has" : "rows have");
  if (check->wrong_only > 0) {
    lqa_buf_printf(out,
                   "%lld marked wrong without a correct label: counted, but nothing is decided\n",
                   (long long)check->wrong_only);
  }
  if (check->gone > 0) {
    lqa_buf_printf(out, "%lld row%s of the sheet no longer in the data\n", (long long)check->gone,
                   lqa_plural(check->gone));
  }
  if (check->rate.n > 0) {
    lqa_buf_add_text(out, "\nlabels wrong in the whole data ");
    print_rate(&check->rate, out);
    lqa_buf_add_char(out, '\n');
    print_strata(check, out);
  }
}

static void add_rate(const char *key, const lqa_interval *rate, lqa_json *json) {
  lqa_json_key(json, key);
  if (rate->n == 0) {
    lqa_json_null(json);
    return;
  }
  lqa_json_open_object(json);
  lqa_json_add_double(json, "estimate", rate->estimate);
  lqa_json_add_double(json, "low", rate->low);
  lqa_json_add_double(json, "high", rate->high);
  lqa_json_add_text(json, "method", rate->method);
  lqa_json_add_int(json, "n", rate->n);
  lqa_json_close_object(json);
}

static void add_strata(const lqa_spot_check *check, lqa_json *json) {
  lqa_json_key(json, "strata");
  lqa_json_open_array(json);
  for (size_t i = 0; i < check->n_strata; i++) {
    const lqa_spot_stratum *s = &check->strata[i];
    lqa_json_open_object(json);
    lqa_json_add_bool(json, "suspicious", s->is_suspicious);
    lqa_json_add_str(json, "label", s->label);
    lqa_json_add_bool(json, "rest", s->is_rest);
    lqa_json_add_int(json, "population", s->population);
    lqa_json_add_int(json, "drawn", s->drawn);
    lqa_json_add_int(json, "checked", s->answered);
    lqa_json_add_int(json, "wrong", s->wrong);
    add_rate("error_rate", &s->rate, json);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

static void add_json(const lqa_spot_check *check, const char *file, lqa_buf *out) {
  lqa_json json;
  lqa_json_init(&json, out, 1);
  lqa_json_open_object(&json);
  lqa_json_add_text(&json, "sheet", check->sheet);
  lqa_json_add_text(&json, "file", file);
  lqa_json_add_int(&json, "drawn", check->drawn);
  lqa_json_add_int(&json, "checked", check->answered);
  lqa_json_add_int(&json, "wrong", check->wrong);
  add_rate("error_rate", &check->rate, &json);
  add_strata(check, &json);
  lqa_json_close_object(&json);
  lqa_buf_add_char(out, '\n');
}

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
  add_json(&check, args->out, &result->json);
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
  lqa_result *report = lqa_result_new();
  if (!report) {
    return lqa_fail_memory(err, "taking the sheet back");
  }
  lqa_status status = lqa_report_result_refresh(run, args->run, &report_args, report, err);
  lqa_result_free(report);
  LQA_TRY(status);
  print_ingested(&check, &result->text);
  add_json(&check, args->ingest, &result->json);
  return LQA_OK;
}

static lqa_status run(const void *data, lqa_result **out, lqa_error *err) {
  const lqa_sample_args *args = data;
  lqa_run *opened = NULL;
  lqa_arena arena;
  if (!args->out == !args->ingest) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    "give either --out SHEET (to draw) or --ingest SHEET (to take one back)");
  }
  LQA_TRY(lqa_run_open(args->run, true, args->common.observer, &opened, err));
  lqa_arena_init(&arena);
  lqa_result *result = lqa_result_new();
  lqa_status status = result ? LQA_OK : lqa_fail_memory(err, "sampling");
  if (result) {
    status = (args->out ? draw : ingest)(args, opened, &arena, result, err);
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
  {.name = "out", .kind = LQA_OPTION_TEXT, .offset = offsetof(lqa_sample_args, out),
   .argument = "SHEET", .help = "sheet to write: .csv, .jsonl, .parquet"},
  {.name = "ingest", .kind = LQA_OPTION_TEXT, .offset = offsetof(lqa_sample_args, ingest),
   .argument = "SHEET", .help = "filled-in sheet to take back"},
  {.name = "by", .kind = LQA_OPTION_TEXT, .offset = offsetof(lqa_sample_args, by),
   .argument = "NAME", .help = "who checked it (default spot-check)"},
  LQA_COMMON_OPTIONS(lqa_sample_args)};
/* clang-format on */

const lqa_command lqa_command_sample = {
    .number = LQA_COMMAND_sample,
    .name = "sample",
    .summary = "Draws a spot-check sheet, takes it back, prints error rates with intervals",
    .description = "The sheet mixes suspicious and unsuspected rows of every class in random order "
                   "and does not\nsay which are suspected, so that nobody is led.",
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
