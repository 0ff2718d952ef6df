/* The object "trust" of report.json: always made from the run, never read back. */
#include "report/report.h"

#include "base/json.h"

static void add_class(const lqa_report *r, const char *key, int32_t code, lqa_json *json) {
  lqa_json_add_str(json, key, r->classes[code]);
}

static void add_reliability(const lqa_trust_summary *t, lqa_json *json) {
  lqa_json_key(json, "reliability");
  lqa_json_open_array(json);
  for (int i = 0; i < t->n_bins; i++) {
    const lqa_reliability_bin *b = &t->bins[i];
    lqa_json_open_object(json);
    lqa_json_add_double(json, "from", b->from);
    lqa_json_add_double(json, "to", b->to);
    lqa_json_add_int(json, "n", b->n);
    lqa_json_add_double(json, "predicted", b->predicted);
    lqa_json_add_double(json, "observed", b->observed);
    lqa_json_add_double(json, "low", b->low);
    lqa_json_add_double(json, "high", b->high);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

static void add_channel(const lqa_report *r, lqa_json *json) {
  const lqa_trust_summary *t = r->trust;
  lqa_json_key(json, "channel");
  if (!t->channel) {
    lqa_json_null(json);
    return;
  }
  lqa_json_open_object(json);
  lqa_json_key(json, "classes");
  lqa_json_open_array(json);
  for (int32_t k = 0; k < t->n_classes; k++) {
    lqa_json_str(json, r->classes[k]);
  }
  lqa_json_close_array(json);
  lqa_json_key(json, "given_of_true");
  lqa_json_open_array(json);
  for (int32_t truth = 0; truth < t->n_classes; truth++) {
    lqa_json_open_array(json);
    for (int32_t given = 0; given < t->n_classes; given++) {
      lqa_json_double(json, t->channel[truth * t->n_classes + given]);
    }
    lqa_json_close_array(json);
  }
  lqa_json_close_array(json);
  lqa_json_close_object(json);
}

static void add_confusions(const lqa_report *r, lqa_json *json) {
  lqa_json_key(json, "suspected_confusions");
  lqa_json_open_array(json);
  for (int i = 0; i < r->trust->n_confusions; i++) {
    const lqa_suspected_confusion *c = &r->trust->confusions[i];
    lqa_json_open_object(json);
    add_class(r, "label", c->given, json);
    add_class(r, "true_label", c->truth, json);
    lqa_json_add_double(json, "rate", c->rate);
    lqa_json_add_double(json, "low", c->low);
    lqa_json_add_double(json, "high", c->high);
    lqa_json_add_int(json, "rows", c->rows);
    lqa_json_add_int(json, "verified", c->verified);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

static void add_judges(const lqa_trust_summary *t, lqa_json *json) {
  lqa_json_key(json, "judges");
  lqa_json_open_array(json);
  for (int i = 0; i < t->n_judges; i++) {
    const lqa_judge_accuracy *j = &t->judges[i];
    lqa_json_open_object(json);
    lqa_json_add_text(json, "model", j->model);
    lqa_json_add_double(json, "accuracy", j->accuracy);
    lqa_json_add_double(json, "low", j->low);
    lqa_json_add_double(json, "high", j->high);
    lqa_json_add_int(json, "n", j->n);
    lqa_json_add_bool(json, "constant", j->is_constant);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

static void add_error(const lqa_trust_summary *t, lqa_json *json) {
  lqa_json_key(json, "ece");
  if (!t->has_ece) {
    lqa_json_null(json);
    return;
  }
  lqa_json_open_object(json);
  lqa_json_add_double(json, "estimate", t->ece);
  lqa_json_add_double(json, "low", t->ece_low);
  lqa_json_add_double(json, "high", t->ece_high);
  lqa_json_close_object(json);
}

void lqa_report_trust_json(const lqa_report *r, lqa_json *json) {
  const lqa_trust_summary *t = r->trust;
  lqa_json_key(json, "trust");
  if (!t || !t->is_known) {
    lqa_json_null(json);
    return;
  }
  lqa_json_open_object(json);
  lqa_json_add_bool(json, "calibrated", t->is_calibrated);
  lqa_json_add_text(json, "rank_because", t->why_rank);
  lqa_json_add_text(json, "basis", lqa_trust_basis_name(t->basis));
  lqa_json_add_int(json, "n_verified", t->n_verified);
  lqa_json_add_double(json, "mean_p_wrong", t->rate);
  add_error(t, json);
  add_reliability(t, json);
  add_channel(r, json);
  add_confusions(r, json);
  add_judges(t, json);
  lqa_json_close_object(json);
}
