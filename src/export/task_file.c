/* export/task_file.c - what tasks of all tools have in common: the row, its text, and one
 * suggestion with its author. Every task carries row_id and row_number where the tool gives them
 * back, so that `labelqa decide` finds the row again (store/decide_read.c).
 */
#include "export/task_file.h"

#include "base/file.h"

#include <stdint.h>

static const size_t MAX_TASKS_BYTES = SIZE_MAX / 4;

extern const lqa_task_format lqa_task_format_label_studio, lqa_task_format_argilla,
    lqa_task_format_prodigy;

static const lqa_task_format *const formats[] = {
    &lqa_task_format_label_studio, &lqa_task_format_argilla, &lqa_task_format_prodigy};
enum { N_FORMATS = sizeof formats / sizeof *formats };

const char *lqa_task_format_name(size_t i) {
  return i < N_FORMATS ? formats[i]->name : NULL;
}

const lqa_task_format *lqa_task_format_find(const char *name) {
  for (size_t i = 0; name && i < N_FORMATS; i++) {
    if (strcmp(formats[i]->name, name) == 0) {
      return formats[i];
    }
  }
  return NULL;
}

static lqa_str text_of(const char *column, lqa_row_table *table, int64_t i) {
  lqa_value value = {0};
  const lqa_table_column found = lqa_row_table_column(table, column);
  found.get(found.data, i, &value);
  return value.is_null ? (lqa_str){NULL, 0} : value.text;
}

/* Who suggests: the judge where it corrected, people where they decided, else the model. */
static const char *name_author(const lqa_run *run, int64_t row) {
  const lqa_evidence *e = &run->evidence;
  if (e->decided_by[row]) {
    return e->decided_by[row];
  }
  if (e->verdict[row] != LQA_VERDICT_NONE && run->manifest.judge_models.n > 0) {
    return run->manifest.judge_models.items[0];
  }
  return run->manifest.model ? run->manifest.model : "labelqa";
}

static void find_task(const lqa_export_rows *rows, lqa_row_table *table, int64_t i,
                      lqa_row_task *task) {
  const lqa_run *run = rows->run;
  int64_t row = rows->order[i];
  int32_t suggested = run->evidence.suggested_label[row];
  double trust = run->evidence.trust_score[row];
  *task = (lqa_row_task){.run = run,
                         .row = row,
                         .text = text_of("text", table, i),
                         .label = text_of("label", table, i),
                         .row_id = text_of("row_id", table, i),
                         .score = suggested == run->rows.label[row] ? trust : 1 - trust,
                         .author = name_author(run, row)};
  if (lqa_str_is_null(task->text)) {
    task->text = LQA_STR(""); /* the tools' pages refuse to show a null */
  }
  if (suggested >= 0) {
    task->suggested = run->manifest.classes[suggested];
  }
}

static void add_tasks(const lqa_export_rows *rows, lqa_row_table *table,
                      const lqa_task_format *format, lqa_buf *out) {
  lqa_json json;
  lqa_row_task task;
  lqa_json_init(&json, out, format->has_lines ? 0 : 1);
  if (!format->has_lines) {
    lqa_json_open_array(&json);
  }
  for (int64_t i = 0; i < rows->n; i++) {
    find_task(rows, table, i, &task);
    if (format->has_lines) {
      lqa_json_init(&json, out, 0);
    }
    lqa_json_open_object(&json);
    format->add(&task, &json);
    lqa_json_close_object(&json);
    lqa_buf_add_text(out, format->has_lines ? "\n" : "");
  }
  if (!format->has_lines) {
    lqa_json_close_array(&json);
    lqa_buf_add_char(out, '\n');
  }
}

lqa_status lqa_task_file_save(lqa_export_rows *rows, const lqa_task_format *format,
                              const char *path, lqa_error *err) {
  lqa_buf out;
  lqa_row_table table;
  lqa_export_rows_table(rows, &table);
  lqa_buf_init(&out, MAX_TASKS_BYTES);
  add_tasks(rows, &table, format, &out);
  lqa_status status;
  LQA_TRY_OUT(lqa_buf_check(&out, err));
  status = lqa_file_save(path, out.data ? out.data : "", out.size, err);
out:
  lqa_buf_clear(&out);
  lqa_row_table_clear(&table);
  return status;
}
