/* Columns of text, appended. The hot path is one reserve and one memcpy a value; growth is by
 * realloc, which for large blocks moves pages, not bytes.
 */
#include "data/dataset/column_builder.h"

#include "data/dataset/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

void lqa_column_builder_init(lqa_column_builder *builder, uint64_t spill_above,
                             const char *folder) {
  *builder = (lqa_column_builder){.spill_above = spill_above, .folder = folder, .fd = -1};
}

void lqa_column_builder_clear(lqa_column_builder *builder) {
  lqa_vec_clear(&builder->bytes);
  lqa_vec_clear(&builder->offsets);
  lqa_vec_clear(&builder->valid);
  if (builder->fd >= 0) {
    close(builder->fd);
    builder->fd = -1;
  }
}

static lqa_status open_spill(lqa_column_builder *builder, lqa_error *err) {
  char path[4096];
  const char *folder = builder->folder ? builder->folder : "/tmp";
  snprintf(path, sizeof path, "%s/labelqa-XXXXXX", folder);
  builder->fd = mkostemp(path, O_CLOEXEC);
  if (builder->fd < 0) {
    return lqa_fail_errno(err, "make a temporary file in", folder);
  }
  unlink(path);
  return LQA_OK;
}

/* Writes the bytes held to the file. */
static lqa_status spill(lqa_column_builder *builder, lqa_error *err) {
  if (builder->fd < 0) {
    LQA_TRY(open_spill(builder, err));
  }
  for (size_t done = 0; done < builder->bytes.n;) {
    ssize_t n = write(builder->fd, builder->bytes.data + done, builder->bytes.n - done);
    if (n < 0 && errno != EINTR) {
      return lqa_fail_errno(err, "write", "a temporary file");
    }
    done += n > 0 ? (size_t)n : 0;
  }
  builder->spilled_bytes += builder->bytes.n;
  builder->bytes.n = 0;
  return LQA_OK;
}

static lqa_status grow(lqa_column_builder *builder, size_t need, lqa_error *err) {
  if (lqa_vec_reserve(&builder->bytes, need) != LQA_OK) {
    return lqa_fail_memory(err, "loading a column");
  }
  return LQA_OK;
}

lqa_status lqa_column_builder_append(lqa_column_builder *builder, lqa_str piece, lqa_error *err) {
  size_t n = builder->bytes.n;
  if (n + piece.size > builder->bytes.capacity) {
    LQA_TRY(grow(builder, n + piece.size, err));
  }
  if (piece.size > 0) {
    memcpy(builder->bytes.data + n, piece.data, piece.size);
  }
  builder->bytes.n = n + piece.size;
  return LQA_OK;
}

lqa_status lqa_column_builder_end(lqa_column_builder *builder, bool is_null, lqa_error *err) {
  if (lqa_vec_push(&builder->offsets, builder->spilled_bytes + builder->bytes.n) != LQA_OK ||
      lqa_vec_push(&builder->valid, (uint8_t)!is_null) != LQA_OK) {
    return lqa_fail_memory(err, "loading a column");
  }
  builder->has_nulls |= is_null;
  bool full = builder->spill_above > 0 && builder->bytes.n > builder->spill_above;
  return full ? spill(builder, err) : LQA_OK;
}

lqa_status lqa_column_builder_add(lqa_column_builder *builder, lqa_str value, lqa_error *err) {
  LQA_TRY(lqa_column_builder_append(builder, value, err));
  return lqa_column_builder_end(builder, lqa_str_is_null(value), err);
}

/* The bytes as a map of the spill file. */
static lqa_status map_spill(lqa_column_builder *builder, lqa_dataset_storage *storage,
                            lqa_column *column, lqa_error *err) {
  LQA_TRY(spill(builder, err));
  size_t size = builder->spilled_bytes;
  void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, builder->fd, 0);
  if (map == MAP_FAILED) {
    return lqa_fail_errno(err, "map", "a temporary file");
  }
  column->bytes = map;
  return lqa_storage_keep(storage, map, size) == LQA_OK ? LQA_OK
                                                        : lqa_fail_memory(err, "loading a column");
}

static lqa_status keep_bytes(lqa_column_builder *builder, lqa_dataset_storage *storage,
                             lqa_column *column, lqa_error *err) {
  char *bytes = builder->bytes.data;
  column->bytes = bytes ? bytes : "";
  builder->bytes.data = NULL;
  return lqa_storage_keep(storage, bytes, 0) == LQA_OK ? LQA_OK
                                                       : lqa_fail_memory(err, "loading a column");
}

/* Offsets of the starts: the ends, moved up by one. */
static lqa_status keep_offsets(lqa_column_builder *builder, lqa_dataset_storage *storage,
                               lqa_column *column) {
  size_t n = builder->offsets.n;
  LQA_TRY(lqa_vec_reserve(&builder->offsets, n + 1));
  uint64_t *offsets = builder->offsets.data;
  memmove(offsets + 1, offsets, n * sizeof *offsets);
  offsets[0] = 0;
  column->offsets = offsets;
  builder->offsets.data = NULL;
  LQA_TRY(lqa_storage_keep(storage, offsets, 0));
  if (builder->has_nulls) {
    column->valid = builder->valid.data;
    builder->valid.data = NULL;
    return lqa_storage_keep(storage, (void *)column->valid, 0);
  }
  return LQA_OK;
}

lqa_status lqa_column_builder_finish(lqa_column_builder *builder, lqa_dataset_storage *storage,
                                     const char *name, lqa_column *column, lqa_error *err) {
  lqa_status status;
  *column = (lqa_column){.name = name, .n = (int64_t)builder->offsets.n};
  LQA_TRY_OUT(builder->fd >= 0 ? map_spill(builder, storage, column, err)
                               : keep_bytes(builder, storage, column, err));
  if (keep_offsets(builder, storage, column) != LQA_OK) {
    LQA_TRY_OUT(lqa_fail_memory(err, "loading a column"));
  }
out:
  lqa_column_builder_clear(builder);
  return status;
}
