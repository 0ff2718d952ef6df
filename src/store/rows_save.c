/* store/rows_save.c - rows.parquet: the columns of row_columns.h, in its order.
 *
 * The bytes depend on the rows and the version of DuckDB alone.
 */
#include "base/file.h"
#include "base/memory.h"
#include "store/row_table.h"

lqa_status lqa_rows_save(const lqa_rows_output *output, const char *folder, lqa_error *err) {
  lqa_table_column columns[LQA_ROW_COLUMNS];
  lqa_row_table rows;
  lqa_table table = {.n_rows = output->rows->n_rows,
                     .columns = columns,
                     .data = &rows,
                     .begin_row = lqa_row_table_begin};
  char *path = lqa_path_join(folder, "rows.parquet");
  if (!path) {
    return lqa_fail_memory(err, "writing rows.parquet");
  }
  lqa_row_table_init(&rows, output->rows, output->evidence, output->manifest);
  rows.keeps_empty_ids = true; /* else a row number would be taken for an id when this is read */
  table.n_columns = lqa_row_table_all(&rows, columns);
  lqa_status status = lqa_table_save(&table, path, LQA_TABLE_PARQUET, output->observer, err);
  lqa_row_table_clear(&rows);
  free(path);
  return status;
}
