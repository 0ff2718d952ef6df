/* export/prodigy.c - examples for Prodigy's choice interface, one JSON object per line
 * (https://prodi.gy/docs/api-interfaces):
 *
 *     {"text": "...", "options": [{"id": "Business", "text": "Business"}, ...],
 *      "accept": ["Business"],
 *      "meta": {"row_id": "a17", "row_number": 17, "label": "Sports", "score": 0.7}}
 *
 * What `accept` holds is chosen already when the page shows it. `answer` is Prodigy's to add: with
 * it an example would count as answered.
 */
#include "export/task_file.h"

static void add_options(const lqa_manifest *manifest, lqa_json *json) {
  lqa_json_key(json, "options");
  lqa_json_open_array(json);
  for (int32_t k = 0; k < manifest->n_classes; k++) {
    lqa_json_open_object(json);
    lqa_json_add_str(json, "id", manifest->classes[k]);
    lqa_json_add_str(json, "text", manifest->classes[k]);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

static void add(const lqa_row_task *task, lqa_json *json) {
  lqa_json_add_str(json, "text", task->text);
  add_options(&task->run->manifest, json);
  lqa_json_key(json, "accept");
  lqa_json_open_array(json);
  if (task->suggested.data) {
    lqa_json_str(json, task->suggested);
  }
  lqa_json_close_array(json);
  lqa_json_key(json, "meta");
  lqa_json_open_object(json);
  lqa_json_add_str(json, "row_id", task->row_id);
  lqa_json_add_int(json, "row_number", task->row);
  lqa_json_add_str(json, "label", task->label);
  lqa_json_add_double(json, "score", task->score);
  lqa_json_close_object(json);
}

const lqa_task_format lqa_task_format_prodigy = {.name = "prodigy", .has_lines = true, .add = add};
