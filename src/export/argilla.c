/* export/argilla.c - records with a suggestion, as Argilla 2's records.from_json and
 * Record.from_dict take them (https://docs.argilla.io, Record):
 *
 *     [{"id": "row_number:17", "fields": {"text": "..."},
 *       "metadata": {"row_id": "a17", "row_number": 17, "label": "Sports"},
 *       "suggestions": {"label": {"value": "Business", "score": 0.7, "agent": "logistic"}},
 *       "responses": {}, "vectors": {}, "status": "pending"}]
 *
 * Records of one id replace each other there, and metadata that the data set's settings do not name
 * is lost: so the id is the row's number, which is unique, in words that are no id of the user's.
 */
#include "export/task_file.h"

#include <stdio.h>

/* Letters, digits, blanks and - _ : . / are all that Argilla takes in an agent's name. */
static lqa_str clean_agent(const char *author, char out[200]) {
  size_t n = 0;
  bool any = false;
  for (const char *c = author; *c && n < 200; c++) {
    bool is_alnum =
        (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
    out[n++] = is_alnum || strchr("-_:./ ", *c) ? *c : '_';
    any = any || is_alnum;
  }
  return any ? (lqa_str){out, n} : LQA_STR("labelqa");
}

static void add_metadata(const lqa_row_task *task, lqa_json *json) {
  lqa_json_key(json, "metadata");
  lqa_json_open_object(json);
  lqa_json_add_str(json, "row_id", task->row_id);
  lqa_json_add_int(json, "row_number", task->row);
  if (task->label.data) {
    lqa_json_add_str(json, "label", task->label);
  }
  lqa_json_close_object(json);
}

static void add_suggestion(const lqa_row_task *task, lqa_json *json) {
  char agent[200];
  lqa_json_key(json, "suggestions");
  lqa_json_open_object(json);
  if (task->suggested.data) {
    lqa_json_key(json, "label");
    lqa_json_open_object(json);
    lqa_json_add_str(json, "value", task->suggested);
    lqa_json_add_double(json, "score", task->score);
    lqa_json_add_str(json, "agent", clean_agent(task->author, agent));
    lqa_json_close_object(json);
  }
  lqa_json_close_object(json);
}

static void add_empty(const char *key, lqa_json *json) {
  lqa_json_key(json, key);
  lqa_json_open_object(json);
  lqa_json_close_object(json);
}

static void add(const lqa_row_task *task, lqa_json *json) {
  char id[40];
  snprintf(id, sizeof id, "row_number:%lld", (long long)task->row);
  lqa_json_add_text(json, "id", id);
  lqa_json_key(json, "fields");
  lqa_json_open_object(json);
  lqa_json_add_str(json, "text", task->text);
  lqa_json_close_object(json);
  add_metadata(task, json);
  add_suggestion(task, json);
  add_empty("responses", json);
  add_empty("vectors", json);
  lqa_json_add_text(json, "status", "pending");
}

const lqa_task_format lqa_task_format_argilla = {.name = "argilla", .add = add};
