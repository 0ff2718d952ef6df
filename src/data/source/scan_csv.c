/* Delimited files as a scan: as many whole records as the window holds become one batch. */
#include "data/source/scan.h"

#include "base/memory.h"
#include "data/source/source_part.h"

#include <stdio.h>

enum { MAX_BATCH_ROWS = 4096 };

typedef struct csv_scan {
  lqa_scan base;
  lqa_csv csv;
  lqa_input *input;
  const lqa_source_part *part;
  const lqa_observer *observer;
  LQA_VEC(lqa_str) values;
} csv_scan;

static lqa_status fail_ragged(const csv_scan *scan, lqa_error *err) {
  char place[64];
  lqa_csv_place(&scan->csv, place);
  size_t n = scan->csv.fields.n;
  if (scan->part->n_preamble > 0) {
    return lqa_fail_at(
        err, LQA_BAD_DATA, scan->part->name, scan->csv.row, NULL,
        "%s, %s has %zu field%s, but the first line read has %zu: if the lines above it are not "
        "part of the table, skip them with " LQA_OPTION_AS("skip", "%lld"),
        scan->part->name, place, n, n == 1 ? "" : "s", scan->part->n_columns,
        (long long)(scan->part->dialect.skip_lines + scan->part->n_preamble));
  }
  return lqa_fail_at(err, LQA_BAD_DATA, scan->part->name, scan->csv.row, NULL,
                     "%s, %s has %zu field%s, but there are %zu columns (%s%s%s%s): %s",
                     scan->part->name, place, n, n == 1 ? "" : "s", scan->part->n_columns,
                     scan->part->columns[0], scan->part->n_columns > 1 ? ", " : "",
                     scan->part->n_columns > 1 ? scan->part->columns[1] : "",
                     scan->part->n_columns > 2 ? ", ..." : "",
                     n > scan->part->n_columns
                         ? "does a text hold a delimiter without being quoted?"
                         : "is the line cut off, or a quote missing?");
}

/* An empty field is NULL; "" is an empty text. */
static lqa_status add_record(csv_scan *scan, lqa_error *err) {
  const lqa_csv_field *fields = scan->csv.fields.data;
  size_t n = scan->base.n_columns;
  if (scan->csv.fields.n != n) {
    return fail_ragged(scan, err);
  }
  if (lqa_vec_reserve(&scan->values, scan->values.n + n) != LQA_OK) {
    return lqa_fail_memory(err, "reading rows");
  }
  for (size_t i = 0; i < n; i++) {
    bool is_null = fields[i].text.size == 0 && !fields[i].is_quoted;
    scan->values.data[scan->values.n++] = is_null ? (lqa_str){NULL, 0} : fields[i].text;
  }
  return LQA_OK;
}

static lqa_status read_batch(lqa_scan *base, lqa_scan_rows *rows, lqa_error *err) {
  csv_scan *scan = (csv_scan *)base;
  bool more = true;
  scan->values.n = 0;
  *rows = (lqa_scan_rows){.first_row = scan->csv.row + 1};
  LQA_TRY(lqa_observe_check(scan->observer, err));
  while (more && rows->n < MAX_BATCH_ROWS) {
    LQA_TRY(lqa_csv_next(&scan->csv, rows->n == 0, &more, err));
    if (more) {
      LQA_TRY(add_record(scan, err));
      rows->n++;
    }
  }
  rows->values = scan->values.data;
  return LQA_OK;
}

static double fraction(const lqa_scan *base) {
  return lqa_input_fraction(((const csv_scan *)base)->input);
}

static void close_scan(lqa_scan *base) {
  csv_scan *scan = (csv_scan *)base;
  lqa_csv_close(&scan->csv);
  lqa_input_close(scan->input);
  lqa_vec_clear(&scan->values);
  free(scan);
}

lqa_status lqa_scan_open_csv(const lqa_source_part *part, const lqa_scan_options *options,
                             lqa_scan **out, lqa_error *err) {
  csv_scan *scan = lqa_calloc(1, sizeof *scan);
  if (!scan) {
    return lqa_fail_memory(err, "opening a file");
  }
  lqa_status status = LQA_OK;
  scan->base = (lqa_scan){read_batch, fraction, close_scan, part->n_columns};
  scan->part = part;
  scan->observer = options->observer;
  LQA_TRY_OUT(lqa_input_open(part->path, part->name, part->encoding, &scan->input, err));
  status = lqa_csv_open(&scan->csv, &part->dialect, scan->input, part->name,
                        options->max_field_bytes, part->has_header);
  LQA_TRY_OUT(status == LQA_OK ? LQA_OK : lqa_fail_memory(err, "opening a file"));
  scan->csv.columns = part->columns;
  scan->csv.n_columns = part->n_columns;
  if (part->has_header) {
    bool more;
    LQA_TRY_OUT(lqa_csv_next(&scan->csv, true, &more, err));
  }
  scan->csv.single_column = part->n_columns == 1;
  *out = &scan->base;
  return LQA_OK;
out:
  close_scan(&scan->base);
  return status;
}
