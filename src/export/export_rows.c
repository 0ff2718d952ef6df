/* export/export_rows.c - texts are fetched in one pass over the source, whole: an export is for
 * work, not for a glance, so nothing is cut. Memory: the texts of the rows listed.
 */
#include "export/export_rows.h"

#include "base/memory.h"
#include "trust/rule.h"

static lqa_status choose_rows(lqa_export_rows *rows, lqa_action action, lqa_error *err) {
  const lqa_evidence *evidence = &rows->run->evidence;
  rows->order = lqa_malloc((size_t)evidence->n_rows, sizeof *rows->order);
  if (!rows->order) {
    return lqa_fail_memory(err, "ordering rows for export");
  }
  int64_t n = lqa_rule_order(evidence, rows->order);
  for (int64_t i = 0; i < n; i++) {
    if (action == LQA_ACTION_COUNT || evidence->action[rows->order[i]] == action) {
      rows->order[rows->n++] = rows->order[i];
    }
  }
  return LQA_OK;
}

lqa_status lqa_export_rows_load(const lqa_run *run, lqa_action action, lqa_export_rows *out,
                                lqa_error *err) {
  lqa_export_rows rows = {.run = run};
  const lqa_row_texts_input input = {run->folder, &run->manifest, &run->rows, run->observer, 0};
  lqa_status status;
  LQA_TRY_OUT(choose_rows(&rows, action, err));
  status = lqa_row_texts_load(&input, rows.order, rows.n, &rows.texts, err);
out:
  if (status != LQA_OK) {
    free(rows.order);
    return status;
  }
  *out = rows;
  return LQA_OK;
}

void lqa_export_rows_clear(lqa_export_rows *rows) {
  lqa_row_texts_clear(&rows->texts);
  free(rows->order);
  rows->order = NULL;
}

void lqa_export_rows_table(lqa_export_rows *rows, lqa_row_table *out) {
  lqa_row_table_init(out, &rows->run->rows, &rows->run->evidence, &rows->run->manifest);
  out->order = rows->order;
  out->texts = &rows->texts;
}
