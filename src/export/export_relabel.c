/* labelqa export RUN relabel: rows whose label should change, for whoever changes labels elsewhere.
 *
 * decided_label is a person's word; corrected_label without it is a judge's, a candidate that
 * somebody should look at before it becomes the truth.
 */
#include "export/export.h"
#include "export/export_file.h"
#include "export/export_rows.h"

static const lqa_table_column COLUMNS[] = {
    {"row_id", LQA_VALUE_TEXT, lqa_export_get_row_id, NULL},
    {"row_number", LQA_VALUE_INT64, lqa_export_get_row_number, NULL},
    {"text", LQA_VALUE_TEXT, lqa_export_get_text, NULL},
    {"label", LQA_VALUE_TEXT, lqa_export_get_label, NULL},
    {"suggested_label", LQA_VALUE_TEXT, lqa_export_get_suggested_label, NULL},
    {"corrected_label", LQA_VALUE_TEXT, lqa_export_get_corrected_label, NULL},
    {"decided_label", LQA_VALUE_TEXT, lqa_export_get_decided_label, NULL},
    {"decided_by", LQA_VALUE_TEXT, lqa_export_get_decided_by, NULL},
    {"verdict", LQA_VALUE_TEXT, lqa_export_get_verdict, NULL},
    {"trust_score", LQA_VALUE_DOUBLE, lqa_export_get_trust_score, NULL},
    {"self_confidence", LQA_VALUE_DOUBLE, lqa_export_get_self_confidence, NULL},
    {"reasons", LQA_VALUE_TEXT_LIST, lqa_export_get_reasons, NULL}};

static lqa_status run(lqa_run *run, const lqa_export_options *options, lqa_export_summary *summary,
                      lqa_error *err) {
  lqa_export_rows rows;
  LQA_TRY(lqa_export_rows_load(run, LQA_ACTION_RELABEL, &rows, err));
  const lqa_table table = {.n_rows = rows.n,
                           .columns = COLUMNS,
                           .n_columns = sizeof COLUMNS / sizeof COLUMNS[0],
                           .data = &rows,
                           .begin_row = lqa_export_rows_begin};
  lqa_status status = lqa_export_table(run, &table, options, err);
  summary->n_rows = rows.n;
  lqa_export_rows_clear(&rows);
  return status;
}

const lqa_export lqa_export_relabel = {
    .number = LQA_EXPORT_relabel,
    .name = "relabel",
    .summary = "rows whose label should change, with the label that people or the judge gave",
    .run = run,
};
