/* store/review_list.c - the review list: the doubted rows, with the columns that people need.
 *
 * It is a sheet to work in: behind the columns that the contract fixes stand `decision` and `note`
 * to fill in (labelqa decide takes them back), all of a text that was cut, where the row came from
 * and which rows it is in conflict with. In CSV the name of the last column tells the valid
 * classes, so that they stand in the header line and every reader of CSV survives it: its cells are
 * empty.
 */
#include "store/review_list.h"

#include "base/memory.h"
#include "store/row_table.h"
#include "trust/rule.h"

enum { MAX_COLUMNS = 20, MAX_CLASSES_BYTES = 2000 };
static const char *const COLUMNS[] = {"row_id",
                                      "row_number",
                                      "text",
                                      "label",
                                      "predicted_label",
                                      "suggested_label",
                                      "self_confidence",
                                      "verdict",
                                      "corrected_label",
                                      "trust_score",
                                      "review_action",
                                      "reasons",
                                      "decision",
                                      "note",
                                      "full_text",
                                      "source_file",
                                      "source_row",
                                      "conflicts_with",
                                      NULL};

static void get_nothing(void *data, int64_t row, lqa_value *value) {
  (void)data, (void)row;
  value->is_null = true;
}

/* "valid classes: Business | Sci/Tech | ..." */
static void name_classes(const lqa_manifest *m, lqa_buf *out) {
  lqa_buf_add_text(out, "valid classes: ");
  for (int32_t k = 0; k < m->n_classes; k++) {
    if (out->size + m->classes[k].size > MAX_CLASSES_BYTES) {
      lqa_buf_printf(out, " | and %d more: see classes.json", (int)(m->n_classes - k));
      break;
    }
    lqa_buf_add_text(out, k ? " | " : "");
    lqa_buf_add_str(out, m->classes[k]);
  }
}

static lqa_status save_table(const lqa_run *run, const lqa_review_output *output,
                             lqa_row_table *rows, int64_t n, lqa_error *err) {
  lqa_table_column columns[MAX_COLUMNS];
  lqa_buf classes;
  lqa_table table = {.n_rows = n,
                     .columns = columns,
                     .n_columns = lqa_row_table_columns(rows, COLUMNS, columns),
                     .data = rows,
                     .begin_row = lqa_row_table_begin};
  lqa_buf_init(&classes, 1 << 20);
  name_classes(&run->manifest, &classes);
  if (output->format == LQA_TABLE_CSV) {
    columns[table.n_columns++] =
        (lqa_table_column){classes.data, LQA_VALUE_TEXT, get_nothing, NULL};
  }
  lqa_status status;
  LQA_TRY_OUT(lqa_buf_check(&classes, err));
  status = lqa_table_save(&table, output->path, output->format, run->observer, err);
out:
  lqa_buf_clear(&classes);
  return status;
}

static lqa_status save_rows(const lqa_run *run, const int64_t *order, int64_t n,
                            const lqa_review_output *output, lqa_error *err) {
  const lqa_row_texts_input input = {run->folder, &run->manifest, &run->rows, run->observer, 0};
  lqa_row_table rows;
  lqa_row_texts texts;
  lqa_row_conflicts *conflicts = NULL;
  LQA_TRY(lqa_row_texts_load(&input, order, n, &texts, err));
  lqa_status status;
  LQA_TRY_OUT(
      lqa_row_conflicts_new(&run->rows, &run->manifest, &run->evidence, order, n, &conflicts, err));
  lqa_row_table_init(&rows, &run->rows, &run->evidence, &run->manifest);
  rows.order = order;
  rows.texts = &texts;
  rows.text_chars = output->max_chars;
  rows.conflicts = conflicts;
  status = save_table(run, output, &rows, n, err);
  lqa_row_table_clear(&rows);
out:
  lqa_row_conflicts_free(conflicts);
  lqa_row_texts_clear(&texts);
  return status;
}

/* The first `limit` rows that nobody has decided; returns how many there are. */
static int64_t keep_open(const lqa_run *run, int64_t *order, int64_t n, int64_t limit) {
  int64_t kept = 0;
  for (int64_t i = 0; i < n && kept < limit; i++) {
    if (run->evidence.decided_label[order[i]] < 0) {
      order[kept++] = order[i];
    }
  }
  return kept;
}

lqa_status lqa_review_save(const lqa_run *run, const lqa_review_output *output, lqa_error *err) {
  int64_t *order = lqa_malloc((size_t)run->rows.n_rows, sizeof *order);
  if (!order) {
    return lqa_fail_memory(err, "ordering rows for review");
  }
  int64_t n = lqa_rule_order(&run->evidence, order);
  if (output->limit > 0) {
    n = keep_open(run, order, n, output->limit);
  }
  if (output->n_rows) {
    *output->n_rows = n;
  }
  lqa_status status = save_rows(run, order, n, output, err);
  free(order);
  return status;
}
