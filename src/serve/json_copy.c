/* A value read is written as it was: numbers keep their digits. */
#include "serve/json_copy.h"

static void copy_members(const lqa_json_node *node, lqa_json *json) {
  for (const lqa_json_node *m = node->first; m; m = m->next) {
    if (node->kind == LQA_JSON_OBJECT) {
      lqa_json_key(json, m->key.data);
    }
    lqa_json_copy(m, json);
  }
}

void lqa_json_copy(const lqa_json_node *node, lqa_json *json) {
  switch (node ? node->kind : LQA_JSON_NULL) {
  case LQA_JSON_BOOL:
    lqa_json_bool(json, node->number != 0);
    break;
  case LQA_JSON_NUMBER:
    lqa_json_raw(json, node->text);
    break;
  case LQA_JSON_TEXT:
    lqa_json_str(json, node->text);
    break;
  case LQA_JSON_ARRAY:
    lqa_json_open_array(json);
    copy_members(node, json);
    lqa_json_close_array(json);
    break;
  case LQA_JSON_OBJECT:
    lqa_json_open_object(json);
    copy_members(node, json);
    lqa_json_close_object(json);
    break;
  default:
    lqa_json_null(json);
  }
}
