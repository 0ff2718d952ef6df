/* tests/unit/schema_page.h - a table of fields as a Markdown table and as a JSON Schema. */
#ifndef LQA_TESTS_SCHEMA_PAGE_H
#define LQA_TESTS_SCHEMA_PAGE_H

#include "base/field.h"

#include <stdio.h>
#include <string.h>

static inline const char *json_type(const lqa_field *f) {
  switch (f->kind) {
  case LQA_FIELD_INT:
    return "integer";
  case LQA_FIELD_DOUBLE:
    return "number";
  case LQA_FIELD_BOOL:
    return "boolean";
  case LQA_FIELD_LIST:
    return "array";
  case LQA_FIELD_JSON:
  case LQA_FIELD_OBJECT:
  case LQA_FIELD_MAP:
    return "object";
  default:
    return "string";
  }
}

/* Texts that read as a default where they are missing are never null; other texts and numbers that
 * are always there may be. */
static inline bool may_be_null(const lqa_field *f) {
  bool is_value = f->kind == LQA_FIELD_TEXT || f->kind == LQA_FIELD_STR ||
                  f->kind == LQA_FIELD_DOUBLE || f->kind == LQA_FIELD_JSON;
  return f->presence == LQA_NULL_OR_GIVEN ||
         (f->presence != LQA_UNLESS_EMPTY && is_value && !f->absent && f->key[0] != '\0');
}

static inline bool is_plain_list(const lqa_field *f) {
  return f->kind == LQA_FIELD_LIST && f->fields[0].key[0] == '\0';
}

/* ---- Markdown: one line a field, the path of its keys ---- */

static inline void add_field_rows(const lqa_field *fields, const char *prefix, lqa_buf *out) {
  for (const lqa_field *f = fields; f->key; f++) {
    char path[256], type[64];
    snprintf(path, sizeof path, "%s%s", prefix, f->key);
    snprintf(type, sizeof type, "%s%s%s%s", json_type(f), is_plain_list(f) ? " of " : "",
             is_plain_list(f) ? json_type(&f->fields[0]) : "",
             f->kind == LQA_FIELD_MAP ? " of any keys" : "");
    lqa_buf_printf(
        out, "| `%s` | %s%s%s | %s |\n", path, type,
        f->presence == LQA_UNLESS_EMPTY || f->presence == LQA_WHERE_GIVEN ? ", may be absent" : "",
        may_be_null(f) ? " or null" : "", f->meaning);
    bool has_members =
        f->kind == LQA_FIELD_OBJECT || (f->kind == LQA_FIELD_LIST && !is_plain_list(f));
    if (has_members) {
      strcat(path, f->kind == LQA_FIELD_LIST ? "[]." : ".");
      add_field_rows(f->fields, path, out);
    }
  }
}

static inline void make_field_table(const lqa_field *fields, lqa_buf *out) {
  lqa_buf_add_text(out, "| key | type | meaning |\n|---|---|---|\n");
  add_field_rows(fields, "", out);
}

/* ---- JSON Schema ---- */

static inline void add_schema(const lqa_field *f, lqa_json *json);

static inline void add_properties(const lqa_field *fields, lqa_json *json) {
  lqa_json_key(json, "properties");
  lqa_json_open_object(json);
  for (const lqa_field *f = fields; f->key; f++) {
    lqa_json_key(json, f->key);
    lqa_json_open_object(json);
    add_schema(f, json);
    lqa_json_close_object(json);
  }
  lqa_json_close_object(json);
  lqa_json_key(json, "required");
  lqa_json_open_array(json);
  for (const lqa_field *f = fields; f->key; f++) {
    if (f->presence == LQA_ALWAYS || f->presence == LQA_NULL_OR_GIVEN) {
      lqa_json_text(json, f->key);
    }
  }
  lqa_json_close_array(json);
}

static inline void add_member_schema(const lqa_field *f, const char *key, lqa_json *json) {
  bool is_plain = f->kind == LQA_FIELD_MAP || is_plain_list(f);
  lqa_json_key(json, key);
  lqa_json_open_object(json);
  if (is_plain) {
    add_schema(&f->fields[f->kind == LQA_FIELD_MAP], json);
  } else {
    lqa_json_add_text(json, "type", "object");
    add_properties(f->fields, json);
  }
  lqa_json_close_object(json);
}

static inline void add_type(const lqa_field *f, lqa_json *json) {
  lqa_json_key(json, "type");
  if (!may_be_null(f)) {
    lqa_json_text(json, json_type(f));
    return;
  }
  lqa_json_open_array(json);
  lqa_json_text(json, json_type(f));
  lqa_json_text(json, "null");
  lqa_json_close_array(json);
}

static inline void add_schema(const lqa_field *f, lqa_json *json) {
  add_type(f, json);
  if (f->meaning && f->meaning[0]) {
    lqa_json_add_text(json, "description", f->meaning);
  }
  if (f->kind == LQA_FIELD_CONSTANT) {
    lqa_json_add_text(json, "const", f->absent);
  }
  if (f->kind == LQA_FIELD_CHOICE) {
    lqa_json_key(json, "enum");
    lqa_json_open_array(json);
    for (const char *const *choice = f->choices; *choice; choice++) {
      lqa_json_text(json, *choice);
    }
    lqa_json_close_array(json);
  }
  if (f->kind == LQA_FIELD_OBJECT) {
    add_properties(f->fields, json);
  }
  if (f->kind == LQA_FIELD_LIST || f->kind == LQA_FIELD_MAP) {
    add_member_schema(f, f->kind == LQA_FIELD_LIST ? "items" : "additionalProperties", json);
  }
}

static inline void make_json_schema(const char *title, const lqa_field *fields, lqa_buf *out) {
  lqa_json json;
  lqa_json_init(&json, out, 1);
  lqa_json_open_object(&json);
  lqa_json_add_text(&json, "$schema", "https://json-schema.org/draft/2020-12/schema");
  lqa_json_add_text(&json, "title", title);
  lqa_json_add_text(&json, "type", "object");
  add_properties(fields, &json);
  lqa_json_close_object(&json);
  lqa_buf_add_char(out, '\n');
}

#endif
