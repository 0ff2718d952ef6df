/* The shapes that people's JSON has, told by its root alone:
 *
 *   {"train": [[text, label], ...], "test": [...]}   rows of all, the key is their split
 *   {"data": [{...}, ...], "version": "1"}           the only list of objects
 *   {"text": [...], "label": [...]}                  columns of equal length
 *   {"text": {"0": ...}, "label": {"0": ...}}        columns, as pandas writes them
 *   {"17": {"text": ...}, "18": {...}}               rows under their ids
 *   {"columns": [...], "data": [[...], ...]}         pandas, orient "split"
 *   {"spam": ["...", ...], "ham": [...]}             texts under their label
 *   [[text, label], ...]                             rows without names
 */
#include "data/source/json_document.h"

#include "base/json.h"
#include "data/source/source_part.h"

#include <stdio.h>

static void put_node(lqa_buf *out, const lqa_json_node *node);

static void put_text(lqa_buf *out, lqa_str text) {
  lqa_json json;
  lqa_json_init(&json, out, 0);
  lqa_json_str(&json, text);
}

static void put_members(lqa_buf *out, const lqa_json_node *node) {
  bool is_object = node->kind == LQA_JSON_OBJECT;
  lqa_buf_add_char(out, is_object ? '{' : '[');
  for (const lqa_json_node *m = node->first; m; m = m->next) {
    lqa_buf_add_text(out, m == node->first ? "" : ", ");
    if (is_object) {
      put_text(out, m->key);
      lqa_buf_add_text(out, ": ");
    }
    put_node(out, m);
  }
  lqa_buf_add_char(out, is_object ? '}' : ']');
}

/* Depth is the reader's: 64 at most. */
static void put_node(lqa_buf *out, const lqa_json_node *node) {
  switch (node ? node->kind : LQA_JSON_NULL) {
  case LQA_JSON_NULL:
    lqa_buf_add_text(out, "null");
    break;
  case LQA_JSON_BOOL:
    lqa_buf_add_text(out, node->number != 0 ? "true" : "false");
    break;
  case LQA_JSON_NUMBER:
    lqa_buf_add(out, node->text.data, node->text.size);
    break;
  case LQA_JSON_TEXT:
    put_text(out, node->text);
    break;
  default:
    put_members(out, node);
  }
}

void lqa_json_line_begin(lqa_json_line *line, lqa_buf *out) {
  *line = (lqa_json_line){out, false};
  lqa_buf_add_char(out, '{');
}

void lqa_json_line_add(lqa_json_line *line, lqa_str key, const lqa_json_node *value) {
  lqa_buf_add_text(line->out, line->any ? "," : "");
  put_text(line->out, key);
  lqa_buf_add_char(line->out, ':');
  put_node(line->out, value);
  line->any = true;
}

void lqa_json_line_end(lqa_json_line *line) {
  lqa_buf_add_text(line->out, "}\n");
}

static bool is_scalar(const lqa_json_node *node) {
  return node->kind != LQA_JSON_ARRAY && node->kind != LQA_JSON_OBJECT;
}

/* All members are of this kind, and there is one. */
static bool all_are(const lqa_json_node *node, lqa_json_kind kind) {
  for (const lqa_json_node *m = node->first; m; m = m->next) {
    if (m->kind != kind) {
      return false;
    }
  }
  return node->n > 0;
}

static bool all_scalars(const lqa_json_node *node) {
  for (const lqa_json_node *m = node->first; m; m = m->next) {
    if (!is_scalar(m)) {
      return false;
    }
  }
  return node->n > 0;
}

/* "text" and "label" for two unnamed columns, the longer one being the text; else by place. */
static lqa_str name_of_place(size_t place, bool text_first, size_t n, char scratch[32]) {
  if (n == 2) {
    return (place == 0) == text_first ? LQA_STR("text") : LQA_STR("label");
  }
  snprintf(scratch, 32, "column%zu", place);
  return lqa_str_from(scratch);
}

static bool is_text_first(const lqa_json_node *rows) {
  size_t bytes[2] = {0, 0};
  for (const lqa_json_node *row = rows->first; row; row = row->next) {
    const lqa_json_node *second = row->first ? row->first->next : NULL;
    bytes[0] += row->first ? row->first->text.size : 0;
    bytes[1] += second ? second->text.size : 0;
  }
  return bytes[0] >= bytes[1];
}

/* A row given as a list: values under `names`, or under names made from their places. */
static void add_listed(lqa_json_line *line, const lqa_json_node *row, const lqa_json_node *names,
                       bool text_first) {
  char scratch[32];
  const lqa_json_node *name = names ? names->first : NULL;
  size_t place = 0;
  for (const lqa_json_node *m = row->first; m; m = m->next, place++) {
    bool has_name = name && name->kind == LQA_JSON_TEXT;
    lqa_json_line_add(line,
                      has_name ? name->text : name_of_place(place, text_first, row->n, scratch), m);
    name = name ? name->next : NULL;
  }
}

/* The rows of one list; `split`: the key that they stood under, or NULL. */
static void add_rows(const lqa_json_node *rows, const lqa_json_node *names,
                     const lqa_json_node *split, lqa_buf *out) {
  bool text_first = rows->first && rows->first->kind == LQA_JSON_ARRAY && is_text_first(rows);
  const char *tool = rows->first ? lqa_json_export_tool(rows->first) : NULL;
  for (const lqa_json_node *row = rows->first; row; row = row->next) {
    lqa_json_line line;
    lqa_json_line_begin(&line, out);
    if (row->kind == LQA_JSON_ARRAY) {
      add_listed(&line, row, names, text_first);
    } else {
      lqa_json_export_members(&line, tool, row);
    }
    if (split) {
      const lqa_json_node key = {.kind = LQA_JSON_TEXT, .text = split->key};
      lqa_json_line_add(&line, LQA_STR("split"), &key);
    }
    lqa_json_line_end(&line);
  }
}

static bool holds_rows(const lqa_json_node *list) {
  return list->kind == LQA_JSON_ARRAY &&
         (all_are(list, LQA_JSON_OBJECT) || all_are(list, LQA_JSON_ARRAY));
}

/* Lists or objects of scalars, all with as many members: columns. */
static bool are_columns(const lqa_json_node *root, lqa_json_kind kind) {
  for (const lqa_json_node *m = root->first; m; m = m->next) {
    if (m->kind != kind || m->n != root->first->n || !all_scalars(m)) {
      return false;
    }
  }
  return root->n > 0;
}

static void add_columns(const lqa_json_node *root, lqa_buf *out) {
  enum { MOST = 256 };
  const lqa_json_node *at[MOST];
  size_t n = 0;
  for (const lqa_json_node *m = root->first; m && n < MOST; m = m->next) {
    at[n++] = m->first;
  }
  while (n > 0 && at[0]) {
    const lqa_json_node *column = root->first;
    lqa_json_line line;
    lqa_json_line_begin(&line, out);
    for (size_t i = 0; i < n; i++, column = column->next) {
      lqa_json_line_add(&line, column->key, at[i]);
      at[i] = at[i]->next;
    }
    lqa_json_line_end(&line);
  }
}

/* Objects under their ids. */
static void add_keyed(const lqa_json_node *root, lqa_buf *out) {
  for (const lqa_json_node *row = root->first; row; row = row->next) {
    const lqa_json_node key = {.kind = LQA_JSON_TEXT, .text = row->key};
    lqa_json_line line;
    lqa_json_line_begin(&line, out);
    if (!lqa_json_find(row, "id")) {
      lqa_json_line_add(&line, LQA_STR("id"), &key);
    }
    lqa_json_export_members(&line, NULL, row);
    lqa_json_line_end(&line);
  }
}

/* Lists of texts under their label. */
static void add_by_label(const lqa_json_node *root, lqa_buf *out) {
  for (const lqa_json_node *list = root->first; list; list = list->next) {
    const lqa_json_node key = {.kind = LQA_JSON_TEXT, .text = list->key};
    for (const lqa_json_node *m = list->first; m; m = m->next) {
      lqa_json_line line;
      lqa_json_line_begin(&line, out);
      lqa_json_line_add(&line, LQA_STR("text"), m);
      lqa_json_line_add(&line, LQA_STR("label"), &key);
      lqa_json_line_end(&line);
    }
  }
}

/* Lists of texts under keys that no column is called by. */
static bool are_texts_by_label(const lqa_json_node *root) {
  for (const lqa_json_node *m = root->first; m; m = m->next) {
    bool is_column = lqa_is_known_name(lqa_known_text_names, m->key) ||
                     lqa_is_known_name(lqa_known_label_names, m->key);
    if (is_column || m->kind != LQA_JSON_ARRAY || !all_are(m, LQA_JSON_TEXT)) {
      return false;
    }
  }
  return root->n > 1;
}

/* Members of the root that are lists of rows; *only: the first of them. */
static size_t count_lists(const lqa_json_node *root, const lqa_json_node **only) {
  size_t n = 0;
  for (const lqa_json_node *m = root->first; m; m = m->next) {
    if (holds_rows(m)) {
      *only = n++ == 0 ? m : *only;
    }
  }
  return n;
}

static void flatten_lists(const lqa_json_node *root, const lqa_json_node *first, size_t n,
                          lqa_buf *out, lqa_json_shape *shape) {
  const lqa_json_node *names = lqa_json_find(root, "columns");
  shape->has_split = n > 1;
  shape->what = n > 1 ? "an object of lists: the rows of all, their key is the split"
                      : "an object that holds one list of rows";
  for (const lqa_json_node *m = first; m; m = m->next) {
    if (holds_rows(m)) {
      add_rows(m, n == 1 ? names : NULL, n > 1 ? m : NULL, out);
    }
  }
}

void lqa_json_document_flatten(const lqa_json_node *root, lqa_buf *out, lqa_json_shape *shape) {
  *shape = (lqa_json_shape){0};
  const lqa_json_node *first = NULL;
  if (root->kind == LQA_JSON_ARRAY) {
    const char *tool = root->first ? lqa_json_export_tool(root->first) : NULL;
    bool is_listed = root->first && all_are(root, LQA_JSON_ARRAY);
    shape->what = tool ? tool : is_listed ? "a list of lists" : NULL;
    if (shape->what) {
      add_rows(root, NULL, NULL, out);
    }
    return;
  }
  size_t n = root->kind == LQA_JSON_OBJECT ? count_lists(root, &first) : 0;
  if (n > 0) {
    flatten_lists(root, first, n, out, shape);
  } else if (root->kind != LQA_JSON_OBJECT || root->n == 0) {
    return;
  } else if (are_texts_by_label(root)) {
    shape->what = "lists of texts under their label";
    add_by_label(root, out);
  } else if (are_columns(root, LQA_JSON_ARRAY)) {
    shape->what = "an object of columns";
    add_columns(root, out);
  } else if (are_columns(root, LQA_JSON_OBJECT) && root->n <= root->first->n) {
    shape->what = "an object of columns";
    add_columns(root, out);
  } else if (all_are(root, LQA_JSON_OBJECT)) {
    shape->what = "an object of rows, their key is the id";
    add_keyed(root, out);
  }
}
