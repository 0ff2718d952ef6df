/* audit/provenance/null_content.c - rows without any content to learn from.
 *
 * NULL, empty and white-space-only are one fault with one cure, and the data layer has already made
 * them all NULL (every part blank, zero-width and control characters included). A handful is
 * usually a failed join or export; a tenth of the file is a wrong column.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/row_list.h"

static lqa_status report(const lqa_audit_input *input, const lqa_row_list *rows) {
  const lqa_dataset *d = input->dataset;
  int64_t n = (int64_t)rows->n;
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[0], rows->data, n,
      "%s no content (%s of all): %s is NULL, empty or only white space (%s). Fetch "
      "the content again from its source, or drop these rows; no model sees them.",
      lqa_phrase_count(input->arena, n, "row has", "rows have"),
      lqa_phrase_percent(input->arena, (double)n / (double)d->n_rows), d->content_name,
      lqa_phrase_rows(input->arena, rows->data, n));
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  (void)err;
  lqa_row_list rows = {0};
  lqa_status status = LQA_OK;
  for (int64_t row = 0; row < input->dataset->n_rows; row++) {
    if (!lqa_dataset_has_content(input->dataset, row)) {
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

const lqa_audit lqa_audit_null_content = {
    .number = LQA_AUDIT_null_content,
    .id = "null-content",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "rows whose content is NULL, empty or only white space",
    .needs = LQA_NEEDS_CONTENT,
    .is_basic = true,
    .kinds = {{"null-content", LQA_ERROR, true, "the row has no content"}},
    .run = run,
};
