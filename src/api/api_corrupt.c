/* labelqa corrupt: plan the errors, write the table, say what was planted. */
#include "api/command.h"
#include "api/result.h"
#include "api/source_map.h"
#include "api/source_options.h"
#include "base/memory.h"
#include "evaluate/corrupt_report.h"
#include "evaluate/corrupt_table.h"

/* "A:B=RATE": class names may hold colons and equals signs as long as one split finds two classes.
 */
static lqa_status parse_swap(const lqa_dataset *dataset, const char *text, lqa_swap *swap,
                             lqa_error *err) {
  const char *equals = strrchr(text, '=');
  if (equals && lqa_str_to_double(lqa_str_from(equals + 1), &swap->rate) && swap->rate >= 0 &&
      swap->rate <= 1) {
    for (const char *colon = strchr(text, ':'); colon && colon < equals;
         colon = strchr(colon + 1, ':')) {
      swap->a = lqa_dataset_find_class(dataset, (lqa_str){text, (size_t)(colon - text)});
      swap->b = lqa_dataset_find_class(dataset, (lqa_str){colon + 1, (size_t)(equals - colon - 1)});
      if (swap->a >= 0 && swap->b >= 0 && swap->a != swap->b) {
        return LQA_OK;
      }
    }
  }
  return lqa_fail(
      err, LQA_BAD_USAGE,
      LQA_OPTION_AS("systematic",
                    "%s") ": expected A:B=RATE with two different classes of the data and a "
                          "rate from 0 to 1",
      text);
}

static lqa_status make_plan(const lqa_corrupt_args *args, const lqa_dataset *dataset,
                            lqa_corrupt_plan *plan, lqa_error *err) {
  lqa_swap *swaps = lqa_calloc(args->systematic.n, sizeof *swaps);
  lqa_status status;
  LQA_TRY_OUT(swaps ? LQA_OK : lqa_fail_memory(err, "reading options"));
  for (size_t i = 0; i < args->systematic.n; i++) {
    LQA_TRY_OUT(parse_swap(dataset, args->systematic.items[i], &swaps[i], err));
  }
  lqa_corrupt_options options = {.sample = args->sample,
                                 .off_by_one = args->off_by_one,
                                 .random_flip = args->random_flip,
                                 .row_shift = args->row_shift,
                                 .swaps = swaps,
                                 .n_swaps = args->systematic.n,
                                 .null_content = args->null_content,
                                 .duplicate_conflict = args->duplicate_conflict,
                                 .unknown_label = args->unknown_label,
                                 .seed = (uint64_t)args->common.seed};
  status = lqa_corrupt_plan_make(dataset, &options, plan, err);
out:
  free(swaps);
  return status;
}

static lqa_status describe(const lqa_corrupt_args *args, const lqa_corrupt_plan *plan,
                           lqa_result **out, lqa_error *err) {
  lqa_result *result = lqa_result_new(&args->common);
  if (!result) {
    return lqa_fail_memory(err, "writing the result");
  }
  lqa_corrupt_report_text(plan, args->out, &result->text);
  lqa_corrupt_report_json(plan, args->out, &result->json);
  return lqa_result_finish(result, out, err);
}

static lqa_status run(const void *data, lqa_result **result, lqa_error *err) {
  const lqa_corrupt_args *args = data;
  lqa_source_options options =
      lqa_source_options_from(&args->source, &args->sources, &args->common);
  lqa_source *source = NULL;
  lqa_dataset *dataset = NULL;
  lqa_corrupt_plan plan = {0};
  lqa_status status = LQA_OK;
  LQA_TRY_OUT(lqa_source_open(&options, args->common.observer, &source, err));
  LQA_TRY_OUT(lqa_source_load(source, &dataset, err));
  LQA_TRY_OUT(make_plan(args, dataset, &plan, err));
  LQA_TRY_OUT(
      lqa_corrupt_table_save(source, dataset, &plan, args->out, args->common.observer, err));
  LQA_TRY_OUT(describe(args, &plan, result, err));
out:
  lqa_corrupt_plan_clear(&plan);
  lqa_dataset_free(dataset);
  lqa_source_close(source);
  return status;
}

/* clang-format off */
#define RATE(option, field, text)                                                                 \
  {.name = option, .kind = LQA_OPTION_DOUBLE, .offset = offsetof(lqa_corrupt_args, field),        \
   .default_value = "0", .min = 0, .max = 1, .argument = "R", .help = text, .group = "Errors"}
#define COUNT(option, field, text)                                                                \
  {.name = option, .kind = LQA_OPTION_INT, .offset = offsetof(lqa_corrupt_args, field),           \
   .default_value = "0", .min = 0, .max = 1e9, .argument = "N", .help = text, .group = "Errors"}

static const lqa_option options[] = {
  {.name = "out", .kind = LQA_OPTION_TEXT, .offset = offsetof(lqa_corrupt_args, out),
   .argument = "FILE", .help = "file to write: .csv, .jsonl, .parquet", .group = "Errors",
   .required = true},
  {.name = "sample", .kind = LQA_OPTION_INT, .offset = offsetof(lqa_corrupt_args, sample),
   .default_value = "0", .min = 0, .max = 4e9, .argument = "N",
   .help = "draw N rows first, 0 = all", .group = "Errors"},
  RATE("off-by-one", off_by_one, "share of rows that get the next class"),
  RATE("random-flip", random_flip, "share of rows that get another class at random"),
  {.name = "systematic", .kind = LQA_OPTION_TEXT_LIST,
   .offset = offsetof(lqa_corrupt_args, systematic), .argument = "A:B=R",
   .help = "share of rows whose labels A and B are swapped", .group = "Errors"},
  RATE("row-shift", row_shift, "share of rows in one block that carry the label of the row above"),
  COUNT("null-content", null_content, "rows whose content is emptied"),
  COUNT("duplicate-conflict", duplicate_conflict, "copies of rows added under another label"),
  COUNT("unknown-label", unknown_label, "rows that get the label MISC"),
  LQA_SOURCE_OPTIONS(lqa_corrupt_args),
  LQA_COMMON_OPTIONS(lqa_corrupt_args)};
/* clang-format on */

const lqa_command lqa_command_corrupt = {
    .number = LQA_COMMAND_corrupt,
    .name = "corrupt",
    .summary = "Injects known errors into a labelled file and keeps the truth beside them",
    .description =
        "Writes the source's columns with planted errors, and row_id, label_true and corruption\n"
        "(the kind of error) beside them, so that 'labelqa evaluate' can measure every audit.",
    .example = "labelqa corrupt tickets.csv --text text --label label --out corrupted.csv \\\n"
               "  --off-by-one 0.01 --random-flip 0.05 --systematic Sports:Business=0.03",
    .args_size = sizeof(lqa_corrupt_args),
    .options = options,
    .positionals = {{"SOURCE", offsetof(lqa_corrupt_args, sources), true, true}},
    .run = run,
};

void lqa_corrupt_args_init(lqa_corrupt_args *args) {
  lqa_command_init_args(LQA_COMMAND_corrupt, args);
}

lqa_status lqa_cmd_corrupt(const lqa_corrupt_args *args, lqa_result **result, lqa_error *err) {
  lqa_error_clear(err);
  return run(args, result, err);
}
