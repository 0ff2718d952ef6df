/* export/export_rows.c - getters over a run's evidence. Texts are fetched in one pass over the
 * source, whole: an export is for work, not for a glance, so nothing is cut. Memory: the texts of
 * the rows listed.
 */
#include "export/export_rows.h"

#include "base/memory.h"
#include "trust/rule.h"

#include <math.h>

static lqa_status take_order(lqa_export_rows *rows, lqa_action action, lqa_error *err) {
  const lqa_evidence *evidence = &rows->run->evidence;
  rows->order = lqa_malloc((size_t)evidence->n_rows, sizeof *rows->order);
  if (!rows->order) {
    return lqa_fail_memory(err, "ordering rows for export");
  }
  int64_t n = lqa_rule_order(evidence, rows->order);
  for (int64_t i = 0; i < n; i++) {
    if (action == LQA_ACTION_COUNT || evidence->action[rows->order[i]] == action) {
      rows->order[rows->n++] = rows->order[i];
    }
  }
  return LQA_OK;
}

void lqa_export_rows_all(const lqa_run *run, lqa_export_rows *out) {
  *out = (lqa_export_rows){.run = run, .n = run->rows.n_rows};
  lqa_reasons_init(&out->reasons, &run->evidence, run->manifest.classes,
                   run->manifest.loss_files.n > 0);
}

lqa_status lqa_export_rows_load(const lqa_run *run, lqa_action action, lqa_export_rows *out,
                                lqa_error *err) {
  lqa_export_rows rows;
  const lqa_row_texts_input input = {run->folder, &run->manifest, &run->rows, run->observer, 0};
  lqa_export_rows_all(run, &rows);
  rows.n = 0;
  lqa_status status = take_order(&rows, action, err);
  if (status == LQA_OK) {
    status = lqa_row_texts_load(&input, rows.order, rows.n, &rows.texts, err);
  }
  if (status != LQA_OK) {
    free(rows.order);
    lqa_reasons_clear(&rows.reasons);
    return status;
  }
  *out = rows;
  return LQA_OK;
}

void lqa_export_rows_clear(lqa_export_rows *rows) {
  lqa_row_texts_clear(&rows->texts);
  lqa_reasons_clear(&rows->reasons);
  free(rows->order);
  rows->order = NULL;
}

static void set_text(lqa_value *value, lqa_str text) {
  value->text = text;
  value->is_null = lqa_str_is_null(text);
}

static void set_number(lqa_value *value, double number) {
  value->number = number;
  value->is_null = isnan(number);
}

static void set_class(lqa_value *value, const lqa_run *run, int32_t code) {
  set_text(value, code >= 0 ? run->manifest.classes[code] : (lqa_str){NULL, 0});
}

/* A getter: `row` is the row number that place `i` of the list stands for. */
#define GETTER(name)                                                      \
  static void name(lqa_export_rows *rows, int64_t row, lqa_value *value); \
  void lqa_export_get_##name(void *data, int64_t i, lqa_value *value) {   \
    name(data, lqa_export_rows_at(data, i), value);                       \
  }                                                                       \
  static void name(lqa_export_rows *rows, int64_t row, lqa_value *value)

GETTER(row_id) {
  set_text(value, lqa_run_rows_id(&rows->run->rows, row, rows->id));
}
GETTER(row_number) {
  (void)rows;
  value->integer = row;
}
GETTER(text) {
  set_text(value, lqa_row_texts_get(&rows->texts, row));
}
GETTER(label) {
  set_text(value, lqa_run_rows_label(&rows->run->rows, &rows->run->manifest, row));
}
GETTER(suggested_label) {
  set_class(value, rows->run, rows->run->evidence.suggested_label[row]);
}
GETTER(corrected_label) {
  set_class(value, rows->run, rows->run->evidence.corrected_label[row]);
}
GETTER(decided_label) {
  set_class(value, rows->run, rows->run->evidence.decided_label[row]);
}
GETTER(decided_by) {
  set_text(value, lqa_str_from(rows->run->evidence.decided_by[row]));
}
GETTER(verdict) {
  set_text(value, lqa_str_from(lqa_verdict_name((lqa_verdict)rows->run->evidence.verdict[row])));
}
GETTER(trust_score) {
  set_number(value, rows->run->evidence.trust_score[row]);
}
GETTER(self_confidence) {
  set_number(value, rows->run->evidence.self_confidence[row]);
}
GETTER(reasons) {
  (void)row; /* lqa_export_rows_begin went there */
  value->list = rows->sentences;
  value->n_list = rows->n_sentences;
}

lqa_status lqa_export_rows_begin(void *data, int64_t i, lqa_error *err) {
  lqa_export_rows *rows = data;
  rows->n_sentences =
      lqa_reasons_get(&rows->reasons, lqa_export_rows_at(rows, i), &rows->sentences);
  return lqa_buf_check(&rows->reasons.text, err);
}
