/* store/rows_save.c - rows.parquet: the columns of CONTRACT section 5, in its order.
 *
 * The bytes depend on the rows and the version of DuckDB alone.
 */
#include "base/file.h"
#include "base/memory.h"
#include "store/row_table.h"

typedef struct column_row {
  const char *name;
  int role; /* only where this role was given; -1 = always */
} column_row;

static const column_row COLUMNS[] = {{"row_id", -1},
                                     {"row_number", -1},
                                     {"source_file", -1},
                                     {"source_row", -1},
                                     {"annotator", LQA_ROLE_ANNOTATOR},
                                     {"split", LQA_ROLE_SPLIT},
                                     {"time", LQA_ROLE_TIME},
                                     {"group", LQA_ROLE_GROUP},
                                     {"content_hash", -1},
                                     {"label", -1},
                                     {"predicted_label", -1},
                                     {"self_confidence", -1},
                                     {"is_label_issue", -1},
                                     {"issue_rank", -1},
                                     {"loss", -1},
                                     {"loss_percentile", -1},
                                     {"is_high_loss", -1},
                                     {"provenance", -1},
                                     {"verdict", -1},
                                     {"corrected_label", -1},
                                     {"decided_label", -1},
                                     {"decided_by", -1},
                                     {"suggested_label", -1},
                                     {"p_correct", -1},
                                     {"trust_score", -1},
                                     {"review_action", -1},
                                     {"reasons", -1}};
enum { N_COLUMNS = sizeof COLUMNS / sizeof COLUMNS[0] };

lqa_status lqa_rows_save(const lqa_rows_output *output, const char *folder, lqa_error *err) {
  lqa_table_column columns[N_COLUMNS];
  lqa_row_table rows;
  lqa_table table = {.n_rows = output->rows->n_rows,
                     .columns = columns,
                     .data = &rows,
                     .begin_row = lqa_row_table_begin};
  for (int i = 0; i < N_COLUMNS; i++) {
    if (COLUMNS[i].role < 0 || output->rows->roles[COLUMNS[i].role].name) {
      columns[table.n_columns++] = lqa_row_table_column(COLUMNS[i].name);
    }
  }
  char *path = lqa_path_join(folder, "rows.parquet");
  if (!path) {
    return lqa_fail_memory(err, "writing rows.parquet");
  }
  lqa_row_table_init(&rows, output->rows, output->evidence, output->manifest);
  rows.keeps_empty_ids = true; /* else a row number would be taken for an id when this is read */
  lqa_status status = lqa_table_save(&table, path, LQA_TABLE_PARQUET, output->observer, err);
  lqa_row_table_clear(&rows);
  free(path);
  return status;
}
