/* The same doubt by where rows come from: file, split, annotator, group. Values with the most doubt
 * come first; a column of thousands of values shows those with the most rows.
 */
#include "base/map.h"
#include "base/memory.h"
#include "report/figures.h"
#include "store/run.h"

enum { MAX_VALUES = 100000 };

static int by_rows(const void *a, const void *b) {
  const lqa_figure_part *x = a, *y = b;
  if (x->n != y->n) {
    return x->n > y->n ? -1 : 1;
  }
  return lqa_str_compare(x->name, y->name);
}

static int by_doubt(const void *a, const void *b) {
  const lqa_figure_part *x = a, *y = b;
  if (x->doubt.estimate != y->doubt.estimate) {
    return x->doubt.estimate > y->doubt.estimate ? -1 : 1;
  }
  return lqa_str_compare(x->name, y->name);
}

/* Keeps the largest parts, the most doubted first, with names in the arena. */
static lqa_status keep_parts(lqa_figure_part *parts, int64_t n, const char *title, lqa_arena *arena,
                             lqa_report_figures *out) {
  if (n < 2) {
    return LQA_OK;
  }
  qsort(parts, (size_t)n, sizeof *parts, by_rows);
  int kept = n < LQA_FIGURE_SOURCES ? (int)n : LQA_FIGURE_SOURCES;
  lqa_figure_part *copy = lqa_arena_alloc(arena, (size_t)kept, sizeof *copy);
  for (int i = 0; copy && i < kept; i++) {
    copy[i] = parts[i];
    lqa_figure_part_finish(&copy[i]);
    copy[i].name.data = lqa_arena_copy(arena, parts[i].name.data, parts[i].name.size);
    copy = copy[i].name.data ? copy : NULL;
  }
  if (!copy) {
    return LQA_NO_MEMORY;
  }
  qsort(copy, (size_t)kept, sizeof *copy, by_doubt);
  out->sources[out->n_sources++] = (lqa_figure_sources){title, copy, kept, n};
  return LQA_OK;
}

static lqa_status add_files(const lqa_run *run, lqa_arena *arena, lqa_report_figures *out) {
  const lqa_manifest *m = &run->manifest;
  lqa_figure_part *parts = lqa_calloc((size_t)m->n_files, sizeof *parts);
  if (!parts) {
    return LQA_NO_MEMORY;
  }
  for (int32_t i = 0; i < m->n_files; i++) {
    parts[i].name = lqa_str_from(m->files[i].path);
  }
  for (int64_t row = 0; m->n_files > 1 && row < run->rows.n_rows; row++) {
    int32_t file = lqa_run_rows_file_of(&run->rows, row);
    if (file >= 0 && file < m->n_files) {
      lqa_figure_part_add(&parts[file], lqa_figures_doubt(run, out->doubt_is_probability, row));
    }
  }
  lqa_status status = keep_parts(parts, m->n_files, "source file", arena, out);
  free(parts);
  return status;
}

/* One part per value of a column; *n stays 0 where there are too many to be worth a picture. */
static lqa_status count_values(const lqa_run *run, const lqa_column *column, bool is_probability,
                               lqa_figure_part *parts, int64_t *n) {
  lqa_map *values = lqa_map_new(true);
  lqa_status status;
  LQA_TRY_OUT(values ? LQA_OK : LQA_NO_MEMORY);
  for (int64_t row = 0; row < column->n; row++) {
    uint32_t index;
    lqa_str value = lqa_column_get(column, row);
    if (lqa_str_is_null(value)) {
      continue;
    }
    LQA_TRY_OUT(lqa_map_add(values, value, &index, NULL));
    if (index >= MAX_VALUES) {
      *n = 0;
      break;
    }
    *n = index + 1 > *n ? (int64_t)index + 1 : *n;
    parts[index].name = value; /* of the column, which outlives this */
    lqa_figure_part_add(&parts[index], lqa_figures_doubt(run, is_probability, row));
  }
out:
  lqa_map_free(values);
  return status;
}

static lqa_status add_column(const lqa_run *run, lqa_role role, const char *title, lqa_arena *arena,
                             lqa_report_figures *out) {
  const lqa_column *column = &run->rows.roles[role];
  if (!column->name) {
    return LQA_OK;
  }
  int64_t n = 0;
  lqa_figure_part *parts = lqa_calloc(MAX_VALUES, sizeof *parts);
  lqa_status status;
  LQA_TRY_OUT(parts ? count_values(run, column, out->doubt_is_probability, parts, &n)
                    : LQA_NO_MEMORY);
  status = keep_parts(parts, n, title, arena, out);
out:
  free(parts);
  return status;
}

lqa_status lqa_figures_sources(const lqa_run *run, lqa_arena *arena, lqa_report_figures *out) {
  LQA_TRY(add_files(run, arena, out));
  LQA_TRY(add_column(run, LQA_ROLE_SPLIT, "split", arena, out));
  LQA_TRY(add_column(run, LQA_ROLE_ANNOTATOR, "annotator", arena, out));
  return add_column(run, LQA_ROLE_GROUP, "group", arena, out);
}
