/* audit/provenance/duplicate.c - the same content more than once, and with different labels.
 *
 * "Same" is after Unicode NFKC, case folding and white-space folding, so that a copy through
 * another editor is still a copy. Where the copies disagree at most one label can be right: every
 * labelled member is marked, but not a clear majority (vote.h), and a strict majority is suggested.
 * Copies that agree are only information: they weigh double in training and leak across splits, but
 * they are not wrong. Rows that are equal by chance (chance_equal.h) are no copies: that they carry
 * several labels is told, and no row of them is marked, but the few texts that say otherwise than
 * nearly all of their equals. Cost: one pass over the groups that the driver found by hash.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/measure/vote.h"
#include "audit/row_groups.h"
#include "audit/measure/group_finding.h"

enum { CONFLICT, SURPLUS, CHANCE };

/* Equal by chance: how many, and how many of them have different labels. */
typedef struct repeats {
  int64_t n_rows, n_groups; /* with different labels */
  int64_t first;            /* a row of the first such group */
} repeats;

static lqa_status add_conflict(lqa_group_finding *conflicts, const lqa_dataset *d,
                               const uint32_t *rows, int64_t n, const lqa_vote *vote) {
  bool is_clear = lqa_vote_is_clear(vote);
  for (int64_t i = 0; i < n; i++) {
    int32_t label = d->label[rows[i]];
    if (label != LQA_LABEL_NULL && !(is_clear && label == vote->majority)) {
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

/* A text that ten rows hold, nine of ten with one label, is not in doubt, short as it is. A table
 * cannot say so: few values leave it to chance which rows differ. */
static bool is_settled(const lqa_dataset *d, const lqa_vote *vote) {
  return d->kind == LQA_CONTENT_TEXT && vote->n_labelled >= 10 &&
         10 * vote->n_majority >= 9 * vote->n_labelled;
}

static lqa_status gather_chance(const lqa_audit_input *input, lqa_group_finding *conflicts,
                                lqa_group_finding *surplus, repeats *r) {
  const lqa_row_groups *groups = input->chance_groups;
  bool is_text = input->dataset->kind == LQA_CONTENT_TEXT;
  for (int32_t g = 0; groups && g < groups->n_groups; g++) {
    const uint32_t *rows = groups->rows + groups->start[g];
    int64_t n = groups->start[g + 1] - groups->start[g];
    lqa_vote vote = lqa_vote_count(input->dataset, rows, n);
    LQA_TRY(is_text ? add_surplus(surplus, rows, n) : LQA_OK);
    if (vote.n_labels > 1 && is_settled(input->dataset, &vote)) {
      LQA_TRY(add_conflict(conflicts, input->dataset, rows, n, &vote));
    } else if (vote.n_labels > 1) {
      r->first = r->n_groups == 0 ? rows[0] : r->first;
      r->n_groups++;
      r->n_rows += n;
    }
  }
  return LQA_OK;
}

static lqa_status report_chance(const lqa_audit_input *input, const repeats *r) {
  const lqa_dataset *d = input->dataset;
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[CHANCE], NULL, 0,
      "%s (%s) with the same content as others but different labels are no copies: %s%s, so that "
      "equal rows are to be expected. They are not marked, and may fall into different folds. No "
      "model can distinguish them; %s.",
      lqa_phrase_count(input->arena, r->n_rows, "row", "rows"),
      lqa_phrase_count(input->arena, r->n_groups, "group", "groups"),
      d->kind == LQA_CONTENT_TABLE ? "the values of the feature columns repeat"
                                   : "texts are as short and common as ",
      d->kind == LQA_CONTENT_TABLE
          ? ""
          : lqa_phrase_quote(input->arena, lqa_column_get(&d->content, r->first), 40),
      d->kind == LQA_CONTENT_TABLE ? "more columns would" : "the text before and after them would");
  return finding ? LQA_OK : LQA_NO_MEMORY;
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
      "are meant to count more.",
      lqa_phrase_count(input->arena, n, "row repeats", "rows repeat"),
      lqa_phrase_count(input->arena, surplus->n_groups, "content", "contents"));
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  (void)err;
  lqa_group_finding conflicts = {0}, surplus = {0};
  repeats by_chance = {0};
  lqa_status status;
  LQA_TRY_OUT(gather(input, &conflicts, &surplus));
  LQA_TRY_OUT(gather_chance(input, &conflicts, &surplus, &by_chance));
  if (conflicts.n_groups) {
    LQA_TRY_OUT(report_conflicts(input, &conflicts));
  }
  if (surplus.n_groups) {
    LQA_TRY_OUT(report_surplus(input, &surplus));
  }
  if (by_chance.n_groups) {
    LQA_TRY_OUT(report_chance(input, &by_chance));
  }
out:
  lqa_group_finding_clear(&conflicts);
  lqa_group_finding_clear(&surplus);
  return status;
}

const lqa_audit lqa_audit_duplicate = {
    .number = LQA_AUDIT_duplicate,
    .id = "duplicate",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "the same content more than once, with equal or different labels",
    .needs = LQA_NEEDS_GROUPS | LQA_NEEDS_LABELS,
    .is_basic = true,
    .kinds =
        {
            [CONFLICT] = {"duplicate-conflict", LQA_ERROR, true,
                          "another row has the same content but a different label"},
            [SURPLUS] = {"duplicate", LQA_INFO, true, "an earlier row has the same content"},
            [CHANCE] = {"equal-by-chance", LQA_INFO, false,
                        "equal rows that are no copies have different labels"},
        },
    .run = run,
};
