/* All rows read, as a Parquet file: with the source's own types where it has some, else of texts, a
 * table that is fed from a reader row by row, so nothing is held. The writer wants the number of
 * rows first; a load has counted them, else one more pass does.
 */
#include "data/source/source.h"

#include "base/memory.h"
#include "data/source/source_native.h"
#include "data/source/source_part.h"
#include "data/source/source_reader.h"
#include "data/table/table.h"

typedef struct snapshot {
  lqa_source_reader *reader;
  struct snapshot_column *columns;
} snapshot;

typedef struct snapshot_column {
  const lqa_source_reader *reader;
  size_t column;
} snapshot_column;

static lqa_status count_rows(lqa_source *source, int64_t *n, lqa_error *err) {
  lqa_source_reader *reader = NULL;
  lqa_scan_rows rows = {0};
  const lqa_source_part *part = NULL;
  LQA_TRY(lqa_source_reader_open(source, &reader, err));
  lqa_status status = LQA_OK;
  *n = 0;
  do {
    status = lqa_source_reader_batch(reader, &rows, &part, err);
    *n += status == LQA_OK ? rows.n : 0;
  } while (status == LQA_OK && rows.n > 0);
  lqa_source_reader_close(reader);
  return status;
}

static lqa_status begin_row(void *data, int64_t row, lqa_error *err) {
  snapshot *s = data;
  bool more = false;
  LQA_TRY(lqa_source_reader_next(s->reader, &more, err));
  return more ? LQA_OK
              : lqa_fail(err, LQA_BAD_DATA,
                         "the source ends at row %lld: was it changed meanwhile?", (long long)row);
}

static void get_text(void *data, int64_t row, lqa_value *value) {
  (void)row;
  const snapshot_column *c = data;
  value->text = lqa_source_reader_get(c->reader, c->column);
}

static lqa_status save(lqa_source *source, snapshot *s, const char *path, lqa_error *err) {
  size_t n = lqa_source_count_columns(source);
  lqa_table_column *columns = lqa_calloc(n, sizeof *columns);
  s->columns = lqa_calloc(n, sizeof *s->columns);
  lqa_status status;
  LQA_TRY_OUT(columns && s->columns ? LQA_OK : lqa_fail_memory(err, "writing a snapshot"));
  for (size_t c = 0; c < n; c++) {
    s->columns[c] = (snapshot_column){s->reader, c};
    columns[c] = (lqa_table_column){lqa_source_column_name(source, c), LQA_VALUE_TEXT, get_text,
                                    &s->columns[c]};
  }
  lqa_table table = {.n_rows = source->n_rows,
                     .columns = columns,
                     .n_columns = (int32_t)n,
                     .data = s,
                     .begin_row = begin_row};
  status = lqa_table_save(&table, path, LQA_TABLE_PARQUET, source->observer, err);
out:
  free(columns);
  free(s->columns);
  return status;
}

lqa_status lqa_source_snapshot(lqa_source *source, const char *path, const lqa_observer *observer,
                               lqa_error *err) {
  snapshot s = {0};
  source->observer = observer;
  bool has_types = false;
  LQA_TRY(lqa_source_check_names(source, "a snapshot (see " LQA_OPTION("no_snapshot") ")", err));
  if (source->n_rows < 0) {
    LQA_TRY(count_rows(source, &source->n_rows, err));
  }
  LQA_TRY(lqa_source_has_types(source, &has_types, err));
  if (has_types) {
    const lqa_typed_copy copy = {.path = path, .format = LQA_TABLE_PARQUET};
    return lqa_source_copy_typed(source, &copy, observer, err);
  }
  LQA_TRY(lqa_source_reader_open(source, &s.reader, err));
  lqa_status status = save(source, &s, path, err);
  lqa_source_reader_close(s.reader);
  return status;
}
