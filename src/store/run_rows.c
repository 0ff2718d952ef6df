/* store/run_rows.c - the run's view of a row: id, key, place in the source. */
#include "store/run_rows.h"

#include "base/memory.h"

#include <stdio.h>

/* The hashes, or NULL where no row has any content. */
static const lqa_hash128 *find_hashes(const lqa_dataset *dataset) {
  for (int64_t row = 0; dataset->content_hash && row < dataset->n_rows; row++) {
    if (dataset->content_hash[row].high != 0 || dataset->content_hash[row].low != 0) {
      return dataset->content_hash;
    }
  }
  return NULL;
}

void lqa_run_rows_of_dataset(const lqa_dataset *dataset, lqa_run_rows *rows) {
  *rows = (lqa_run_rows){.n_rows = dataset->n_rows,
                         .row_id = dataset->roles[LQA_ROLE_ID],
                         .label_text = dataset->label_text,
                         .label = dataset->label,
                         .content_hash = find_hashes(dataset),
                         .dataset = dataset};
  memcpy(rows->roles, dataset->roles, sizeof rows->roles);
}

lqa_str lqa_run_rows_given_id(const lqa_run_rows *rows, int64_t row) {
  const lqa_str none = {NULL, 0};
  lqa_str id = rows->row_id.name ? lqa_column_get(&rows->row_id, row) : none;
  return id.size > 0 ? id : none;
}

lqa_str lqa_run_rows_id(const lqa_run_rows *rows, int64_t row, char scratch[24]) {
  lqa_str id = lqa_run_rows_given_id(rows, row);
  if (lqa_str_is_null(id)) {
    int n = snprintf(scratch, 24, "%lld", (long long)row);
    id = (lqa_str){scratch, (size_t)n};
  }
  return id;
}

lqa_str lqa_run_rows_label(const lqa_run_rows *rows, const lqa_manifest *manifest, int64_t row) {
  int32_t code = rows->label[row];
  return code >= 0 ? manifest->classes[code] : lqa_column_get(&rows->label_text, row);
}

lqa_status lqa_run_rows_key(const lqa_run_rows *rows, int64_t row, lqa_buf *out) {
  char scratch[40];
  lqa_str id = lqa_run_rows_given_id(rows, row);
  if (!lqa_str_is_null(id)) {
    lqa_buf_add_text(out, "id:");
    lqa_buf_add_str(out, id);
  } else if (rows->content_hash) {
    lqa_hash128_format(rows->content_hash[row], scratch);
    lqa_buf_printf(out, "hash:%s", scratch);
  } else {
    lqa_buf_printf(out, "row:%lld", (long long)row);
  }
  return out->failed ? LQA_NO_MEMORY : LQA_OK;
}

int32_t lqa_run_rows_file_of(const lqa_run_rows *rows, int64_t row) {
  if (rows->dataset) {
    int64_t in_file;
    return (int32_t)(lqa_dataset_file_of(rows->dataset, row, &in_file) - rows->dataset->files);
  }
  return rows->file ? rows->file[row] : 0;
}
