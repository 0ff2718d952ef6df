/* store/rows_save.c - rows.parquet: one function per column of CONTRACT section 5.
 *
 * The writer pulls row by row, so nothing is laid out twice in memory; reasons are made as they are
 * written. The bytes depend on the rows and the version of DuckDB alone.
 */
#include "base/file.h"
#include "base/memory.h"
#include "data/table.h"
#include "store/run_rows.h"
#include "trust/reasons.h"

#include "audit/audit.h"

#include <math.h>

typedef struct writer {
  const lqa_run_rows *rows;
  const lqa_evidence *e;
  const lqa_manifest *manifest;
  lqa_reasons reasons;
  char id[24], hash[33];
  lqa_str ids[LQA_FINDING_MAX_BITS];
} writer;

static void set_text(lqa_value *value, lqa_str text) {
  value->text = text;
  value->is_null = lqa_str_is_null(text);
}

static void set_class(const writer *w, lqa_value *value, int32_t code) {
  value->is_null = code < 0;
  if (code >= 0) {
    value->text = w->manifest->classes[code];
  }
}

static void set_number(lqa_value *value, double number) {
  value->number = number;
  value->is_null = isnan(number);
}

#define COLUMN(name) static void get_##name(void *data, int64_t row, lqa_value *value)

COLUMN(row_id) {
  writer *w = data;
  set_text(value, lqa_run_rows_id(w->rows, row, w->id));
}
COLUMN(row_number) {
  (void)data;
  value->integer = row;
}

/* The file a row came from, and its row there. */
static const char *find_place(const writer *w, int64_t row, int64_t *file_row) {
  if (w->rows->dataset) {
    const lqa_source_file *file = lqa_dataset_file_of(w->rows->dataset, row, file_row);
    return file ? file->path : NULL;
  }
  *file_row = w->rows->file_row[row];
  int32_t file = w->rows->file[row];
  return file >= 0 ? w->manifest->files[file].path : NULL;
}
COLUMN(source_file) {
  int64_t file_row;
  set_text(value, lqa_str_from(find_place(data, row, &file_row)));
}
COLUMN(source_row) {
  value->integer = row;
  (void)find_place(data, row, &value->integer);
}

static void get_role(const writer *w, lqa_role role, int64_t row, lqa_value *value) {
  set_text(value, lqa_column_get(&w->rows->roles[role], row));
}
COLUMN(annotator) {
  get_role(data, LQA_ROLE_ANNOTATOR, row, value);
}
COLUMN(split) {
  get_role(data, LQA_ROLE_SPLIT, row, value);
}
COLUMN(time) {
  get_role(data, LQA_ROLE_TIME, row, value);
}
COLUMN(group) {
  get_role(data, LQA_ROLE_GROUP, row, value);
}

COLUMN(content_hash) {
  writer *w = data;
  lqa_hash128 hash = w->rows->content_hash ? w->rows->content_hash[row] : (lqa_hash128){0, 0};
  value->is_null = hash.high == 0 && hash.low == 0;
  lqa_hash128_format(hash, w->hash);
  value->text = (lqa_str){w->hash, 32};
}
COLUMN(label) {
  const writer *w = data;
  set_text(value, lqa_run_rows_label(w->rows, w->manifest, row));
}
COLUMN(predicted_label) {
  const writer *w = data;
  set_class(w, value, w->e->predicted_label[row]);
}
COLUMN(self_confidence) {
  const writer *w = data;
  set_number(value, w->e->self_confidence[row]);
}
COLUMN(is_label_issue) {
  const writer *w = data;
  value->integer = w->e->is_label_issue[row] != 0;
}
COLUMN(issue_rank) {
  const writer *w = data;
  value->integer = w->e->issue_rank[row];
  value->is_null = w->e->issue_rank[row] == 0;
}
COLUMN(loss) {
  const writer *w = data;
  set_number(value, w->e->loss[row]);
}
COLUMN(loss_percentile) {
  const writer *w = data;
  set_number(value, w->e->loss_percentile[row]);
}
COLUMN(is_high_loss) {
  const writer *w = data;
  value->integer = w->e->is_high_loss[row] != 0;
}
COLUMN(provenance) {
  writer *w = data;
  for (uint64_t left = w->e->finding_bits[row]; left; left &= left - 1) {
    const char *id = lqa_finding_bit_id(__builtin_ctzll(left));
    if (id) {
      w->ids[value->n_list++] = lqa_str_from(id);
    }
  }
  value->list = w->ids;
}
COLUMN(verdict) {
  const writer *w = data;
  set_text(value, lqa_str_from(lqa_verdict_name((lqa_verdict)w->e->verdict[row])));
}
COLUMN(corrected_label) {
  const writer *w = data;
  set_class(w, value, w->e->corrected_label[row]);
}
COLUMN(decided_label) {
  const writer *w = data;
  set_class(w, value, w->e->decided_label[row]);
}
COLUMN(decided_by) {
  const writer *w = data;
  set_text(value, lqa_str_from(w->e->decided_by[row]));
}
COLUMN(suggested_label) {
  const writer *w = data;
  set_class(w, value, w->e->suggested_label[row]);
}
COLUMN(p_correct) {
  const writer *w = data;
  set_number(value, w->e->p_correct[row]);
}
COLUMN(trust_score) {
  const writer *w = data;
  set_number(value, w->e->trust_score[row]);
}
COLUMN(review_action) {
  const writer *w = data;
  set_text(value, lqa_str_from(lqa_action_name((lqa_action)w->e->action[row])));
}
COLUMN(reasons) {
  writer *w = data;
  value->n_list = lqa_reasons_get(&w->reasons, row, &value->list);
}

typedef struct column_row {
  lqa_table_column column;
  int role; /* only where this role was given; -1 = always */
} column_row;

#define C(name, type, role) \
  { {#name, LQA_VALUE_##type, get_##name, NULL}, role }
static const column_row COLUMNS[] = {C(row_id, TEXT, -1),
                                     C(row_number, INT64, -1),
                                     C(source_file, TEXT, -1),
                                     C(source_row, INT64, -1),
                                     C(annotator, TEXT, LQA_ROLE_ANNOTATOR),
                                     C(split, TEXT, LQA_ROLE_SPLIT),
                                     C(time, TEXT, LQA_ROLE_TIME),
                                     C(group, TEXT, LQA_ROLE_GROUP),
                                     C(content_hash, TEXT, -1),
                                     C(label, TEXT, -1),
                                     C(predicted_label, TEXT, -1),
                                     C(self_confidence, DOUBLE, -1),
                                     C(is_label_issue, BOOL, -1),
                                     C(issue_rank, INT32, -1),
                                     C(loss, DOUBLE, -1),
                                     C(loss_percentile, DOUBLE, -1),
                                     C(is_high_loss, BOOL, -1),
                                     C(provenance, TEXT_LIST, -1),
                                     C(verdict, TEXT, -1),
                                     C(corrected_label, TEXT, -1),
                                     C(decided_label, TEXT, -1),
                                     C(decided_by, TEXT, -1),
                                     C(suggested_label, TEXT, -1),
                                     C(p_correct, DOUBLE, -1),
                                     C(trust_score, DOUBLE, -1),
                                     C(review_action, TEXT, -1),
                                     C(reasons, TEXT_LIST, -1)};
enum { N_COLUMNS = sizeof COLUMNS / sizeof COLUMNS[0] };

lqa_status lqa_rows_save(const lqa_rows_output *output, const char *folder, lqa_error *err) {
  lqa_table_column columns[N_COLUMNS];
  writer w = {.rows = output->rows, .e = output->evidence, .manifest = output->manifest};
  lqa_table table = {.n_rows = output->rows->n_rows, .columns = columns, .data = &w};
  for (int i = 0; i < N_COLUMNS; i++) {
    if (COLUMNS[i].role < 0 || output->rows->roles[COLUMNS[i].role].name) {
      columns[table.n_columns++] = COLUMNS[i].column;
    }
  }
  char *path = lqa_path_join(folder, "rows.parquet");
  if (!path) {
    return lqa_fail_memory(err, "writing rows.parquet");
  }
  lqa_reasons_init(&w.reasons, output->evidence, output->manifest->classes,
                   output->manifest->loss_files.n > 0);
  lqa_status status = lqa_table_save(&table, path, LQA_TABLE_PARQUET, output->observer, err);
  lqa_reasons_clear(&w.reasons);
  free(path);
  return status;
}
