/* JSON lines: one object a row, all columns in order, NULL and NaN as null. */
#include "data/table/table_write.h"

#include "base/json.h"
#include "data/table/table_text.h"

static void add_list(lqa_json *json, const lqa_value *value) {
  lqa_json_open_array(json);
  for (size_t i = 0; i < value->n_list; i++) {
    lqa_json_str(json, value->list[i]);
  }
  lqa_json_close_array(json);
}

static void add_value(lqa_json *json, lqa_value_type type, const lqa_value *value) {
  if (value->is_null) {
    lqa_json_null(json);
    return;
  }
  switch (type) {
  case LQA_VALUE_TEXT:
    (value->is_json ? lqa_json_raw : lqa_json_str)(json, value->text);
    break;
  case LQA_VALUE_INT64:
  case LQA_VALUE_INT32:
    lqa_json_int(json, value->integer);
    break;
  case LQA_VALUE_DOUBLE:
    lqa_json_double(json, value->number);
    break;
  case LQA_VALUE_BOOL:
    lqa_json_bool(json, value->integer != 0);
    break;
  case LQA_VALUE_TEXT_LIST:
    add_list(json, value);
  }
}

static void write_row(const lqa_table *table, int64_t row, lqa_buf *out) {
  if (row < 0) {
    return;
  }
  lqa_json json;
  lqa_json_init(&json, out, 0);
  lqa_json_open_object(&json);
  for (int32_t c = 0; c < table->n_columns; c++) {
    lqa_value value = lqa_table_get(table, c, row);
    lqa_json_key(&json, table->columns[c].name);
    add_value(&json, table->columns[c].type, &value);
  }
  lqa_json_close_object(&json);
  lqa_buf_add_char(out, '\n');
}

lqa_status lqa_table_write_jsonl(const lqa_table *table, const char *path,
                                 const lqa_observer *observer, lqa_error *err) {
  return lqa_table_write_rows(table, path, write_row, observer, err);
}
