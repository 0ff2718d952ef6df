/* All rows of all files in order: one scan at a time, the limit, and rows in the source's columns.
 */
#include "data/source/source_reader.h"

#include "base/memory.h"

struct lqa_source_reader {
  lqa_source *source;
  const bool *wanted;
  bool *part_wanted; /* in the part's columns */
  size_t part;       /* the one `scan` reads, or the next to open */
  lqa_scan *scan;
  int64_t n_read; /* rows handed out */
  /* Row by row: */
  lqa_scan_rows rows;
  const lqa_source_part *rows_part;
  int64_t next, current;
  const lqa_str **values; /* per column of the source, into the batch's first row; NULL = missing */
};

lqa_status lqa_source_reader_open_wanted(lqa_source *source, const bool *wanted,
                                         lqa_source_reader **out, lqa_error *err) {
  lqa_source_reader *reader = lqa_calloc(1, sizeof *reader);
  size_t n = lqa_source_count_columns(source);
  if (reader) {
    reader->source = source;
    reader->wanted = wanted;
    reader->values = lqa_calloc(n, sizeof *reader->values);
    reader->part_wanted = lqa_calloc(n, 1);
  }
  if (!reader || !reader->values || !reader->part_wanted) {
    lqa_source_reader_close(reader);
    return lqa_fail_memory(err, "opening the sources");
  }
  *out = reader;
  return LQA_OK;
}

lqa_status lqa_source_reader_open(lqa_source *source, lqa_source_reader **out, lqa_error *err) {
  return lqa_source_reader_open_wanted(source, NULL, out, err);
}

void lqa_source_reader_close(lqa_source_reader *reader) {
  if (!reader) {
    return;
  }
  if (reader->scan) {
    reader->scan->close(reader->scan);
  }
  free(reader->values);
  free(reader->part_wanted);
  free(reader);
}

static lqa_status open_text(const lqa_source_part *part, const lqa_scan_options *options,
                            lqa_scan **out, lqa_error *err) {
  switch (part->kind) {
  case LQA_PART_CSV:
    return lqa_scan_open_csv(part, options, out, err);
  case LQA_PART_JSON:
    return lqa_scan_open_json(part, options, out, err);
  default:
    return lqa_scan_open_sqlite(part, options, out, err);
  }
}

static lqa_status open_scan(lqa_source_reader *reader, lqa_error *err) {
  lqa_source *source = reader->source;
  const lqa_source_part *part = &source->parts.data[reader->part];
  bool in_duckdb = part->kind == LQA_PART_PARQUET || part->kind == LQA_PART_DUCKDB;
  const char *where = source->options.where;
  lqa_scan_options options = {.max_field_bytes = source->options.max_field_bytes,
                              .where = where,
                              .observer = source->observer};
  if (where && !in_duckdb) {
    LQA_TRY(lqa_source_check_names(source, LQA_OPTION("where"), err));
  }
  if (in_duckdb || where) {
    LQA_TRY(lqa_source_database(source, &options.database, err));
  }
  if (reader->wanted) {
    for (size_t i = 0; i < part->n_columns; i++) {
      reader->part_wanted[i] = reader->wanted[part->to_column[i]];
    }
    options.wanted = reader->part_wanted;
  }
  if (in_duckdb) {
    return lqa_scan_open_duckdb(part, &options, &reader->scan, err);
  }
  lqa_scan *inner = NULL;
  LQA_TRY(open_text(part, &options, &inner, err));
  if (where) {
    return lqa_scan_open_where(inner, part, &options, &reader->scan, err);
  }
  reader->scan = inner;
  return LQA_OK;
}

lqa_status lqa_source_reader_batch(lqa_source_reader *reader, lqa_scan_rows *rows,
                                   const lqa_source_part **part, lqa_error *err) {
  lqa_source *source = reader->source;
  int64_t limit = source->options.limit;
  *rows = (lqa_scan_rows){0};
  while (reader->part < source->parts.n && (limit == 0 || reader->n_read < limit)) {
    *part = &source->parts.data[reader->part];
    LQA_TRY(reader->scan ? LQA_OK : open_scan(reader, err));
    LQA_TRY(reader->scan->read(reader->scan, rows, err));
    if (rows->n > 0) {
      if (limit > 0 && rows->n > limit - reader->n_read) {
        rows->n = limit - reader->n_read;
      }
      reader->n_read += rows->n;
      return LQA_OK;
    }
    reader->scan->close(reader->scan);
    reader->scan = NULL;
    reader->part++;
  }
  return LQA_OK;
}

double lqa_source_reader_fraction(const lqa_source_reader *reader) {
  double n = (double)reader->source->parts.n, done = (double)reader->part;
  double inner = reader->scan ? reader->scan->fraction(reader->scan) : 0;
  return inner < 0 ? -1 : (done + inner) / n;
}

static lqa_status next_batch(lqa_source_reader *reader, lqa_error *err) {
  LQA_TRY(lqa_source_reader_batch(reader, &reader->rows, &reader->rows_part, err));
  reader->next = 0;
  memset(reader->values, 0, lqa_source_count_columns(reader->source) * sizeof *reader->values);
  for (size_t i = 0; reader->rows.n > 0 && i < reader->rows_part->n_columns; i++) {
    reader->values[reader->rows_part->to_column[i]] = reader->rows.values + i;
  }
  return LQA_OK;
}

lqa_status lqa_source_reader_next(lqa_source_reader *reader, bool *more, lqa_error *err) {
  if (reader->next == reader->rows.n) {
    LQA_TRY(next_batch(reader, err));
  }
  *more = reader->rows.n > 0;
  reader->current = reader->next;
  reader->next += *more;
  return LQA_OK;
}

lqa_str lqa_source_reader_get(const lqa_source_reader *reader, size_t column) {
  const lqa_str *first = reader->values[column];
  return first ? first[(size_t)reader->current * reader->rows_part->n_columns] : (lqa_str){NULL, 0};
}

int32_t lqa_source_reader_file(const lqa_source_reader *reader, int64_t *row_in_file) {
  const lqa_scan_rows *rows = &reader->rows;
  *row_in_file =
      rows->row_in_file ? rows->row_in_file[reader->current] : rows->first_row + reader->current;
  return reader->rows_part->number;
}
