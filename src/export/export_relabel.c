/* labelqa export RUN relabel: rows whose label should change, for whoever changes labels elsewhere.
 *
 * decided_label is a person's word; corrected_label without it is a judge's, a candidate that
 * somebody should look at before it becomes the truth.
 */
#include "export/export.h"
#include "export/export_file.h"
#include "export/export_rows.h"

static const char *const COLUMNS[] = {
    "row_id",          "row_number",    "text",       "label",   "suggested_label",
    "corrected_label", "decided_label", "decided_by", "verdict", "trust_score",
    "self_confidence", "reasons",       NULL};

static lqa_status run(lqa_run *run, const lqa_export_options *options, lqa_export_summary *summary,
                      lqa_error *err) {
  lqa_export_rows rows;
  lqa_row_table data;
  lqa_table_column columns[sizeof COLUMNS / sizeof COLUMNS[0]];
  LQA_TRY(lqa_export_rows_load(run, LQA_ACTION_RELABEL, &rows, err));
  lqa_export_rows_table(&rows, &data);
  const lqa_table table = {.n_rows = rows.n,
                           .columns = columns,
                           .n_columns = lqa_row_table_columns(&data, COLUMNS, columns),
                           .data = &data,
                           .begin_row = lqa_row_table_begin};
  lqa_status status = lqa_export_table(run, &table, options, err);
  summary->n_rows = rows.n;
  lqa_row_table_clear(&data);
  lqa_export_rows_clear(&rows);
  return status;
}

const lqa_export lqa_export_relabel = {
    .number = LQA_EXPORT_relabel,
    .name = "relabel",
    .summary = "rows whose label should change, with the label that people or the judge gave",
    .run = run,
};
