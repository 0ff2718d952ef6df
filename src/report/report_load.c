/* report.json read back into the struct it was made from, so that a run folder can be reported on
 * again after a judge, a training log or a person added to it.
 */
#include "base/json.h"
#include "base/json_read.h"
#include "report/report.h"

#include <math.h>

typedef const lqa_json_node node;

/* A fresh array of `array->n` elements; an empty or missing array gives a valid empty one. */
static void *alloc_array(lqa_arena *arena, node *array, size_t size) {
  size_t n = array && array->kind == LQA_JSON_ARRAY ? array->n : 0;
  return lqa_arena_alloc(arena, n + 1, size);
}

static int64_t count_of(node *array) {
  return array && array->kind == LQA_JSON_ARRAY ? (int64_t)array->n : 0;
}

static lqa_str str_of(node *object, const char *key) {
  node *value = lqa_json_find(object, key);
  return value && value->kind == LQA_JSON_TEXT ? value->text : (lqa_str){NULL, 0};
}

static const char *text_or(node *object, const char *key, const char *fallback) {
  const char *text = lqa_json_find_text(object, key);
  return text ? text : fallback;
}

/* Writes a parsed value again. */
static void write_node(node *value, lqa_json *json) {
  switch (value->kind) {
  case LQA_JSON_NULL:
    lqa_json_null(json);
    return;
  case LQA_JSON_BOOL:
    lqa_json_bool(json, value->number != 0);
    return;
  case LQA_JSON_NUMBER:
    lqa_json_raw(json, value->text);
    return;
  case LQA_JSON_TEXT:
    lqa_json_str(json, value->text);
    return;
  default:
    break;
  }
  bool is_object = value->kind == LQA_JSON_OBJECT;
  (is_object ? lqa_json_open_object : lqa_json_open_array)(json);
  for (node *member = value->first; member; member = member->next) {
    if (is_object) {
      lqa_json_key(json, member->key.data);
    }
    write_node(member, json);
  }
  (is_object ? lqa_json_close_object : lqa_json_close_array)(json);
}

static const char *load_details(node *object, const char *key, lqa_arena *arena) {
  node *details = lqa_json_find(object, key);
  if (!details || details->kind != LQA_JSON_OBJECT) {
    return NULL;
  }
  lqa_buf text;
  lqa_json json;
  lqa_buf_init(&text, 16 << 20);
  lqa_json_init(&json, &text, 0);
  write_node(details, &json);
  const char *copy = text.failed ? NULL : lqa_arena_copy(arena, text.data, text.size);
  lqa_buf_clear(&text);
  return copy;
}

static lqa_status load_finding(node *object, lqa_arena *arena, lqa_report_finding *f) {
  node *rows = lqa_json_find(object, "rows");
  int64_t *numbers = alloc_array(arena, rows, sizeof *numbers);
  if (!numbers) {
    return LQA_NO_MEMORY;
  }
  *f = (lqa_report_finding){.id = text_or(object, "id", ""),
                            .severity = text_or(object, "severity", "info"),
                            .message = text_or(object, "message", ""),
                            .count = lqa_json_find_int(object, "count", 0),
                            .groups = lqa_json_find_int(object, "groups", 0),
                            .accepted = lqa_json_find_int(object, "accepted", 0),
                            .is_block = lqa_json_find(object, "rows_from") != NULL,
                            .rows_from = lqa_json_find_int(object, "rows_from", 0),
                            .rows_to = lqa_json_find_int(object, "rows_to", 0),
                            .has_shift = lqa_json_find(object, "shift") != NULL,
                            .shift = (int32_t)lqa_json_find_int(object, "shift", 0),
                            .z = lqa_json_find_number(object, "z", NAN),
                            .repair = lqa_json_find_text(object, "repair"),
                            .details_json = load_details(object, "details", arena),
                            .rows = numbers};
  for (node *row = rows ? rows->first : NULL; row; row = row->next) {
    numbers[f->n_rows++] = (int64_t)row->number;
  }
  return LQA_OK;
}

static lqa_status load_findings(node *root, lqa_arena *arena, lqa_report *out) {
  node *array = lqa_json_find(root, "provenance");
  lqa_report_finding *findings = alloc_array(arena, array, sizeof *findings);
  if (!findings) {
    return LQA_NO_MEMORY;
  }
  out->findings = findings;
  for (node *object = array ? array->first : NULL; object; object = object->next) {
    LQA_TRY(load_finding(object, arena, &findings[out->n_findings++]));
  }
  return LQA_OK;
}

static lqa_status load_not_run(node *root, lqa_arena *arena, lqa_report *out) {
  node *array = lqa_json_find(root, "not_run");
  lqa_report_not_run *list = alloc_array(arena, array, sizeof *list);
  if (!list) {
    return LQA_NO_MEMORY;
  }
  out->not_run = list;
  for (node *object = array ? array->first : NULL; object; object = object->next) {
    list[out->n_not_run++] =
        (lqa_report_not_run){text_or(object, "id", ""), text_or(object, "reason", "")};
  }
  return LQA_OK;
}

static lqa_status load_lengths(node *root, lqa_arena *arena, lqa_report *out) {
  node *array = lqa_json_find(root, "length_fingerprint");
  lqa_report_length *lengths = alloc_array(arena, array, sizeof *lengths);
  if (!lengths) {
    return LQA_NO_MEMORY;
  }
  out->lengths = lengths;
  for (node *object = array ? array->first : NULL; object; object = object->next) {
    lengths[out->n_lengths++] =
        (lqa_report_length){.label = str_of(object, "label"),
                            .mean = lqa_json_find_number(object, "mean", NAN),
                            .std = lqa_json_find_number(object, "std", NAN),
                            .count = lqa_json_find_int(object, "count", 0)};
  }
  return LQA_OK;
}

static lqa_status load_classes(node *confident, lqa_arena *arena, lqa_report_confident *c) {
  node *array = lqa_json_find(confident, "per_class");
  lqa_report_class *classes = alloc_array(arena, array, sizeof *classes);
  if (!classes) {
    return LQA_NO_MEMORY;
  }
  c->per_class = classes;
  for (node *object = array ? array->first : NULL; object; object = object->next) {
    classes[c->n_classes++] = (lqa_report_class){
        .label = str_of(object, "label"),
        .count = lqa_json_find_int(object, "count", 0),
        .flagged = lqa_json_find_int(object, "flagged", 0),
        .label_noise = lqa_json_find_number(object, "label_noise", NAN),
        .inverse_label_noise = lqa_json_find_number(object, "inverse_label_noise", NAN),
        .quality = lqa_json_find_number(object, "quality", NAN)};
  }
  return LQA_OK;
}

static lqa_status load_overlaps(node *confident, lqa_arena *arena, lqa_report_confident *c) {
  node *array = lqa_json_find(confident, "overlapping_classes");
  lqa_report_overlap *overlaps = alloc_array(arena, array, sizeof *overlaps);
  if (!overlaps) {
    return LQA_NO_MEMORY;
  }
  c->overlaps = overlaps;
  for (node *object = array ? array->first : NULL; object; object = object->next) {
    overlaps[c->n_overlaps++] =
        (lqa_report_overlap){.label_a = str_of(object, "label_a"),
                             .label_b = str_of(object, "label_b"),
                             .count = lqa_json_find_int(object, "count", 0),
                             .joint = lqa_json_find_number(object, "joint", NAN)};
  }
  return LQA_OK;
}

static lqa_status load_confident(node *root, lqa_arena *arena, lqa_report_confident *c) {
  node *object = lqa_json_find(root, "confident_learning");
  c->ran = object && object->kind == LQA_JSON_OBJECT;
  if (!c->ran) {
    return LQA_OK;
  }
  c->model = text_or(object, "model", "unknown model");
  c->tie_order = text_or(object, "tie_order", "stable");
  c->not_scored = lqa_json_find_int(object, "not_scored", 0);
  c->flagged = lqa_json_find_int(object, "flagged", 0);
  c->is_unskilled = !lqa_json_find_bool(object, "skilled", true);
  c->estimated_errors = lqa_json_find_int(object, "estimated_errors", 0);
  c->train_accuracy = lqa_json_find_number(object, "train_accuracy", NAN);
  c->trained_member = text_or(object, "train_accuracy_of", NULL);
  c->out_of_fold_accuracy = lqa_json_find_number(object, "out_of_fold_accuracy", NAN);
  LQA_TRY(load_classes(object, arena, c));
  return load_overlaps(object, arena, c);
}

static void load_judge(node *root, lqa_report_judge *j) {
  node *object = lqa_json_find(root, "judge");
  j->ran = object && object->kind == LQA_JSON_OBJECT;
  j->model = text_or(object, "model", "");
  j->protocol = text_or(object, "protocol", "");
  j->planned = lqa_json_find_int(object, "planned", 0);
  j->judged = lqa_json_find_int(object, "judged", 0);
  j->yes = lqa_json_find_int(object, "yes", 0);
  j->no = lqa_json_find_int(object, "no", 0);
  j->unknown = lqa_json_find_int(object, "unknown", 0);
  j->cached = lqa_json_find_int(object, "cached", 0);
  j->calls = lqa_json_find_int(object, "calls", 0);
  j->tokens_in = lqa_json_find_int(object, "tokens_in", 0);
  j->tokens_out = lqa_json_find_int(object, "tokens_out", 0);
  j->cost_usd = lqa_json_find_number(object, "cost_usd", NAN);
  j->agreement = lqa_json_find_number(object, "agreement", NAN);
  j->all_calls = lqa_json_find_int(object, "all_calls", j->calls);
  j->all_cost_usd = lqa_json_find_number(object, "all_cost_usd", j->cost_usd);
}

static void load_outcome(node *root, lqa_report *out) {
  node *loss = lqa_json_find(root, "high_loss"), *actions = lqa_json_find(root, "actions");
  node *rate = lqa_json_find(root, "error_rate");
  out->loss.count = lqa_json_find_int(loss, "count", 0);
  out->loss.from_logs = lqa_json_find_bool(loss, "independent", false);
  out->loss.n_epochs = lqa_json_find_int(loss, "epochs", 0);
  out->relabel = lqa_json_find_int(actions, "relabel", 0);
  out->keep_ambiguous = lqa_json_find_int(actions, "keep (ambiguous)", 0);
  out->needs_review = lqa_json_find_int(actions, "needs_review", 0);
  out->keep = lqa_json_find_int(actions, "keep", 0);
  out->error_rate.known = rate && rate->kind == LQA_JSON_OBJECT;
  out->error_rate.estimate = lqa_json_find_number(rate, "estimate", NAN);
  out->error_rate.low = lqa_json_find_number(rate, "low", NAN);
  out->error_rate.high = lqa_json_find_number(rate, "high", NAN);
  out->error_rate.method = text_or(rate, "method", "");
  out->error_rate.n = lqa_json_find_int(rate, "n", 0);
}

static lqa_status load_classes_and_notes(node *root, lqa_arena *arena, lqa_report *out) {
  node *classes = lqa_json_find(root, "classes"), *notes = lqa_json_find(root, "notes");
  lqa_str *names = alloc_array(arena, classes, sizeof *names);
  const char **texts = alloc_array(arena, notes, sizeof *texts);
  if (!names || !texts) {
    return LQA_NO_MEMORY;
  }
  out->classes = names;
  out->notes = texts;
  out->n_notes = count_of(notes);
  for (node *name = classes ? classes->first : NULL; name; name = name->next) {
    names[out->n_classes++] = name->text;
  }
  for (node *note = notes ? notes->first : NULL; note; note = note->next) {
    *texts++ = note->text.data ? note->text.data : "";
  }
  return LQA_OK;
}

static lqa_status load_timings(node *root, lqa_arena *arena, lqa_report *out) {
  node *object = lqa_json_find(root, "timings");
  size_t n = object && object->kind == LQA_JSON_OBJECT ? object->n : 0;
  lqa_report_timing *timings = lqa_arena_alloc(arena, n + 1, sizeof *timings);
  if (!timings) {
    return LQA_NO_MEMORY;
  }
  out->timings = timings;
  for (node *stage = n ? object->first : NULL; stage; stage = stage->next) {
    timings[out->n_timings++] = (lqa_report_timing){stage->key.data, stage->number, 0};
  }
  out->peak_rss_bytes = lqa_json_find_int(root, "peak_rss_bytes", 0);
  return LQA_OK;
}

static lqa_status load_all(node *root, lqa_arena *arena, lqa_report *out) {
  LQA_TRY(load_classes_and_notes(root, arena, out));
  LQA_TRY(load_findings(root, arena, out));
  LQA_TRY(load_not_run(root, arena, out));
  LQA_TRY(load_lengths(root, arena, out));
  LQA_TRY(load_confident(root, arena, &out->confident));
  out->confident.model_json = load_details(root, "model", arena);
  load_judge(root, &out->judge);
  load_outcome(root, out);
  return load_timings(root, arena, out);
}

lqa_status lqa_report_load(lqa_str json, const char *run_path, lqa_arena *arena, lqa_report *out,
                           lqa_error *err) {
  node *root = NULL;
  LQA_TRY(lqa_json_parse(json, "report.json", arena, &root, err));
  const char *schema = lqa_json_find_text(root, "schema");
  if (!schema || strcmp(schema, "labelqa.report/1") != 0) {
    return lqa_fail_at(err, LQA_BAD_DATA, run_path, -1, NULL,
                       "%s/report.json: expected the schema labelqa.report/1, found %s", run_path,
                       schema ? schema : "none");
  }
  *out = (lqa_report){.version = text_or(root, "version", ""),
                      .run_path = run_path,
                      .n_rows = lqa_json_find_int(root, "rows", 0)};
  return load_all(root, arena, out) == LQA_OK ? LQA_OK : lqa_fail_memory(err, "reading the report");
}
