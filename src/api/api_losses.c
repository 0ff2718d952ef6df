/* labelqa losses: training logs into a run. They replace the losses of the out-of-fold model, which
 * are no signal of their own, by those of the user's real training.
 */
#include "api/command.h"
#include "api/result.h"
#include "api/run_rewrite.h"
#include "store/loss_log.h"

static void add_text(const lqa_loss_summary *s, lqa_buf *text) {
  lqa_buf_printf(text,
                 "%lld losses of %lld rows over %lld epoch%s; %lld row%s in the top decile in most "
                 "epochs\n",
                 (long long)s->records, (long long)s->rows, (long long)s->epochs,
                 s->epochs == 1 ? "" : "s", (long long)s->high, s->high == 1 ? " is" : "s are");
  if (s->unmatched > 0) {
    lqa_buf_printf(text,
                   "%lld line%s left out: the id is not in the run, or is there more than once\n",
                   (long long)s->unmatched, s->unmatched == 1 ? " was" : "s were");
  }
}

static void add_json(const lqa_loss_summary *s, lqa_buf *out) {
  const struct {
    const char *key;
    int64_t value;
  } members[] = {{"records", s->records},
                 {"unmatched", s->unmatched},
                 {"rows", s->rows},
                 {"high", s->high},
                 {"epochs", s->epochs}};
  lqa_json json;
  lqa_json_init(&json, out, 2);
  lqa_json_open_object(&json);
  for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
    lqa_json_key(&json, members[i].key);
    lqa_json_int(&json, members[i].value);
  }
  lqa_json_close_object(&json);
  lqa_buf_add_char(out, '\n');
}

static lqa_status add_losses(const lqa_losses_args *args, lqa_loss_summary *summary,
                             lqa_error *err) {
  lqa_run *opened;
  LQA_TRY(lqa_run_open(args->run, true, args->common.observer, &opened, err));
  lqa_status status = lqa_run_add_losses(opened, &args->files, summary, err);
  if (status == LQA_OK) {
    status = lqa_run_report_rewrite(opened, args->run, &args->common, err);
  }
  lqa_run_close(opened);
  return status;
}

static lqa_status run(const void *data, lqa_result **out, lqa_error *err) {
  const lqa_losses_args *args = data;
  lqa_loss_summary summary;
  if (!args->run || args->files.n == 0) {
    return lqa_fail(err, LQA_BAD_USAGE, "%s is missing: labelqa losses RUN FILE...",
                    args->run ? "FILE" : "RUN");
  }
  LQA_TRY(add_losses(args, &summary, err));
  lqa_result *result = lqa_result_new();
  if (!result) {
    return lqa_fail_memory(err, "writing the result");
  }
  add_text(&summary, &result->text);
  add_json(&summary, &result->json);
  return lqa_result_finish(result, out, err);
}

static const lqa_option options[] = {LQA_COMMON_OPTIONS(lqa_losses_args)};

const lqa_command lqa_command_losses = {
    .number = LQA_COMMAND_losses,
    .name = "losses",
    .summary = "Adds training logs to a run: rows that stay hard to fit",
    .description =
        "FILE is CSV, TSV, JSON lines or Parquet with a row's id, the epoch and its loss: row_id, "
        "id,\n"
        "guid or example_id (idx, index, row or row_number for row numbers); epoch or step; loss,\n"
        "train_loss or nll. A row is high when it is in the top decile in most epochs. The logs\n"
        "replace those that were added before.",
    .example = "labelqa losses tickets.labelqa epoch-losses.csv",
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
