/* export/task_file.h - rows as tasks of a labelling tool: one const descriptor per tool, in a file
 * of its own, one row in task_file.c. */
#ifndef LQA_EXPORT_TASK_FILE_H
#define LQA_EXPORT_TASK_FILE_H

#include "base/json.h"
#include "export/export_rows.h"

/* One row to look at. Texts are borrowed and valid until the next row. */
typedef struct lqa_row_task {
  const lqa_run *run;
  int64_t row; /* row_number */
  lqa_str text, label, row_id;
  lqa_str suggested; /* NULL data: no suggestion */
  /* How far the suggestion may be believed: the trust score of a label that is kept, and one minus
   * it where another is suggested. It orders tasks and is no probability. */
  double score;
  const char *author; /* who suggests: a person, a judge or a model */
} lqa_row_task;

typedef struct lqa_task_format {
  const char *name; /* as --format takes it */
  bool has_lines;   /* one object per line, else a JSON array */
  /* Adds one object. */
  void (*add)(const lqa_row_task *task, lqa_json *json);
} lqa_task_format;

/* By name; NULL if there is none, or `name` is NULL. */
const lqa_task_format *lqa_task_format_find(const char *name);
/* "label-studio", ...; NULL from the number of formats on. */
const char *lqa_task_format_name(size_t i);

/* Writes the rows as tasks, atomically. */
LQA_MUST_CHECK lqa_status lqa_task_file_save(lqa_export_rows *rows, const lqa_task_format *format,
                                             const char *path, lqa_error *err);

#endif
