/* labelqa export RUN weights: one number per row for weighted training.
 *
 * The weight is the trust score: how far `label`, as given, may be believed. Rows waiting for
 * review have 0.3, ambiguous ones 0.6, rows without a blemish 0.8 and more; a row without content
 * or label teaches nothing and has 0. A row that a person relabelled has 0 too: its new label is in
 * `cleaned`, not here.
 */
#include "export/export.h"
#include "export/export_file.h"
#include "store/row_table.h"

static bool is_empty(const lqa_run_rows *rows, int64_t row) {
  const lqa_hash128 *hash = rows->content_hash;
  bool has_content = !hash || hash[row].low || hash[row].high;
  return rows->label[row] == LQA_LABEL_NULL || !has_content;
}

static void get_weight(void *data, int64_t row, lqa_value *value) {
  const lqa_row_table *table = data;
  value->number = is_empty(table->rows, row) ? 0 : table->evidence->trust_score[row];
}

static lqa_status run(lqa_run *run, const lqa_export_options *options, lqa_export_summary *summary,
                      lqa_error *err) {
  lqa_row_table data;
  const lqa_table_column columns[] = {lqa_row_table_column(&data, "row_id"),
                                      lqa_row_table_column(&data, "row_number"),
                                      lqa_row_table_column(&data, "label"),
                                      {"weight", LQA_VALUE_DOUBLE, get_weight, NULL}};
  const lqa_table table = {.n_rows = run->rows.n_rows,
                           .columns = columns,
                           .n_columns = sizeof columns / sizeof columns[0],
                           .data = &data};
  lqa_row_table_init(&data, &run->rows, &run->evidence, &run->manifest);
  lqa_status status = lqa_export_table(run, &table, options, err);
  summary->n_rows = table.n_rows;
  lqa_row_table_clear(&data);
  return status;
}

const lqa_export lqa_export_weights = {
    .number = LQA_EXPORT_weights,
    .name = "weights",
    .summary = "every row's trust score as a weight for training",
    .run = run,
};
