/* Folding and hashing of content, in tasks of a fixed number of rows: the result depends on the
 * rows alone. Each worker keeps one buffer for the folded text; its ceiling is generous because
 * NFKC can make a text up to 18 times longer.
 */
#include "data/dataset/content.h"

#include "base/memory.h"
#include "base/unicode.h"
#include "data/dataset/storage.h"

enum { ROWS_PER_TASK = 2048, SEGMENT_BYTES = 1 << 26, UNIT_SEPARATOR = 0x1F };

typedef struct hash_job {
  const lqa_column *content;
  const lqa_matrix *embeddings; /* what rows without any text are known by, or NULL */
  uint8_t *valid;
  lqa_hash128 *hash;
  lqa_buf *scratch; /* one per worker */
  int64_t first_row, end_row;
} hash_job;

/* Of the row's numbers as doubles, so that the file's number type does not matter. */
lqa_status lqa_content_hash_numbers(const lqa_matrix *matrix, int64_t row, lqa_buf *scratch,
                                    lqa_hash128 *hash) {
  size_t size = (size_t)matrix->n_columns * sizeof(double);
  lqa_buf_reset(scratch);
  for (int64_t c = 0; c < matrix->n_columns; c++) {
    double value = lqa_matrix_get(matrix, row, c);
    lqa_buf_add(scratch, &value, sizeof value);
  }
  *hash = lqa_hash128_of(scratch->data, scratch->failed ? 0 : size);
  return scratch->failed ? LQA_NO_MEMORY : LQA_OK;
}

lqa_status lqa_content_hash(lqa_str text, lqa_buf *scratch, lqa_hash128 *hash) {
  lqa_buf_reset(scratch);
  lqa_unicode_case_fold(text, scratch);
  if (scratch->failed) {
    return LQA_NO_MEMORY;
  }
  *hash = lqa_hash128_of(scratch->data, scratch->size);
  return LQA_OK;
}

static bool is_guard(lqa_str text, size_t at) {
  bool begins_cell = at == 0 || text.data[at - 1] == ' ' || text.data[at - 1] == UNIT_SEPARATOR;
  return begins_cell && text.data[at] == '\'' && at + 1 < text.size && text.data[at + 1] &&
         strchr("=+-@\t\r", text.data[at + 1]);
}

bool lqa_content_unguard(lqa_str text, lqa_buf *out) {
  size_t from = 0;
  for (size_t i = 0; i < text.size; i++) {
    if (is_guard(text, i)) {
      lqa_buf_add(out, text.data + from, i - from);
      from = i + 1;
    }
  }
  if (from > 0) {
    lqa_buf_add(out, text.data + from, text.size - from);
  }
  return from > 0;
}

static lqa_status hash_row(const hash_job *job, int64_t row, lqa_buf *folded) {
  if (job->embeddings) {
    return lqa_content_hash_numbers(job->embeddings, row, folded, &job->hash[row]);
  }
  lqa_str text = lqa_column_get(job->content, row);
  job->valid[row] = !lqa_str_is_null(text) && !lqa_unicode_is_blank(text);
  if (!job->valid[row]) {
    return LQA_OK;
  }
  return lqa_content_hash(text, folded, &job->hash[row]);
}

static lqa_status hash_rows(void *data, size_t task, size_t worker) {
  hash_job *job = data;
  int64_t first = job->first_row + (int64_t)task * ROWS_PER_TASK, last = first + ROWS_PER_TASK;
  for (int64_t row = first; row < last && row < job->end_row; row++) {
    LQA_TRY(hash_row(job, row, &job->scratch[worker]));
  }
  return LQA_OK;
}

/* The end of the rows from `first` on whose text is about SEGMENT_BYTES. */
static int64_t end_segment(const lqa_column *content, int64_t first) {
  int64_t end = first;
  while (end < content->n && content->offsets[end] - content->offsets[first] < SEGMENT_BYTES) {
    end++;
  }
  return end;
}

/* Segment by segment, so that a content in a file need not be in memory as a whole. */
static lqa_status hash_segments(const lqa_dataset *dataset, hash_job *job, lqa_pool *pool) {
  while (job->end_row < job->content->n) {
    job->first_row = job->end_row;
    job->end_row = end_segment(job->content, job->first_row);
    size_t n = (size_t)(job->end_row - job->first_row);
    LQA_TRY(lqa_pool_run(pool, (n + ROWS_PER_TASK - 1) / ROWS_PER_TASK, hash_rows, job));
    lqa_dataset_release_content(dataset, job->end_row);
  }
  return LQA_OK;
}

lqa_status lqa_content_finish(lqa_dataset *dataset, lqa_pool *pool, lqa_error *err) {
  size_t n = (size_t)dataset->content.n, n_workers = lqa_pool_threads(pool);
  bool has_text = dataset->content_name && *dataset->content_name;
  hash_job job = {.content = &dataset->content,
                  .embeddings = has_text ? NULL : dataset->embeddings};
  job.valid = lqa_storage_alloc(dataset->storage, n, 1);
  job.hash = lqa_storage_alloc(dataset->storage, n, sizeof *job.hash);
  job.scratch = lqa_calloc(n_workers, sizeof *job.scratch);
  if (!job.valid || !job.hash || !job.scratch) {
    free(job.scratch);
    return lqa_fail_memory(err, "hashing the content");
  }
  for (size_t i = 0; i < n_workers; i++) {
    lqa_buf_init(&job.scratch[i], SIZE_MAX / 2);
  }
  lqa_status status = hash_segments(dataset, &job, pool);
  for (size_t i = 0; i < n_workers; i++) {
    lqa_buf_clear(&job.scratch[i]);
  }
  free(job.scratch);
  dataset->content.valid = job.valid;
  dataset->content_hash = job.hash;
  return status == LQA_OK ? LQA_OK : lqa_fail_memory(err, "hashing the content");
}
