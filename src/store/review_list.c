/* store/review_list.c - the review list: the doubted rows, with the columns that people need. */
#include "store/review_list.h"

#include "base/memory.h"
#include "store/row_table.h"
#include "trust/rule.h"

enum { N_COLUMNS = 12 };
static const char *const COLUMNS[N_COLUMNS + 1] = {
    "row_id",          "row_number",      "text",    "label",           "predicted_label",
    "suggested_label", "self_confidence", "verdict", "corrected_label", "trust_score",
    "review_action",   "reasons",         NULL};

static lqa_status save_rows(const lqa_run *run, const int64_t *order, int64_t n,
                            const lqa_review_output *output, lqa_error *err) {
  const lqa_row_texts_input input = {run->folder, &run->manifest, &run->rows, run->observer,
                                     output->max_chars};
  lqa_table_column columns[N_COLUMNS];
  lqa_row_table rows;
  lqa_row_texts texts;
  const lqa_table table = {.n_rows = n,
                           .columns = columns,
                           .n_columns = lqa_row_table_columns(&rows, COLUMNS, columns),
                           .data = &rows,
                           .begin_row = lqa_row_table_begin};
  LQA_TRY(lqa_row_texts_load(&input, order, n, &texts, err));
  lqa_row_table_init(&rows, &run->rows, &run->evidence, &run->manifest);
  rows.order = order;
  rows.texts = &texts;
  lqa_status status = lqa_table_save(&table, output->path, output->format, run->observer, err);
  lqa_row_table_clear(&rows);
  lqa_row_texts_clear(&texts);
  return status;
}

lqa_status lqa_review_save(const lqa_run *run, const lqa_review_output *output, lqa_error *err) {
  int64_t *order = lqa_malloc((size_t)run->rows.n_rows, sizeof *order);
  if (!order) {
    return lqa_fail_memory(err, "ordering rows for review");
  }
  int64_t n = lqa_rule_order(&run->evidence, order);
  lqa_status status = save_rows(run, order, n, output, err);
  free(order);
  return status;
}
