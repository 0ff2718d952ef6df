/* audit/provenance/split_leakage.c - the same content in more than one split.
 *
 * A test row that also stands in the training split, as a copy or a near duplicate, measures memory
 * instead of skill. Every row whose cluster reaches into another split is counted; marked are those
 * outside the largest split, which are the ones to take out (tests are smaller than training sets).
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/measure/group_finding.h"
#include "audit/row_groups.h"
#include "base/map.h"
#include "base/memory.h"

/* Split number per row, UINT32_MAX for NULL, and the number of rows of each. */
typedef struct splits {
  lqa_map *names;
  uint32_t *of;
  int64_t *count;
  uint32_t largest;
} splits;

static void splits_clear(splits *s) {
  lqa_map_free(s->names);
  free(s->of);
  free(s->count);
}

static lqa_status splits_read(const lqa_dataset *d, splits *s) {
  s->names = lqa_map_new(false);
  s->of = lqa_malloc((size_t)d->n_rows, sizeof *s->of);
  if (!s->names || !s->of) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < d->n_rows; row++) {
    lqa_str name = lqa_column_get(&d->roles[LQA_ROLE_SPLIT], row);
    s->of[row] = UINT32_MAX;
    if (name.data) {
      LQA_TRY(lqa_map_add(s->names, name, &s->of[row], NULL));
    }
  }
  s->count = lqa_calloc((size_t)lqa_map_count(s->names) + 1, sizeof *s->count);
  if (!s->count) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < d->n_rows; row++) {
    s->count[s->of[row] == UINT32_MAX ? lqa_map_count(s->names) : s->of[row]]++;
  }
  for (uint32_t k = 1; k < lqa_map_count(s->names); k++) {
    s->largest = s->count[k] > s->count[s->largest] ? k : s->largest;
  }
  return LQA_OK;
}

static bool crosses(const splits *s, const uint32_t *rows, int64_t n) {
  for (int64_t i = 1; i < n; i++) {
    if (s->of[rows[i]] != s->of[rows[0]]) {
      return true;
    }
  }
  return false;
}

static lqa_status gather(const splits *s, const lqa_row_groups *groups, lqa_group_finding *leaks) {
  for (int32_t g = 0; g < groups->n_groups; g++) {
    const uint32_t *rows = groups->rows + groups->start[g];
    int64_t n = groups->start[g + 1] - groups->start[g];
    if (!crosses(s, rows, n)) {
      continue;
    }
    for (int64_t i = 0; i < n; i++) {
      if (s->of[rows[i]] != s->largest && s->of[rows[i]] != UINT32_MAX) {
        LQA_TRY(lqa_group_finding_add(leaks, rows[i], leaks->n_groups, -1));
      }
    }
    leaks->n_groups++;
  }
  return LQA_OK;
}

static lqa_status report(const lqa_audit_input *input, const splits *s, lqa_group_finding *leaks) {
  int64_t n = (int64_t)leaks->members.n, outside = 0;
  for (uint32_t k = 0; k < lqa_map_count(s->names); k++) {
    outside += k == s->largest ? 0 : s->count[k];
  }
  return lqa_group_finding_report(
      leaks, input, 0,
      "%s outside split %s (%s of them) %s the same content as a row of another split, or nearly "
      "so. "
      "Scores on these rows measure memory, not skill: take them out of the smaller split. %s",
      lqa_phrase_count(input->arena, n, "row", "rows"),
      lqa_phrase_quote(input->arena, lqa_map_key(s->names, s->largest), 40),
      lqa_phrase_percent(input->arena, (double)n / (double)(outside ? outside : 1)),
      n == 1 ? "has" : "have", lqa_group_finding_example(leaks, input));
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  splits s = {0};
  lqa_group_finding leaks = {0};
  lqa_row_groups near = {0};
  const lqa_row_groups *groups = input->content_groups;
  lqa_status status;
  LQA_TRY_OUT(splits_read(input->dataset, &s));
  if (input->cluster) {
    LQA_TRY_OUT(lqa_row_groups_by_number(input->dataset->n_rows, input->cluster, &near, err));
    groups = &near;
  }
  uint32_t n_splits = (uint32_t)lqa_map_count(s.names);
  if (n_splits < 2) {
    LQA_TRY_OUT(lqa_finding_decline(input->findings, "column '%s' holds %s",
                                    input->dataset->roles[LQA_ROLE_SPLIT].name,
                                    n_splits == 0 ? "no split" : "one split only"));
  } else if (groups) {
    LQA_TRY_OUT(gather(&s, groups, &leaks));
  }
  if (leaks.members.n) {
    status = report(input, &s, &leaks);
  }
out:
  lqa_group_finding_clear(&leaks);
  lqa_row_groups_clear(&near);
  splits_clear(&s);
  return status;
}

const lqa_audit lqa_audit_split_leakage = {
    .number = LQA_AUDIT_split_leakage,
    .id = "split-leakage",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "the same content, or nearly, in more than one split",
    .needs = LQA_NEEDS_SPLIT | LQA_NEEDS_GROUPS,
    .kinds = {{"split-leakage", LQA_WARN, true, "a row of another split has the same content"}},
    .run = run,
};
