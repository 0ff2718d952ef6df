/* labelqa export RUN weights: one number per row for weighted training.
 *
 * The weight is the trust score: how far `label`, as given, may be believed. Rows waiting for
 * review have 0.3, ambiguous ones 0.6, rows without a blemish 0.8 and more; a row without content
 * or label teaches nothing and has 0. A row that a person relabelled has 0 too: its new label is in
 * `cleaned`, not here.
 */
#include "export/export.h"
#include "export/export_file.h"
#include "export/export_rows.h"

static bool is_empty(const lqa_run_rows *rows, int64_t row) {
  const lqa_hash128 *hash = rows->content_hash;
  bool has_content = !hash || hash[row].low || hash[row].high;
  return rows->label[row] == LQA_LABEL_NULL || !has_content;
}

static void get_weight(void *data, int64_t row, lqa_value *value) {
  const lqa_export_rows *rows = data;
  value->number = is_empty(&rows->run->rows, row) ? 0 : rows->run->evidence.trust_score[row];
}

static const lqa_table_column COLUMNS[] = {
    {"row_id", LQA_VALUE_TEXT, lqa_export_get_row_id, NULL},
    {"row_number", LQA_VALUE_INT64, lqa_export_get_row_number, NULL},
    {"label", LQA_VALUE_TEXT, lqa_export_get_label, NULL},
    {"weight", LQA_VALUE_DOUBLE, get_weight, NULL}};

static lqa_status run(lqa_run *run, const lqa_export_options *options, lqa_export_summary *summary,
                      lqa_error *err) {
  lqa_export_rows rows;
  lqa_export_rows_all(run, &rows);
  const lqa_table table = {.n_rows = rows.n,
                           .columns = COLUMNS,
                           .n_columns = sizeof COLUMNS / sizeof COLUMNS[0],
                           .data = &rows};
  lqa_status status = lqa_export_table(run, &table, options, err);
  summary->n_rows = rows.n;
  lqa_export_rows_clear(&rows);
  return status;
}

const lqa_export lqa_export_weights = {
    .number = LQA_EXPORT_weights,
    .name = "weights",
    .summary = "every row's trust score as a weight for training",
    .run = run,
};
