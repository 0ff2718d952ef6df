/* report/votes_json.c - what `labelqa annotators --format json` prints, by one table of its fields:
 * all annotators, the pairs that seem to copy, the items to label again. Whole tables are files
 * (--out and its like). Numbers that nothing tells are null.
 */
#include "base/field.h"
#include "report/votes_said.h"

#include <stddef.h>

#define AT(type, member) LQA_FIELD(lqa_said_##type, member)
#define LIST(type, member) LQA_FIELD_AS(LIST, lqa_said_##type, member)
#define OBJECT(type, member) LQA_FIELD_AS(OBJECT, lqa_said_##type, member)
#define GIVEN(type, member) LQA_WHERE_GIVEN, .given = offsetof(lqa_said_##type, member)
#define OR_NULL(type, member) LQA_NULL_OR_GIVEN, .given = offsetof(lqa_said_##type, member)

static const lqa_field INTERVAL[] = {
    {"value", LQA_FIELD(lqa_interval, estimate), "the estimate"},
    {"low", LQA_FIELD(lqa_interval, low), "lower end of its interval"},
    {"high", LQA_FIELD(lqa_interval, high), "upper end"},
    {.key = NULL}};

static const lqa_field COEFFICIENT[] = {
    {"value", LQA_FIELD(lqa_agreement, value), "1 = perfect, 0 = as by chance"},
    {"low", LQA_FIELD(lqa_agreement, low), "lower end of its interval"},
    {"high", LQA_FIELD(lqa_agreement, high), "upper end"},
    {"interval", LQA_FIELD(lqa_agreement, interval),
     "how it was made: bootstrap, jackknife, large-sample, exact"},
    {"items", LQA_FIELD(lqa_agreement, n_items), "items with at least two votes"},
    {.key = NULL}};

static const lqa_field CONSENSUS[] = {
    {"method", AT(consensus, method), "majority, dawid-skene, one-coin or crowdlab", .absent = ""},
    {"model", AT(consensus, model), "whose probabilities were used; null: none"},
    {"model_accuracy", AT(consensus, model_accuracy),
     "of a model trained here: out of fold, against the plain vote"},
    {"iterations", AT(consensus, iterations), "of the method", GIVEN(consensus, is_iterated)},
    {"converged", AT(consensus, has_converged), "false: it was stopped",
     GIVEN(consensus, is_iterated)},
    {"not_the_majority", AT(consensus, n_moved), "items whose consensus is not the plain vote"},
    {"tied", AT(consensus, n_tied), "items whose plain vote is tied"},
    {"truth_known", AT(consensus, n_truth), "items with a known label"},
    {"accuracy", AT(consensus, accuracy), "of the consensus on those", GIVEN(consensus, has_truth)},
    {"majority_accuracy", AT(consensus, majority_accuracy), "of the plain vote on those",
     GIVEN(consensus, has_truth)},
    {.key = NULL}};

static const lqa_field AGREEMENT[] = {
    {"confidence", AT(agreement, confidence), "of all intervals"},
    {"krippendorff_alpha", OBJECT(agreement, alpha), "null without an item that has two votes",
     OR_NULL(agreement, has_alpha), .fields = COEFFICIENT},
    {"fleiss_kappa", OBJECT(agreement, fleiss), "null where classes are ordered",
     OR_NULL(agreement, has_fleiss), .fields = COEFFICIENT},
    {.key = NULL}};

static const lqa_field MISTAKE[] = {{"consensus", AT(mistake, consensus), "the consensus"},
                                    {"said", AT(mistake, said), "what the annotator said"},
                                    {"votes", AT(mistake, n), "votes so"},
                                    {"of", AT(mistake, n_of), "votes on items of that consensus"},
                                    {.key = NULL}};

static const lqa_field ANNOTATOR[] = {
    {"annotator", AT(annotator, name), "the annotator"},
    {"votes", AT(annotator, numbers.n_votes), "votes"},
    {"quality", OBJECT(annotator, numbers.quality),
     "how many of the votes are right, by the method", .fields = INTERVAL},
    {"weight", AT(annotator, weight), "of the annotator's votes, where the method weighs them"},
    {"agreement_with_consensus", AT(annotator, numbers.agreement),
     "share of votes that are the consensus"},
    {"agreement_with_others", OBJECT(annotator, numbers.with_others),
     "share equal to the majority of the item's other votes", .fields = INTERVAL},
    {"kappa_with_others", OBJECT(annotator, numbers.kappa), "the same beyond chance",
     .fields = INTERVAL},
    {"compared_with_others", AT(annotator, numbers.n_judged),
     "votes on items whose other votes have one majority"},
    {"commonest_mistake", OBJECT(annotator, mistake), "null where there is none",
     OR_NULL(annotator, has_mistake), .fields = MISTAKE},
    {"overused", AT(annotator, overused), "the class used most above the consensus' share"},
    {"overused_by", AT(annotator, numbers.bias), "by so much"},
    {"truth_accuracy", OBJECT(annotator, numbers.truth_accuracy), "on items with a known label",
     GIVEN(annotator, has_truth), .fields = INTERVAL},
    {"truth_known", AT(annotator, numbers.n_truth), "votes on those", GIVEN(annotator, has_truth)},
    {"first_half", AT(annotator, numbers.early), "agreement with the others in the first half",
     GIVEN(annotator, has_times)},
    {"second_half", AT(annotator, numbers.late), "and in the second", GIVEN(annotator, has_times)},
    {"marks", LIST(annotator, marks), "spammer, constant, reversed, drift",
     LQA_ELEMENTS(char *, lqa_field_texts, lqa_said_annotator, n_marks)},
    {"remark", AT(annotator, remark), "what the marks mean here", LQA_UNLESS_EMPTY},
    {.key = NULL}};

static const lqa_field COPY[] = {
    {"first", AT(pair, first), "one annotator"},
    {"second", AT(pair, second), "the other"},
    {"items", AT(pair, n_shared), "items that both labelled"},
    {"same", AT(pair, n_same), "of those with the same label"},
    {"unlike_others", AT(pair, n_wrong), "items where one differs from the others' majority"},
    {"unlike_others_same", AT(pair, n_wrong_same), "of those where both give the same label"},
    {.key = NULL}};

static const lqa_field PAIRS[] = {
    {"compared", AT(pairs, n), "pairs with items in common"},
    {"annotators_compared", AT(pairs, n_annotators), "annotators whose pairs were compared"},
    {"copies", LIST(pairs, copies), "pairs that hardly worked independently",
     LQA_ELEMENTS(lqa_said_pair, COPY, lqa_said_pairs, n_copies)},
    {.key = NULL}};

static const lqa_field ITEM[] = {
    {"item", AT(item, item), "the item"},
    {"consensus", AT(item, consensus), "its label"},
    {"quality", AT(item, quality), "probability of that label by the method"},
    {"active_score", AT(item, active), "ActiveLab: low = another vote helps most"},
    {"votes", AT(item, n_votes), "how many it has"},
    {.key = NULL}};

static const char *const LAYOUTS[] = {"long", "wide", NULL};
const lqa_field lqa_votes_fields[] = {
    {"schema", LQA_FIELD_CONSTANT, 0, 0, "always labelqa.annotators/1",
     .absent = "labelqa.annotators/1"},
    {"source", AT(votes, source), "what was read"},
    {"layout", LQA_FIELD_AS(CHOICE, lqa_said_votes, is_wide), "a row per vote, or per item",
     .choices = LAYOUTS},
    {"items", AT(votes, n_items), "items with votes"},
    {"annotators", AT(votes, n_annotators), "annotators"},
    {"votes", AT(votes, n_votes), "votes"},
    {"missing_votes", AT(votes, n_missing), "cells or rows without a label"},
    {"items_without_votes", AT(votes, n_empty), "items that were left out"},
    {"repeated_votes", AT(votes, n_repeats), "further votes of one annotator on one item"},
    {"repeated_votes_same", AT(votes, n_repeats_same), "of those that repeat the first"},
    {"classes", LIST(votes, classes), "the classes, in order",
     LQA_ELEMENTS(lqa_str, lqa_field_strs, lqa_said_votes, n_classes)},
    {"notes", LIST(votes, notes), "remarks, for people",
     LQA_ELEMENTS(char *, lqa_field_texts, lqa_said_votes, n_notes)},
    {"consensus", OBJECT(votes, consensus), "how labels were found", .fields = CONSENSUS},
    {"agreement", OBJECT(votes, agreement), "of all annotators with each other",
     .fields = AGREEMENT},
    {"per_annotator", LIST(votes, annotators), "all annotators, the best first",
     LQA_ELEMENTS(lqa_said_annotator, ANNOTATOR, lqa_said_votes, n_annotators)},
    {"pairs", OBJECT(votes, pairs), "annotators two by two", .fields = PAIRS},
    {"label_again", LIST(votes, again), "items that most need another vote",
     LQA_ELEMENTS(lqa_said_item, ITEM, lqa_said_votes, n_again)},
    {.key = NULL}};

void lqa_votes_report_json(const lqa_votes_report *r, lqa_json *json) {
  lqa_arena arena;
  lqa_said_votes said;
  lqa_arena_init(&arena);
  bool is_said = lqa_votes_say(r, &arena, &said) == LQA_OK;
  json->out->failed = json->out->failed || !is_said;
  if (is_said) {
    lqa_json_open_object(json);
    lqa_fields_write(lqa_votes_fields, &said, json);
    lqa_json_close_object(json);
  }
  lqa_arena_clear(&arena);
}
