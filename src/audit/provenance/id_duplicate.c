/* audit/provenance/id_duplicate.c - ids that name more than one row.
 *
 * An id that stands twice breaks every join on it: labels are attached to both rows or to the wrong
 * one. All rows of a repeated id are marked. A column that holds one value only is no id at all and
 * is refused.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/measure/group_finding.h"
#include "audit/row_groups.h"

static lqa_status gather(const lqa_row_groups *groups, lqa_group_finding *found) {
  for (int32_t g = 0; g < groups->n_groups; g++) {
    for (int64_t i = groups->start[g]; i < groups->start[g + 1]; i++) {
      LQA_TRY(lqa_group_finding_add(found, groups->rows[i], g, -1));
    }
  }
  found->n_groups = groups->n_groups;
  return LQA_OK;
}

static lqa_status report(const lqa_audit_input *input, const lqa_row_groups *groups,
                         lqa_group_finding *found) {
  const lqa_column *ids = &input->dataset->roles[LQA_ROLE_ID];
  int64_t first[2] = {groups->rows[0], groups->rows[1]};
  return lqa_group_finding_report(
      found, input, 0,
      "%s of column %s %s more than one row (%s in all), for example %s in %s. A join on this "
      "column "
      "attaches labels to the wrong rows: make the ids unique, or name another column "
      "with " LQA_OPTION("id") ".",
      lqa_phrase_count(input->arena, groups->n_groups, "value", "values"), ids->name,
      groups->n_groups == 1 ? "names" : "name",
      lqa_phrase_count(input->arena, groups->n_members, "row", "rows"),
      lqa_phrase_quote(input->arena, lqa_column_get(ids, groups->rows[0]), 40),
      lqa_phrase_rows(input->arena, first, 2));
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  const lqa_dataset *d = input->dataset;
  const lqa_column *ids = &d->roles[LQA_ROLE_ID];
  lqa_row_groups groups;
  LQA_TRY(lqa_row_groups_by_value(ids, &groups, err));
  lqa_group_finding found = {0};
  lqa_status status = LQA_OK;
  if (groups.n_groups == 1 && groups.n_members == d->n_rows && d->n_rows > 1) {
    status =
        lqa_fail_at(err, LQA_BAD_DATA, NULL, -1, ids->name,
                    "column '%s' holds the same value %s in all %lld rows, so it cannot be the "
                    "id; name another column with " LQA_OPTION("id") ", or none",
                    ids->name, lqa_phrase_quote(input->arena, lqa_column_get(ids, 0), 40),
                    (long long)d->n_rows);
  } else if (groups.n_groups > 0) {
    status = gather(&groups, &found);
    if (status == LQA_OK) {
      status = report(input, &groups, &found);
    }
  }
  lqa_group_finding_clear(&found);
  lqa_row_groups_clear(&groups);
  return status;
}

const lqa_audit lqa_audit_id_duplicate = {
    .number = LQA_AUDIT_id_duplicate,
    .id = "id-duplicate",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "ids that name more than one row",
    .needs = LQA_NEEDS_ID,
    .kinds = {{"id-duplicate", LQA_WARN, true, "another row has the same id"}},
    .run = run,
};
