/* export/source_copy.c - one pass from the run's source to the new file, a row in memory at a time.
 *
 * A source that has types of its own (Parquet, DuckDB, frames) keeps them in Parquet and JSON
 * lines. JSON's numbers, booleans, arrays and objects stay what they are in JSON lines, column by
 * column: where some value of a column is a text, all are. Otherwise every column is written as the
 * text it was read as, so that nothing but the label changes: 01 stays 01, and in Parquet all
 * columns are texts.
 */
#include "export/source_copy.h"

#include "base/memory.h"
#include "data/source/source_native.h"
#include "export/export_file.h"
#include "store/run_source.h"

typedef struct copier {
  const lqa_source_copy *copy;
  lqa_source_reader *reader;
  int64_t label_column;
  bool is_changed; /* the current row's label, to `label` */
  lqa_str label;
  bool is_csv;
  lqa_export_summary *summary;
} copier;

typedef struct cell {
  copier *copier;
  size_t column;
  bool is_json; /* the source's values stand without quotes: numbers, objects, ... */
} cell;

/* What the source writes for a class: its code, where codes have names. */
static lqa_str code_of(const lqa_run *run, lqa_str name) {
  const lqa_text_list *pairs = &run->manifest.source.class_names;
  for (size_t i = 0; name.data && i < pairs->n; i++) {
    const char *equals = strchr(pairs->items[i], '=');
    if (equals && lqa_str_equal(name, lqa_str_from(equals + 1))) {
      return (lqa_str){pairs->items[i], (size_t)(equals - pairs->items[i])};
    }
  }
  return name;
}

static lqa_status begin_row(void *data, int64_t row, lqa_error *err) {
  copier *c = data;
  bool more;
  LQA_TRY(lqa_source_reader_next(c->reader, &more, err));
  if (!more) {
    return lqa_fail(
        err, LQA_BAD_DATA,
        "the run's source ends before row %lld, which the run has: it was changed since; "
        "audit it again with " LQA_OPTION("overwrite"),
        (long long)row);
  }
  bool is_lost = false;
  c->is_changed = c->copy->relabel(c->copy->data, c->reader, row, &c->label, &is_lost);
  c->label = c->is_changed ? code_of(c->copy->run, c->label) : c->label;
  c->summary->n_changed += c->is_changed;
  c->summary->n_emptied += is_lost;
  return LQA_OK;
}

/* A new label in a column of numbers is one, too, unless it is a word. */
static bool is_json_scalar(lqa_str text) {
  const char *digits = text.size > 0 && text.data[0] == '-' ? text.data + 1 : text.data;
  bool is_padded = text.size > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9';
  double number;
  return lqa_str_equal(text, LQA_STR("true")) || lqa_str_equal(text, LQA_STR("false")) ||
         (text.size > 0 && digits[0] >= '0' && digits[0] <= '9' && !is_padded &&
          text.data[text.size - 1] != '.' && lqa_str_to_double(text, &number));
}

static void get_cell(void *data, int64_t row, lqa_value *value) {
  (void)row; /* begin_row went there */
  const cell *at = data;
  copier *c = at->copier;
  bool is_new = c->is_changed && (int64_t)at->column == c->label_column;
  value->text = is_new ? c->label : lqa_source_reader_get(c->reader, at->column);
  value->is_null = lqa_str_is_null(value->text);
  value->is_json = at->is_json && (!is_new || is_json_scalar(value->text));
  c->summary->n_guarded += c->is_csv && !value->is_null && lqa_table_is_formula(value->text);
}

static bool has_name(const lqa_text_list *list, const char *name) {
  for (size_t i = 0; i < list->n; i++) {
    if (strcmp(list->items[i], name) == 0) {
      return true;
    }
  }
  return false;
}

static lqa_status save(copier *c, lqa_source *source, const lqa_export_options *options,
                       lqa_error *err) {
  size_t n = lqa_source_count_columns(source);
  const lqa_run *run = c->copy->run;
  cell *cells = lqa_calloc(n, sizeof *cells);
  lqa_table_column *columns = lqa_calloc(n, sizeof *columns);
  lqa_status status;
  LQA_TRY_OUT(cells && columns ? LQA_OK : lqa_fail_memory(err, "copying the source"));
  for (size_t i = 0; i < n; i++) {
    const char *name = lqa_source_column_name(source, i);
    cells[i] = (cell){c, i, has_name(&run->manifest.source.json_columns, name)};
    columns[i] =
        (lqa_table_column){lqa_source_column_name(source, i), LQA_VALUE_TEXT, get_cell, &cells[i]};
  }
  const lqa_table table = {.n_rows = run->rows.n_rows,
                           .columns = columns,
                           .n_columns = (int32_t)n,
                           .data = c,
                           .begin_row = begin_row};
  status = lqa_export_table(run, &table, options, err);
out:
  free(cells);
  free(columns);
  return status;
}

static bool get_new_label(void *data, lqa_str *value) {
  const copier *c = data;
  *value = c->label;
  return c->is_changed;
}

static lqa_status save_typed(copier *c, lqa_source *source, const lqa_export_options *options,
                             lqa_error *err) {
  const lqa_run *run = c->copy->run;
  const lqa_typed_copy copy = {.path = options->path,
                               .format = lqa_export_table_format(options),
                               .column = lqa_source_column_name(source, (size_t)c->label_column),
                               .n_rows = run->rows.n_rows,
                               .data = c,
                               .begin_row = begin_row,
                               .get = get_new_label};
  return lqa_source_copy_typed(source, &copy, run->observer, err);
}

static lqa_status find_label(const lqa_run *run, const lqa_source *source, int64_t *column,
                             lqa_error *err) {
  const char *name = run->manifest.source.label;
  if (!name) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    "this run has no label column whose labels could be replaced");
  }
  *column = lqa_source_find_column(source, name);
  return *column >= 0 ? LQA_OK
                      : lqa_fail_at(err, LQA_BAD_DATA, NULL, -1, name,
                                    "the run's source has no label column '%s' any more", name);
}

lqa_status lqa_source_copy_save(const lqa_source_copy *copy, const lqa_export_options *options,
                                lqa_export_summary *summary, lqa_error *err) {
  const lqa_run *run = copy->run;
  copier c = {.copy = copy,
              .is_csv = lqa_export_table_format(options) == LQA_TABLE_CSV,
              .summary = summary};
  lqa_run_source source;
  lqa_status status = LQA_OK;
  LQA_TRY(lqa_run_source_open(run->folder, &run->manifest, run->observer, &source, err));
  LQA_TRY_OUT(find_label(run, source.source, &c.label_column, err));
  if (copy->begin) {
    LQA_TRY_OUT(copy->begin(copy->data, source.source, err));
  }
  LQA_TRY_OUT(lqa_source_reader_open(source.source, &c.reader, err));
  bool has_types = false;
  if (!c.is_csv) {
    LQA_TRY_OUT(lqa_source_has_types(source.source, &has_types, err));
  }
  LQA_TRY_OUT((has_types ? save_typed : save)(&c, source.source, options, err));
  summary->n_rows = run->rows.n_rows;
out:
  lqa_source_reader_close(c.reader);
  lqa_run_source_close(&source);
  return status;
}
