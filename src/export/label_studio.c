/* export/label_studio.c - tasks with a prediction, as Label Studio's import takes them
 * (https://labelstud.io/guide/tasks and /guide/predictions):
 *
 *     [{"id": 17, "data": {"text": "...", "label": "Sports", "row_id": "a17", "row_number": 17},
 *       "predictions": [{"model_version": "logistic", "score": 0.7, "result": [
 *         {"from_name": "label", "to_name": "text", "type": "choices",
 *          "value": {"choices": ["Business"]}}]}]}
 *
 * They fit the labelling interface that export_labeling_config.c writes. Its import gives tasks ids
 * of its own; `data` comes back as it was.
 */
#include "export/task_file.h"

static void add_data(const lqa_row_task *task, lqa_json *json) {
  lqa_json_key(json, "data");
  lqa_json_open_object(json);
  lqa_json_add_str(json, "text", task->text);
  lqa_json_add_str(json, "label", task->label);
  lqa_json_add_str(json, "row_id", task->row_id);
  lqa_json_add_int(json, "row_number", task->row);
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

static void add(const lqa_row_task *task, lqa_json *json) {
  lqa_json_add_int(json, "id", task->row);
  add_data(task, json);
  lqa_json_key(json, "predictions");
  lqa_json_open_array(json);
  if (task->suggested.data) {
    lqa_json_open_object(json);
    lqa_json_add_text(json, "model_version", task->author);
    lqa_json_add_double(json, "score", task->score);
    add_choice(task->suggested, json);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

const lqa_task_format lqa_task_format_label_studio = {.name = "label-studio", .add = add};
