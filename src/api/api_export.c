/* labelqa export: pick the export, open the run, write the file, say what is in it. */
#include "api/open_run.h"
#include "api/command.h"
#include "api/result.h"
#include "export/export_report.h"
#include "export/task_file.h"

/* What the table of exports holds, for --help. */
static void add_catalogue(lqa_buf *out) {
  for (int i = 0; i < LQA_EXPORT_COUNT; i++) {
    const lqa_export *export = lqa_export_get((lqa_export_number)i);
    lqa_buf_printf(out, "  %-16s %s\n", export->name, export->summary);
  }
}

static lqa_status fail_unknown(const char *what, lqa_error *err) {
  lqa_buf names;
  if (lqa_task_format_find(what)) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    "'%s' is a format of 'review': labelqa export RUN review FILE " LQA_OPTION_AS(
                        "format", "%s"),
                    what, what);
  }
  lqa_buf_init(&names, 1 << 12);
  for (int i = 0; i < LQA_EXPORT_COUNT; i++) {
    lqa_buf_printf(&names, "%s%s", i > 0 ? ", " : "", lqa_export_get((lqa_export_number)i)->name);
  }
  lqa_status status = lqa_fail(err, LQA_BAD_USAGE, "unknown export '%s': WHAT is one of %s", what,
                               names.data ? names.data : "those in 'labelqa export --help'");
  lqa_buf_clear(&names);
  return status;
}

static lqa_status write_export(const lqa_export_args *args, const lqa_export_report *report,
                               lqa_export_summary *summary, lqa_error *err) {
  lqa_run *run;
  LQA_TRY(lqa_command_open_run(
      &(lqa_run_opening){args->run, false, args->common.observer, &args->reread}, &run, err));
  lqa_status status = lqa_export_run(report->export, run, report->options, summary, err);
  lqa_run_close(run);
  return status;
}

static lqa_status check_args(const lqa_export_args *args, lqa_error *err) {
  if (!args->run || !args->what || !args->file) {
    return lqa_fail(err, LQA_BAD_USAGE, "%s is missing: labelqa export RUN WHAT FILE",
                    !args->run    ? "RUN"
                    : !args->what ? "WHAT"
                                  : "FILE");
  }
  if (args->apply && strcmp(args->apply, "relabel") != 0) {
    return lqa_fail(err, LQA_BAD_USAGE, LQA_OPTION_AS("apply", "%s") ": expected relabel",
                    args->apply);
  }
  return lqa_export_find(args->what) ? LQA_OK : fail_unknown(args->what, err);
}

static lqa_status run(const void *data, lqa_result **out, lqa_error *err) {
  const lqa_export_args *args = data;
  lqa_export_summary summary;
  LQA_TRY(check_args(args, err));
  const lqa_export_options exporting = {.path = args->file,
                                        .format = args->format,
                                        .apply_relabel = args->apply != NULL,
                                        .repair = args->repair,
                                        .by = args->by};
  const lqa_export_report report = {.export = lqa_export_find(args->what),
                                    .options = &exporting,
                                    .summary = &summary,
                                    .run_path = args->run};
  LQA_TRY(write_export(args, &report, &summary, err));
  lqa_result *result = lqa_result_new(&args->common);
  if (!result) {
    return lqa_fail_memory(err, "writing the result");
  }
  lqa_export_report_text(&report, &result->text);
  lqa_export_report_json(&report, &result->json);
  return lqa_result_finish(result, out, err);
}

/* clang-format off */
#define FIELD(name) offsetof(lqa_export_args, name)

static const lqa_option options[] = {
  {.name = "format", .kind = LQA_OPTION_CHOICE, .offset = FIELD(format),
   .choices = "csv|jsonl|parquet|label-studio|argilla|prodigy",
   .help = "the file's format (default: by its suffix); tasks of a labelling tool: review only",
   .group = "Export"},
  {.name = "apply", .kind = LQA_OPTION_CHOICE, .offset = FIELD(apply), .choices = "relabel",
   .help = "cleaned: also apply the judge's corrections that no person has reviewed; these are "
           "candidates, not the truth. Predictions of the model are never applied",
   .group = "Export"},
  {.name = "repair", .kind = LQA_OPTION_TEXT, .offset = FIELD(repair), .argument = "FINDING",
   .help = "fixed: the repair to apply, as a provenance finding names it", .group = "Export"},
  {.name = "by", .kind = LQA_OPTION_CHOICE, .offset = FIELD(by),
   .choices = "trust_score|p_correct",
   .help = "weights: the column that becomes the weight (default trust_score)",
   .group = "Export"},
  LQA_REREAD_OPTIONS(lqa_export_args), LQA_COMMON_OPTIONS(lqa_export_args)};
/* clang-format on */

const lqa_command lqa_command_export = {
    .number = LQA_COMMAND_export,
    .name = "export",
    .summary = "Writes what to do next: rows to relabel or review, cleaned data, weights",
    .description = "FILE ends in .csv, .jsonl or .parquet and is replaced if it exists. WHAT is "
                   "one of",
    .add_catalogue = add_catalogue,
    .example = "labelqa export tickets.labelqa cleaned tickets-clean.csv\n"
               "labelqa export tickets.labelqa review tasks.json --format label-studio\n"
               "labelqa export tickets.labelqa labeling-config interface.xml\n"
               "labelqa export tickets.labelqa fixed tickets-fixed.csv --repair row-shift",
    .args_size = sizeof(lqa_export_args),
    .options = options,
    .positionals = {{"RUN", FIELD(run), false, true},
                    {"WHAT", FIELD(what), false, true},
                    {"FILE", FIELD(file), false, true}},
    .run = run,
};

void lqa_export_args_init(lqa_export_args *args) {
  lqa_command_init_args(LQA_COMMAND_export, args);
}

lqa_status lqa_cmd_export(const lqa_export_args *args, lqa_result **result, lqa_error *err) {
  lqa_error_clear(err);
  return run(args, result, err);
}
