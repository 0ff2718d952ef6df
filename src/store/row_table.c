/* store/row_table.c - one function per column of a run's rows.
 *
 * The table writer pulls row by row, so nothing is laid out twice in memory; reasons are made as
 * they are written. */
#include "store/row_table.h"

#include <assert.h>
#include <math.h>

void lqa_row_table_init(lqa_row_table *table, const lqa_run_rows *rows,
                        const lqa_evidence *evidence, const lqa_manifest *manifest) {
  *table = (lqa_row_table){.rows = rows, .evidence = evidence, .manifest = manifest};
  lqa_reasons_init(&table->reasons, evidence, manifest->classes, manifest->loss_files.n > 0);
}

void lqa_row_table_clear(lqa_row_table *table) {
  lqa_reasons_clear(&table->reasons);
}

static void set_text(lqa_value *value, lqa_str text) {
  value->text = text;
  value->is_null = lqa_str_is_null(text);
}

static void set_class(const lqa_row_table *w, lqa_value *value, int32_t code) {
  value->is_null = code < 0;
  if (code >= 0) {
    value->text = w->manifest->classes[code];
  }
}

static void set_number(lqa_value *value, double number) {
  value->number = number;
  value->is_null = isnan(number);
}

/* A column: `row` is the row number that the table's row stands for. */
#define COLUMN(name)                                                      \
  static void name##_of(lqa_row_table *w, int64_t row, lqa_value *value); \
  static void get_##name(void *data, int64_t i, lqa_value *value) {       \
    lqa_row_table *table = data;                                          \
    name##_of(table, table->order ? table->order[i] : i, value);          \
  }                                                                       \
  static void name##_of(lqa_row_table *w, int64_t row, lqa_value *value)

COLUMN(row_id) {
  bool is_number = !w->keeps_empty_ids || !w->rows->row_id.name;
  set_text(value,
           is_number ? lqa_run_rows_id(w->rows, row, w->id) : lqa_run_rows_given_id(w->rows, row));
}
COLUMN(row_number) {
  (void)w;
  value->integer = row;
}

/* The file a row came from, and its row there. */
static const char *find_place(const lqa_row_table *w, int64_t row, int64_t *file_row) {
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
  set_text(value, lqa_str_from(find_place(w, row, &file_row)));
}
COLUMN(source_row) {
  value->integer = row;
  (void)find_place(w, row, &value->integer);
}

static void get_role(const lqa_row_table *w, lqa_role role, int64_t row, lqa_value *value) {
  set_text(value, lqa_column_get(&w->rows->roles[role], row));
}
COLUMN(annotator) {
  get_role(w, LQA_ROLE_ANNOTATOR, row, value);
}
COLUMN(split) {
  get_role(w, LQA_ROLE_SPLIT, row, value);
}
COLUMN(time) {
  get_role(w, LQA_ROLE_TIME, row, value);
}
COLUMN(group) {
  get_role(w, LQA_ROLE_GROUP, row, value);
}

COLUMN(content_hash) {
  lqa_hash128 hash = w->rows->content_hash ? w->rows->content_hash[row] : (lqa_hash128){0, 0};
  value->is_null = hash.high == 0 && hash.low == 0;
  lqa_hash128_format(hash, w->hash);
  value->text = (lqa_str){w->hash, 32};
}
COLUMN(label) {
  set_text(value, lqa_run_rows_label(w->rows, w->manifest, row));
}
COLUMN(predicted_label) {
  set_class(w, value, w->evidence->predicted_label[row]);
}
COLUMN(self_confidence) {
  set_number(value, w->evidence->self_confidence[row]);
}
COLUMN(is_label_issue) {
  value->integer = w->evidence->is_label_issue[row] != 0;
}
COLUMN(issue_rank) {
  value->integer = w->evidence->issue_rank[row];
  value->is_null = w->evidence->issue_rank[row] == 0;
}
COLUMN(loss) {
  set_number(value, w->evidence->loss[row]);
}
COLUMN(loss_percentile) {
  set_number(value, w->evidence->loss_percentile[row]);
}
COLUMN(is_high_loss) {
  value->integer = w->evidence->is_high_loss[row] != 0;
}
COLUMN(provenance) {
  for (uint64_t left = w->evidence->finding_bits[row]; left; left &= left - 1) {
    const char *id = lqa_finding_bit_id(__builtin_ctzll(left));
    if (id) {
      w->ids[value->n_list++] = lqa_str_from(id);
    }
  }
  value->list = w->ids;
}
COLUMN(verdict) {
  set_text(value, lqa_str_from(lqa_verdict_name((lqa_verdict)w->evidence->verdict[row])));
}
COLUMN(corrected_label) {
  set_class(w, value, w->evidence->corrected_label[row]);
}
COLUMN(decided_label) {
  set_class(w, value, w->evidence->decided_label[row]);
}
COLUMN(decided_by) {
  set_text(value, lqa_str_from(w->evidence->decided_by[row]));
}
COLUMN(suggested_label) {
  set_class(w, value, w->evidence->suggested_label[row]);
}
COLUMN(p_correct) {
  set_number(value, w->evidence->p_correct[row]);
}
COLUMN(trust_score) {
  set_number(value, w->evidence->trust_score[row]);
}
COLUMN(review_action) {
  set_text(value, lqa_str_from(lqa_action_name((lqa_action)w->evidence->action[row])));
}
COLUMN(reasons) {
  (void)row; /* lqa_row_table_begin went there */
  value->list = w->sentences;
  value->n_list = w->n_sentences;
}
COLUMN(text) {
  set_text(value, lqa_row_texts_get(w->texts, row));
}

lqa_status lqa_row_table_begin(void *data, int64_t i, lqa_error *err) {
  lqa_row_table *w = data;
  w->n_sentences = lqa_reasons_get(&w->reasons, w->order ? w->order[i] : i, &w->sentences);
  return lqa_buf_check(&w->reasons.text, err);
}

#define C(name, type) \
  { #name, LQA_VALUE_##type, get_##name, NULL }
static const lqa_table_column COLUMNS[] = {C(row_id, TEXT),
                                           C(row_number, INT64),
                                           C(source_file, TEXT),
                                           C(source_row, INT64),
                                           C(annotator, TEXT),
                                           C(split, TEXT),
                                           C(time, TEXT),
                                           C(group, TEXT),
                                           C(content_hash, TEXT),
                                           C(label, TEXT),
                                           C(predicted_label, TEXT),
                                           C(self_confidence, DOUBLE),
                                           C(is_label_issue, BOOL),
                                           C(issue_rank, INT32),
                                           C(loss, DOUBLE),
                                           C(loss_percentile, DOUBLE),
                                           C(is_high_loss, BOOL),
                                           C(provenance, TEXT_LIST),
                                           C(verdict, TEXT),
                                           C(corrected_label, TEXT),
                                           C(decided_label, TEXT),
                                           C(decided_by, TEXT),
                                           C(suggested_label, TEXT),
                                           C(p_correct, DOUBLE),
                                           C(trust_score, DOUBLE),
                                           C(review_action, TEXT),
                                           C(reasons, TEXT_LIST),
                                           C(text, TEXT)};

lqa_table_column lqa_row_table_column(const char *name) {
  size_t i = 0, n = sizeof COLUMNS / sizeof COLUMNS[0];
  while (i < n && strcmp(COLUMNS[i].name, name) != 0) {
    i++;
  }
  assert(i < n);
  return COLUMNS[i];
}

int32_t lqa_row_table_columns(const char *const *names, lqa_table_column *columns) {
  int32_t n = 0;
  for (; names[n]; n++) {
    columns[n] = lqa_row_table_column(names[n]);
  }
  return n;
}
