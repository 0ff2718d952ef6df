/* labelqa export: pick the export, open the run, write the file, say what is in it. */
#include "export/export.h"

#include "api/command.h"
#include "api/result.h"

static lqa_status fail_unknown(const char *what, lqa_error *err) {
  lqa_buf names;
  lqa_buf_init(&names, 1 << 12);
  for (int i = 0; i < LQA_EXPORT_COUNT; i++) {
    lqa_buf_printf(&names, "%s%s", i > 0 ? ", " : "", lqa_export_get((lqa_export_number)i)->name);
  }
  lqa_status status = lqa_fail(err, LQA_BAD_USAGE, "unknown export '%s': WHAT is one of %s", what,
                               names.data ? names.data : "those in 'labelqa export --help'");
  lqa_buf_clear(&names);
  return status;
}

/* "1 row", "3 rows". */
static void add_count(lqa_buf *text, int64_t n, const char *noun) {
  lqa_buf_printf(text, "%lld %s%s", (long long)n, noun, n == 1 ? "" : "s");
}

static void add_text(const lqa_export_args *args, const lqa_export *export,
                     const lqa_export_summary *summary, lqa_buf *text) {
  lqa_buf_printf(text, "%s: ", args->file);
  add_count(text, summary->n_rows, "row");
  if (export->changes_labels) {
    lqa_buf_add_text(text, ", ");
    add_count(text, summary->n_changed, "label");
    lqa_buf_add_text(text, " changed");
  }
  lqa_buf_add_char(text, '\n');
  if (summary->n_emptied > 0) {
    bool one = summary->n_emptied == 1;
    lqa_buf_add_text(text, one ? "the right label of " : "the right labels of ");
    add_count(text, summary->n_emptied, "row");
    lqa_buf_printf(text, " %s overwritten when the labels slipped: %s empty now, label %s again\n",
                   one ? "was" : "were", one ? "it is" : "they are", one ? "it" : "them");
  }
  if (summary->n_guarded > 0) {
    add_count(text, summary->n_guarded, "cell");
    lqa_buf_add_text(text, " that a spreadsheet would take for a formula got a leading apostrophe; "
                           "take .jsonl or .parquet for the exact texts\n");
  }
  if (export->number == LQA_EXPORT_cleaned && summary->n_changed == 0 && !args->apply) {
    lqa_buf_printf(
        text,
        "Nobody has decided for another label yet: check rows with 'labelqa sample %s', or take "
        "the judge's candidates with --apply relabel\n",
        args->run);
  }
}

static void add_json(const lqa_export_args *args, const lqa_export *export,
                     const lqa_export_summary *summary, lqa_buf *out) {
  lqa_json json;
  lqa_json_init(&json, out, 2);
  lqa_json_open_object(&json);
  lqa_json_add_text(&json, "file", args->file);
  lqa_json_add_text(&json, "what", export->name);
  lqa_json_add_int(&json, "rows", summary->n_rows);
  if (export->changes_labels) {
    lqa_json_add_int(&json, "labels_changed", summary->n_changed);
    lqa_json_add_int(&json, "labels_emptied", summary->n_emptied);
    lqa_json_add_int(&json, "cells_guarded", summary->n_guarded);
  }
  lqa_json_close_object(&json);
  lqa_buf_add_char(out, '\n');
}

static lqa_status write_export(const lqa_export_args *args, const lqa_export *export,
                               lqa_export_summary *summary, lqa_error *err) {
  const lqa_export_options options = {.path = args->file,
                                      .format = args->format,
                                      .apply_relabel = args->apply != NULL,
                                      .repair = args->repair};
  lqa_run *run;
  LQA_TRY(lqa_run_open(args->run, false, args->common.observer, &run, err));
  lqa_status status = lqa_export_run(export, run, &options, summary, err);
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
    return lqa_fail(err, LQA_BAD_USAGE, "--apply %s: expected relabel", args->apply);
  }
  return lqa_export_find(args->what) ? LQA_OK : fail_unknown(args->what, err);
}

static lqa_status run(const void *data, lqa_result **out, lqa_error *err) {
  const lqa_export_args *args = data;
  lqa_export_summary summary;
  LQA_TRY(check_args(args, err));
  const lqa_export *export = lqa_export_find(args->what);
  LQA_TRY(write_export(args, export, &summary, err));
  lqa_result *result = lqa_result_new();
  if (!result) {
    return lqa_fail_memory(err, "writing the result");
  }
  add_text(args, export, &summary, &result->text);
  add_json(args, export, &summary, &result->json);
  return lqa_result_finish(result, out, err);
}

/* clang-format off */
#define FIELD(name) offsetof(lqa_export_args, name)

static const lqa_option options[] = {
  {.name = "format", .kind = LQA_OPTION_CHOICE, .offset = FIELD(format),
   .choices = "csv|jsonl|parquet|label-studio",
   .help = "the file's format (default: by its suffix); label-studio: review only",
   .group = "Export"},
  {.name = "apply", .kind = LQA_OPTION_CHOICE, .offset = FIELD(apply), .choices = "relabel",
   .help = "cleaned: also the judge's corrections that nobody has reviewed, which are candidates "
           "and not the truth; predictions of the model are never applied",
   .group = "Export"},
  {.name = "repair", .kind = LQA_OPTION_TEXT, .offset = FIELD(repair), .argument = "FINDING",
   .help = "fixed: the repair to apply, as a provenance finding names it", .group = "Export"},
  LQA_COMMON_OPTIONS(lqa_export_args)};
/* clang-format on */

const lqa_command lqa_command_export = {
    .number = LQA_COMMAND_export,
    .name = "export",
    .summary = "Writes what to do next: rows to relabel or review, cleaned data, weights",
    .description =
        "WHAT is one of\n"
        "  relabel    rows whose label should change, with the label people or the judge gave\n"
        "  review     rows that people should look at, worst first; also for Label Studio\n"
        "  cleaned    the source with people's decisions applied, and nothing else\n"
        "  weights    every row's trust score as a weight for training\n"
        "  decisions  every decision of people in order: what, by whom, when\n"
        "  fixed      the source with the repair that a finding offers\n"
        "FILE ends in .csv, .jsonl or .parquet and is replaced if it exists.",
    .example = "labelqa export tickets.labelqa cleaned tickets-clean.csv\n"
               "labelqa export tickets.labelqa review tasks.json --format label-studio\n"
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
