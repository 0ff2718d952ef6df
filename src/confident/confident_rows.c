/* confident/confident_rows.c - preparing a problem, and reading rows and labels of
 * any type, byte order and strides.
 *
 * Rows of a C-ordered native float matrix are used in place. Anything else (Fortran order, strided,
 * float16, integers, foreign byte order) is copied block by block into a scratch of at most 256 KB
 * a worker, so that the kernels see one layout and the matrix is never copied as a whole.
 */
#include "confident/confident_internal.h"

#include "base/memory.h"
#include "base/lanes.h"

enum { SCRATCH_VALUES = 32768 };

static int32_t clamp_label(int64_t label) {
  return label < 0 ? -1 : label > INT32_MAX ? INT32_MAX : (int32_t)label;
}

static int64_t label_at(const lqa_matrix *m, int64_t row) {
  const char *at = (const char *)m->data + row * m->row_stride;
  if (!m->swapped && m->dtype == LQA_INT64) { /* beyond 2^53 a double would round */
    int64_t value;
    memcpy(&value, at, sizeof value);
    return value;
  }
  double value = lqa_matrix_get(m, row, 0);
  return value < 9.2e18 ? (int64_t)value : INT64_MAX;
}

/* The usual types, a loop each that the compiler can vectorize. */
#define READ_LABELS(name, type)                                                          \
  LQA_EVERY_LEVEL static void read_##name(const type *labels, int64_t n, int32_t *out) { \
    for (int64_t i = 0; i < n; i++) {                                                    \
      type label = labels[i];                                                            \
      out[i] = label < 0 ? -1 : label > INT32_MAX ? INT32_MAX : (int32_t)label;          \
    }                                                                                    \
  }
READ_LABELS(int64, int64_t)
READ_LABELS(int32, int32_t)

void lqa_confident_read_labels(const lqa_confident *cl, int64_t row, int64_t n, int32_t *out) {
  const lqa_matrix *m = &cl->labels;
  const char *at = (const char *)m->data + row * m->row_stride;
  int64_t size = (int64_t)lqa_dtype_size(m->dtype);
  bool is_plain = !m->swapped && m->row_stride == size && (uintptr_t)at % (uintptr_t)size == 0;
  if (is_plain && m->dtype == LQA_INT64) {
    read_int64((const int64_t *)at, n, out);
  } else if (is_plain && m->dtype == LQA_INT32) {
    read_int32((const int32_t *)at, n, out);
  } else if (m->dtype == LQA_UINT8) {
    for (int64_t i = 0; i < n; i++, at += m->row_stride) {
      out[i] = *(const uint8_t *)at;
    }
  } else {
    for (int64_t i = 0; i < n; i++) {
      out[i] = clamp_label(label_at(m, row + i));
    }
  }
}

/* Column by column, so that a Fortran-ordered matrix is read along its memory. */
static void copy_native(const lqa_matrix *m, int64_t row, int64_t n, void *out) {
  size_t size = lqa_dtype_size(m->dtype);
  for (int64_t j = 0; j < m->n_columns; j++) {
    const char *from = (const char *)m->data + row * m->row_stride + j * m->column_stride;
    char *to = (char *)out + (size_t)j * size;
    for (int64_t i = 0; i < n; i++, from += m->row_stride) {
      memcpy(to + (size_t)(i * m->n_columns) * size, from, size);
    }
  }
}

static void copy_rows(const lqa_confident *cl, int64_t row, int64_t n, void *out) {
  const lqa_matrix *m = &cl->pred_probs;
  if (!m->swapped && (m->dtype == LQA_FLOAT32 || m->dtype == LQA_FLOAT64)) {
    copy_native(m, row, n, out);
    return;
  }
  for (int64_t i = 0; i < n; i++) {
    if (cl->is_single) {
      lqa_matrix_row_f32(m, row + i, (float *)out + i * m->n_columns);
    } else {
      lqa_matrix_row_f64(m, row + i, (double *)out + i * m->n_columns);
    }
  }
}

static void scale_rows(const lqa_confident *cl, int64_t row, int64_t n, void *out) {
  int64_t n_classes = cl->n_classes;
  for (int64_t i = 0; i < n; i++) {
    double divisor = cl->divisor[row + i];
    for (int64_t k = i * n_classes; divisor > 0 && k < (i + 1) * n_classes; k++) {
      if (cl->is_single) {
        ((float *)out)[k] = (float)lqa_confident_scale(cl, (double)((float *)out)[k], divisor);
      } else {
        ((double *)out)[k] = lqa_confident_scale(cl, ((double *)out)[k], divisor);
      }
    }
  }
}

const void *lqa_confident_read_rows(const lqa_confident *cl, size_t worker, int64_t row, int64_t n,
                                    int64_t *stride) {
  size_t size = cl->is_single ? sizeof(float) : sizeof(double);
  if (cl->is_direct) {
    *stride = cl->pred_probs.row_stride / (int64_t)size;
    return (const char *)cl->pred_probs.data + row * cl->pred_probs.row_stride;
  }
  void *out = (char *)cl->scratch + worker * (size_t)(cl->block_rows * cl->n_classes) * size;
  copy_rows(cl, row, n, out);
  if (cl->divisor) {
    scale_rows(cl, row, n, out);
  }
  *stride = cl->n_classes;
  return out;
}

static bool is_direct(const lqa_matrix *m) {
  int64_t size = (int64_t)lqa_dtype_size(m->dtype);
  return !m->swapped && (m->dtype == LQA_FLOAT32 || m->dtype == LQA_FLOAT64) &&
         m->column_stride == size && m->row_stride % size == 0 &&
         (uintptr_t)m->data % (uintptr_t)size == 0;
}

static lqa_status check_shapes(const lqa_confident_input *input, lqa_error *err) {
  const lqa_matrix *p = input->pred_probs;
  const lqa_matrix *labels = input->labels;
  if (labels->dtype <= LQA_FLOAT64) {
    return lqa_fail(err, LQA_BAD_DATA, "labels must be integers, not floating-point numbers");
  }
  if (labels->n_columns != 1) {
    return lqa_fail(err, LQA_BAD_DATA, "labels must be a vector, not a matrix of %lld columns",
                    (long long)labels->n_columns);
  }
  if (labels->n_rows != p->n_rows) {
    return lqa_fail(err, LQA_BAD_DATA, "labels has %lld values but pred_probs has %lld rows",
                    (long long)labels->n_rows, (long long)p->n_rows);
  }
  if (p->n_rows < 1 || p->n_columns < 1) {
    return lqa_fail(err, LQA_BAD_DATA, "pred_probs is empty (%lld rows, %lld columns)",
                    (long long)p->n_rows, (long long)p->n_columns);
  }
  if (p->n_rows > UINT32_MAX || p->n_columns >= INT32_MAX) {
    return lqa_fail(err, LQA_BAD_DATA, "pred_probs is too large: %lld rows, %lld columns",
                    (long long)p->n_rows, (long long)p->n_columns);
  }
  return LQA_OK;
}

static lqa_status count_chunk(void *data, size_t chunk, size_t worker) {
  lqa_confident *cl = data;
  uint32_t *count = cl->chunk_count + chunk * (size_t)cl->n_classes;
  int64_t end = lqa_confident_chunk_end(cl, chunk);
  int32_t label[LQA_LABEL_BLOCK];
  (void)worker;
  for (int64_t row = lqa_confident_chunk_start(cl, chunk); row < end; row += LQA_LABEL_BLOCK) {
    int64_t n = end - row < LQA_LABEL_BLOCK ? end - row : LQA_LABEL_BLOCK;
    lqa_confident_read_labels(cl, row, n, label);
    for (int64_t i = 0; i < n; i++) {
      if (label[i] >= cl->n_classes) {
        return LQA_BAD_DATA;
      }
      if (label[i] >= 0) {
        count[label[i]]++;
      }
    }
  }
  return LQA_OK;
}

static lqa_status fail_label(const lqa_confident *cl, lqa_error *err) {
  for (int64_t row = 0; row < cl->n_rows; row++) {
    int64_t label = label_at(&cl->labels, row);
    if (label >= cl->n_classes) {
      return lqa_fail_at(
          err, LQA_BAD_DATA, NULL, row, NULL,
          "labels[%lld] is %lld but pred_probs has only %d columns (classes 0 to %d)",
          (long long)row, (long long)label, (int)cl->n_classes, (int)cl->n_classes - 1);
    }
  }
  return lqa_fail(err, LQA_INTERNAL, "no label is out of range");
}

static lqa_status count_labels(lqa_confident *cl, lqa_error *err) {
  lqa_status status = lqa_pool_run(cl->pool, (size_t)cl->n_chunks, count_chunk, cl);
  if (status == LQA_BAD_DATA) {
    return fail_label(cl, err);
  }
  LQA_TRY(status);
  for (int64_t chunk = 0; chunk < cl->n_chunks; chunk++) {
    for (int32_t k = 0; k < cl->n_classes; k++) {
      cl->class_count[k] += cl->chunk_count[chunk * cl->n_classes + k];
    }
  }
  for (int32_t k = 0; k < cl->n_classes; k++) {
    cl->n_used += cl->class_count[k];
  }
  return LQA_OK;
}

static void set_layout(lqa_confident *cl) {
  const lqa_matrix *m = &cl->pred_probs;
  cl->n_rows = m->n_rows;
  cl->n_classes = (int32_t)m->n_columns;
  cl->is_single = m->dtype == LQA_FLOAT32 || m->dtype == LQA_FLOAT16;
  cl->is_integral = m->dtype > LQA_FLOAT64;
  cl->is_direct = is_direct(m);
  int64_t share = (cl->n_rows + LQA_CONFIDENT_CHUNKS - 1) / LQA_CONFIDENT_CHUNKS;
  cl->chunk_rows = share > LQA_CONFIDENT_CHUNK_ROWS ? share : LQA_CONFIDENT_CHUNK_ROWS;
  cl->n_chunks = (cl->n_rows + cl->chunk_rows - 1) / cl->chunk_rows;
  int64_t block = SCRATCH_VALUES / m->n_columns;
  cl->block_rows = block < 1 ? 1 : block > LQA_LABEL_BLOCK ? LQA_LABEL_BLOCK : block;
}

static lqa_status allocate(lqa_confident *cl, lqa_error *err) {
  size_t n_classes = (size_t)cl->n_classes;
  cl->class_count = lqa_calloc(n_classes, sizeof *cl->class_count);
  cl->chunk_count = lqa_calloc(n_classes, (size_t)cl->n_chunks * sizeof *cl->chunk_count);
  if (!cl->class_count || !cl->chunk_count) {
    return lqa_fail_memory(err, "preparing confident learning");
  }
  return cl->is_direct ? LQA_OK : lqa_confident_make_scratch(cl, err);
}

lqa_status lqa_confident_make_scratch(lqa_confident *cl, lqa_error *err) {
  size_t block_bytes = (size_t)cl->block_rows * (cl->is_single ? sizeof(float) : sizeof(double));
  cl->scratch = lqa_malloc((size_t)cl->n_classes, block_bytes * lqa_pool_threads(cl->pool));
  return cl->scratch ? LQA_OK : lqa_fail_memory(err, "reading probabilities");
}

lqa_status lqa_confident_new(const lqa_confident_input *input, lqa_confident **out,
                             lqa_error *err) {
  LQA_TRY(check_shapes(input, err));
  lqa_confident *cl = lqa_calloc(1, sizeof *cl);
  if (!cl) {
    return lqa_fail_memory(err, "preparing confident learning");
  }
  lqa_status status;
  cl->pred_probs = *input->pred_probs;
  cl->labels = *input->labels;
  cl->ties = input->ties;
  cl->pool = input->pool;
  cl->observer = input->observer;
  set_layout(cl);
  LQA_TRY_OUT(allocate(cl, err));
  LQA_TRY_OUT(count_labels(cl, err));
  *out = cl;
  return LQA_OK;
out:
  lqa_confident_free(cl);
  return status;
}

void lqa_confident_free(lqa_confident *cl) {
  if (cl) {
    free(cl->class_count);
    free(cl->chunk_count);
    free(cl->scratch);
    free(cl->divisor);
    free(cl);
  }
}

int64_t lqa_confident_count_rows(const lqa_confident *cl) {
  return cl->n_rows;
}
int64_t lqa_confident_count_used(const lqa_confident *cl) {
  return cl->n_used;
}
int64_t lqa_confident_count_scaled(const lqa_confident *cl) {
  return cl->n_scaled;
}
lqa_tie_order lqa_confident_ties(const lqa_confident *cl) {
  return cl->ties;
}
int32_t lqa_confident_count_classes(const lqa_confident *cl) {
  return cl->n_classes;
}
const int64_t *lqa_confident_class_counts(const lqa_confident *cl) {
  return cl->class_count;
}
