/* report/votes_json.c - a study of votes for programs: all annotators, the marked pairs, the items
 * to label again. Whole tables are files (--out and its like). Numbers that nothing tells are null.
 */
#include "report/votes_report.h"

#include "base/message_text.h"
#include "report/markup.h"

#include <math.h>
#include <stdlib.h>

static void add_class(lqa_json *json, const char *key, const lqa_vote_study *s, int32_t klass) {
  lqa_json_add_str(json, key, klass < 0 ? (lqa_str){NULL, 0} : s->table->classes[klass]);
}

static void add_interval(lqa_json *json, const char *key, const lqa_interval *interval) {
  lqa_json_key(json, key);
  lqa_json_open_object(json);
  lqa_json_add_double(json, "value", interval->estimate);
  lqa_json_add_double(json, "low", interval->low);
  lqa_json_add_double(json, "high", interval->high);
  lqa_json_close_object(json);
}

static void add_agreement(lqa_json *json, const char *key, const lqa_agreement *a) {
  lqa_json_key(json, key);
  if (!a) {
    lqa_json_null(json);
    return;
  }
  lqa_json_open_object(json);
  lqa_json_add_double(json, "value", a->value);
  lqa_json_add_double(json, "low", a->low);
  lqa_json_add_double(json, "high", a->high);
  lqa_json_add_text(json, "interval", a->interval);
  lqa_json_add_int(json, "items", a->n_items);
  lqa_json_close_object(json);
}

static void add_head(const lqa_votes_report *r, lqa_json *json) {
  const lqa_vote_table *t = r->study->table;
  lqa_json_add_text(json, "schema", "labelqa.annotators/1");
  lqa_json_add_text(json, "source", r->source);
  lqa_json_add_text(json, "layout", t->is_wide ? "wide" : "long");
  lqa_json_add_int(json, "items", t->n_items);
  lqa_json_add_int(json, "annotators", t->n_annotators);
  lqa_json_add_int(json, "votes", t->n_votes);
  lqa_json_add_int(json, "missing_votes", t->n_missing);
  lqa_json_add_int(json, "items_without_votes", t->n_items_empty);
  lqa_json_add_int(json, "repeated_votes", t->n_repeats);
  lqa_json_add_int(json, "repeated_votes_same", t->n_repeats_same);
  lqa_json_key(json, "classes");
  lqa_json_open_array(json);
  for (int32_t k = 0; k < t->n_classes; k++) {
    lqa_json_str(json, t->classes[k]);
  }
  lqa_json_close_array(json);
  lqa_json_key(json, "notes");
  lqa_json_open_array(json);
  for (size_t i = 0; i < t->notes.n; i++) {
    lqa_json_add_message(json, NULL, t->notes.data[i]);
  }
  lqa_json_close_array(json);
}

static void add_consensus(const lqa_vote_study *s, lqa_json *json) {
  bool is_estimated = s->method == LQA_CONSENSUS_DAWID_SKENE || s->method == LQA_CONSENSUS_ONE_COIN;
  lqa_json_key(json, "consensus");
  lqa_json_open_object(json);
  lqa_json_add_text(json, "method", lqa_consensus_method_name(s->method));
  lqa_json_add_text(json, "model", is_estimated ? NULL : s->model);
  lqa_json_add_double(json, "model_accuracy", s->model_accuracy);
  if (is_estimated) {
    lqa_json_add_int(json, "iterations", s->consensus.iterations);
    lqa_json_add_bool(json, "converged", s->consensus.has_converged);
  }
  lqa_json_add_int(json, "not_the_majority", s->n_moved);
  lqa_json_add_int(json, "tied", s->n_tied);
  lqa_json_add_int(json, "truth_known", s->n_truth);
  if (s->n_truth > 0) {
    lqa_json_add_double(json, "accuracy", (double)s->n_right / (double)s->n_truth);
    lqa_json_add_double(json, "majority_accuracy",
                        (double)s->n_majority_right / (double)s->n_truth);
  }
  lqa_json_close_object(json);
}

static void add_marks(const lqa_vote_study *s, int32_t annotator, lqa_json *json) {
  static const char *const names[] = {"spammer", "constant", "reversed", "drift"};
  uint32_t marks = s->annotators[annotator].marks;
  lqa_json_key(json, "marks");
  lqa_json_open_array(json);
  for (int i = 0; i < 4; i++) {
    if (marks & 1U << i) {
      lqa_json_text(json, names[i]);
    }
  }
  lqa_json_close_array(json);
  if (marks) {
    lqa_buf sentence;
    lqa_buf_init(&sentence, 4096);
    lqa_votes_report_marks(s, annotator, &sentence);
    lqa_json_add_str(json, "remark", lqa_buf_str(&sentence));
    lqa_buf_clear(&sentence);
  }
}

static void add_annotator(const lqa_vote_study *s, int32_t annotator, lqa_json *json) {
  const lqa_annotator *a = &s->annotators[annotator];
  lqa_json_open_object(json);
  lqa_json_add_str(json, "annotator", lqa_vote_table_annotator(s->table, annotator));
  lqa_json_add_int(json, "votes", a->n_votes);
  add_interval(json, "quality", &a->quality);
  lqa_json_add_double(json, "weight", s->consensus.annotator_weight[annotator]);
  lqa_json_add_double(json, "agreement_with_consensus", a->agreement);
  add_interval(json, "agreement_with_others", &a->with_others);
  add_interval(json, "kappa_with_others", &a->kappa);
  lqa_json_add_int(json, "compared_with_others", a->n_judged);
  lqa_json_key(json, "commonest_mistake");
  if (a->n_worst > 0) {
    lqa_json_open_object(json);
    add_class(json, "consensus", s, a->worst[0]);
    add_class(json, "said", s, a->worst[1]);
    lqa_json_add_int(json, "votes", a->n_worst);
    lqa_json_add_int(json, "of", a->n_worst_of);
    lqa_json_close_object(json);
  } else {
    lqa_json_null(json);
  }
  add_class(json, "overused", s, a->bias_class);
  lqa_json_add_double(json, "overused_by", a->bias);
  if (s->n_truth > 0) {
    add_interval(json, "truth_accuracy", &a->truth_accuracy);
    lqa_json_add_int(json, "truth_known", a->n_truth);
  }
  if (a->n_timed > 0) {
    lqa_json_add_double(json, "first_half", a->early);
    lqa_json_add_double(json, "second_half", a->late);
  }
  add_marks(s, annotator, json);
  lqa_json_close_object(json);
}

static void add_annotators(const lqa_vote_study *s, lqa_json *json) {
  int32_t *order = lqa_votes_report_annotators(s);
  json->out->failed = json->out->failed || !order;
  lqa_json_key(json, "per_annotator");
  lqa_json_open_array(json);
  for (int64_t i = 0; order && i < s->table->n_annotators; i++) {
    add_annotator(s, order[i], json);
  }
  lqa_json_close_array(json);
  free(order);
}

static void add_pairs(const lqa_vote_study *s, lqa_json *json) {
  lqa_json_key(json, "pairs");
  lqa_json_open_object(json);
  lqa_json_add_int(json, "compared", (int64_t)s->pairs.n);
  lqa_json_add_int(json, "annotators_compared", s->pairs.n_compared);
  lqa_json_key(json, "copies");
  lqa_json_open_array(json);
  for (size_t i = 0; i < s->pairs.n; i++) {
    const lqa_annotator_pair *p = &s->pairs.pairs[i];
    if (p->is_copy) {
      lqa_json_open_object(json);
      lqa_json_add_str(json, "first", lqa_vote_table_annotator(s->table, p->first));
      lqa_json_add_str(json, "second", lqa_vote_table_annotator(s->table, p->second));
      lqa_json_add_int(json, "items", p->n_shared);
      lqa_json_add_int(json, "same", p->n_same);
      lqa_json_add_int(json, "unlike_others", p->n_wrong);
      lqa_json_add_int(json, "unlike_others_same", p->n_wrong_same);
      lqa_json_close_object(json);
    }
  }
  lqa_json_close_array(json);
  lqa_json_close_object(json);
}

static void add_items(const lqa_votes_report *r, lqa_json *json) {
  const lqa_vote_study *s = r->study;
  int32_t *order = lqa_votes_report_items(s);
  json->out->failed = json->out->failed || !order;
  lqa_json_key(json, "label_again");
  lqa_json_open_array(json);
  for (int64_t i = 0; order && i < s->table->n_items && i < r->top; i++) {
    char scratch[24];
    if (isnan(s->consensus.active[order[i]])) {
      break;
    }
    lqa_json_open_object(json);
    lqa_json_add_str(json, "item", lqa_vote_table_item(s->table, order[i], scratch));
    add_class(json, "consensus", s, s->consensus.label[order[i]]);
    lqa_json_add_double(json, "quality", s->consensus.quality[order[i]]);
    lqa_json_add_double(json, "active_score", s->consensus.active[order[i]]);
    lqa_json_add_int(json, "votes", lqa_votes_of_item(s->votes, order[i]));
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
  free(order);
}

void lqa_votes_report_json(const lqa_votes_report *r, lqa_json *json) {
  const lqa_vote_study *s = r->study;
  lqa_json_open_object(json);
  add_head(r, json);
  add_consensus(s, json);
  lqa_json_key(json, "agreement");
  lqa_json_open_object(json);
  lqa_json_add_double(json, "confidence", r->confidence);
  add_agreement(json, "krippendorff_alpha", s->has_agreement ? &s->alpha : NULL);
  add_agreement(json, "fleiss_kappa", s->has_fleiss ? &s->fleiss : NULL);
  lqa_json_close_object(json);
  add_annotators(s, json);
  add_pairs(s, json);
  add_items(r, json);
  lqa_json_close_object(json);
}
