/* audit/provenance/duplicate.c - the same content more than once, and with different labels.
 *
 * "Same" is after Unicode NFKC, case folding and white-space folding, so that a copy through
 * another editor is still a copy. Where the copies disagree at most one label can be right: every
 * labelled member is marked, and a strict majority is suggested with its vote count. Copies that
 * agree are only information: they weigh double in training and leak across splits, but they are
 * not wrong. Cost: one pass over the groups that the driver found by hash.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/provenance/measure/vote.h"
#include "audit/row_groups.h"
#include "audit/provenance/measure/group_finding.h"

enum { CONFLICT, SURPLUS };

static lqa_status add_conflict(lqa_group_finding *conflicts, const lqa_dataset *d,
                               const uint32_t *rows, int64_t n, const lqa_vote *vote) {
  for (int64_t i = 0; i < n; i++) {
    if (d->label[rows[i]] != LQA_LABEL_NULL) {
      LQA_TRY(lqa_group_finding_add(conflicts, rows[i], conflicts->n_groups, vote->majority));
    }
  }
  conflicts->n_groups++;
  return LQA_OK;
}

static lqa_status add_surplus(lqa_group_finding *surplus, const uint32_t *rows, int64_t n) {
  for (int64_t i = 1; i < n; i++) {
    LQA_TRY(lqa_group_finding_add(surplus, rows[i], surplus->n_groups, -1));
  }
  surplus->n_groups++;
  return LQA_OK;
}

static lqa_status gather(const lqa_audit_input *input, lqa_group_finding *conflicts,
                         lqa_group_finding *surplus) {
  const lqa_row_groups *groups = input->content_groups;
  for (int32_t g = 0; groups && g < groups->n_groups; g++) {
    const uint32_t *rows = groups->rows + groups->start[g];
    int64_t n = groups->start[g + 1] - groups->start[g];
    lqa_vote vote = lqa_vote_count(input->dataset, rows, n);
    if (vote.n_labels > 1) {
      LQA_TRY(add_conflict(conflicts, input->dataset, rows, n, &vote));
    }
    LQA_TRY(add_surplus(surplus, rows, n));
  }
  return LQA_OK;
}

static lqa_status report_conflicts(const lqa_audit_input *input, lqa_group_finding *conflicts) {
  int64_t n = (int64_t)conflicts->members.n, decided = 0;
  for (int64_t i = 0; i < n; i++) {
    decided += conflicts->members.data[i].suggested >= 0;
  }
  const char *majority =
      decided ? lqa_arena_printf(input->arena, "; for %s most copies agree on one",
                                 lqa_phrase_count(input->arena, decided, "row", "rows"))
              : "";
  return lqa_group_finding_report(
      conflicts, input, CONFLICT,
      "%s (%s) with the same content as another but another label, so at most one label of each "
      "group is right%s. %s Decide on one label for each group and correct the rest.",
      lqa_phrase_count(input->arena, n, "row", "rows"),
      lqa_phrase_count(input->arena, conflicts->n_groups, "group", "groups"),
      majority ? majority : "", lqa_group_finding_example(conflicts, input));
}

static lqa_status report_surplus(const lqa_audit_input *input, lqa_group_finding *surplus) {
  int64_t n = (int64_t)surplus->members.n;
  return lqa_group_finding_report(
      surplus, input, SURPLUS,
      "%s the content of an earlier row (%s with copies). Copies count several times in training "
      "and inflate scores when they fall into both train and test; keep one of each unless they "
      "are "
      "meant to weigh more.",
      lqa_phrase_count(input->arena, n, "row repeats", "rows repeat"),
      lqa_phrase_count(input->arena, surplus->n_groups, "content", "contents"));
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  (void)err;
  lqa_group_finding conflicts = {0}, surplus = {0};
  lqa_status status = gather(input, &conflicts, &surplus);
  if (status == LQA_OK && conflicts.n_groups) {
    status = report_conflicts(input, &conflicts);
  }
  if (status == LQA_OK && surplus.n_groups) {
    status = report_surplus(input, &surplus);
  }
  lqa_group_finding_clear(&conflicts);
  lqa_group_finding_clear(&surplus);
  return status;
}

const lqa_audit lqa_audit_duplicate = {
    .number = LQA_AUDIT_duplicate,
    .id = "duplicate",
    .family = "provenance",
    .summary = "the same content more than once, with equal or different labels",
    .needs = LQA_NEEDS_GROUPS | LQA_NEEDS_LABELS,
    .is_basic = true,
    .kinds =
        {
            [CONFLICT] = {"duplicate-conflict", LQA_ERROR, true,
                          "another row has the same content but a different label"},
            [SURPLUS] = {"duplicate", LQA_INFO, true, "an earlier row has the same content"},
        },
    .run = run,
};
