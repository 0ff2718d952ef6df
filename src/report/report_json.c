/* report/report_json.c - report.json, written and read by one table of its fields.
 *
 * The keys and their order are what programs rely on (docs/schema/report.json.md). Reading it back
 * lets a run folder be reported on again after a judge, a training log or a person added to it.
 */
#include "report/report.h"

#include <stddef.h>

#define AT(type, member) LQA_FIELD(lqa_report##type, member)
#define LIST(type, member) LQA_FIELD_AS(LIST, lqa_report##type, member)
#define OBJECT(type, member) LQA_FIELD_AS(OBJECT, lqa_report##type, member)
#define GIVEN(type, member) LQA_WHERE_GIVEN, .given = offsetof(lqa_report##type, member)
#define OR_NULL(type, member) LQA_NULL_OR_GIVEN, .given = offsetof(lqa_report##type, member)

static const lqa_field FINDING[] = {
    {"id", AT(_finding, id), "the check's finding, see labelqa checks", .absent = ""},
    {"severity", AT(_finding, severity), "error, warn or info", .absent = "info"},
    {"count", AT(_finding, count),
     "rows marked, or 1 for a finding about the whole file; 0 = nothing found"},
    {"groups", AT(_finding, groups), "groups, where rows come in groups"},
    {"accepted", AT(_finding, accepted), "rows or findings that the baseline accepts",
     LQA_UNLESS_EMPTY},
    {"message", AT(_finding, message), "what was found, for people", .absent = ""},
    {"rows", LIST(_finding, rows), "the first 100 row numbers",
     LQA_ELEMENTS(int64_t, lqa_field_ints, lqa_report_finding, n_rows)},
    {"rows_from", AT(_finding, rows_from), "first row of a block", GIVEN(_finding, is_block)},
    {"rows_to", AT(_finding, rows_to), "last row of a block", GIVEN(_finding, is_block)},
    {"shift", AT(_finding, shift), "row i carries the label of row i - shift",
     GIVEN(_finding, has_shift)},
    {"z", AT(_finding, z), "standard deviations from what chance gives", LQA_UNLESS_EMPTY},
    {"repair", AT(_finding, repair), "the repair that export fixed takes", LQA_UNLESS_EMPTY},
    {"details", LQA_FIELD_AS(JSON, lqa_report_finding, details_json),
     "figures of this finding, see its page in docs/audits", LQA_UNLESS_EMPTY},
    {.key = NULL}};

static const lqa_field NOT_RUN[] = {
    {"id", AT(_not_run, id), "the finding that was not looked for", .absent = ""},
    {"reason", AT(_not_run, reason), "why", .absent = ""},
    {.key = NULL}};

static const lqa_field LENGTH[] = {{"label", AT(_length, label), "the class", .absent = ""},
                                   {"mean", AT(_length, mean), "mean length in code points"},
                                   {"std", AT(_length, std), "its standard deviation"},
                                   {"count", AT(_length, count), "rows"},
                                   {.key = NULL}};

static const lqa_field PER_CLASS[] = {
    {"label", AT(_class, label), "the class", .absent = ""},
    {"count", AT(_class, count), "rows with this label"},
    {"flagged", AT(_class, flagged), "of them, flagged"},
    {"label_noise", AT(_class, label_noise), "share of this label that is wrong, estimated"},
    {"inverse_label_noise", AT(_class, inverse_label_noise),
     "share of what truly is this class that is labelled otherwise, estimated"},
    {"quality", AT(_class, quality), "1 - label_noise"},
    {.key = NULL}};

static const lqa_field OVERLAP[] = {
    {"label_a", AT(_overlap, label_a), "one class", .absent = ""},
    {"label_b", AT(_overlap, label_b), "the other class", .absent = ""},
    {"count", AT(_overlap, count), "rows estimated to carry one label and be the other class"},
    {"joint", AT(_overlap, joint), "their share of all rows"},
    {.key = NULL}};

static const lqa_field CONFIDENT[] = {
    {"model", AT(_confident, model), "what made the probabilities", .absent = "unknown model"},
    {"tie_order", AT(_confident, tie_order), "how equal scores are ordered", .absent = "stable"},
    {"not_scored", AT(_confident, not_scored),
     "rows without content, without a known label or without probabilities"},
    {"flagged", AT(_confident, flagged), "label issues"},
    {"skilled", AT(_confident, has_skill),
     "false: the model is no better than class frequencies, so no row is flagged",
     .absent = "true"},
    {"estimated_errors", AT(_confident, estimated_errors),
     "off-diagonal count of the calibrated joint; null without skill",
     OR_NULL(_confident, has_skill)},
    {"train_accuracy", AT(_confident, train_accuracy), "on the model's own training rows"},
    {"train_accuracy_of", AT(_confident, trained_member),
     "of a blend: the member that train_accuracy is of", LQA_UNLESS_EMPTY},
    {"out_of_fold_accuracy", AT(_confident, out_of_fold_accuracy),
     "on rows that the model never saw"},
    {"per_class", LIST(_confident, per_class), "every class, in order",
     LQA_ELEMENTS(lqa_report_class, PER_CLASS, lqa_report_confident, n_classes)},
    {"overlapping_classes", LIST(_confident, overlaps), "pairs of classes that are confused",
     LQA_ELEMENTS(lqa_report_overlap, OVERLAP, lqa_report_confident, n_overlaps)},
    {.key = NULL}};

#define RANDOM_FIELD(member) LQA_FIELD(lqa_interval, member)
static const lqa_field RANDOM[] = {
    {"estimate", RANDOM_FIELD(estimate), "share of the labels that the judge doubts"},
    {"low", RANDOM_FIELD(low), "lower end of the 95 % interval"},
    {"high", RANDOM_FIELD(high), "upper end"},
    {"n", RANDOM_FIELD(n), "rows judged"},
    {.key = NULL}};

static const char *const LOSS_SOURCES[] = {"out-of-fold probabilities", "training logs", NULL};
static const lqa_field LOSS[] = {
    {"count", AT(_loss, count), "rows with a high loss"},
    {"source", LQA_FIELD_AS(CHOICE, lqa_report_loss, from_logs), "what the loss comes from",
     .choices = LOSS_SOURCES},
    {"independent", AT(_loss, from_logs), "true for training logs, an independent signal"},
    {"epochs", AT(_loss, n_epochs), "epochs in the logs", GIVEN(_loss, from_logs)},
    {.key = NULL}};

static const lqa_field JUDGE[] = {
    {"model", AT(_judge, model), "the language model", .absent = ""},
    {"protocol", AT(_judge, protocol), "verify or blind", .absent = ""},
    {"planned", AT(_judge, planned), "rows in the plan"},
    {"judged", AT(_judge, judged), "rows with an answer"},
    {"yes", AT(_judge, yes), "answers YES: the label fits"},
    {"no", AT(_judge, no), "answers NO, each with a correction"},
    {"unknown", AT(_judge, unknown), "all other answers"},
    {"cached", AT(_judge, cached), "answers from the cache, without a request"},
    {"calls", AT(_judge, calls), "requests of the newest session"},
    {"tokens_in", AT(_judge, tokens_in), "tokens sent"},
    {"tokens_out", AT(_judge, tokens_out), "tokens received"},
    {"cost_usd", AT(_judge, cost_usd), "cost of the newest session; null without prices"},
    {"agreement", AT(_judge, agreement), "share of rows on which two judges agree"},
    {"all_calls", AT(_judge, all_calls), "requests of all sessions"},
    {"all_cost_usd", AT(_judge, all_cost_usd), "cost of all sessions"},
    {"random_error", OBJECT(_judge, random), "of the rows drawn at random; null where none were",
     OR_NULL(_judge, has_random), .fields = RANDOM},
    {.key = NULL}};

static const lqa_field ACTIONS[] = {
    {"relabel", AT(, relabel), "rows whose label should change"},
    {"keep (ambiguous)", AT(, keep_ambiguous), "rows in doubt that a judge confirmed"},
    {"needs_review", AT(, needs_review), "rows for a person to review"},
    {"keep", AT(, keep), "all other rows"},
    {.key = NULL}};

static const lqa_field CLASS_RATE[] = {
    {"label", AT(_class_rate, label), "rows with this given label", .absent = ""},
    {"estimate", AT(_class_rate, estimate), "share of them that is wrong"},
    {"low", AT(_class_rate, low), "lower end of the 95 % interval"},
    {"high", AT(_class_rate, high), "upper end"},
    {"n", AT(_class_rate, n), "rows verified"},
    {.key = NULL}};

static const lqa_field ANNOTATOR_RATE[] = {
    {"annotator", AT(_class_rate, label), "rows with labels by this annotator", .absent = ""},
    {"estimate", AT(_class_rate, estimate), "share of them that is wrong"},
    {"low", AT(_class_rate, low), "lower end of the 95 % interval"},
    {"high", AT(_class_rate, high), "upper end"},
    {"n", AT(_class_rate, n), "rows verified"},
    {.key = NULL}};

static const lqa_field SLICE_RATE[] = {
    {"column", AT(_slice_rate, column), "source file, split, source or group", .absent = ""},
    {"value", AT(_slice_rate, rate.label), "rows of which the column says this", .absent = ""},
    {"estimate", AT(_slice_rate, rate.estimate), "share of them that is wrong"},
    {"low", AT(_slice_rate, rate.low), "lower end of the 95 % interval"},
    {"high", AT(_slice_rate, rate.high), "upper end"},
    {"n", AT(_slice_rate, rate.n), "rows verified"},
    {.key = NULL}};

static const lqa_field ERROR_RATE[] = {
    {"estimate", AT(, error_rate.estimate), "share of labels that are wrong"},
    {"low", AT(, error_rate.low), "lower end of the 95 % interval"},
    {"high", AT(, error_rate.high), "upper end"},
    {"method", AT(, error_rate.method), "how the interval was made", .absent = ""},
    {"n", AT(, error_rate.n), "rows verified"},
    {"frame", AT(, error_rate_frame), "the rows that it is about", .absent = ""},
    {"rows_for_one_percent", AT(, rows_for_one_percent),
     "rows to verify in all for plus or minus 1 %", LQA_UNLESS_EMPTY},
    {"by_class", LIST(, rates), "by given label, where at least ten rows were verified",
     LQA_ELEMENTS(lqa_report_class_rate, CLASS_RATE, lqa_report, n_rates)},
    {"by_annotator", LIST(, annotators), "by annotator, likewise; of rows judged in phases",
     LQA_ELEMENTS(lqa_report_class_rate, ANNOTATOR_RATE, lqa_report, n_annotators)},
    {"by_slice", LIST(, slices), "by source file, split, source and group, likewise",
     LQA_ELEMENTS(lqa_report_slice_rate, SLICE_RATE, lqa_report, n_slices)},
    {.key = NULL}};

static const lqa_field RECALL[] = {
    {"estimate", LQA_FIELD(lqa_interval, estimate), "share of all wrong labels"},
    {"low", LQA_FIELD(lqa_interval, low), "lower end of the 95 % interval"},
    {"high", LQA_FIELD(lqa_interval, high), "upper end"},
    {"method", LQA_FIELD(lqa_interval, method), "how the interval was made", .absent = ""},
    {"n", LQA_FIELD(lqa_interval, n), "rows checked"},
    {.key = NULL}};

static const lqa_field ECE[] = {
    {"estimate", LQA_FIELD(lqa_interval, estimate), "expected calibration error"},
    {"low", LQA_FIELD(lqa_interval, low), "lower end of its 95 % interval"},
    {"high", LQA_FIELD(lqa_interval, high), "upper end"},
    {.key = NULL}};

#define BIN(member) LQA_FIELD(lqa_reliability_bin, member)
static const lqa_field RELIABILITY[] = {
    {"from", BIN(from), "predicted probability of a wrong label, from ..."},
    {"to", BIN(to), "... to below"},
    {"n", BIN(n), "verified rows"},
    {"predicted", BIN(predicted), "mean predicted share of wrong labels"},
    {"observed", BIN(observed.estimate), "share that was found wrong"},
    {"low", BIN(observed.low), "lower end of its 95 % interval"},
    {"high", BIN(observed.high), "upper end"},
    {.key = NULL}};

static const lqa_field CHANNEL_ROW[] = {
    {"", LQA_FIELD_AS(LIST, lqa_report_channel_row, given), "by given label",
     LQA_ELEMENTS(double, lqa_field_doubles, lqa_report_channel_row, n_classes)},
    {.key = NULL}};

static const lqa_field CHANNEL[] = {
    {"classes", LIST(_trust, channel.classes), "the classes, in order",
     LQA_ELEMENTS(lqa_str, lqa_field_strs, lqa_report_trust, channel.n_classes)},
    {"given_of_true", LIST(_trust, channel.rows),
     "by true class: the probability of each given label",
     LQA_ELEMENTS(lqa_report_channel_row, CHANNEL_ROW, lqa_report_trust, channel.n_classes)},
    {.key = NULL}};

static const lqa_field CONFUSION[] = {
    {"label", AT(_confusion, label), "the given label", .absent = ""},
    {"true_label", AT(_confusion, true_label), "what the rows rather are", .absent = ""},
    {"rate", AT(_confusion, rate.estimate), "share of the true class that is labelled so"},
    {"low", AT(_confusion, rate.low), "lower end of its 95 % interval, by verified rows"},
    {"high", AT(_confusion, rate.high), "upper end"},
    {"rows", AT(_confusion, rows), "rows with this label that are rather the other class"},
    {"verified", AT(_confusion, verified),
     "rows of the pair that a judge or a person has verified"},
    {.key = NULL}};

#define ACCURACY(member) LQA_FIELD(lqa_judge_accuracy, member)
static const lqa_field ACCURACY_OF_JUDGE[] = {
    {"model", ACCURACY(model), "the language model", .absent = ""},
    {"accuracy", ACCURACY(accuracy.estimate), "share of its verdicts that are right, estimated"},
    {"low", ACCURACY(accuracy.low), "lower end of its 95 % interval"},
    {"high", ACCURACY(accuracy.high), "upper end"},
    {"n", ACCURACY(n), "answers it gave"},
    {"constant", ACCURACY(is_constant), "it gave one and the same answer"},
    {"left_out", ACCURACY(is_left_out),
     "its answers carry no information: p_correct does not use them"},
    {.key = NULL}};

static const char *const BASES[] = {[LQA_BASIS_MODEL] = "model",
                                    [LQA_BASIS_JUDGED] = "judged",
                                    [LQA_BASIS_REVIEWED] = "reviewed",
                                    NULL};
static const lqa_field TRUST[] = {
    {"calibrated", AT(_trust, is_calibrated), "false: p_correct is a rank, not a probability"},
    {"rank_because", AT(_trust, why_rank), "why it is a rank only"},
    {"basis", LQA_FIELD_AS(CHOICE, lqa_report_trust, basis), "who has looked at rows",
     .choices = BASES},
    {"n_verified", AT(_trust, n_verified), "rows that a judge or a person has verified"},
    {"mean_p_wrong", AT(_trust, mean_p_wrong), "mean probability of a wrong label"},
    {"refit_rounds", AT(_trust, n_rounds), "how often models were trained on the posterior"},
    {"not_refitted_because", AT(_trust, why_no_refit),
     "why they were not, though rows are verified"},
    {"ece", OBJECT(_trust, ece), "how far probabilities are off on verified rows",
     OR_NULL(_trust, has_ece), .fields = ECE},
    {"reliability", LIST(_trust, bins), "predicted against observed, by predicted probability",
     LQA_ELEMENTS(lqa_reliability_bin, RELIABILITY, lqa_report_trust, n_bins)},
    {"channel", LQA_FIELD_OBJECT, 0, 0, "how true classes become labels; null with over 100",
     OR_NULL(_trust, has_channel), .fields = CHANNEL},
    {"suspected_confusions", LIST(_trust, confusions), "pairs of classes, most rows first",
     LQA_ELEMENTS(lqa_report_confusion, CONFUSION, lqa_report_trust, n_confusions)},
    {"judges", LIST(_trust, judges), "how far each judge is right",
     LQA_ELEMENTS(lqa_judge_accuracy, ACCURACY_OF_JUDGE, lqa_report_trust, n_judges)},
    {.key = NULL}};

static const lqa_field TIMING[] = {{"stage", AT(_timing, stage), "the stage"},
                                   {"seconds", AT(_timing, seconds), "seconds"},
                                   {.key = NULL}};

const lqa_field lqa_report_fields[] = {
    {"schema", LQA_FIELD_CONSTANT, 0, 0, "always labelqa.report/1", .absent = "labelqa.report/1"},
    {"version", AT(, version), "of labelqa", .absent = ""},
    {"rows", AT(, n_rows), "rows of the data"},
    {"verdict", AT(, verdict), "how bad it is and what to do first, in words", .absent = ""},
    {"classes", LIST(, classes), "the classes, in order",
     LQA_ELEMENTS(lqa_str, lqa_field_strs, lqa_report, n_classes)},
    {"provenance", LIST(, findings), "what each check found, also if it found nothing",
     LQA_ELEMENTS(lqa_report_finding, FINDING, lqa_report, n_findings)},
    {"not_run", LIST(, not_run), "findings that were not looked for",
     LQA_ELEMENTS(lqa_report_not_run, NOT_RUN, lqa_report, n_not_run)},
    {"length_fingerprint", LIST(, lengths), "lengths of texts by label",
     LQA_ELEMENTS(lqa_report_length, LENGTH, lqa_report, n_lengths)},
    {"confident_learning", OBJECT(, confident), "null where there are no probabilities",
     OR_NULL(, confident.ran), .fields = CONFIDENT},
    {"model", LQA_FIELD_AS(JSON, lqa_report, confident.model_json),
     "what was trained, see docs/models.md; null if no model was"},
    {"high_loss", OBJECT(, loss), "the rows' losses", .fields = LOSS},
    {"judge", OBJECT(, judge), "null before a judge ran", OR_NULL(, judge.ran), .fields = JUDGE},
    {"trust", OBJECT(, trust_said), "null where no posterior was made", OR_NULL(, has_trust),
     .fields = TRUST},
    {"actions", LQA_FIELD_OBJECT, 0, 0, "rows by review_action", .fields = ACTIONS},
    {"error_rate", LQA_FIELD_OBJECT, 0, 0, "null until rows were spot-checked, or judged in phases",
     OR_NULL(, has_error_rate), .fields = ERROR_RATE},
    {"flag_recall", OBJECT(, flag_recall),
     "of all wrong labels, the share among rows that were suspicious when the spot check was drawn;"
     " null until it found a wrong label",
     OR_NULL(, has_flag_recall), .fields = RECALL},
    {"notes", LIST(, notes), "remarks of the stages, for people",
     LQA_ELEMENTS(char *, lqa_field_texts, lqa_report, n_notes)},
    {"timings", LQA_FIELD_AS(MAP, lqa_report, timings), "seconds by stage",
     LQA_ELEMENTS(lqa_report_timing, TIMING, lqa_report, n_timings)},
    {"peak_rss_bytes", AT(, peak_rss_bytes), "peak memory of the process"},
    {.key = NULL}};

static const char *copy_verdict(const lqa_report *report, lqa_arena *arena) {
  lqa_buf verdict;
  lqa_buf_init(&verdict, 1 << 16);
  lqa_report_verdict(report, &verdict);
  const char *copy = verdict.failed ? NULL : lqa_arena_copy(arena, verdict.data, verdict.size);
  lqa_buf_clear(&verdict);
  return copy;
}

void lqa_report_json(const lqa_report *report, lqa_buf *out) {
  lqa_json json;
  lqa_arena arena;
  lqa_report said = *report;
  lqa_arena_init(&arena);
  lqa_json_init(&json, out, 1);
  out->failed = lqa_report_say_trust(&said, &arena) != LQA_OK || out->failed;
  said.verdict = copy_verdict(report, &arena);
  out->failed = out->failed || !said.verdict;
  lqa_json_open_object(&json);
  lqa_fields_write(lqa_report_fields, &said, &json);
  lqa_json_close_object(&json);
  lqa_buf_add_char(out, '\n');
  lqa_arena_clear(&arena);
}

lqa_status lqa_report_load(lqa_str json, const char *run_path, lqa_arena *arena, lqa_report *out,
                           lqa_error *err) {
  const lqa_json_node *root = NULL;
  LQA_TRY(lqa_json_parse(json, "report.json", arena, &root, err));
  const char *schema = lqa_json_find_text(root, "schema");
  if (!schema || strcmp(schema, lqa_report_fields[0].absent) != 0) {
    return lqa_fail_at(err, LQA_BAD_DATA, run_path, -1, NULL,
                       "%s/report.json: expected the schema %s, found %s", run_path,
                       lqa_report_fields[0].absent, schema ? schema : "none");
  }
  *out = (lqa_report){.run_path = run_path};
  return lqa_fields_read(lqa_report_fields, root, arena, out) == LQA_OK
             ? LQA_OK
             : lqa_fail_memory(err, "reading the report");
}
