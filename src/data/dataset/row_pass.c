/* data/dataset/row_pass.c - tasks over rows, some 64 MB of text at a time.
 *
 * A map of a file counts as memory of the process once it was read, so a pass over a gigabyte of
 * texts would use one. Pieces end where a task ends: the tasks are the same with and without them.
 */
#include "data/dataset/row_pass.h"

static const uint64_t PIECE_BYTES = (uint64_t)1 << 26;

typedef struct row_pass {
  lqa_task_fn run;
  void *data;
  size_t first_task; /* of the piece */
} row_pass;

static lqa_status run_task(void *data, size_t task, size_t worker) {
  const row_pass *pass = data;
  return pass->run(pass->data, pass->first_task + task, worker);
}

/* One past the last task of the piece that begins with `task`. */
static size_t end_piece(const lqa_dataset *d, size_t rows_per_task, size_t task, size_t n_tasks) {
  const uint64_t *offset = d->content.offsets;
  if (!offset) {
    return n_tasks;
  }
  uint64_t end = offset[task * rows_per_task] + PIECE_BYTES;
  for (task++; task < n_tasks && offset[task * rows_per_task] < end;) {
    task++;
  }
  return task;
}

lqa_status lqa_row_pass(const lqa_dataset *dataset, lqa_pool *pool, size_t rows_per_task,
                        lqa_task_fn run, void *data) {
  size_t n_tasks = ((size_t)dataset->n_rows + rows_per_task - 1) / rows_per_task;
  row_pass pass = {run, data, 0};
  while (pass.first_task < n_tasks) {
    size_t end = end_piece(dataset, rows_per_task, pass.first_task, n_tasks);
    LQA_TRY(lqa_pool_run(pool, end - pass.first_task, run_task, &pass));
    pass.first_task = end;
    size_t row = end * rows_per_task, n_rows = (size_t)dataset->n_rows;
    lqa_dataset_release_content(dataset, (int64_t)(row < n_rows ? row : n_rows));
  }
  return LQA_OK;
}
