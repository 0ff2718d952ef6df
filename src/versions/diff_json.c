/* Lists are cut to what a page can show; --out writes all rows. */
#include "versions/diff.h"

#include <math.h>
#include <string.h>

enum { MAX_ROWS = 1000, MAX_PAIRS = 1000 };

static void add_counts(const lqa_diff *d, lqa_json *json) {
  lqa_json_key(json, "rows");
  lqa_json_open_object(json);
  lqa_json_add_int(json, "a", d->a->rows.n_rows);
  lqa_json_add_int(json, "b", d->b->rows.n_rows);
  for (int s = 0; s < LQA_DIFF_STATUSES; s++) {
    lqa_json_add_int(json, lqa_diff_status_name((lqa_diff_status)s), d->counts[s]);
  }
  lqa_json_add_int(json, "fixed", d->fixed);
  lqa_json_add_int(json, "newly_doubted", d->newly_doubted);
  lqa_json_add_int(json, "reverted", d->reverted);
  lqa_json_add_int(json, "not_applied", d->not_applied);
  lqa_json_close_object(json);
}

static void add_pairs(const lqa_diff *d, lqa_json *json) {
  lqa_json_key(json, "pairs");
  lqa_json_open_array(json);
  for (size_t i = 0; i < d->pairs.n && i < MAX_PAIRS; i++) {
    lqa_json_open_object(json);
    lqa_json_add_str(json, "from", d->pairs.data[i].from);
    lqa_json_add_str(json, "to", d->pairs.data[i].to);
    lqa_json_add_int(json, "count", d->pairs.data[i].count);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

static void add_row(const lqa_diff *d, const lqa_diff_row *r, lqa_json *json) {
  char scratch[24];
  lqa_json_open_object(json);
  lqa_json_add_str(json, "row_id", lqa_run_rows_id(&d->b->rows, r->row_b, scratch));
  lqa_json_add_int(json, "row_a", r->row_a);
  lqa_json_add_int(json, "row_b", r->row_b);
  lqa_json_add_str(json, "label_a", lqa_diff_label(d->a, r->row_a));
  lqa_json_add_str(json, "label_b", lqa_diff_label(d->b, r->row_b));
  lqa_json_add_text(json, "by", lqa_diff_by_name(r->by));
  lqa_json_close_object(json);
}

static void add_relabelled(const lqa_diff *d, lqa_json *json) {
  int n = 0;
  lqa_json_key(json, "relabelled");
  lqa_json_open_array(json);
  for (size_t i = 0; i < d->rows.n && n < MAX_ROWS; i++) {
    if (d->rows.data[i].status == LQA_DIFF_RELABELLED) {
      add_row(d, &d->rows.data[i], json);
      n++;
    }
  }
  lqa_json_close_array(json);
}

static bool has_finding(const lqa_report *report, const char *id) {
  for (int64_t i = 0; i < report->n_findings; i++) {
    if (report->findings[i].count > 0 && strcmp(report->findings[i].id, id) == 0) {
      return true;
    }
  }
  return false;
}

/* The ids of what `report` found and `other` did not. */
static void add_findings(const lqa_report *report, const lqa_report *other, const char *key,
                         lqa_json *json) {
  lqa_json_key(json, key);
  lqa_json_open_array(json);
  for (int64_t i = 0; i < report->n_findings; i++) {
    const lqa_report_finding *f = &report->findings[i];
    if (f->count > 0 && !has_finding(other, f->id)) {
      lqa_json_text(json, f->id);
    }
  }
  lqa_json_close_array(json);
}

static double rate_of(const lqa_report *report) {
  return report->has_error_rate ? report->error_rate.estimate : NAN;
}

static void add_rates(const lqa_diff *d, lqa_json *json) {
  lqa_json_key(json, "error_rate");
  if (!d->report_a->has_error_rate && !d->report_b->has_error_rate) {
    lqa_json_null(json);
    return;
  }
  lqa_json_open_object(json);
  lqa_json_add_double(json, "a", rate_of(d->report_a));
  lqa_json_add_double(json, "b", rate_of(d->report_b));
  lqa_json_add_double(json, "difference", d->error_difference.estimate);
  lqa_json_add_double(json, "low", d->error_difference.low);
  lqa_json_add_double(json, "high", d->error_difference.high);
  lqa_json_add_double(json, "p", d->error_p);
  lqa_json_close_object(json);
}

static void add_judge(const lqa_report *report, const char *key, lqa_json *json) {
  const lqa_report_judge *judge = &report->judge;
  lqa_json_key(json, key);
  if (!judge->ran) {
    lqa_json_null(json);
    return;
  }
  lqa_json_open_object(json);
  lqa_json_add_text(json, "model", judge->model);
  lqa_json_add_int(json, "judged", judge->judged);
  lqa_json_add_int(json, "no", judge->no);
  lqa_json_add_double(json, "agreement", judge->agreement);
  lqa_json_close_object(json);
}

static void add_interval(const lqa_interval *in, const char *key, lqa_json *json) {
  lqa_json_key(json, key);
  if (in->n == 0) {
    lqa_json_null(json);
    return;
  }
  lqa_json_open_object(json);
  lqa_json_add_double(json, "estimate", in->estimate);
  lqa_json_add_double(json, "low", in->low);
  lqa_json_add_double(json, "high", in->high);
  lqa_json_add_int(json, "n", in->n);
  lqa_json_close_object(json);
}

static void add_model(const lqa_report *report, const char *key, lqa_json *json) {
  const lqa_report_confident *c = &report->confident;
  lqa_json_key(json, key);
  if (!c->ran) {
    lqa_json_null(json);
    return;
  }
  lqa_json_open_object(json);
  lqa_json_add_text(json, "model", c->model);
  lqa_json_add_int(json, "flagged", c->flagged);
  lqa_json_add_double(json, "out_of_fold_accuracy", c->out_of_fold_accuracy);
  lqa_json_close_object(json);
}

void lqa_diff_json(const lqa_diff *d, lqa_json *json) {
  lqa_json_open_object(json);
  lqa_json_add_text(json, "schema", "labelqa.diff/1");
  lqa_json_add_text(json, "matched_by", d->match.by_id ? "id" : "content");
  add_counts(d, json);
  add_pairs(d, json);
  add_relabelled(d, json);
  lqa_json_key(json, "relabelled_by");
  lqa_json_open_object(json);
  for (int by = LQA_DIFF_BY_DECISION; by <= LQA_DIFF_BY_OTHERS; by++) {
    lqa_json_add_int(json, lqa_diff_by_name((lqa_diff_by)by), d->by[by]);
  }
  lqa_json_close_object(json);
  lqa_json_key(json, "findings");
  lqa_json_open_object(json);
  add_findings(d->report_b, d->report_a, "new", json);
  add_findings(d->report_a, d->report_b, "gone", json);
  lqa_json_close_object(json);
  add_rates(d, json);
  lqa_json_key(json, "judge");
  lqa_json_open_object(json);
  add_judge(d->report_a, "a", json);
  add_judge(d->report_b, "b", json);
  lqa_json_close_object(json);
  lqa_json_key(json, "relabel_precision");
  lqa_json_open_object(json);
  add_interval(&d->relabel_a, "a", json);
  add_interval(&d->relabel_b, "b", json);
  lqa_json_close_object(json);
  lqa_json_key(json, "model");
  lqa_json_open_object(json);
  add_model(d->report_a, "a", json);
  add_model(d->report_b, "b", json);
  lqa_json_close_object(json);
  lqa_json_close_object(json);
}
