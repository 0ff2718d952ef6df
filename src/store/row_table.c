/* store/row_table.c - the columns of row_columns.h, one function per kind of column.
 *
 * The table writer pulls row by row, so nothing is laid out twice in memory; reasons are made as
 * they are written. */
#include "store/row_table.h"

#include "base/utf8.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

static void set_text(lqa_value *value, lqa_str text) {
  value->text = text;
  value->is_null = lqa_str_is_null(text);
}

/* The row that the table is at, and the column of it. */
typedef struct place {
  lqa_row_table *table;
  int64_t row;
  const void *array; /* of the evidence, for its columns */
} place;

static void get_row_id(const place *at, lqa_value *value) {
  lqa_row_table *w = at->table;
  bool is_number = !w->keeps_empty_ids || !w->rows->row_id.name;
  set_text(value, is_number ? lqa_run_rows_id(w->rows, at->row, w->id)
                            : lqa_run_rows_given_id(w->rows, at->row));
}

static void get_row_number(const place *at, lqa_value *value) {
  value->integer = at->row;
}

/* The file a row came from, and its row there. */
static const char *find_file(const place *at, int64_t *file_row) {
  const lqa_run_rows *rows = at->table->rows;
  if (rows->dataset) {
    const lqa_source_file *file = lqa_dataset_file_of(rows->dataset, at->row, file_row);
    return file ? file->path : NULL;
  }
  *file_row = rows->file_row[at->row];
  int32_t file = rows->file[at->row];
  return file >= 0 ? at->table->manifest->files[file].path : NULL;
}

static void get_source_file(const place *at, lqa_value *value) {
  int64_t file_row;
  set_text(value, lqa_str_from(find_file(at, &file_row)));
}

static void get_source_row(const place *at, lqa_value *value) {
  value->integer = at->row;
  (void)find_file(at, &value->integer);
}

static void get_role(const place *at, lqa_value *value) {
  set_text(value, lqa_column_get(at->array, at->row));
}

static void get_content_hash(const place *at, lqa_value *value) {
  const lqa_hash128 *hashes = at->table->rows->content_hash;
  lqa_hash128 hash = hashes ? hashes[at->row] : (lqa_hash128){0, 0};
  value->is_null = hash.high == 0 && hash.low == 0;
  lqa_hash128_format(hash, at->table->hash);
  value->text = (lqa_str){at->table->hash, 32};
}

static void get_label(const place *at, lqa_value *value) {
  set_text(value, lqa_run_rows_label(at->table->rows, at->table->manifest, at->row));
}

static void get_reasons(const place *at, lqa_value *value) {
  value->list = at->table->sentences; /* lqa_row_table_begin went there */
  value->n_list = at->table->n_sentences;
}

/* How much of a text the column "text" shows, in bytes. */
static size_t prefix_of(const lqa_row_table *table, lqa_str text) {
  return table->text_chars && text.size ? lqa_utf8_prefix(text.data, text.size, table->text_chars)
                                        : text.size;
}

static void get_text(const place *at, lqa_value *value) {
  lqa_str text = lqa_row_texts_get(at->table->texts, at->row);
  set_text(value, (lqa_str){text.data, prefix_of(at->table, text)});
}

static void get_full_text(const place *at, lqa_value *value) {
  lqa_str text = lqa_row_texts_get(at->table->texts, at->row);
  set_text(value, prefix_of(at->table, text) < text.size ? text : (lqa_str){NULL, 0});
}

/* A column to fill in. */
static void get_note(const place *at, lqa_value *value) {
  (void)at;
  value->is_null = true;
}

static void get_conflicts_with(const place *at, lqa_value *value) {
  lqa_row_conflicts *conflicts = at->table->conflicts;
  set_text(value, conflicts ? lqa_row_conflicts_get(conflicts, at->row) : (lqa_str){NULL, 0});
}

/* ---- evidence, by kind ---- */

static void get_CLASS(const place *at, lqa_value *value) {
  int32_t code = ((const int32_t *)at->array)[at->row];
  value->is_null = code < 0;
  if (code >= 0) {
    value->text = at->table->manifest->classes[code];
  }
}

static void get_NUMBER(const place *at, lqa_value *value) {
  value->number = ((const double *)at->array)[at->row];
  value->is_null = isnan(value->number);
}

static void get_FLAG(const place *at, lqa_value *value) {
  value->integer = ((const uint8_t *)at->array)[at->row] != 0;
}

static void get_RANK(const place *at, lqa_value *value) {
  value->integer = ((const int32_t *)at->array)[at->row];
  value->is_null = value->integer == 0;
}

static void get_FINDINGS(const place *at, lqa_value *value) {
  for (uint64_t left = ((const uint64_t *)at->array)[at->row]; left; left &= left - 1) {
    const char *id = lqa_finding_bit_id(__builtin_ctzll(left));
    if (id) {
      at->table->ids[value->n_list++] = lqa_str_from(id);
    }
  }
  value->list = at->table->ids;
}

static void get_VERDICT(const place *at, lqa_value *value) {
  uint8_t verdict = ((const uint8_t *)at->array)[at->row];
  set_text(value, lqa_str_from(lqa_verdict_name((lqa_verdict)verdict)));
}

static void get_ACTION(const place *at, lqa_value *value) {
  uint8_t action = ((const uint8_t *)at->array)[at->row];
  set_text(value, lqa_str_from(lqa_action_name((lqa_action)action)));
}

static void get_NAME(const place *at, lqa_value *value) {
  set_text(value, lqa_str_from(((const char *const *)at->array)[at->row]));
}

/* ---- the table ---- */

typedef enum column_home { IN_TABLE, IN_ROLES, IN_EVIDENCE } column_home;

typedef struct column_row {
  lqa_row_column about;
  void (*get)(const place *at, lqa_value *value);
  column_home home;
  size_t offset; /* of the array in the evidence, or of the column in lqa_run_rows */
} column_row;

#define TYPE_CLASS LQA_VALUE_TEXT
#define TYPE_NUMBER LQA_VALUE_DOUBLE
#define TYPE_FLAG LQA_VALUE_BOOL
#define TYPE_RANK LQA_VALUE_INT32
#define TYPE_FINDINGS LQA_VALUE_TEXT_LIST
#define TYPE_VERDICT LQA_VALUE_TEXT
#define TYPE_ACTION LQA_VALUE_TEXT
#define TYPE_NAME LQA_VALUE_TEXT

#define ROW(column, type, meaning) \
  {{#column, LQA_VALUE_##type, meaning}, get_##column, IN_TABLE, 0},
#define MADE ROW
#define ROLE(column, role, meaning)    \
  {{#column, LQA_VALUE_TEXT, meaning}, \
   get_role,                           \
   IN_ROLES,                           \
   offsetof(lqa_run_rows, roles[LQA_ROLE_##role])},
#define EVIDENCE(column, field, kind, origin, meaning) \
  {{#column, TYPE_##kind, meaning}, get_##kind, IN_EVIDENCE, offsetof(lqa_evidence, field)},
static const column_row COLUMNS[] = {
#include "store/row_columns.h"
    ROW(text, TEXT, "the row's text") /* and what else a sheet has */
    ROW(full_text, TEXT, "all of a text that is cut") ROW(note, TEXT, "empty")
        ROW(conflicts_with, TEXT, "other rows of the same content")
            EVIDENCE(decision, decided_label, CLASS, , "the class that people decided")};
#undef ROW
#undef MADE
#undef ROLE
#undef EVIDENCE

enum { N_COLUMNS = sizeof COLUMNS / sizeof COLUMNS[0] };
_Static_assert(N_COLUMNS == LQA_ROW_COLUMNS + LQA_SHEET_COLUMNS, "row_columns.h, and sheets");

const lqa_row_column *lqa_row_column_at(size_t i) {
  return i < LQA_ROW_COLUMNS ? &COLUMNS[i].about : NULL;
}

/* The array or column that a column's values come from. */
static const void *find_array(const lqa_row_table *table, const column_row *column) {
  const void *array = NULL;
  if (column->home == IN_ROLES) {
    return (const char *)table->rows + column->offset;
  }
  if (column->home == IN_EVIDENCE) {
    memcpy(&array, (const char *)table->evidence + column->offset, sizeof array);
  }
  return array;
}

static void get_cell(void *data, int64_t i, lqa_value *value) {
  const lqa_row_cell *cell = data;
  lqa_row_table *table = cell->table;
  const place at = {table, table->order ? table->order[i] : i, cell->array};
  COLUMNS[cell->column].get(&at, value);
}

void lqa_row_table_init(lqa_row_table *table, const lqa_run_rows *rows,
                        const lqa_evidence *evidence, const lqa_manifest *manifest) {
  *table = (lqa_row_table){.rows = rows, .evidence = evidence, .manifest = manifest};
  for (size_t i = 0; i < N_COLUMNS; i++) {
    table->cells[i] = (lqa_row_cell){table, i, find_array(table, &COLUMNS[i])};
  }
  lqa_reasons_init(&table->reasons, evidence, manifest->classes, manifest->loss_files.n > 0);
}

void lqa_row_table_clear(lqa_row_table *table) {
  lqa_reasons_clear(&table->reasons);
}

lqa_status lqa_row_table_begin(void *data, int64_t i, lqa_error *err) {
  lqa_row_table *w = data;
  w->n_sentences = lqa_reasons_get(&w->reasons, w->order ? w->order[i] : i, &w->sentences);
  return lqa_buf_check(&w->reasons.text, err);
}

static lqa_table_column make_column(lqa_row_table *table, size_t i) {
  const lqa_row_column *about = &COLUMNS[i].about;
  return (lqa_table_column){about->name, about->type, get_cell, &table->cells[i]};
}

lqa_table_column lqa_row_table_column(lqa_row_table *table, const char *name) {
  size_t i = 0;
  while (i < N_COLUMNS && strcmp(COLUMNS[i].about.name, name) != 0) {
    i++;
  }
  assert(i < N_COLUMNS);
  return make_column(table, i);
}

int32_t lqa_row_table_columns(lqa_row_table *table, const char *const *names,
                              lqa_table_column *columns) {
  int32_t n = 0;
  for (; names[n]; n++) {
    columns[n] = lqa_row_table_column(table, names[n]);
  }
  return n;
}

int32_t lqa_row_table_all(lqa_row_table *table, lqa_table_column columns[LQA_ROW_COLUMNS]) {
  int32_t n = 0;
  for (size_t i = 0; i < LQA_ROW_COLUMNS; i++) {
    bool is_role = COLUMNS[i].home == IN_ROLES;
    if (!is_role || ((const lqa_column *)table->cells[i].array)->name) {
      columns[n++] = make_column(table, i);
    }
  }
  return n;
}
