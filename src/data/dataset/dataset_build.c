/* A dataset from its pieces: columns from arrays, blanks to NULL, or whole from arrays in memory.
 * Files are read by source/source_load.c, which uses the same pieces.
 */
#include "data/dataset/dataset_build.h"

#include "base/memory.h"
#include "base/unicode.h"
#include "data/dataset/content.h"
#include "data/dataset/labels.h"
#include "data/dataset/storage.h"

lqa_dataset *lqa_dataset_new(void) {
  lqa_dataset *dataset = lqa_calloc(1, sizeof *dataset);
  if (!dataset) {
    return NULL;
  }
  dataset->storage = lqa_storage_new();
  if (!dataset->storage) {
    free(dataset);
    return NULL;
  }
  return dataset;
}

lqa_status lqa_column_from_array(lqa_dataset_storage *storage, const char *name, int64_t n,
                                 const lqa_str *values, lqa_column *column) {
  uint64_t size = 0;
  for (int64_t i = 0; i < n; i++) {
    size += values[i].size;
  }
  char *bytes = lqa_storage_alloc(storage, size, 1);
  uint64_t *offsets = lqa_storage_alloc(storage, (size_t)n + 1, sizeof *offsets);
  uint8_t *valid = lqa_storage_alloc(storage, (size_t)n, 1);
  if (!bytes || !offsets || !valid) {
    return LQA_NO_MEMORY;
  }
  for (int64_t i = 0; i < n; i++) {
    valid[i] = !lqa_str_is_null(values[i]);
    if (values[i].size > 0) {
      memcpy(bytes + offsets[i], values[i].data, values[i].size);
    }
    offsets[i + 1] = offsets[i] + values[i].size;
  }
  *column = (lqa_column){name, n, bytes, offsets, valid};
  return LQA_OK;
}

lqa_status lqa_column_all_null(lqa_dataset_storage *storage, const char *name, int64_t n,
                               lqa_column *column) {
  uint64_t *offsets = lqa_storage_alloc(storage, (size_t)n + 1, sizeof *offsets);
  uint8_t *valid = lqa_storage_alloc(storage, (size_t)n, 1);
  *column = (lqa_column){name, n, "", offsets, valid};
  return offsets && valid ? LQA_OK : LQA_NO_MEMORY;
}

lqa_status lqa_column_null_blanks(lqa_dataset_storage *storage, lqa_column *column) {
  uint8_t *valid = lqa_storage_alloc(storage, (size_t)column->n, 1);
  if (!valid) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < column->n; row++) {
    lqa_str value = lqa_column_get(column, row);
    valid[row] = !lqa_str_is_null(value) && !lqa_unicode_is_blank(value);
  }
  column->valid = valid;
  return LQA_OK;
}

/* One pretended file that holds all rows. */
static lqa_status add_memory_file(lqa_dataset *dataset) {
  lqa_source_file *file = lqa_storage_alloc(dataset->storage, 1, sizeof *file);
  if (!file) {
    return LQA_NO_MEMORY;
  }
  file->path = "(memory)";
  file->n_rows = dataset->n_rows;
  dataset->files = file;
  dataset->n_files = 1;
  return LQA_OK;
}

lqa_status lqa_dataset_from_arrays(int64_t n_rows, const lqa_str *contents, const lqa_str *labels,
                                   const lqa_str *classes, int32_t n_classes, lqa_dataset **out,
                                   lqa_error *err) {
  lqa_dataset *dataset = lqa_dataset_new();
  lqa_status status = LQA_NO_MEMORY;
  if (!dataset) {
    goto out;
  }
  dataset->n_rows = n_rows;
  dataset->kind = contents ? LQA_CONTENT_TEXT : LQA_CONTENT_NONE;
  dataset->content_name = "text";
  LQA_TRY_OUT(add_memory_file(dataset));
  LQA_TRY_OUT(contents ? lqa_column_from_array(dataset->storage, "text", n_rows, contents,
                                               &dataset->content)
                       : lqa_column_all_null(dataset->storage, "text", n_rows, &dataset->content));
  LQA_TRY_OUT(lqa_content_finish(dataset, NULL, err));
  LQA_TRY_OUT(
      lqa_column_from_array(dataset->storage, "label", n_rows, labels, &dataset->label_text));
  LQA_TRY_OUT(lqa_column_null_blanks(dataset->storage, &dataset->label_text));
  LQA_TRY_OUT(lqa_labels_encode(dataset, classes, n_classes, err));
  *out = dataset;
  return LQA_OK;
out:
  lqa_dataset_free(dataset);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "building a data set") : status;
}
