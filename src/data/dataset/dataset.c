/* Lookups in the immutable rows under audit, and their end. */
#include "data/dataset/dataset.h"

#include "base/memory.h"
#include "data/dataset/storage.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

void lqa_dataset_free(lqa_dataset *dataset) {
  if (dataset) {
    lqa_storage_free(dataset->storage);
    free(dataset);
  }
}

const lqa_source_file *lqa_dataset_file_of(const lqa_dataset *d, int64_t row,
                                           int64_t *row_in_file) {
  int32_t low = 0, high = d->n_files - 1;
  while (low < high) {
    int32_t middle = low + (high - low + 1) / 2;
    if (d->files[middle].first_row <= row) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  const lqa_source_file *file = &d->files[low];
  *row_in_file = d->storage->row_in_file ? d->storage->row_in_file[row] : row - file->first_row;
  return file;
}

lqa_str lqa_dataset_row_id(const lqa_dataset *d, int64_t row, char scratch[24]) {
  lqa_str id = {NULL, 0};
  if (lqa_dataset_has_role(d, LQA_ROLE_ID)) {
    id = lqa_column_get(&d->roles[LQA_ROLE_ID], row);
  }
  if (lqa_str_is_null(id)) {
    id = (lqa_str){scratch, (size_t)snprintf(scratch, 24, "%lld", (long long)row)};
  }
  return id;
}

void lqa_dataset_release_content(const lqa_dataset *d, int64_t row) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  bool is_mapped = d->storage && d->storage->is_content_mapped;
  size_t size = is_mapped ? d->content.offsets[row] / page * page : 0;
  if (size > 0) {
    (void)madvise((void *)d->content.bytes, size, MADV_DONTNEED); /* a hint */
  }
}

void lqa_dataset_release_row(const lqa_dataset *d, int64_t row) {
  const uint64_t block = (uint64_t)1 << 21;
  if (d->storage && d->storage->is_content_mapped) {
    uint64_t from = d->content.offsets[row], to = d->content.offsets[row + 1];
    uint64_t end = d->content.offsets[d->n_rows];
    from = from / block * block;
    to = (to / block + 1) * block;
    (void)madvise((char *)d->content.bytes + from, (to < end ? to : end) - from, MADV_DONTNEED);
  }
}

int32_t lqa_dataset_find_class(const lqa_dataset *d, lqa_str name) {
  for (int32_t k = 0; k < d->n_classes; k++) {
    if (lqa_str_equal(d->classes[k], name)) {
      return k;
    }
  }
  return LQA_LABEL_UNKNOWN;
}
