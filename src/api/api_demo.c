/* labelqa demo: the worked example. Takes clean news, plants known errors, audits the result as any
 * user would, and measures every audit against what was planted.
 *
 * The data is AG News' official test split where it is at hand (--data, $LABELQA_DATA) or may be
 * fetched (--download), else a corpus made here; the output says which.
 */
#include "api/command.h"
#include "evaluate/corrupt_table.h"
#include "api/judge_session.h"
#include "api/result.h"
#include "api/source_map.h"
#include "base/file.h"
#include "base/memory.h"
#include "evaluate/demo_corpus.h"

#include <stdio.h>
#include <sys/stat.h>

enum { N_CLASSES = 4, GENERATED_ROWS = 7600 };

static const char *const class_names[N_CLASSES] = {"World", "Sports", "Business", "Sci/Tech"};
static const char download_url[] =
    "hf://datasets/fancyzhx/ag_news/data/test-00000-of-00001.parquet";

/* ---- clean data ---- */

/* `path` itself, or the test split inside a data folder; owned. NULL where the folder has none. */
static char *find_file(const char *path) {
  static const char *const places[] = {"ag_news/official_test.csv", "official_test.csv",
                                       "test.csv"};
  for (size_t i = 0; lqa_path_is_folder(path) && i < sizeof places / sizeof places[0]; i++) {
    char *file = lqa_path_join(path, places[i]);
    if (file && lqa_path_exists(file)) {
      return file;
    }
    free(file);
  }
  return lqa_path_is_folder(path) ? NULL : strdup(path);
}

/* The official CSV has no header: class 1-4, title, description. */
static lqa_status load_csv(const lqa_demo_args *args, const char *path, lqa_dataset **out,
                           lqa_error *err) {
  const char *paths[] = {path}, *text[] = {"title", "description"};
  const char *columns[] = {"class", "title", "description"};
  lqa_source_options options = {.paths = {paths, 1},
                                .columns = {columns, 3},
                                .header = "no",
                                .text = {text, 2},
                                .label = "class",
                                .n_threads = (int)args->common.threads};
  return lqa_dataset_load(&options, args->common.observer, out, err);
}

static lqa_status load_download(const lqa_demo_args *args, lqa_dataset **out, lqa_error *err) {
  const char *paths[] = {download_url}, *text[] = {"text"};
  lqa_source_options options = {.paths = {paths, 1},
                                .text = {text, 1},
                                .label = "label",
                                .n_threads = (int)args->common.threads};
  return lqa_dataset_load(&options, args->common.observer, out, err);
}

/* Class numbers become names, so that the example reads well: 1-4 in the CSV, 0-3 in the Parquet.
 */
static lqa_str name_of(const lqa_dataset *numbered, int32_t code) {
  return code >= 0 && numbered->n_classes == N_CLASSES ? lqa_str_from(class_names[code])
                                                       : (lqa_str){NULL, 0};
}

static lqa_status name_classes(const lqa_dataset *numbered, lqa_dataset **out, lqa_error *err) {
  size_t n = (size_t)numbered->n_rows;
  lqa_str classes[N_CLASSES];
  if (numbered->n_classes != N_CLASSES) {
    return lqa_fail(err, LQA_BAD_DATA,
                    "the demo's data holds %d classes, expected the four of AG News",
                    (int)numbered->n_classes);
  }
  lqa_str *contents = lqa_calloc(n, sizeof *contents), *labels = lqa_calloc(n, sizeof *labels);
  lqa_status status = contents && labels ? LQA_OK : lqa_fail_memory(err, "naming classes");
  for (int64_t i = 0; status == LQA_OK && i < numbered->n_rows; i++) {
    contents[i] = lqa_column_get(&numbered->content, i);
    labels[i] = name_of(numbered, numbered->label[i]);
  }
  for (int k = 0; k < N_CLASSES; k++) {
    classes[k] = lqa_str_from(class_names[k]);
  }
  if (status == LQA_OK) {
    status =
        lqa_dataset_from_arrays(numbered->n_rows, contents, labels, classes, N_CLASSES, out, err);
  }
  free(contents);
  free(labels);
  return status;
}

static lqa_status load_ag_news(const lqa_demo_args *args, const char *path, lqa_dataset **out,
                               lqa_error *err) {
  lqa_dataset *numbered = NULL;
  LQA_TRY(args->download ? load_download(args, &numbered, err)
                         : load_csv(args, path, &numbered, err));
  lqa_status status = name_classes(numbered, out, err);
  lqa_dataset_free(numbered);
  return status;
}

/* The clean data, and in `about` a sentence that says what it is. */
static lqa_status load_clean(const lqa_demo_args *args, char about[256], lqa_dataset **out,
                             lqa_error *err) {
  if (args->download) {
    snprintf(about, 256, "AG News, official test split, from %s", download_url);
    return load_ag_news(args, NULL, out, err);
  }
  if (args->data && !lqa_path_exists(args->data)) {
    return lqa_fail(
        err, LQA_BAD_FILE,
        "the demo's data '%s' is not there (--data, else $LABELQA_DATA): expected AG "
        "News' test split or its folder; with neither given, the demo makes up a corpus",
        args->data);
  }
  char *path = args->data ? find_file(args->data) : NULL;
  if (!path) {
    snprintf(about, 256,
             "a made-up news corpus (AG News is not at hand: --data FILE or --download uses it); "
             "its figures show that the tool works, not how well it does on real text");
    return lqa_demo_corpus_make(GENERATED_ROWS, (uint64_t)args->common.seed, out, err);
  }
  snprintf(about, 256, "AG News, official test split (%s)", lqa_path_name(path));
  lqa_status status = load_ag_news(args, path, out, err);
  free(path);
  return status;
}

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
  const char *classes[N_CLASSES];
  memcpy(classes, class_names, sizeof classes);
  lqa_audit_args audit_args;
  lqa_audit_args_init(&audit_args);
  audit_args.common = args->common;
  audit_args.sources = (lqa_text_list){sources, 1};
  audit_args.source.text = (lqa_text_list){text, 1};
  audit_args.source.label = "label";
  audit_args.source.id = "row_id";
  audit_args.source.classes = (lqa_text_list){classes, N_CLASSES};
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
  judge_args.common = args->common;
  judge_args.run = run;
  judge_args.top = INT32_MAX;
  return lqa_judge_simulate(&judge_args, args->simulated_judge, "label_true", result, err);
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

static void describe_plan(const lqa_corrupt_plan *plan, lqa_buf *out) {
  lqa_buf_printf(out, "%lld rows drawn; planted:", (long long)plan->n_rows);
  for (int kind = 1; kind < LQA_CORRUPT_COUNT; kind++) {
    if (plan->counts[kind] > 0) {
      lqa_buf_printf(out, " %lld %s", (long long)plan->counts[kind],
                     lqa_corruption_name((lqa_corruption)kind));
    }
  }
  lqa_buf_add_char(out, '\n');
}

/* What the steps said; judged may be NULL. */
typedef struct steps {
  lqa_result *audited, *judged, *evaluated;
} steps;

static lqa_status combine(const char *about, const lqa_corrupt_plan *plan, const steps *said,
                          lqa_result **out, lqa_error *err) {
  lqa_result *result = lqa_result_new();
  if (!result) {
    return lqa_fail_memory(err, "writing the result");
  }
  lqa_json json;
  lqa_buf_printf(&result->text, "Data: %s.\n", about);
  describe_plan(plan, &result->text);
  lqa_buf_printf(&result->text, "\n== What the audit says\n\n%s", lqa_result_text(said->audited));
  if (said->judged) {
    lqa_buf_printf(&result->text, "\n== What the judge says\n\n%s", lqa_result_text(said->judged));
  }
  lqa_buf_printf(&result->text, "\n== How right it is\n\n%s", lqa_result_text(said->evaluated));
  lqa_json_init(&json, &result->json, 0);
  lqa_json_open_object(&json);
  lqa_json_add_text(&json, "data", about);
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
  steps said = {0};
  char *table = lqa_path_join(args->out, "corrupted.csv");
  char *folder = lqa_path_join(args->out, "run.labelqa");
  lqa_status status = table && folder ? LQA_OK : lqa_fail_memory(err, "starting the demo");
  if (status != LQA_OK) {
    goto out;
  }
  if (lqa_path_exists(folder) && !args->overwrite) {
    status = lqa_fail_at(err, LQA_BAD_FILE, folder, -1, NULL,
                         "'%s' is in the way; --overwrite replaces it, --out names another folder",
                         folder);
    goto out;
  }
  LQA_TRY_OUT(load_clean(args, about, &clean, err));
  LQA_TRY_OUT(make_folder(args->out, err));
  LQA_TRY_OUT(corrupt(args, clean, table, &plan, err));
  LQA_TRY_OUT(audit(args, table, folder, &said.audited, err));
  LQA_TRY_OUT(judge(args, folder, &said.judged, err));
  LQA_TRY_OUT(evaluate(args, folder, &said.evaluated, err));
  LQA_TRY_OUT(combine(about, &plan, &said, out, err));
out:
  lqa_result_free(said.audited);
  lqa_result_free(said.judged);
  lqa_result_free(said.evaluated);
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
   .help = "the out-of-fold model"},
  {.name = "simulated-judge", .kind = LQA_OPTION_DOUBLE,
   .offset = offsetof(lqa_demo_args, simulated_judge), .default_value = "0", .min = 0, .max = 1,
   .argument = "A",
   .help = "let a simulated judge, right with probability A, look at the suspects"},
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
        "Draws rows from AG News (or from a made-up corpus where it is not at hand), plants known\n"
        "errors, audits the result and prints precision and recall of each audit by kind of "
        "error.\n"
        "Try --systematic 0.25: confident learning cannot see high-rate systematic confusion.",
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
