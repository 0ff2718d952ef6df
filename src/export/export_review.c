/* labelqa export RUN review: the rows for people to review, worst first: review.csv's columns
 * with whole texts, or tasks for a labelling tool.
 */
#include "export/export.h"
#include "export/export_file.h"
#include "export/task_file.h"
#include "store/review_list.h"
#include "trust/rule.h"

static lqa_status save_tasks(const lqa_run *run, const lqa_export_options *options,
                             lqa_error *err) {
  lqa_export_rows rows;
  LQA_TRY(lqa_export_rows_load(run, LQA_ACTION_COUNT, &rows, err));
  lqa_status status =
      lqa_task_file_save(&rows, lqa_task_format_find(options->format), options->path, err);
  lqa_export_rows_clear(&rows);
  return status;
}

static lqa_status run(lqa_run *run, const lqa_export_options *options, lqa_export_summary *summary,
                      lqa_error *err) {
  const lqa_review_output output = {.path = options->path,
                                    .format = lqa_export_table_format(options)};
  int64_t count[LQA_ACTION_COUNT];
  lqa_rule_count(&run->evidence, count);
  summary->n_rows = run->rows.n_rows - count[LQA_ACTION_KEEP];
  return lqa_task_format_find(options->format) ? save_tasks(run, options, err)
                                               : lqa_review_save(run, &output, err);
}

const lqa_export lqa_export_review = {
    .number = LQA_EXPORT_review,
    .name = "review",
    .summary = "rows for people to review, worst first; also as tasks for labelling tools",
    .has_tasks = true,
    .run = run,
};
