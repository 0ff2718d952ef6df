/* labelqa demo: the worked example. Takes clean news, plants known errors, audits the result as any
 * user would, and measures every audit against what was planted.
 *
 * The data is AG News' official test split where it is at hand (--data, $LABELQA_DATA) or may be
 * fetched (--download), else a corpus made here; the output says which.
 */
#include "api/command.h"
#include "base/message_text.h"
#include "api/judge_simulation.h"
#include "api/result.h"
#include "base/file.h"
#include "evaluate/corrupt_report.h"
#include "evaluate/corrupt_table.h"
#include "evaluate/demo_data.h"

#include <stdlib.h>
#include <sys/stat.h>

/* ---- planting ---- */

static lqa_status corrupt(const lqa_demo_args *args, const lqa_dataset *clean, const char *path,
                          lqa_corrupt_plan *plan, lqa_error *err) {
  lqa_swap swap = {.a = 1, .b = 2, .rate = args->systematic};
  lqa_corrupt_options options = {.sample = args->sample < clean->n_rows ? args->sample : 0,
                                 .off_by_one = args->off_by_one,
                                 .random_flip = args->random_flip,
                                 .row_shift = args->row_shift,
                                 .swaps = &swap,
                                 .n_swaps = 1,
                                 .null_content = args->null_content,
                                 .duplicate_conflict = args->duplicate_conflict,
                                 .unknown_label = args->unknown_label,
                                 .seed = (uint64_t)args->common.seed};
  LQA_TRY(lqa_corrupt_plan_make(clean, &options, plan, err));
  return lqa_corrupt_dataset_save(clean, plan, path, args->common.observer, err);
}

/* ---- auditing and measuring, through the public functions ---- */

static lqa_status audit(const lqa_demo_args *args, const char *source, const char *run,
                        lqa_result **result, lqa_error *err) {
  const char *sources[] = {source}, *text[] = {"text"};
  const char *classes[LQA_DEMO_CLASSES];
  memcpy(classes, lqa_demo_class_names, sizeof classes);
  lqa_audit_args audit_args;
  lqa_audit_args_init(&audit_args);
  audit_args.common = args->common;
  audit_args.sources = (lqa_text_list){sources, 1};
  audit_args.source.text = (lqa_text_list){text, 1};
  audit_args.source.label = "label";
  audit_args.source.id = "row_id";
  audit_args.source.classes = (lqa_text_list){classes, LQA_DEMO_CLASSES};
  audit_args.out = run;
  audit_args.overwrite = args->overwrite;
  audit_args.model = args->model;
  return lqa_cmd_audit(&audit_args, result, err);
}

/* A judge that knows the planted truth and tells it as often as asked for: not a model. */
static lqa_status judge(const lqa_demo_args *args, const char *run, lqa_result **result,
                        lqa_error *err) {
  lqa_judge_args judge_args;
  if (args->simulated_judge <= 0) {
    return LQA_OK;
  }
  lqa_judge_args_init(&judge_args);
  judge_args.yes = true;
  judge_args.common = args->common;
  judge_args.run = run;
  judge_args.top = INT32_MAX;
  return lqa_judge_simulate(&judge_args, args->simulated_judge, "label_true", result, err);
}

static lqa_status report(const lqa_demo_args *args, const char *run, lqa_result **result,
                         lqa_error *err) {
  lqa_report_args report_args;
  lqa_report_args_init(&report_args);
  report_args.common = args->common;
  report_args.run = run;
  return lqa_cmd_report(&report_args, result, err);
}

static lqa_status evaluate(const lqa_demo_args *args, const char *run, lqa_result **result,
                           lqa_error *err) {
  lqa_evaluate_args evaluate_args;
  lqa_evaluate_args_init(&evaluate_args);
  evaluate_args.common = args->common;
  evaluate_args.run = run;
  evaluate_args.truth = "label_true";
  evaluate_args.corruption = "corruption";
  return lqa_cmd_evaluate(&evaluate_args, result, err);
}

/* What the steps said; judged may be NULL. `reported` is the run's report after all of them. */
typedef struct steps {
  lqa_result *audited, *judged, *evaluated, *reported;
  const lqa_common_args *common;
} steps;

/* The judge changes what is to be done next, so that comes last, from the run as it is then. */
static void add_text(const lqa_corrupt_plan *plan, const steps *said, lqa_buf *out) {
  lqa_corrupt_report_sentence(plan, out);
  lqa_buf_add_text(out, "\n== What the audit says\n\n");
  lqa_buf_add(out, said->audited->text.data, said->audited->next_at);
  if (said->judged) {
    lqa_buf_printf(out, "\n== What the judge says\n\n%s", lqa_result_text(said->judged));
  }
  lqa_buf_printf(out, "\n== How right it is\n\n%s", lqa_result_text(said->evaluated));
  lqa_buf_add_text(out, said->reported->text.data + said->reported->next_at);
}

static lqa_status combine(const char *about, const lqa_corrupt_plan *plan, const steps *said,
                          lqa_result **out, lqa_error *err) {
  lqa_result *result = lqa_result_new(said->common);
  if (!result) {
    return lqa_fail_memory(err, "writing the result");
  }
  lqa_json json;
  lqa_buf_printf(&result->text, "Data: %s.\n", about);
  add_text(plan, said, &result->text);
  lqa_json_init(&json, &result->json, 0);
  lqa_json_open_object(&json);
  lqa_json_add_message(&json, "data", about);
  lqa_json_key(&json, "audit");
  lqa_json_raw(&json, lqa_str_trim(lqa_str_from(lqa_result_json(said->audited))));
  if (said->judged) {
    lqa_json_key(&json, "simulated_judge");
    lqa_json_raw(&json, lqa_str_trim(lqa_str_from(lqa_result_json(said->judged))));
  }
  lqa_json_key(&json, "evaluation");
  lqa_json_raw(&json, lqa_str_trim(lqa_str_from(lqa_result_json(said->evaluated))));
  lqa_json_close_object(&json);
  lqa_buf_add_char(&result->json, '\n');
  const char *run = lqa_result_run_path(said->audited);
  result->run_path = run ? strdup(run) : NULL;
  return lqa_result_finish(result, out, err);
}

static lqa_status make_folder(const char *path, lqa_error *err) {
  if (!lqa_path_is_folder(path) && mkdir(path, 0777) != 0) {
    return lqa_fail_create(err, "make folder", path);
  }
  return LQA_OK;
}

static lqa_status run(const void *data, lqa_result **out, lqa_error *err) {
  const lqa_demo_args *args = data;
  char about[256];
  lqa_dataset *clean = NULL;
  lqa_corrupt_plan plan = {0};
  steps said = {.common = &args->common};
  const lqa_demo_options from = {.data = args->data,
                                 .download = args->download != 0,
                                 .n_threads = (int)args->common.threads,
                                 .seed = (uint64_t)args->common.seed,
                                 .observer = args->common.observer};
  char *table = lqa_path_join(args->out, "corrupted.csv");
  char *folder = lqa_path_join(args->out, "run.labelqa");
  lqa_status status = table && folder ? LQA_OK : lqa_fail_memory(err, "starting the demo");
  if (status != LQA_OK) {
    goto out;
  }
  if (lqa_path_exists(folder) && !args->overwrite) {
    status = lqa_fail_because(
        lqa_fail_at(err, LQA_BAD_FILE, folder, -1, NULL,
                    "'%s' is in the way; " LQA_OPTION("overwrite") " replaces it, " LQA_OPTION(
                        "out") " names another folder",
                    folder),
        err, LQA_REASON_EXISTS);
    goto out;
  }
  LQA_TRY_OUT(lqa_demo_data_load(&from, about, &clean, err));
  LQA_TRY_OUT(make_folder(args->out, err));
  LQA_TRY_OUT(corrupt(args, clean, table, &plan, err));
  LQA_TRY_OUT(audit(args, table, folder, &said.audited, err));
  LQA_TRY_OUT(judge(args, folder, &said.judged, err));
  LQA_TRY_OUT(evaluate(args, folder, &said.evaluated, err));
  LQA_TRY_OUT(report(args, folder, &said.reported, err));
  LQA_TRY_OUT(combine(about, &plan, &said, out, err));
out:
  lqa_result_free(said.audited);
  lqa_result_free(said.judged);
  lqa_result_free(said.evaluated);
  lqa_result_free(said.reported);
  lqa_corrupt_plan_clear(&plan);
  lqa_dataset_free(clean);
  free(table);
  free(folder);
  return status;
}

/* clang-format off */
#define RATE(option, field, value, text)                                                          \
  {.name = option, .kind = LQA_OPTION_DOUBLE, .offset = offsetof(lqa_demo_args, field),           \
   .default_value = value, .min = 0, .max = 1, .argument = "R", .help = text,                     \
   .group = "Planted errors"}
#define COUNT(option, field, value, text)                                                         \
  {.name = option, .kind = LQA_OPTION_INT, .offset = offsetof(lqa_demo_args, field),              \
   .default_value = value, .min = 0, .max = 1e6, .argument = "N", .help = text,                   \
   .group = "Planted errors"}

static const lqa_option options[] = {
  {.name = "data", .kind = LQA_OPTION_TEXT, .offset = offsetof(lqa_demo_args, data),
   .argument = "FILE", .help = "AG News' official test split (CSV), or a folder that holds it",
   .environment = "LABELQA_DATA"},
  {.name = "download", .kind = LQA_OPTION_FLAG, .offset = offsetof(lqa_demo_args, download),
   .help = "fetch AG News from its public home"},
  {.name = "out", .kind = LQA_OPTION_TEXT, .offset = offsetof(lqa_demo_args, out),
   .default_value = "demo", .argument = "FOLDER",
   .help = "folder for the corrupted file and the run"},
  {.name = "overwrite", .kind = LQA_OPTION_FLAG, .offset = offsetof(lqa_demo_args, overwrite),
   .help = "replace an earlier demo"},
  {.name = "sample", .kind = LQA_OPTION_INT, .offset = offsetof(lqa_demo_args, sample),
   .default_value = "2000", .min = 100, .max = 1e6, .argument = "N", .help = "rows to draw"},
  {.name = "model", .kind = LQA_OPTION_CHOICE, .offset = offsetof(lqa_demo_args, model),
   .default_value = "auto", .choices = "auto|logistic|naive-bayes",
   .help = "model that predicts every row out of fold"},
  {.name = "simulated-judge", .kind = LQA_OPTION_DOUBLE,
   .offset = offsetof(lqa_demo_args, simulated_judge), .default_value = "0", .min = 0, .max = 1,
   .argument = "A",
   .help = "also judge the suspects, by a simulated judge that is right with probability A"},
  RATE("off-by-one", off_by_one, "0.01", "share of rows that get the next class"),
  RATE("random-flip", random_flip, "0.05", "share of rows that get another class at random"),
  RATE("systematic", systematic, "0.03", "share of rows with Sports and Business swapped"),
  RATE("row-shift", row_shift, "0", "share of rows in one block with the label of the row above"),
  COUNT("null-content", null_content, "3", "rows whose text is emptied"),
  COUNT("duplicate-conflict", duplicate_conflict, "3", "copies added under another label"),
  COUNT("unknown-label", unknown_label, "1", "rows that get the label MISC"),
  LQA_COMMON_OPTIONS(lqa_demo_args)};
/* clang-format on */

const lqa_command lqa_command_demo = {
    .number = LQA_COMMAND_demo,
    .name = "demo",
    .summary = "The worked example: plants errors in news, audits, measures every audit",
    .description =
        "Draws rows from AG News (or from a made-up corpus if that is missing), plants known\n"
        "errors, audits the result and prints precision and recall of each audit by kind of "
        "error.\n"
        "Try a systematic share of 0.25: confident learning cannot see high-rate systematic "
        "confusion.",
    .example = "labelqa demo\nlabelqa demo --systematic 0.25 --out demo25",
    .args_size = sizeof(lqa_demo_args),
    .options = options,
    .run = run,
};

void lqa_demo_args_init(lqa_demo_args *args) {
  lqa_command_init_args(LQA_COMMAND_demo, args);
}

lqa_status lqa_cmd_demo(const lqa_demo_args *args, lqa_result **result, lqa_error *err) {
  lqa_error_clear(err);
  return run(args, result, err);
}
