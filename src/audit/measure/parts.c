/* audit/measure/parts.c - a partition of the rows by file or by a metadata column. */
#include "audit/measure/parts.h"

#include "base/memory.h"

static void read_files(const lqa_dataset *d, lqa_parts *parts) {
  parts->n = (uint32_t)d->n_files;
  for (int32_t f = 0; f < d->n_files; f++) {
    for (int64_t i = 0; i < d->files[f].n_rows; i++) {
      parts->of[d->files[f].first_row + i] = (uint32_t)f;
    }
  }
}

static lqa_status read_values(const lqa_dataset *d, lqa_parts *parts) {
  parts->names = lqa_map_new(false);
  if (!parts->names) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < d->n_rows; row++) {
    lqa_str value = lqa_column_get(&d->roles[parts->role], row);
    if (value.data) {
      LQA_TRY(lqa_map_add(parts->names, value, &parts->of[row], NULL));
    }
  }
  parts->n = lqa_map_count(parts->names);
  return LQA_OK;
}

lqa_status lqa_parts_read(const lqa_dataset *dataset, int role, lqa_parts *parts, lqa_error *err) {
  *parts = (lqa_parts){.role = role, .dataset = dataset};
  if (role >= 0 && !lqa_dataset_has_role(dataset, (lqa_role)role)) {
    return LQA_OK;
  }
  lqa_status status = LQA_OK;
  parts->of = lqa_malloc((size_t)dataset->n_rows, sizeof *parts->of);
  if (!parts->of) {
    status = LQA_NO_MEMORY;
  } else {
    memset(parts->of, 0xff, (size_t)dataset->n_rows * sizeof *parts->of);
    if (role < 0) {
      read_files(dataset, parts);
    } else {
      status = read_values(dataset, parts);
    }
  }
  if (status != LQA_OK) {
    lqa_parts_clear(parts);
    return lqa_fail_memory(err, "grouping rows by their source");
  }
  return LQA_OK;
}

lqa_str lqa_parts_name(const lqa_parts *parts, uint32_t part) {
  return parts->names ? lqa_map_key(parts->names, part)
                      : lqa_str_from(parts->dataset->files[part].path);
}

void lqa_parts_clear(lqa_parts *parts) {
  lqa_map_free(parts->names);
  free(parts->of);
  *parts = (lqa_parts){0};
}
