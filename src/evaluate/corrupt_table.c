/* The rows of a plan come in source order, so the source is streamed; only rows of which a copy is
 * planted at the end are kept in memory.
 */
#include "evaluate/corrupt_table.h"

#include "base/memory.h"
#include "base/vec.h"

#include <stdio.h>

/* Cells of a source row kept for its copy. */
struct kept_row {
  int64_t source_row;
  lqa_str *cells;
};

enum cell_kind { CELL_SOURCE, CELL_TEXT, CELL_LABEL, CELL_ROW_ID, CELL_TRUTH, CELL_KIND };

struct writer {
  const lqa_dataset *dataset;
  const lqa_corrupt_plan *plan;
  lqa_source_reader *reader; /* NULL: the dataset alone */
  size_t n_columns;          /* of the source */
  int64_t n_streamed;        /* plan rows that come in source order; copies follow */
  int64_t at;                /* source row the reader stands on, -1 before the first */
  LQA_VEC(struct kept_row) kept;
  const struct kept_row *current; /* the copy's cells, or NULL */
  lqa_arena arena;
  char row_id[32];
};

struct cell {
  struct writer *writer;
  enum cell_kind kind;
  size_t column;
};

static bool is_copied(const struct writer *w, int64_t source_row) {
  for (int64_t i = w->n_streamed; i < w->plan->n_rows; i++) {
    if (w->plan->source_row[i] == source_row) {
      return true;
    }
  }
  return false;
}

static lqa_status keep_row(struct writer *w, lqa_error *err) {
  lqa_str *cells = lqa_arena_alloc(&w->arena, w->n_columns, sizeof *cells);
  if (!cells) {
    return lqa_fail_memory(err, "keeping a row");
  }
  for (size_t c = 0; c < w->n_columns; c++) {
    lqa_str value = lqa_source_reader_get(w->reader, c);
    cells[c] = value;
    if (value.data && !(cells[c].data = lqa_arena_copy(&w->arena, value.data, value.size))) {
      return lqa_fail_memory(err, "keeping a row");
    }
  }
  struct kept_row row = {w->at, cells};
  return lqa_vec_push(&w->kept, row) == LQA_OK ? LQA_OK : lqa_fail_memory(err, "keeping a row");
}

static lqa_status begin_row(void *data, int64_t row, lqa_error *err) {
  struct writer *w = data;
  int64_t wanted = w->plan->source_row[row];
  w->current = NULL;
  if (!w->reader) {
    return LQA_OK;
  }
  for (size_t i = 0; row >= w->n_streamed && i < w->kept.n; i++) {
    if (w->kept.data[i].source_row == wanted) {
      w->current = &w->kept.data[i];
    }
  }
  while (row < w->n_streamed && w->at < wanted) {
    bool more;
    LQA_TRY(lqa_source_reader_next(w->reader, &more, err));
    if (!more) {
      return lqa_fail(err, LQA_BAD_DATA,
                      "the source changed while it was read: row %lld is missing",
                      (long long)wanted);
    }
    w->at++;
  }
  return row < w->n_streamed && is_copied(w, wanted) ? keep_row(w, err) : LQA_OK;
}

static lqa_str label_of(const struct writer *w, int32_t label) {
  return label >= 0                   ? w->dataset->classes[label]
         : label == LQA_LABEL_UNKNOWN ? LQA_STR("MISC")
                                      : (lqa_str){NULL, 0};
}

/* The label to write: the source's own spelling where it was not touched. */
static lqa_str given_label(const struct writer *w, int64_t row) {
  int64_t source_row = w->plan->source_row[row];
  return w->plan->label[row] == w->dataset->label[source_row]
             ? lqa_column_get(&w->dataset->label_text, source_row)
             : label_of(w, w->plan->label[row]);
}

static lqa_str source_cell(const struct cell *cell, int64_t row) {
  const struct writer *w = cell->writer;
  if (!w->reader) {
    return lqa_column_get(&w->dataset->content, w->plan->source_row[row]);
  }
  return w->current ? w->current->cells[cell->column]
                    : lqa_source_reader_get(w->reader, cell->column);
}

static void get_cell(void *data, int64_t row, lqa_value *value) {
  const struct cell *cell = data;
  struct writer *w = cell->writer;
  const lqa_corrupt_plan *plan = w->plan;
  switch (cell->kind) {
  case CELL_TEXT:
    if (plan->kind[row] == LQA_CORRUPT_STRUCTURAL_NULL) {
      break;
    }
    value->text = source_cell(cell, row);
    break;
  case CELL_SOURCE:
    value->text = source_cell(cell, row);
    break;
  case CELL_LABEL:
    value->text = given_label(w, row);
    break;
  case CELL_ROW_ID:
    snprintf(w->row_id, sizeof w->row_id, "%lld", (long long)row);
    value->text = lqa_str_from(w->row_id);
    break;
  case CELL_TRUTH:
    value->text = lqa_column_get(&w->dataset->label_text, plan->source_row[row]);
    break;
  case CELL_KIND:
    value->text = lqa_str_from(lqa_corruption_name((lqa_corruption)plan->kind[row]));
    break;
  }
  value->is_null = lqa_str_is_null(value->text);
}

struct layout {
  LQA_VEC(struct cell) cells;
  LQA_VEC(lqa_table_column) columns;
};

static lqa_status add_column(struct layout *layout, struct writer *w, const char *name,
                             enum cell_kind kind, size_t column) {
  struct cell cell = {w, kind, column};
  lqa_table_column described = {.name = name, .type = LQA_VALUE_TEXT, .get = get_cell};
  LQA_TRY(lqa_vec_push(&layout->cells, cell));
  return lqa_vec_push(&layout->columns, described);
}

static bool is_listed(const lqa_text_list *list, const char *name) {
  for (size_t i = 0; i < list->n; i++) {
    if (strcmp(list->items[i], name) == 0) {
      return true;
    }
  }
  return false;
}

static bool is_added(const char *name) {
  return strcmp(name, "row_id") == 0 || strcmp(name, "label_true") == 0 ||
         strcmp(name, "corruption") == 0;
}

/* row_id first, then the source's columns in their order, then truth and kind. */
static lqa_status lay_out_source(struct layout *layout, struct writer *w, lqa_source *source,
                                 const lqa_source_roles *roles) {
  LQA_TRY(add_column(layout, w, "row_id", CELL_ROW_ID, 0));
  for (size_t c = 0; c < w->n_columns; c++) {
    const char *name = lqa_source_column_name(source, c);
    enum cell_kind kind = roles->label && strcmp(name, roles->label) == 0 ? CELL_LABEL
                          : is_listed(&roles->text, name) || is_listed(&roles->features, name)
                              ? CELL_TEXT
                              : CELL_SOURCE;
    if (!is_added(name)) {
      LQA_TRY(add_column(layout, w, name, kind, c));
    }
  }
  LQA_TRY(add_column(layout, w, "label_true", CELL_TRUTH, 0));
  return add_column(layout, w, "corruption", CELL_KIND, 0);
}

static lqa_status lay_out_dataset(struct layout *layout, struct writer *w) {
  LQA_TRY(add_column(layout, w, "row_id", CELL_ROW_ID, 0));
  LQA_TRY(add_column(layout, w, "text", CELL_TEXT, 0));
  LQA_TRY(add_column(layout, w, "label", CELL_LABEL, 0));
  LQA_TRY(add_column(layout, w, "label_true", CELL_TRUTH, 0));
  return add_column(layout, w, "corruption", CELL_KIND, 0);
}

static lqa_status save(struct layout *layout, struct writer *w, const char *path,
                       const lqa_observer *observer, lqa_error *err) {
  lqa_table_format format;
  LQA_TRY(lqa_table_format_of(path, &format, err));
  for (size_t i = 0; i < layout->columns.n; i++) {
    layout->columns.data[i].data = &layout->cells.data[i];
  }
  lqa_table table = {.n_rows = w->plan->n_rows,
                     .columns = layout->columns.data,
                     .n_columns = (int32_t)layout->columns.n,
                     .data = w,
                     .begin_row = begin_row};
  return lqa_table_save(&table, path, format, observer, err);
}

static struct writer make_writer(const lqa_dataset *dataset, const lqa_corrupt_plan *plan) {
  struct writer w = {.dataset = dataset, .plan = plan, .at = -1};
  w.n_streamed = plan->n_rows - plan->counts[LQA_CORRUPT_STRUCTURAL_DUP];
  lqa_arena_init(&w.arena);
  return w;
}

static void clear(struct writer *w, struct layout *layout) {
  lqa_source_reader_close(w->reader);
  lqa_vec_clear(&w->kept);
  lqa_arena_clear(&w->arena);
  lqa_vec_clear(&layout->cells);
  lqa_vec_clear(&layout->columns);
}

lqa_status lqa_corrupt_table_save(lqa_source *source, const lqa_dataset *dataset,
                                  const lqa_corrupt_plan *plan, const char *path,
                                  const lqa_observer *observer, lqa_error *err) {
  struct writer w = make_writer(dataset, plan);
  struct layout layout = {0};
  const lqa_source_roles *roles = NULL;
  w.n_columns = lqa_source_count_columns(source);
  lqa_status status;
  LQA_TRY_OUT(lqa_source_resolve(source, &roles, err));
  LQA_TRY_OUT(lqa_source_reader_open(source, &w.reader, err));
  if (lay_out_source(&layout, &w, source, roles) != LQA_OK) {
    LQA_TRY_OUT(lqa_fail_memory(err, "writing the corrupted table"));
  }
  status = save(&layout, &w, path, observer, err);
out:
  clear(&w, &layout);
  return status;
}

lqa_status lqa_corrupt_dataset_save(const lqa_dataset *dataset, const lqa_corrupt_plan *plan,
                                    const char *path, const lqa_observer *observer,
                                    lqa_error *err) {
  struct writer w = make_writer(dataset, plan);
  struct layout layout = {0};
  lqa_status status = lay_out_dataset(&layout, &w) == LQA_OK
                          ? save(&layout, &w, path, observer, err)
                          : lqa_fail_memory(err, "writing the corrupted table");
  clear(&w, &layout);
  return status;
}
