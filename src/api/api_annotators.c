/* labelqa annotators: read the votes, study them, print, write the tables asked for.
 *
 * Files are checked before anything is read and written only after everything is known, each in one
 * step, so that a mistake costs no half-made result.
 */
#include "data/votes/vote_times.h"
#include "api/command.h"
#include "api/result.h"
#include "api/source_map.h"
#include "api/source_options.h"
#include "base/memory.h"
#include "data/table/table.h"
#include "export/votes_tables.h"
#include "report/votes_report.h"

/* The choice's place in "a|b|c", which the option table has checked. */
static int choice_of(const char *value, const char *const *names, int n) {
  for (int i = 0; i < n; i++) {
    if (strcmp(value, names[i]) == 0) {
      return i;
    }
  }
  return 0;
}

static lqa_vote_options vote_options(const lqa_annotators_args *a) {
  static const char *const repeats[] = {"error", "first", "last"};
  return (lqa_vote_options){
      .source = lqa_source_options_from(&a->source, &a->sources, &a->common),
      .wide = a->wide,
      .missing = a->missing,
      .truth = a->truth,
      .gold = a->gold,
      .repeats = (lqa_repeats)choice_of(a->repeats, repeats, 3),
  };
}

static lqa_vote_study_options study_options(const lqa_annotators_args *a, const double *time) {
  static const char *const methods[] = {"majority", "dawid-skene", "one-coin", "crowdlab"};
  static const char *const distances[] = {"nominal", "linear", "quadratic", "ordinal"};
  lqa_vote_study_options o = {
      .is_auto = strcmp(a->method, "auto") == 0,
      .method = (lqa_consensus_method)choice_of(a->method, methods, 4),
      .max_iterations = (int32_t)a->max_iterations,
      .time = time,
      .threads = a->common.threads,
      .memory_bytes = a->source.memory_limit,
      .observer = a->common.observer,
  };
  lqa_agreement_options_init(&o.agreement);
  o.agreement.distance = (lqa_vote_distance)choice_of(a->distance, distances, 4);
  o.agreement.confidence = a->confidence;
  o.agreement.n_resamples = (int32_t)a->resamples;
  o.agreement.seed = (uint64_t)a->common.seed;
  return o;
}

/* Wrong names of files to write are told before hours of work. */
static lqa_status check_outputs(const lqa_annotators_args *a, lqa_error *err) {
  const char *const tables[] = {a->out, a->out_annotators, a->out_pairs, a->out_confusion};
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
    lqa_table_format format;
    LQA_TRY(tables[i] ? lqa_table_format_of(tables[i], &format, err) : LQA_OK);
  }
  if (a->out_probs && !lqa_str_ends_with(lqa_str_from(a->out_probs), LQA_STR(".npy"))) {
    return lqa_fail_at(err, LQA_BAD_USAGE, a->out_probs, -1, NULL,
                       LQA_OPTION_AS("out_probs", "%s") ": the file must be named .npy",
                       a->out_probs);
  }
  return LQA_OK;
}

static lqa_status check_options(const lqa_annotators_args *a, lqa_error *err) {
  bool uses_model = strcmp(a->method, "auto") == 0 || strcmp(a->method, "crowdlab") == 0 ||
                    strcmp(a->method, "majority") == 0;
  if (a->source.pred_probs.n > 0 && !uses_model) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    LQA_OPTION_AS("method", "%s") " uses only votes: leave " LQA_OPTION(
                        "pred_probs") " out, or choose crowdlab",
                    a->method);
  }
  return check_outputs(a, err);
}

static lqa_status save_tables(const lqa_annotators_args *a, const lqa_vote_study *study,
                              lqa_error *err) {
  const lqa_observer *observer = a->common.observer;
  LQA_TRY(a->out ? lqa_votes_items_save(study, a->out, observer, err) : LQA_OK);
  LQA_TRY(a->out_annotators ? lqa_votes_annotators_save(study, a->out_annotators, observer, err)
                            : LQA_OK);
  LQA_TRY(a->out_pairs ? lqa_votes_pairs_save(study, a->out_pairs, observer, err) : LQA_OK);
  LQA_TRY(a->out_confusion ? lqa_votes_confusion_save(study, a->out_confusion, observer, err)
                           : LQA_OK);
  return a->out_probs ? lqa_votes_probs_save(study, a->out_probs, err) : LQA_OK;
}

static lqa_status describe(const lqa_annotators_args *a, const lqa_vote_study *study,
                           lqa_result **out, lqa_error *err) {
  lqa_result *result = lqa_result_new(&a->common);
  if (!result) {
    return lqa_fail_memory(err, "writing the result");
  }
  const lqa_votes_report report = {.study = study,
                                   .source = a->source.source_name ? a->source.source_name
                                                                   : a->sources.items[0],
                                   .top = a->top,
                                   .width = (int)a->common.width,
                                   .confidence = a->confidence,
                                   .n_resamples = a->resamples};
  lqa_json json;
  lqa_votes_report_text(&report, &result->text);
  lqa_json_init(&json, &result->json, 1);
  lqa_votes_report_json(&report, &json);
  lqa_buf_add_char(&result->json, '\n');
  return lqa_result_finish(result, out, err);
}

/* Remarks that only the whole table shows. */
static void remark(const lqa_annotators_args *a, const lqa_vote_table *t) {
  const lqa_observer *o = a->common.observer;
  if (t->n_items_empty > 0) {
    lqa_observe_message(o, LQA_MESSAGE_WARN, "%lld item%s without a vote left out",
                        (long long)t->n_items_empty, lqa_plural(t->n_items_empty));
  }
  if (t->n_repeats > 0) {
    lqa_observe_message(
        o, LQA_MESSAGE_INFO, "%lld repeated vote%s left out; %lld of them only repeated the first",
        (long long)t->n_repeats, lqa_plural(t->n_repeats), (long long)t->n_repeats_same);
  }
  if (t->n_texts_differ > 0) {
    lqa_observe_message(o, LQA_MESSAGE_WARN,
                        "%lld row%s with another text than the item's first row: the first counts",
                        (long long)t->n_texts_differ, lqa_plural(t->n_texts_differ));
  }
  if (t->n_truth_unknown > 0) {
    lqa_observe_message(o, LQA_MESSAGE_WARN, "%lld known label%s of items that nobody labelled",
                        (long long)t->n_truth_unknown, lqa_plural(t->n_truth_unknown));
  }
  if (t->n_probs_scaled > 0) {
    lqa_observe_message(o, LQA_MESSAGE_INFO,
                        "the probabilities of %lld item%s were scaled to sum to 1",
                        (long long)t->n_probs_scaled, lqa_plural(t->n_probs_scaled));
  }
}

static lqa_status run(const void *data, lqa_result **out, lqa_error *err) {
  const lqa_annotators_args *a = data;
  lqa_vote_options options = vote_options(a);
  lqa_vote_table *table = NULL;
  lqa_vote_study study = {0};
  double *time = NULL;
  lqa_status status = LQA_OK;
  LQA_TRY(check_options(a, err));
  LQA_TRY_OUT(lqa_vote_table_load(&options, a->common.observer, &table, err));
  remark(a, table);
  LQA_TRY_OUT(lqa_vote_times_read(table, &time, err));
  lqa_vote_study_options studying = study_options(a, time);
  LQA_TRY_OUT(lqa_vote_study_run(table, &studying, &study, err));
  LQA_TRY_OUT(save_tables(a, &study, err));
  LQA_TRY_OUT(describe(a, &study, out, err));
out:
  lqa_vote_study_clear(&study);
  lqa_vote_table_free(table);
  free(time);
  return status;
}

/* clang-format off */
#define TEXT(option, field, arg, text, heading)                                                   \
  {.name = option, .kind = LQA_OPTION_TEXT, .offset = offsetof(lqa_annotators_args, field),       \
   .argument = arg, .help = text, .group = heading}

static const lqa_option options[] = {
  TEXT("item", source.id, "COL", "column of the item that a row labels", "Columns"),
  TEXT("annotator", source.annotator, "COL", "column of who labelled (a long table: a vote a row)",
       "Columns"),
  TEXT("label", source.label, "COL", "column of the label given", "Columns"),
  {.name = "wide", .kind = LQA_OPTION_TEXT_LIST, .offset = offsetof(lqa_annotators_args, wide),
   .argument = "COL,COL,...", .split_commas = true,
   .help = "one column per annotator (a wide table: one item a row); 'rater_*' matches, '*' is all "
   "that look like it",
   .group = "Columns"},
  {.name = "missing", .kind = LQA_OPTION_TEXT_LIST,
   .offset = offsetof(lqa_annotators_args, missing), .argument = "TEXT,TEXT,...",
   .split_commas = true, .help = "labels that mean: did not label (empty ones always do)",
   .group = "Columns"},
  {.name = "repeats", .kind = LQA_OPTION_CHOICE, .offset = offsetof(lqa_annotators_args, repeats),
   .default_value = "error", .choices = "error|first|last",
   .help = "which vote counts if an annotator labels an item twice", .group = "Columns"},
  TEXT("truth", truth, "COL|FILE", "known labels to measure annotators and consensus against: a "
       "column, or a file of items and labels", "Columns"),
  TEXT("gold", gold, "COL|FILE", "known labels to learn from; those items keep them", "Columns"),
  TEXT("time", source.time, "COL", "when the vote was given; reports drift over time", "Columns"),
  {.name = "text", .kind = LQA_OPTION_TEXT_LIST,
   .offset = offsetof(lqa_annotators_args, source.text), .argument = "COL",
   .help = "text of the item; repeat it to join columns; trains a model for "
   "crowdlab", .group = "Columns"},
  {.name = "pred-probs", .kind = LQA_OPTION_TEXT_LIST,
   .offset = offsetof(lqa_annotators_args, source.pred_probs), .argument = "FILE|COL,COL,...",
   .split_commas = true, .help = "a model's out-of-fold probabilities: columns, a .npy with a row "
   "per item, or a file of items and one column per class", .group = "Columns"},
  {.name = "classes", .kind = LQA_OPTION_TEXT_LIST,
   .offset = offsetof(lqa_annotators_args, source.classes), .argument = "A,B,C",
   .split_commas = true, .help = "the known label set, in order", .group = "Columns"},
  TEXT("classes-file", source.classes_file, "F", "the same from a file, one class a line",
       "Columns"),
  {.name = "class-names", .kind = LQA_OPTION_TEXT_LIST,
   .offset = offsetof(lqa_annotators_args, source.class_names), .argument = "CODE=NAME,...",
   .split_commas = true, .help = "names of codes, for all that is printed and written",
   .group = "Columns"},
  {.name = "method", .kind = LQA_OPTION_CHOICE, .offset = offsetof(lqa_annotators_args, method),
   .default_value = "auto", .choices = "auto|majority|dawid-skene|one-coin|crowdlab",
   .help = "how the consensus is found; auto: crowdlab with a model or few votes, else "
   "dawid-skene", .group = "Consensus"},
  {.name = "max-iterations", .kind = LQA_OPTION_INT,
   .offset = offsetof(lqa_annotators_args, max_iterations), .default_value = "200", .min = 1,
   .max = 1e6, .argument = "N", .help = "of dawid-skene and one-coin", .group = "Consensus"},
  {.name = "distance", .kind = LQA_OPTION_CHOICE,
   .offset = offsetof(lqa_annotators_args, distance), .default_value = "nominal",
   .choices = "nominal|linear|quadratic|ordinal",
   .help = "what a disagreement costs, by the order of the classes: Krippendorff's alpha, Cohen's "
   "kappa", .group = "Agreement"},
  {.name = "confidence", .kind = LQA_OPTION_DOUBLE,
   .offset = offsetof(lqa_annotators_args, confidence), .default_value = "0.95", .min = 0.5,
   .max = 0.9999, .argument = "P", .help = "of all intervals", .group = "Agreement"},
  {.name = "resamples", .kind = LQA_OPTION_INT, .offset = offsetof(lqa_annotators_args, resamples),
   .default_value = "1000", .min = 0, .max = 1e6, .argument = "N",
   .help = "bootstrap over items, 0 = jackknife (always taken beyond 1e8 votes times resamples)",
   .group = "Agreement"},
  TEXT("out", out, "FILE", "table of items: consensus, quality, agreement, entropy, score "
       "(.csv, .jsonl, .parquet)", "Output"),
  TEXT("out-annotators", out_annotators, "FILE", "table of annotators", "Output"),
  TEXT("out-pairs", out_pairs, "FILE", "table of pairs of annotators", "Output"),
  TEXT("out-confusion", out_confusion, "FILE", "table of annotator, consensus, answer", "Output"),
  TEXT("out-probs", out_probs, "FILE.npy", "probability of every class for every item", "Output"),
  {.name = "top", .kind = LQA_OPTION_INT, .offset = offsetof(lqa_annotators_args, top),
   .default_value = "10", .min = 0, .max = 1e9, .argument = "N",
   .help = "annotators and items listed", .group = "Output"},
  LQA_READING_OPTIONS(lqa_annotators_args),
  LQA_COMMON_OPTIONS(lqa_annotators_args)};
/* clang-format on */

const lqa_command lqa_command_annotators = {
    .number = LQA_COMMAND_annotators,
    .name = "annotators",
    .summary = "Several annotators per item: consensus, annotator quality, agreement",
    .description =
        "A long table has one vote a row (item, annotator, label), a wide one has one item a row "
        "and\n"
        "one column per annotator; votes may be missing. Prints a label for every item with its\n"
        "quality, how good each annotator is, how much they agree, and which annotators and items "
        "to check.",
    .example =
        "labelqa annotators answers.csv --item question --annotator worker --label answer \\\n"
        "  --truth truth.csv --out consensus.csv --out-annotators workers.csv\n"
        "labelqa annotators ratings.csv --wide 'rater_*' --item id --text comment",
    .args_size = sizeof(lqa_annotators_args),
    .options = options,
    .positionals = {{"SOURCE", offsetof(lqa_annotators_args, sources), true, true}},
    .run = run,
};

void lqa_annotators_args_init(lqa_annotators_args *args) {
  lqa_command_init_args(LQA_COMMAND_annotators, args);
}

lqa_status lqa_cmd_annotators(const lqa_annotators_args *args, lqa_result **result,
                              lqa_error *err) {
  lqa_error_clear(err);
  return run(args, result, err);
}
