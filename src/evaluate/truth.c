/* The truth comes from columns of the run's own source, so rows need no joining: both are in source
 * order. Labels are compared as texts, so that an unknown label is an error too.
 */
#include "evaluate/truth.h"

#include "base/map.h"
#include "base/memory.h"
#include "store/run_source.h"

static lqa_status find_column(const lqa_run_source *source, const char *option, const char *name,
                              size_t *column, lqa_error *err) {
  int64_t found = lqa_source_find_column(source->source, name);
  if (found < 0) {
    return lqa_fail_at(err, LQA_BAD_USAGE, NULL, -1, name,
                       LQA_OPTION_AS("%s", "%s") ": the run's source has no such column", option,
                       name);
  }
  *column = (size_t)found;
  return LQA_OK;
}

/* Label as given against the truth: both as texts, so that an unknown label is an error too. */
static bool is_wrong(const lqa_run *run, int64_t row, lqa_str truth) {
  lqa_str given = lqa_run_rows_label(&run->rows, &run->manifest, row);
  truth = lqa_manifest_class_name(&run->manifest, truth);
  return !lqa_str_equal(given, truth) || lqa_str_is_null(given) != lqa_str_is_null(truth);
}

static lqa_status read_kind(lqa_str text, int64_t row, uint8_t *kind, lqa_error *err) {
  int number = lqa_corruption_parse(text);
  if (number < 0) {
    return lqa_fail_at(err, LQA_BAD_DATA, NULL, row, NULL,
                       "row %lld: '%.*s' is no kind of corruption; 'labelqa corrupt' writes clean, "
                       "off_by_one, random_flip, systematic, row_shift, structural_null, "
                       "structural_dup, structural_enum",
                       (long long)row, (int)(text.size < 40 ? text.size : 40),
                       text.data ? text.data : "");
  }
  *kind = (uint8_t)number;
  return LQA_OK;
}

static lqa_status read_columns(const lqa_truth_columns *columns, const lqa_run *run,
                               const lqa_run_source *source, lqa_truth_rows *out, lqa_error *err) {
  size_t truth = 0, kind = 0;
  bool more = true;
  lqa_source_reader *reader = NULL;
  LQA_TRY(find_column(source, "truth", columns->truth, &truth, err));
  if (columns->corruption) {
    LQA_TRY(find_column(source, "corruption", columns->corruption, &kind, err));
  }
  LQA_TRY(lqa_source_reader_open(source->source, &reader, err));
  lqa_status status = LQA_OK;
  for (int64_t row = 0; row < run->rows.n_rows; row++) {
    LQA_TRY_OUT(lqa_source_reader_next(reader, &more, err));
    if (!more) {
      LQA_TRY_OUT(lqa_fail(err, LQA_BAD_DATA, "the source ends at row %lld, the run has %lld rows",
                           (long long)row, (long long)run->rows.n_rows));
    }
    lqa_str value = lqa_source_reader_get(reader, truth);
    out->is_error[row] = is_wrong(run, row, value);
    out->label[row] = lqa_run_find_class(run, value);
    if (columns->corruption) {
      LQA_TRY_OUT(read_kind(lqa_source_reader_get(reader, kind), row, &out->kind[row], err));
    }
  }
out:
  lqa_source_reader_close(reader);
  return status;
}

/* With kinds known: clean rows are never errors, structural ones always. */
static void apply_kinds(int64_t n, lqa_truth_rows *rows) {
  for (int64_t i = 0; i < n; i++) {
    lqa_corruption kind = (lqa_corruption)rows->kind[i];
    rows->is_error[i] =
        kind != LQA_CORRUPT_CLEAN && (rows->is_error[i] || lqa_corruption_is_structural(kind));
  }
}

/* Clean rows with the content of a planted duplicate count neither way. */
static lqa_status leave_out_partners(const lqa_run *run, lqa_truth_rows *rows) {
  const lqa_hash128 *hash = run->rows.content_hash;
  lqa_map *planted = hash ? lqa_map_new(false) : NULL;
  lqa_status status;
  LQA_TRY_OUT(hash && !planted ? LQA_NO_MEMORY : LQA_OK);
  for (int64_t i = 0; planted && i < run->rows.n_rows; i++) {
    uint32_t index;
    if (rows->kind[i] == LQA_CORRUPT_STRUCTURAL_DUP) {
      LQA_TRY_OUT(
          lqa_map_add(planted, (lqa_str){(const char *)&hash[i], sizeof hash[i]}, &index, NULL));
    }
  }
  for (int64_t i = 0; planted && i < run->rows.n_rows; i++) {
    lqa_str key = {(const char *)&hash[i], sizeof hash[i]};
    rows->is_left_out[i] = rows->kind[i] == LQA_CORRUPT_CLEAN && lqa_map_find(planted, key) >= 0;
  }
out:
  lqa_map_free(planted);
  return status;
}

static lqa_status fill(const lqa_run *run, const lqa_truth_columns *columns, lqa_truth_rows *rows,
                       lqa_error *err) {
  lqa_run_source source;
  LQA_TRY(lqa_run_source_open(run->folder, &run->manifest, run->observer, &source, err));
  lqa_status status = read_columns(columns, run, &source, rows, err);
  lqa_run_source_close(&source);
  LQA_TRY(status);
  if (columns->corruption) {
    apply_kinds(run->rows.n_rows, rows);
    status = leave_out_partners(run, rows);
  }
  return status == LQA_OK ? LQA_OK : lqa_fail_memory(err, "reading the truth");
}

lqa_status lqa_truth_load(const lqa_run *run, const lqa_truth_columns *columns, lqa_truth_rows *out,
                          lqa_error *err) {
  size_t n = (size_t)run->rows.n_rows;
  lqa_truth_rows rows = {lqa_calloc(n, 1), lqa_calloc(n, 1), lqa_calloc(n, 1),
                         lqa_calloc(n, sizeof *rows.label)};
  lqa_status status = rows.is_error && rows.is_left_out && rows.kind && rows.label
                          ? fill(run, columns, &rows, err)
                          : lqa_fail_memory(err, "reading the truth");
  if (status != LQA_OK) {
    lqa_truth_rows_clear(&rows);
    return status;
  }
  *out = rows;
  return LQA_OK;
}

void lqa_truth_rows_clear(lqa_truth_rows *rows) {
  free(rows->is_error);
  free(rows->is_left_out);
  free(rows->kind);
  free(rows->label);
  *rows = (lqa_truth_rows){0};
}

lqa_status lqa_truth_read_classes(const lqa_run *run, const char *column,
                                  const lqa_observer *observer, int32_t *truth, lqa_error *err) {
  lqa_run_source source;
  lqa_source_reader *reader = NULL;
  bool more = true;
  for (int64_t row = 0; row < run->rows.n_rows; row++) {
    truth[row] = LQA_CLASS_NONE;
  }
  LQA_TRY(lqa_run_source_open(run->folder, &run->manifest, observer, &source, err));
  int64_t found = lqa_source_find_column(source.source, column);
  lqa_status status;
  LQA_TRY_OUT(found >= 0 ? lqa_source_reader_open(source.source, &reader, err)
                         : lqa_fail_at(err, LQA_BAD_USAGE, NULL, -1, column,
                                       "the run's source has no column '%s'", column));
  for (int64_t row = 0; row < run->rows.n_rows && more; row++) {
    LQA_TRY_OUT(lqa_source_reader_next(reader, &more, err));
    if (more) {
      truth[row] = lqa_run_find_class(run, lqa_source_reader_get(reader, (size_t)found));
    }
  }
out:
  lqa_source_reader_close(reader);
  lqa_run_source_close(&source);
  return status;
}
