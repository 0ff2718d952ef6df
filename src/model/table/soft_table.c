/* Columns are encoded over all rows of the data set, those that take no part not being in use; then
 * the rows that do are moved together, so that everything is numbered 0 .. n_rows-1.
 */
#include "model/table/soft_table.h"

#include "base/explog.h"
#include "base/memory.h"
#include "feature/encode_table.h"
#include "model/linear/soft_targets.h"
#include "model/table/boosted_trees.h"
#include "model/table/trees.h"

#include <string.h>

enum { MAX_TREE_CLASSES = 100, LOGISTIC_EPOCHS = 5, LOGISTIC_SEED = 1 };
static const float SMALLEST = 1e-30f;

struct lqa_soft_table {
  lqa_soft_table_input input;
  lqa_table_matrix table;
  lqa_sparse x;
};

static lqa_status pack_sparse(const lqa_soft_table_input *in, lqa_sparse *x) {
  uint64_t *start = lqa_malloc((size_t)in->n_rows + 1, sizeof *start);
  if (!start) {
    return LQA_NO_MEMORY;
  }
  for (int64_t i = 0; i < in->n_rows; i++) { /* the rows left out are empty */
    start[i] = x->row_start[in->row[i]];
  }
  start[in->n_rows] = x->row_start[x->n_rows];
  free(x->row_start);
  x->row_start = start;
  x->n_rows = in->n_rows;
  return LQA_OK;
}

static void pack_table(const lqa_soft_table_input *in, lqa_table_matrix *table) {
  size_t n = (size_t)table->n_columns;
  for (int64_t i = 0; i < in->n_rows; i++) {
    memmove(table->value + (size_t)i * n, table->value + (size_t)in->row[i] * n,
            n * sizeof *table->value);
  }
  table->n_rows = in->n_rows;
}

static lqa_status encode(lqa_soft_table *t) {
  const lqa_soft_table_input *in = &t->input;
  uint8_t *use = lqa_calloc((size_t)in->dataset->n_rows, 1);
  lqa_status status;
  LQA_TRY_OUT(use ? LQA_OK : LQA_NO_MEMORY);
  for (int64_t i = 0; i < in->n_rows; i++) {
    use[in->row[i]] = 1;
  }
  LQA_TRY_OUT(lqa_table_encode(in->dataset, use, &t->table));
  LQA_TRY_OUT(lqa_table_expand(&t->table, use, &t->x));
  LQA_TRY_OUT(pack_sparse(in, &t->x));
  pack_table(in, &t->table);
out:
  free(use);
  return status;
}

static bool can_grow_trees(int32_t n_classes) {
  lqa_tree_library *library = NULL;
  bool can = n_classes <= MAX_TREE_CLASSES && lqa_tree_library_open(&library, NULL) == LQA_OK;
  lqa_tree_library_close(library);
  return can;
}

/* What encoding takes: the table as numbers, and about as much for the linear model. */
static bool fits(const lqa_soft_table_input *in) {
  uint64_t bytes = (uint64_t)in->dataset->n_rows * (uint64_t)in->dataset->n_features *
                   (sizeof(float) + sizeof(float) + sizeof(uint32_t));
  return in->memory_bytes == 0 || bytes <= in->memory_bytes / 4;
}

lqa_status lqa_soft_table_new(const lqa_soft_table_input *input, lqa_soft_table **out,
                              int *n_members) {
  lqa_status status = LQA_OK;
  lqa_soft_table *t = lqa_calloc(1, sizeof *t);
  *out = NULL;
  if (!t) {
    return LQA_NO_MEMORY;
  }
  t->input = *input;
  if (input->dataset->n_features > 0 && fits(input)) {
    status = encode(t);
  }
  if (status != LQA_OK || t->table.n_columns == 0) {
    lqa_soft_table_free(t);
    return status;
  }
  *n_members = can_grow_trees(input->n_classes) ? 2 : 1;
  *out = t;
  return LQA_OK;
}

void lqa_soft_table_free(lqa_soft_table *t) {
  if (t) {
    lqa_table_matrix_clear(&t->table);
    lqa_sparse_clear(&t->x);
    free(t);
  }
}

static lqa_status grow(const lqa_soft_table *t, const float *soft, float *log_p) {
  const lqa_soft_table_input *in = &t->input;
  lqa_problem problem = {.x = &t->x,
                         .label = in->label,
                         .fold = in->fold,
                         .n_classes = in->n_classes,
                         .n_folds = in->n_folds};
  lqa_boosting_fold folds[LQA_MAX_FOLDS];
  lqa_boosting_options options = lqa_boosting_defaults();
  options.pool = in->pool;
  options.observer = in->observer;
  options.soft = soft;
  LQA_TRY(lqa_boosted_trees_run(&problem, &t->table, &options, &(lqa_predictions){.outer = log_p},
                                folds, NULL));
  for (size_t i = 0; i < (size_t)in->n_rows * (size_t)in->n_classes; i++) {
    log_p[i] = lqa_logf(log_p[i] > SMALLEST ? log_p[i] : SMALLEST);
  }
  return LQA_OK;
}

lqa_status lqa_soft_table_run(void *table, const float *soft, int n_members, float *const *log_p) {
  const lqa_soft_table *t = table;
  const lqa_soft_table_input *in = &t->input;
  lqa_soft_problem problem = {.x = &t->x,
                              .soft = soft,
                              .fold = in->fold,
                              .n_classes = in->n_classes,
                              .n_folds = in->n_folds,
                              .pool = in->pool};
  lqa_soft_logistic_options options = {
      .C = 1, .epochs = LOGISTIC_EPOCHS, .seed = LOGISTIC_SEED, .observer = in->observer};
  LQA_TRY(lqa_observe_check(in->observer, NULL));
  LQA_TRY(lqa_soft_logistic_run(&problem, &options, log_p[0]));
  return n_members < 2 ? LQA_OK : grow(t, soft, log_p[1]);
}
