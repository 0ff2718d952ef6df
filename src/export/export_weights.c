/* labelqa export RUN weights: one number per row for weighted training.
 *
 * The weight is the trust score: how far `label`, as given, may be believed. Rows waiting for
 * review have 0.3, ambiguous ones 0.6, rows without a blemish 0.8 and more; a row without content
 * or label teaches nothing and has 0. A row that a person relabelled has 0 too: its new label is in
 * `cleaned`, not here.
 *
 * With `by` = p_correct it is the posterior's probability that `label` is right. A row that has
 * none (no content, no known label, no probabilities) gets 0: nothing speaks for its label. A run
 * without any is refused, since a file of zeros would train nothing.
 */
#include "export/export.h"
#include "export/export_file.h"
#include "store/row_table.h"

#include <math.h>

static bool is_empty(const lqa_run_rows *rows, int64_t row) {
  const lqa_hash128 *hash = rows->content_hash;
  bool has_content = !hash || hash[row].low || hash[row].high;
  return rows->label[row] == LQA_LABEL_NULL || !has_content;
}

static void get_weight(void *data, int64_t row, lqa_value *value) {
  const lqa_row_table *table = data;
  value->number = is_empty(table->rows, row) ? 0 : table->evidence->trust_score[row];
}

static void get_p_correct(void *data, int64_t row, lqa_value *value) {
  const lqa_row_table *table = data;
  double p = table->evidence->p_correct[row];
  value->number = isnan(p) ? 0 : p;
}

static bool has_p_correct(const lqa_run *run) {
  for (int64_t row = 0; row < run->rows.n_rows; row++) {
    if (!isnan(run->evidence.p_correct[row])) {
      return true;
    }
  }
  return false;
}

static lqa_status write_weights(lqa_run *run, const lqa_export_options *options,
                                lqa_export_summary *summary, lqa_error *err) {
  bool by_p_correct = options->by && strcmp(options->by, "p_correct") == 0;
  lqa_row_table data;
  const lqa_table_column columns[] = {
      lqa_row_table_column(&data, "row_id"),
      lqa_row_table_column(&data, "row_number"),
      lqa_row_table_column(&data, "label"),
      {"weight", LQA_VALUE_DOUBLE, by_p_correct ? get_p_correct : get_weight, NULL}};
  const lqa_table table = {.n_rows = run->rows.n_rows,
                           .columns = columns,
                           .n_columns = sizeof columns / sizeof columns[0],
                           .data = &data};
  if (by_p_correct && !has_p_correct(run)) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    LQA_OPTION_AS("by", "p_correct") ": no row of this run has a p_correct; its "
                                                     "report says why, and trust_score is there");
  }
  lqa_row_table_init(&data, &run->rows, &run->evidence, &run->manifest);
  lqa_status status = lqa_export_table(run, &table, options, err);
  summary->n_rows = table.n_rows;
  lqa_row_table_clear(&data);
  return status;
}

const lqa_export lqa_export_weights = {
    .number = LQA_EXPORT_weights,
    .name = "weights",
    .summary = "every row's trust score, or p_correct, as a weight for training",
    .run = write_weights,
};
