/* Rows as labelling tools export them, made flat.
 *
 *   Label Studio   {"id", "data": {"text"}, "annotations": [{"result": [{"value": {"choices"}}]}]}
 *   Argilla        {"fields": {"text"}, "responses": {"label": [{"value"}]}}, or a list of
 * responses Prodigy        {"text", "answer": "accept", "accept": ["label"]} or {"text", "label",
 * "answer"} datasets       {"row_idx", "row": {...}} of Hugging Face's viewer
 *
 * Of several annotations the first that was not cancelled counts; `labelqa annotators` is for more.
 * What a tool's person rejected or skipped has no label.
 */
#include "data/source/json_document.h"

static const char label_studio[] = "an export of Label Studio", argilla[] = "an export of Argilla",
                  prodigy[] = "an export of Prodigy", viewer[] = "rows of a dataset viewer";

static bool is_kind(const lqa_json_node *node, lqa_json_kind kind) {
  return node && node->kind == kind;
}

static const lqa_json_node *find(const lqa_json_node *object, const char *key, lqa_json_kind kind) {
  const lqa_json_node *node = lqa_json_find(object, key);
  return is_kind(node, kind) ? node : NULL;
}

static const lqa_json_node *annotations_of(const lqa_json_node *row) {
  const lqa_json_node *list = find(row, "annotations", LQA_JSON_ARRAY);
  return list ? list : find(row, "completions", LQA_JSON_ARRAY);
}

const char *lqa_json_export_tool(const lqa_json_node *row) {
  if (row->kind != LQA_JSON_OBJECT) {
    return NULL;
  }
  if (find(row, "data", LQA_JSON_OBJECT) && annotations_of(row)) {
    return label_studio;
  }
  bool has_fields = find(row, "fields", LQA_JSON_OBJECT) || find(row, "inputs", LQA_JSON_OBJECT);
  if (has_fields && (lqa_json_find(row, "responses") || lqa_json_find(row, "suggestions") ||
                     lqa_json_find(row, "annotation"))) {
    return argilla;
  }
  bool is_binary = find(row, "label", LQA_JSON_TEXT) != NULL;
  if (find(row, "answer", LQA_JSON_TEXT) && find(row, "text", LQA_JSON_TEXT) &&
      (find(row, "accept", LQA_JSON_ARRAY) || is_binary) && lqa_json_find(row, "_input_hash")) {
    return prodigy;
  }
  return find(row, "row", LQA_JSON_OBJECT) && lqa_json_find(row, "row_idx") ? viewer : NULL;
}

static void add_member(lqa_json_line *line, const char *key, const lqa_json_node *value) {
  if (value) {
    lqa_json_line_add(line, lqa_str_from(key), value);
  }
}

/* All members but those of these names. */
static void add_others(lqa_json_line *line, const lqa_json_node *object, const char *const *left) {
  for (const lqa_json_node *m = object ? object->first : NULL; m; m = m->next) {
    bool is_left = false;
    for (size_t i = 0; left[i]; i++) {
      is_left = is_left || lqa_str_equal(m->key, lqa_str_from(left[i]));
    }
    if (!is_left) {
      lqa_json_line_add(line, m->key, m);
    }
  }
}

/* The choices of the first annotation that was not cancelled, and whose it is. */
static const lqa_json_node *find_choices(const lqa_json_node *row, const lqa_json_node **whose) {
  const lqa_json_node *a = annotations_of(row)->first;
  for (; a; a = a->next) {
    const lqa_json_node *result = find(a, "result", LQA_JSON_ARRAY);
    for (const lqa_json_node *r = result ? result->first : NULL; r; r = r->next) {
      const lqa_json_node *value = lqa_json_find(r, "value");
      const lqa_json_node *choices = lqa_json_find(value, "choices");
      choices = choices ? choices : lqa_json_find(value, "rating");
      if (choices && !lqa_json_find_bool(a, "was_cancelled", false)) {
        *whose = a;
        return choices;
      }
    }
  }
  return NULL;
}

static void add_label_studio(lqa_json_line *line, const lqa_json_node *row) {
  static const char *const left[] = {"id", "label", "annotator", NULL};
  const lqa_json_node none = {.kind = LQA_JSON_NULL}, *whose = NULL;
  const lqa_json_node *choices = find_choices(row, &whose),
                      *by = lqa_json_find(whose, "completed_by");
  const lqa_json_node *email = lqa_json_find(by, "email");
  add_member(line, "id", lqa_json_find(row, "id"));
  add_others(line, lqa_json_find(row, "data"), left);
  add_member(line, "label", choices ? choices : &none);
  add_member(line, "annotator", email ? email : by ? by : &none);
}

/* responses: {"label": [{"value": "x"}]}, or [{"values": {"label": {"value": "x"}}}] */
static void add_responses(lqa_json_line *line, const lqa_json_node *responses) {
  const lqa_json_node none = {.kind = LQA_JSON_NULL};
  bool is_list = is_kind(responses, LQA_JSON_ARRAY);
  const lqa_json_node *values = is_list ? lqa_json_find(responses->first, "values") : responses;
  const lqa_json_node *m = is_kind(values, LQA_JSON_OBJECT) ? values->first : NULL;
  bool any = false;
  for (; m; m = m->next) {
    const lqa_json_node *one = m->kind == LQA_JSON_ARRAY ? m->first : m;
    const lqa_json_node *value = lqa_json_find(one, "value");
    lqa_json_line_add(line, m->key, value ? value : &none);
    any = any || lqa_str_equal(m->key, LQA_STR("label"));
  }
  if (!any && !(is_kind(values, LQA_JSON_OBJECT) && values->n > 0)) {
    lqa_json_line_add(line, LQA_STR("label"), &none);
  }
}

static void add_argilla(lqa_json_line *line, const lqa_json_node *row) {
  const lqa_json_node *fields = find(row, "fields", LQA_JSON_OBJECT);
  const lqa_json_node *annotation = lqa_json_find(row, "annotation");
  fields = fields ? fields : lqa_json_find(row, "inputs");
  static const char *const left[] = {"id", "label", NULL};
  add_member(line, "id", lqa_json_find(row, "id"));
  add_others(line, fields, left);
  if (annotation) {
    add_member(line, "label", annotation);
  } else {
    add_responses(line, lqa_json_find(row, "responses"));
  }
}

static void add_prodigy(lqa_json_line *line, const lqa_json_node *row) {
  static const char *const left[] = {"label", "accept", "options", "config",
                                     "spans", "tokens", NULL};
  const lqa_json_node none = {.kind = LQA_JSON_NULL};
  const char *answer = lqa_json_find_text(row, "answer");
  const lqa_json_node *accept = find(row, "accept", LQA_JSON_ARRAY);
  const lqa_json_node *label = accept ? accept : lqa_json_find(row, "label");
  bool is_accepted = answer && strcmp(answer, "accept") == 0;
  add_others(line, row, left);
  add_member(line, "label", is_accepted && label ? label : &none);
}

void lqa_json_export_members(lqa_json_line *line, const char *tool, const lqa_json_node *row) {
  static const char *const nothing[] = {NULL};
  if (tool && lqa_json_export_tool(row) != tool) {
    tool = NULL;
  }
  if (tool == label_studio) {
    add_label_studio(line, row);
  } else if (tool == argilla) {
    add_argilla(line, row);
  } else if (tool == prodigy) {
    add_prodigy(line, row);
  } else if (tool == viewer) {
    add_others(line, lqa_json_find(row, "row"), nothing);
  } else {
    add_others(line, row, nothing);
  }
}
