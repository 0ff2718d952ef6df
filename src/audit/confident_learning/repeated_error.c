/* audit/confident_learning/repeated_error.c - one wrong label on many copies.
 *
 * A wrong label that was copied with its text agrees with itself: it is no conflict, it weighs
 * several times in training, and where copies fall into different folds a model learns it by heart.
 * labelqa keeps copies in one fold, so the out-of-fold model has seen none of them. Groups of two
 * contents or copies and more are reported where all labels agree and the mean probability of that
 * label is below 5 % while another class has more than 80 %.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/measure/group_finding.h"
#include "audit/measure/vote.h"
#include "audit/row_groups.h"
#include "base/memory.h"
#include "model/problem/metrics.h"

enum { PARAM_OWN, PARAM_OTHER };

/* Mean probability per class over the scored rows of a group; false if there is none. */
static bool mean_probs(const lqa_audit_input *input, const uint32_t *rows, int64_t n,
                       double *mean) {
  int32_t n_classes = input->dataset->n_classes;
  int64_t scored = 0;
  memset(mean, 0, (size_t)n_classes * sizeof *mean);
  for (int64_t i = 0; i < n; i++) {
    const float *p = input->pred_probs + (int64_t)rows[i] * n_classes;
    if (lqa_best_class(p, n_classes) < 0) {
      continue;
    }
    scored++;
    for (int32_t k = 0; k < n_classes; k++) {
      mean[k] += (double)p[k];
    }
  }
  for (int32_t k = 0; scored && k < n_classes; k++) {
    mean[k] /= (double)scored;
  }
  return scored > 0;
}

/* The class that the model gives instead, or -1. */
static int32_t find_other(const lqa_audit_input *input, const uint32_t *rows, int64_t n,
                          double *mean) {
  lqa_vote vote = lqa_vote_count(input->dataset, rows, n);
  if (vote.n_labels != 1 || vote.majority < 0 || !mean_probs(input, rows, n, mean)) {
    return -1;
  }
  int32_t best = 0;
  for (int32_t k = 1; k < input->dataset->n_classes; k++) {
    best = mean[k] > mean[best] ? k : best;
  }
  bool is_wrong =
      mean[vote.majority] < input->params[PARAM_OWN] && mean[best] > input->params[PARAM_OTHER];
  return is_wrong ? best : -1;
}

static lqa_status gather(const lqa_audit_input *input, const lqa_row_groups *groups,
                         double *scratch, lqa_group_finding *found) {
  for (int32_t g = 0; g < groups->n_groups; g++) {
    const uint32_t *rows = groups->rows + groups->start[g];
    int64_t n = groups->start[g + 1] - groups->start[g];
    int32_t other = find_other(input, rows, n, scratch);
    for (int64_t i = 0; other >= 0 && i < n; i++) {
      LQA_TRY(lqa_group_finding_add(found, rows[i], found->n_groups, other));
    }
    found->n_groups += other >= 0;
  }
  return LQA_OK;
}

static lqa_status report(const lqa_audit_input *input, lqa_group_finding *found) {
  int64_t n = (int64_t)found->members.n;
  return lqa_group_finding_report(
      found, input, 0,
      "%s (%s) are copies of one another and agree on a label that a model which has seen none of "
      "them "
      "gives less than %s. %s Check one of each group: a wrong label was probably copied with its "
      "text.",
      lqa_phrase_count(input->arena, n, "row", "rows"),
      lqa_phrase_count(input->arena, found->n_groups, "group", "groups"),
      lqa_phrase_percent(input->arena, input->params[PARAM_OWN]),
      lqa_group_finding_example(found, input));
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  if (lqa_audit_is_unskilled(input)) {
    return lqa_finding_decline(input->findings, "%s", lqa_audit_unskilled_reason);
  }
  lqa_row_groups near = {0};
  lqa_group_finding found = {0};
  const lqa_row_groups *groups = input->content_groups;
  double *scratch = lqa_malloc((size_t)input->dataset->n_classes, sizeof *scratch);
  lqa_status status;
  LQA_TRY_OUT(scratch ? LQA_OK : LQA_NO_MEMORY);
  if (input->cluster) {
    LQA_TRY_OUT(lqa_row_groups_by_number(input->dataset->n_rows, input->cluster, &near, err));
    groups = &near;
  }
  if (groups) {
    LQA_TRY_OUT(gather(input, groups, scratch, &found));
  }
  if (found.n_groups) {
    LQA_TRY_OUT(report(input, &found));
  }
out:
  lqa_group_finding_clear(&found);
  lqa_row_groups_clear(&near);
  free(scratch);
  return status;
}

const lqa_audit lqa_audit_repeated_error = {
    .number = LQA_AUDIT_repeated_error,
    .id = "repeated-error",
    .family = LQA_FAMILY_CONFIDENT_LEARNING,
    .summary = "copies that agree on a label which the model finds very improbable",
    .needs = LQA_NEEDS_PRED_PROBS | LQA_NEEDS_LABELS | LQA_NEEDS_GROUPS,
    .kinds = {{"repeated-error", LQA_WARN, true, "the row's copies share its improbable label"}},
    .params =
        {
            [PARAM_OWN] = {"own", .05, 0, 1, "mean probability of the label, at most", false},
            [PARAM_OTHER] = {"other", .8, 0, 1, "mean probability of another class, at least",
                             false},
        },
    .run = run,
};
