/* The rows that take part are copied into a matrix of their own, then centred and scaled as the
 * audit does (feature/dense.h). A round visits every number once for each class, epoch and fold.
 */
#include "model/embedding/soft_embedding.h"

#include "base/memory.h"
#include "feature/dense.h"
#include "model/linear/soft_targets.h"

#include <string.h>

enum { EPOCHS = 5, SEED = 1 };
static const double MAX_PRODUCTS = 2.5e8; /* rows x columns x classes */

struct lqa_soft_embedding {
  lqa_soft_embedding_input input;
  lqa_dense dense;
};

static bool fits(const lqa_soft_embedding_input *in) {
  double cells = (double)in->n_rows * (double)in->matrix->n_columns;
  bool in_memory = in->memory_bytes == 0 || 8 * cells <= (double)in->memory_bytes / 2;
  return in_memory && cells * in->n_classes <= MAX_PRODUCTS;
}

static lqa_status build(lqa_soft_embedding *e) {
  const lqa_soft_embedding_input *in = &e->input;
  size_t columns = (size_t)in->matrix->n_columns, n = (size_t)in->n_rows;
  float *rows = lqa_malloc(n, columns * sizeof *rows);
  uint8_t *use = lqa_malloc(n, 1);
  lqa_status status;
  LQA_TRY_OUT(rows && use ? LQA_OK : LQA_NO_MEMORY);
  for (size_t i = 0; i < n; i++) {
    lqa_matrix_row_f32(in->matrix, in->row[i], rows + i * columns);
    use[i] = 1;
  }
  lqa_matrix own = {.data = rows,
                    .dtype = LQA_FLOAT32,
                    .n_rows = in->n_rows,
                    .n_columns = (int64_t)columns,
                    .row_stride = (int64_t)(columns * sizeof *rows),
                    .column_stride = sizeof *rows};
  status = lqa_dense_build(&own, use, in->pool, &e->dense);
out:
  free(rows);
  free(use);
  return status;
}

lqa_status lqa_soft_embedding_new(const lqa_soft_embedding_input *input, lqa_soft_embedding **out) {
  *out = NULL;
  if (!fits(input)) {
    return LQA_OK;
  }
  lqa_soft_embedding *e = lqa_calloc(1, sizeof *e);
  if (!e) {
    return LQA_NO_MEMORY;
  }
  e->input = *input;
  lqa_status status = build(e);
  if (status != LQA_OK) {
    lqa_soft_embedding_free(e);
    return status;
  }
  *out = e;
  return LQA_OK;
}

void lqa_soft_embedding_free(lqa_soft_embedding *e) {
  if (e) {
    lqa_dense_clear(&e->dense);
    free(e);
  }
}

lqa_status lqa_soft_embedding_run(void *embedding, const float *soft, int n_members,
                                  float *const *log_p) {
  const lqa_soft_embedding *e = embedding;
  const lqa_soft_embedding_input *in = &e->input;
  lqa_soft_problem problem = {.x = &e->dense.x,
                              .soft = soft,
                              .fold = in->fold,
                              .n_classes = in->n_classes,
                              .n_folds = in->n_folds,
                              .pool = in->pool};
  lqa_soft_logistic_options options = {
      .C = 1, .epochs = EPOCHS, .seed = SEED, .observer = in->observer};
  (void)n_members;
  LQA_TRY(lqa_observe_check(in->observer, NULL));
  return lqa_soft_logistic_run(&problem, &options, log_p[0]);
}
