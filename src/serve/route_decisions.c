/* POST /api/decisions: a person's decision, on disk before the answer. */
#include "serve/review_server.h"
#include "store/spot_check.h"

#include <math.h>

/* What makes no sense, in `out`. */
static bool check(lqa_server *server, const lqa_json_node *body, lqa_review_entry *entry,
                  lqa_http_answer *out) {
  lqa_run *run = server->review->run;
  const char *label = lqa_json_find_text(body, "label");
  if (entry->row >= run->rows.n_rows) {
    lqa_http_fail(out, 404, "row_number", "the run has no such row");
    return false;
  }
  if (entry->kind == LQA_REVIEW_UNSURE && label) {
    lqa_http_fail(out, 422, "label", "who is unsure gives no label");
    return false;
  }
  if (entry->kind == LQA_REVIEW_UNSURE) {
    return true;
  }
  if (!label) {
    lqa_http_fail(out, 422, "label", "the field label is missing: the class that is right");
    return false;
  }
  entry->label = lqa_run_find_class(run, lqa_str_from(label));
  if (entry->label < 0) {
    lqa_http_fail(out, 422, "label", "this is no class of the run");
  }
  return entry->label >= 0;
}

static lqa_status record(lqa_server *server, const lqa_review_entry *entry, int64_t *id,
                         lqa_error *err) {
  LQA_TRY(lqa_review_decide(server->review, entry, id, err));
  if (entry->kind != LQA_REVIEW_LABEL) {
    return LQA_OK;
  }
  const lqa_spot_answer spot = {.row = entry->row,
                                .label = entry->label,
                                .by =
                                    lqa_review_log_name_of(&server->review->log, entry->reviewer)};
  return lqa_spot_take(server->review->run, &spot, err);
}

static void answer(lqa_server *server, const lqa_route_call *call, lqa_http_answer *out) {
  const lqa_json_node *body = call->body;
  const char *kind = lqa_json_find_text(body, "decision"), *note = lqa_json_find_text(body, "note");
  lqa_review_entry entry = {
      .row = lqa_json_find_int(body, "row_number", -1),
      .kind = strcmp(kind, "label") == 0 ? LQA_REVIEW_LABEL : LQA_REVIEW_UNSURE,
      .label = LQA_CLASS_NONE,
      .seconds = lqa_json_find_number(body, "seconds", NAN),
      .blind = lqa_json_find_bool(body, "blind", server->options.review.blind),
      .adjudicates = lqa_json_find_bool(body, "adjudicates", false),
      .note = note && *note ? lqa_str_from(note) : (lqa_str){NULL, 0}};
  lqa_error err;
  int64_t id = 0;
  lqa_json json;
  lqa_error_clear(&err);
  if (!check(server, body, &entry, out) ||
      !lqa_server_reviewer(server, body, &entry.reviewer, out)) {
    return;
  }
  lqa_status status = record(server, &entry, &id, &err);
  if (status != LQA_OK) {
    lqa_answer_error(out, status, &err);
    return;
  }
  lqa_answer_begin(out, &json);
  lqa_json_open_object(&json);
  lqa_json_add_int(&json, "id", id);
  lqa_json_close_object(&json);
  lqa_answer_end(out, 201);
  lqa_server_tell(server, "decision", entry.row);
}

static const lqa_param PARAMS[] = {
    {"row_number", LQA_PARAM_INT, "the row", .required = true, .min = 0, .max = 1e15},
    {"decision", LQA_PARAM_CHOICE,
     "label: `label` is right (the given one keeps it); unsure: another person should decide",
     .required = true, .choices = "label|unsure"},
    {"label", LQA_PARAM_TEXT, "a class; none with unsure", .names = LQA_NAMES_CLASS},
    {"reviewer", LQA_PARAM_TEXT, "who decides (default: the one given at the start)", .min = 1,
     .max = 200},
    {"seconds", LQA_PARAM_NUMBER, "how long it took", .min = 0, .max = 1e9},
    {"blind", LQA_PARAM_BOOL, "labels and evidence were hidden", .max = 0},
    {"adjudicates", LQA_PARAM_BOOL, "the last word where reviewers differ", .max = 0},
    {"note", LQA_PARAM_TEXT, "kept with the decision", .max = 10000},
    {.name = NULL}};

static const char ANY_OF[] =
    "[{\"properties\":{\"decision\":{\"const\":\"label\"},\"label\":{\"type\":\"string\"}},"
    "\"required\":[\"label\"]},{\"properties\":{\"decision\":{\"const\":\"unsure\"},"
    "\"label\":{\"type\":\"null\"}}}]";

const lqa_route lqa_route_decisions = {.name = "decisions",
                                       .method = "POST",
                                       .path = "/api/decisions",
                                       .summary = "Records a decision; 201 {id} once it is on disk",
                                       .params = PARAMS,
                                       .any_of = ANY_OF,
                                       .answers = "201 404 422",
                                       .answer = answer};
