/* confident/inspector_npy.c - the inspector over two mapped .npy files.
 *
 * A batch is a view of the map. Pages that were read stay the system's to drop; the process's own
 * memory does not grow with the files.
 */
#include "labelqa/inspector.h"

#include "base/npy.h"

/* A batch fits the second-level or third-level cache, so that what is read twice comes from there.
 */
enum { BATCH_BYTES = 4 << 20, LEAST_ROWS = 4096 };

static int64_t choose_rows(const lqa_matrix *m) {
  int64_t rows = BATCH_BYTES / (m->n_columns * (int64_t)lqa_dtype_size(m->dtype));
  return rows > LEAST_ROWS ? rows : LEAST_ROWS;
}

static lqa_matrix rows_of(const lqa_matrix *m, int64_t first, int64_t n) {
  lqa_matrix rows = *m;
  rows.data = (const char *)m->data + first * m->row_stride;
  rows.n_rows = n;
  return rows;
}

static lqa_status read_pass(lqa_inspector *in, const lqa_matrix *labels, const lqa_matrix *probs,
                            int64_t batch_rows, lqa_error *err) {
  for (int64_t row = 0; row < probs->n_rows; row += batch_rows) {
    int64_t n = probs->n_rows - row < batch_rows ? probs->n_rows - row : batch_rows;
    lqa_matrix some_labels = rows_of(labels, row, n);
    lqa_matrix some_probs = rows_of(probs, row, n);
    LQA_TRY(lqa_inspector_add(in, &some_labels, &some_probs, err));
  }
  return lqa_inspector_next(in, err);
}

static lqa_status check(const lqa_npy *labels, const lqa_npy *probs, const char *probs_file,
                        lqa_error *err) {
  if (probs->n_dims != 2) {
    return lqa_fail_at(err, LQA_BAD_DATA, probs_file, -1, NULL,
                       "%s has one dimension; probabilities need two (rows x classes)", probs_file);
  }
  if (labels->matrix.n_rows != probs->matrix.n_rows) {
    return lqa_fail(err, LQA_BAD_DATA, "there are %lld labels but %lld rows of probabilities",
                    (long long)labels->matrix.n_rows, (long long)probs->matrix.n_rows);
  }
  return LQA_OK;
}

lqa_status lqa_inspector_read_npy(lqa_inspector *in, const char *labels_file,
                                  const char *pred_probs_file, int64_t batch_rows, lqa_error *err) {
  lqa_npy labels = {0}, probs = {0};
  lqa_status status = LQA_OK;
  LQA_TRY_OUT(lqa_npy_open(labels_file, &labels, err));
  LQA_TRY_OUT(lqa_npy_open(pred_probs_file, &probs, err));
  LQA_TRY_OUT(check(&labels, &probs, pred_probs_file, err));
  batch_rows = batch_rows > 0 ? batch_rows : choose_rows(&probs.matrix);
  while (lqa_inspector_pass(in) != LQA_PASS_DONE) {
    LQA_TRY_OUT(read_pass(in, &labels.matrix, &probs.matrix, batch_rows, err));
  }
out:
  lqa_npy_close(&labels);
  lqa_npy_close(&probs);
  return status;
}
