/* export/label_studio.c - tasks with a prediction, as Label Studio's import takes them
 * (https://labelstud.io/guide/tasks and /guide/predictions):
 *
 *     [{"id": 17, "data": {"text": "...", "label": "Sports", "row_id": "a17"},
 *       "predictions": [{"model_version": "logistic", "score": 0.7, "result": [
 *         {"from_name": "label", "to_name": "text", "type": "choices",
 *          "value": {"choices": ["Business"]}}]}]}]
 *
 * They fit a labelling interface with <Text name="text" value="$text"/> and <Choices name="label"
 * toName="text">. The score orders tasks: how far the suggested label may be believed, the trust
 * score of a label that is kept and one minus it where another is suggested. It is no probability.
 */
#include "export/label_studio.h"

#include "base/file.h"
#include "base/json.h"

#include <stdint.h>

static const size_t MAX_TASKS_BYTES = SIZE_MAX / 4;

static lqa_str text_of(const char *column, lqa_row_table *table, int64_t i) {
  lqa_value value = {0};
  const lqa_table_column found = lqa_row_table_column(table, column);
  found.get(found.data, i, &value);
  return value.is_null ? (lqa_str){NULL, 0} : value.text;
}

static void add_data(lqa_row_table *table, int64_t i, lqa_json *json) {
  lqa_str text = text_of("text", table, i);
  lqa_json_key(json, "data");
  lqa_json_open_object(json);
  lqa_json_key(json, "text"); /* the page refuses to show a null */
  lqa_json_str(json, lqa_str_is_null(text) ? LQA_STR("") : text);
  lqa_json_add_str(json, "label", text_of("label", table, i));
  lqa_json_add_str(json, "row_id", text_of("row_id", table, i));
  lqa_json_close_object(json);
}

static void add_choice(lqa_str label, lqa_json *json) {
  lqa_json_key(json, "result");
  lqa_json_open_array(json);
  lqa_json_open_object(json);
  lqa_json_add_text(json, "from_name", "label");
  lqa_json_add_text(json, "to_name", "text");
  lqa_json_add_text(json, "type", "choices");
  lqa_json_key(json, "value");
  lqa_json_open_object(json);
  lqa_json_key(json, "choices");
  lqa_json_open_array(json);
  lqa_json_str(json, label);
  lqa_json_close_array(json);
  lqa_json_close_object(json);
  lqa_json_close_object(json);
  lqa_json_close_array(json);
}

/* Who suggests: the judge where it corrected, people where they decided, else the model. */
static const char *name_author(const lqa_run *run, int64_t row) {
  const lqa_evidence *e = &run->evidence;
  if (e->decided_by[row]) {
    return e->decided_by[row];
  }
  if (e->verdict[row] != LQA_VERDICT_NONE && run->manifest.judge_models.n > 0) {
    return run->manifest.judge_models.items[0];
  }
  return run->manifest.model ? run->manifest.model : "labelqa";
}

static void add_predictions(const lqa_run *run, int64_t row, lqa_json *json) {
  int32_t suggested = run->evidence.suggested_label[row];
  double trust = run->evidence.trust_score[row];
  lqa_json_key(json, "predictions");
  lqa_json_open_array(json);
  if (suggested >= 0) {
    lqa_json_open_object(json);
    lqa_json_add_text(json, "model_version", name_author(run, row));
    lqa_json_add_double(json, "score", suggested == run->rows.label[row] ? trust : 1 - trust);
    add_choice(run->manifest.classes[suggested], json);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

lqa_status lqa_label_studio_save(lqa_export_rows *rows, const char *path, lqa_error *err) {
  lqa_buf out;
  lqa_json json;
  lqa_row_table table;
  lqa_export_rows_table(rows, &table);
  lqa_buf_init(&out, MAX_TASKS_BYTES);
  lqa_json_init(&json, &out, 1);
  lqa_json_open_array(&json);
  for (int64_t i = 0; i < rows->n; i++) {
    int64_t row = rows->order[i];
    lqa_json_open_object(&json);
    lqa_json_add_int(&json, "id", row);
    add_data(&table, i, &json);
    add_predictions(rows->run, row, &json);
    lqa_json_close_object(&json);
  }
  lqa_json_close_array(&json);
  lqa_buf_add_char(&out, '\n');
  lqa_status status;
  LQA_TRY_OUT(lqa_buf_check(&out, err));
  status = lqa_file_save(path, out.data, out.size, err);
out:
  lqa_buf_clear(&out);
  lqa_row_table_clear(&table);
  return status;
}
