/* report.json: the report's keys in a fixed order, for programs (docs/run-folder.md). */
#include "base/json.h"
#include "report/report.h"

#include <math.h>

/* What only some findings have. */
static void add_finding_extras(const lqa_report_finding *f, lqa_json *json) {
  if (f->is_block) {
    lqa_json_add_int(json, "rows_from", f->rows_from);
    lqa_json_add_int(json, "rows_to", f->rows_to);
  }
  if (f->has_shift) {
    lqa_json_add_int(json, "shift", f->shift);
  }
  if (!isnan(f->z)) {
    lqa_json_add_double(json, "z", f->z);
  }
  if (f->repair) {
    lqa_json_add_text(json, "repair", f->repair);
  }
  if (f->details_json) {
    lqa_json_key(json, "details");
    lqa_json_raw(json, lqa_str_from(f->details_json));
  }
}

static void add_findings(const lqa_report *report, lqa_json *json) {
  lqa_json_key(json, "provenance");
  lqa_json_open_array(json);
  for (int64_t i = 0; i < report->n_findings; i++) {
    const lqa_report_finding *f = &report->findings[i];
    lqa_json_open_object(json);
    lqa_json_add_text(json, "id", f->id);
    lqa_json_add_text(json, "severity", f->severity);
    lqa_json_add_int(json, "count", f->count);
    lqa_json_add_int(json, "groups", f->groups);
    if (f->accepted > 0) {
      lqa_json_add_int(json, "accepted", f->accepted);
    }
    lqa_json_add_text(json, "message", f->message);
    lqa_json_key(json, "rows");
    lqa_json_open_array(json);
    for (int64_t r = 0; r < f->n_rows; r++) {
      lqa_json_int(json, f->rows[r]);
    }
    lqa_json_close_array(json);
    add_finding_extras(f, json);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

static void add_not_run(const lqa_report *report, lqa_json *json) {
  lqa_json_key(json, "not_run");
  lqa_json_open_array(json);
  for (int64_t i = 0; i < report->n_not_run; i++) {
    lqa_json_open_object(json);
    lqa_json_add_text(json, "id", report->not_run[i].id);
    lqa_json_add_text(json, "reason", report->not_run[i].reason);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

static void add_lengths(const lqa_report *report, lqa_json *json) {
  lqa_json_key(json, "length_fingerprint");
  lqa_json_open_array(json);
  for (int64_t i = 0; i < report->n_lengths; i++) {
    lqa_json_open_object(json);
    lqa_json_add_str(json, "label", report->lengths[i].label);
    lqa_json_add_double(json, "mean", report->lengths[i].mean);
    lqa_json_add_double(json, "std", report->lengths[i].std);
    lqa_json_add_int(json, "count", report->lengths[i].count);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

static void add_classes(const lqa_report_confident *c, lqa_json *json) {
  lqa_json_key(json, "per_class");
  lqa_json_open_array(json);
  for (int64_t k = 0; k < c->n_classes; k++) {
    lqa_json_open_object(json);
    lqa_json_add_str(json, "label", c->per_class[k].label);
    lqa_json_add_int(json, "count", c->per_class[k].count);
    lqa_json_add_int(json, "flagged", c->per_class[k].flagged);
    lqa_json_add_double(json, "label_noise", c->per_class[k].label_noise);
    lqa_json_add_double(json, "inverse_label_noise", c->per_class[k].inverse_label_noise);
    lqa_json_add_double(json, "quality", c->per_class[k].quality);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

static void add_overlaps(const lqa_report_confident *c, lqa_json *json) {
  lqa_json_key(json, "overlapping_classes");
  lqa_json_open_array(json);
  for (int64_t i = 0; i < c->n_overlaps; i++) {
    lqa_json_open_object(json);
    lqa_json_add_str(json, "label_a", c->overlaps[i].label_a);
    lqa_json_add_str(json, "label_b", c->overlaps[i].label_b);
    lqa_json_add_int(json, "count", c->overlaps[i].count);
    lqa_json_add_double(json, "joint", c->overlaps[i].joint);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

static void add_confident(const lqa_report *report, lqa_json *json) {
  const lqa_report_confident *c = &report->confident;
  lqa_json_key(json, "confident_learning");
  if (!c->ran) {
    lqa_json_null(json);
    return;
  }
  lqa_json_open_object(json);
  lqa_json_add_text(json, "model", c->model);
  lqa_json_add_text(json, "tie_order", c->tie_order);
  lqa_json_add_int(json, "not_scored", c->not_scored);
  lqa_json_add_int(json, "flagged", c->flagged);
  lqa_json_add_bool(json, "skilled", !c->is_unskilled);
  if (c->is_unskilled) {
    lqa_json_key(json, "estimated_errors");
    lqa_json_null(json);
  } else {
    lqa_json_add_int(json, "estimated_errors", c->estimated_errors);
  }
  lqa_json_add_double(json, "train_accuracy", c->train_accuracy);
  if (c->trained_member) {
    lqa_json_add_text(json, "train_accuracy_of", c->trained_member);
  }
  lqa_json_add_double(json, "out_of_fold_accuracy", c->out_of_fold_accuracy);
  add_classes(c, json);
  add_overlaps(c, json);
  lqa_json_close_object(json);
}

static void add_model(const lqa_report *report, lqa_json *json) {
  lqa_json_key(json, "model");
  if (report->confident.model_json) {
    lqa_json_raw(json, lqa_str_from(report->confident.model_json));
  } else {
    lqa_json_null(json);
  }
}

static void add_loss(const lqa_report *report, lqa_json *json) {
  lqa_json_key(json, "high_loss");
  lqa_json_open_object(json);
  lqa_json_add_int(json, "count", report->loss.count);
  lqa_json_add_text(json, "source",
                    report->loss.from_logs ? "training logs" : "out-of-fold probabilities");
  lqa_json_add_bool(json, "independent", report->loss.from_logs);
  if (report->loss.from_logs) {
    lqa_json_add_int(json, "epochs", report->loss.n_epochs);
  }
  lqa_json_close_object(json);
}

static void add_judge(const lqa_report *report, lqa_json *json) {
  const lqa_report_judge *j = &report->judge;
  lqa_json_key(json, "judge");
  if (!j->ran) {
    lqa_json_null(json);
    return;
  }
  lqa_json_open_object(json);
  lqa_json_add_text(json, "model", j->model);
  lqa_json_add_text(json, "protocol", j->protocol);
  lqa_json_add_int(json, "planned", j->planned);
  lqa_json_add_int(json, "judged", j->judged);
  lqa_json_add_int(json, "yes", j->yes);
  lqa_json_add_int(json, "no", j->no);
  lqa_json_add_int(json, "unknown", j->unknown);
  lqa_json_add_int(json, "cached", j->cached);
  lqa_json_add_int(json, "calls", j->calls);
  lqa_json_add_int(json, "tokens_in", j->tokens_in);
  lqa_json_add_int(json, "tokens_out", j->tokens_out);
  lqa_json_add_double(json, "cost_usd", j->cost_usd);
  lqa_json_add_double(json, "agreement", j->agreement);
  lqa_json_add_int(json, "all_calls", j->all_calls);
  lqa_json_add_double(json, "all_cost_usd", j->all_cost_usd);
  lqa_json_close_object(json);
}

static void add_actions(const lqa_report *report, lqa_json *json) {
  lqa_json_key(json, "actions");
  lqa_json_open_object(json);
  lqa_json_add_int(json, "relabel", report->relabel);
  lqa_json_add_int(json, "keep (ambiguous)", report->keep_ambiguous);
  lqa_json_add_int(json, "needs_review", report->needs_review);
  lqa_json_add_int(json, "keep", report->keep);
  lqa_json_close_object(json);
}

static void add_error_rate(const lqa_report *report, lqa_json *json) {
  lqa_json_key(json, "error_rate");
  if (!report->error_rate.known) {
    lqa_json_null(json);
    return;
  }
  lqa_json_open_object(json);
  lqa_json_add_double(json, "estimate", report->error_rate.estimate);
  lqa_json_add_double(json, "low", report->error_rate.low);
  lqa_json_add_double(json, "high", report->error_rate.high);
  lqa_json_add_text(json, "method", report->error_rate.method);
  lqa_json_add_int(json, "n", report->error_rate.n);
  lqa_json_close_object(json);
}

static void add_notes(const lqa_report *report, lqa_json *json) {
  lqa_json_key(json, "notes");
  lqa_json_open_array(json);
  for (int64_t i = 0; i < report->n_notes; i++) {
    lqa_json_text(json, report->notes[i]);
  }
  lqa_json_close_array(json);
}

static void add_timings(const lqa_report *report, lqa_json *json) {
  lqa_json_key(json, "timings");
  lqa_json_open_object(json);
  for (int64_t i = 0; i < report->n_timings; i++) {
    lqa_json_add_double(json, report->timings[i].stage,
                        round(report->timings[i].seconds * 1e4) / 1e4);
  }
  lqa_json_close_object(json);
  lqa_json_add_int(json, "peak_rss_bytes", report->peak_rss_bytes);
}

void lqa_report_json(const lqa_report *report, lqa_buf *out) {
  lqa_json json;
  lqa_json_init(&json, out, 1);
  lqa_json_open_object(&json);
  lqa_json_add_text(&json, "schema", "labelqa.report/1");
  lqa_json_add_text(&json, "version", report->version);
  lqa_json_add_int(&json, "rows", report->n_rows);
  lqa_json_key(&json, "classes");
  lqa_json_open_array(&json);
  for (int64_t k = 0; k < report->n_classes; k++) {
    lqa_json_str(&json, report->classes[k]);
  }
  lqa_json_close_array(&json);
  add_findings(report, &json);
  add_not_run(report, &json);
  add_lengths(report, &json);
  add_confident(report, &json);
  add_model(report, &json);
  add_loss(report, &json);
  add_judge(report, &json);
  lqa_report_trust_json(report, &json);
  add_actions(report, &json);
  add_error_rate(report, &json);
  add_notes(report, &json);
  add_timings(report, &json);
  lqa_json_close_object(&json);
  lqa_buf_add_char(out, '\n');
}
