/* labelqa decide: decisions come back from a filled-in sheet or a labelling tool's export. */
#include "api/open_run.h"
#include "api/command.h"
#include "api/report_result.h"
#include "report/markup.h"
#include "store/decide.h"

enum { MAX_SHOWN = 20 };

static void add_refused(const lqa_decided *d, lqa_buf *out) {
  size_t n = d->refused.n, shown = n < MAX_SHOWN ? n : MAX_SHOWN;
  lqa_buf_printf(out, "%zu row%s refused:\n", n, lqa_plural((int64_t)n));
  for (size_t i = 0; i < shown; i++) {
    const lqa_refused_answer *r = &d->refused.data[i];
    lqa_buf_printf(out, "  %s, row %lld", r->file, (long long)r->row);
    if (r->row_id.size > 0) {
      lqa_buf_add_text(out, " (");
      lqa_markup_excerpt(r->row_id, 40, out);
      lqa_buf_add_char(out, ')');
    }
    lqa_buf_printf(out, ": %s\n", r->reason);
  }
  if (n > shown) {
    lqa_buf_printf(out, "  and %zu more: all with " LQA_OPTION_AS("format", "json") "\n",
                   n - shown);
  }
}

static void add_text(const lqa_decided *d, lqa_buf *out) {
  static const struct {
    size_t at;
    const char *words;
  } rest[] = {{offsetof(lqa_decided, withdrawn), "withdrawn"},
              {offsetof(lqa_decided, known), "known already"},
              {offsetof(lqa_decided, unsure), "unsure"},
              {offsetof(lqa_decided, empty), "not filled in"}};
  lqa_buf_printf(out, "%lld decision%s taken: %lld keep the label, %lld change it\n",
                 (long long)d->taken, lqa_plural(d->taken), (long long)d->kept,
                 (long long)d->changed);
  for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
    int64_t n = *(const int64_t *)((const char *)d + rest[i].at);
    if (n > 0) {
      lqa_buf_printf(out, "%lld row%s %s\n", (long long)n, lqa_plural(n), rest[i].words);
    }
  }
  if (d->refused.n > 0) {
    add_refused(d, out);
  }
}

static void add_json(const lqa_decided *d, lqa_buf *out) {
  lqa_json json;
  lqa_json_init(&json, out, 1);
  lqa_json_open_object(&json);
  lqa_json_add_int(&json, "taken", d->taken);
  lqa_json_add_int(&json, "kept", d->kept);
  lqa_json_add_int(&json, "changed", d->changed);
  lqa_json_add_int(&json, "withdrawn", d->withdrawn);
  lqa_json_add_int(&json, "known", d->known);
  lqa_json_add_int(&json, "unsure", d->unsure);
  lqa_json_add_int(&json, "empty", d->empty);
  lqa_json_key(&json, "refused");
  lqa_json_open_array(&json);
  for (size_t i = 0; i < d->refused.n; i++) {
    lqa_json_open_object(&json);
    lqa_json_add_text(&json, "file", d->refused.data[i].file);
    lqa_json_add_int(&json, "row", d->refused.data[i].row);
    lqa_json_add_str(&json, "row_id", d->refused.data[i].row_id);
    lqa_json_add_text(&json, "reason", d->refused.data[i].reason);
    lqa_json_close_object(&json);
  }
  lqa_json_close_array(&json);
  lqa_json_close_object(&json);
  lqa_buf_add_char(out, '\n');
}

/* The decisions are in run.db before the files are made again from it. */
static lqa_status decide(const lqa_decide_args *args, lqa_run *run, lqa_decided *d,
                         lqa_arena *arena, lqa_error *err) {
  const lqa_decide_options options = {args->files, args->by};
  lqa_report_args report_args;
  lqa_report_args_init(&report_args);
  report_args.common = args->common;
  LQA_TRY(lqa_run_decide(run, &options, arena, d, err));
  if (d->taken + d->withdrawn == 0) {
    return LQA_OK;
  }
  lqa_result *report = lqa_result_new(&args->common);
  if (!report) {
    return lqa_fail_memory(err, "taking decisions back");
  }
  lqa_status status = lqa_report_result_refresh(run, args->run, &report_args, report, err);
  lqa_result_free(report);
  return status;
}

/* Nothing of use in any file is bad data; what was refused beside something taken is told only. */
static lqa_status check_any(const lqa_decided *d, lqa_error *err) {
  bool any = d->taken + d->withdrawn + d->known + d->unsure > 0;
  if (any || d->refused.n == 0) {
    return LQA_OK;
  }
  const lqa_refused_answer *first = &d->refused.data[0];
  return lqa_fail_at(
      err, LQA_BAD_DATA, first->file, first->row, NULL,
      "no decision could be stored: all %zu have errors, the first (%s, row %lld): %s",
      d->refused.n, first->file, (long long)first->row, first->reason);
}

static lqa_status run(const void *data, lqa_result **out, lqa_error *err) {
  const lqa_decide_args *args = data;
  lqa_run *opened = NULL;
  lqa_decided decided = {0};
  lqa_arena arena;
  LQA_TRY(lqa_command_open_run(
      &(lqa_run_opening){args->run, true, args->common.observer, &args->reread}, &opened, err));
  lqa_arena_init(&arena);
  lqa_result *result = lqa_result_new(&args->common);
  lqa_status status;
  LQA_TRY_OUT(result ? decide(args, opened, &decided, &arena, err)
                     : lqa_fail_memory(err, "taking decisions back"));
  add_text(&decided, &result->text);
  add_json(&decided, &result->json);
  status = check_any(&decided, err);
out:
  lqa_vec_clear(&decided.refused);
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
  {.name = "by", .kind = LQA_OPTION_TEXT, .offset = offsetof(lqa_decide_args, by),
   .argument = "NAME", .help = "who decided, where the file does not say (default review)"},
  LQA_REREAD_OPTIONS(lqa_decide_args), LQA_COMMON_OPTIONS(lqa_decide_args)};
/* clang-format on */

const lqa_command lqa_command_decide = {
    .number = LQA_COMMAND_decide,
    .name = "decide",
    .summary = "Reads people's decisions: a filled-in review.csv, an export of a labelling tool",
    .description =
        "FILE is a sheet (CSV of any dialect, JSON lines, Parquet) with row_id or row_number and\n"
        "decision, and note and by if you like; or an export of Label Studio, Argilla or Prodigy.\n"
        "decision is a class, or one of keep, unsure, withdraw. Rows with errors are\n"
        "listed, each with its reason; the others are stored, and on disk when the command ends.",
    .example = "labelqa decide tickets.labelqa review.csv --by anna\n"
               "labelqa decide tickets.labelqa label-studio-export.json",
    .args_size = sizeof(lqa_decide_args),
    .options = options,
    .positionals = {{"RUN", offsetof(lqa_decide_args, run), false, true},
                    {"FILE", offsetof(lqa_decide_args, files), true, true}},
    .run = run,
};

void lqa_decide_args_init(lqa_decide_args *args) {
  lqa_command_init_args(LQA_COMMAND_decide, args);
}

lqa_status lqa_cmd_decide(const lqa_decide_args *args, lqa_result **result, lqa_error *err) {
  lqa_error_clear(err);
  return run(args, result, err);
}
