/* audit/provenance/null_label.c - rows without a label.
 *
 * An empty label is a NULL label. Such rows are neither trained on nor flagged; they are listed,
 * since silently dropping them changes the class balance and hides a failed join.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/row_list.h"

static lqa_status report(const lqa_audit_input *input, const lqa_row_list *rows) {
  const lqa_dataset *d = input->dataset;
  int64_t n = (int64_t)rows->n;
  lqa_finding *finding =
      lqa_finding_add(input->findings, &input->audit->kinds[0], rows->data, n,
                      "%s no label (%s of all): %s is NULL or empty (%s). Label these rows or drop "
                      "them; they are not "
                      "trained on.",
                      lqa_phrase_count(input->arena, n, "row has", "rows have"),
                      lqa_phrase_percent(input->arena, (double)n / (double)d->n_rows),
                      d->label_text.name ? d->label_text.name : "the label",
                      lqa_phrase_rows(input->arena, rows->data, n));
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  (void)err;
  lqa_row_list rows = {0};
  lqa_status status = LQA_OK;
  for (int64_t row = 0; row < input->dataset->n_rows; row++) {
    if (input->dataset->label[row] == LQA_LABEL_NULL) {
      LQA_TRY_OUT(lqa_vec_push(&rows, row));
    }
  }
  if (rows.n) {
    status = report(input, &rows);
  }
out:
  lqa_vec_clear(&rows);
  return status;
}

const lqa_audit lqa_audit_null_label = {
    .number = LQA_AUDIT_null_label,
    .id = "null-label",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "rows whose label is NULL or empty",
    .needs = LQA_NEEDS_LABELS,
    .is_basic = true,
    .kinds = {{"null-label", LQA_ERROR, true, "the row has no label"}},
    .run = run,
};
