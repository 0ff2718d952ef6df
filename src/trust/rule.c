/* trust/rule.c - the simple rule: the first line that applies decides.
 *
 * People beat the judge, the judge beats the statistics. A verdict NO is a candidate, not a new
 * truth, so it never reaches trust 0; an unsuspected row never falls below 0.8, so that sorting by
 * trust puts every doubted row first. The suggestion is the posterior's likeliest class where there
 * is a posterior (posterior.h); else it follows the same order of belief: a person, the judge, what
 * the structure of the data says (majority of equal contents, a shift of rows), the model where
 * confident learning flags the row, else the label as given. */
#include "trust/rule.h"

#include "data/dataset/dataset.h"

#include <math.h>
#include <stdlib.h>

static int32_t suggest(const lqa_evidence *e, int64_t row) {
  if (e->decided_label[row] >= 0) {
    return e->decided_label[row];
  }
  if (e->posterior_label[row] >= 0) {
    return e->posterior_label[row];
  }
  if (e->verdict[row] == LQA_VERDICT_NO && e->corrected_label[row] >= 0) {
    return e->corrected_label[row];
  }
  if (e->verdict[row] == LQA_VERDICT_YES) {
    return e->label[row] >= 0 ? e->label[row] : LQA_CLASS_NONE;
  }
  if (e->structural_label[row] >= 0) {
    return e->structural_label[row];
  }
  bool prefers_model = e->is_label_issue[row] || e->label[row] < 0;
  if (prefers_model && e->predicted_label[row] >= 0) {
    return e->predicted_label[row];
  }
  return e->label[row] >= 0 ? e->label[row] : LQA_CLASS_NONE;
}

lqa_rule_result lqa_rule_outcome(const lqa_evidence *e, int64_t row) {
  int32_t label = suggest(e, row);
  bool suspicious = lqa_evidence_is_suspicious(e, row);
  double s = isnan(e->self_confidence[row]) ? 0 : e->self_confidence[row];
  if (e->decided_label[row] >= 0) {
    return e->decided_label[row] == e->label[row] ? (lqa_rule_result){1, LQA_ACTION_KEEP, label}
                                                  : (lqa_rule_result){0, LQA_ACTION_RELABEL, label};
  }
  if (e->verdict[row] == LQA_VERDICT_NO) {
    return (lqa_rule_result){.05, LQA_ACTION_RELABEL, label};
  }
  if (e->verdict[row] == LQA_VERDICT_UNKNOWN) {
    return (lqa_rule_result){.3, LQA_ACTION_NEEDS_REVIEW, label};
  }
  if (e->verdict[row] == LQA_VERDICT_YES && suspicious) {
    return (lqa_rule_result){.6, LQA_ACTION_KEEP_AMBIGUOUS, label};
  }
  if (suspicious) {
    return (lqa_rule_result){.3, LQA_ACTION_NEEDS_REVIEW, label};
  }
  return (lqa_rule_result){.8 + .2 * s, LQA_ACTION_KEEP, label};
}

void lqa_rule_run(lqa_evidence *e) {
  for (int64_t row = 0; row < e->n_rows; row++) {
    lqa_rule_result outcome = lqa_rule_outcome(e, row);
    e->trust_score[row] = outcome.trust_score;
    e->action[row] = (uint8_t)outcome.action;
    e->suggested_label[row] = outcome.suggested_label;
  }
}

void lqa_rule_count(const lqa_evidence *e, int64_t count[LQA_ACTION_COUNT]) {
  memset(count, 0, LQA_ACTION_COUNT * sizeof *count);
  for (int64_t row = 0; row < e->n_rows; row++) {
    count[e->action[row]]++;
  }
}

/* Unflagged rows (rank 0) come after flagged ones. */
static uint32_t rank_key(const lqa_evidence *e, int64_t row) {
  return (uint32_t)e->issue_rank[row] - 1;
}

static int compare_rows(const void *a, const void *b, void *evidence) {
  const lqa_evidence *e = evidence;
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  if (e->trust_score[x] != e->trust_score[y]) {
    return e->trust_score[x] < e->trust_score[y] ? -1 : 1;
  }
  if (e->issue_rank[x] != e->issue_rank[y]) {
    return rank_key(e, x) < rank_key(e, y) ? -1 : 1;
  }
  return x < y ? -1 : x > y;
}

int64_t lqa_rule_order(const lqa_evidence *e, int64_t *rows) {
  int64_t n = 0;
  for (int64_t row = 0; row < e->n_rows; row++) {
    if (e->action[row] != LQA_ACTION_KEEP) {
      rows[n++] = row;
    }
  }
  qsort_r(rows, (size_t)n, sizeof *rows, compare_rows, (void *)e);
  return n;
}
