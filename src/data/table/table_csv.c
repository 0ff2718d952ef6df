/* CSV for people and spreadsheets: RFC 4180 with "\n" line ends and a header.
 *
 * NULL is an empty field, an empty text is "" (our own reader tells them apart). A cell that a
 * spreadsheet would take for a formula gets a leading apostrophe (OWASP, "CSV injection"), numbers
 * excepted: -3 is no formula.
 */
#include "data/table/table_write.h"

#include "base/json.h"
#include "data/table/table_text.h"

bool lqa_table_is_formula(lqa_str text) {
  double number;
  return text.size > 0 && strchr("=+-@\t\r", text.data[0]) != NULL && text.data[0] != '\0' &&
         !lqa_str_to_double(text, &number);
}

static bool needs_quotes(lqa_str text) {
  for (size_t i = 0; i < text.size; i++) {
    char c = text.data[i];
    if (c == ',' || c == '"' || c == '\n' || c == '\r' || c == '\0') {
      return true;
    }
  }
  return text.size == 0 || text.data[0] == ' ' || text.data[text.size - 1] == ' ';
}

static void add_inner(lqa_buf *out, lqa_str text) {
  while (text.size > 0) {
    const char *quote = memchr(text.data, '"', text.size);
    size_t n = quote ? (size_t)(quote - text.data) + 1 : text.size;
    lqa_buf_add(out, text.data, n);
    lqa_buf_add(out, "\"", quote != NULL);
    text = (lqa_str){text.data + n, text.size - n};
  }
}

static void add_text(lqa_buf *out, lqa_str text) {
  bool formula = lqa_table_is_formula(text);
  bool quoted = needs_quotes(text);
  lqa_buf_add(out, "\"", quoted);
  lqa_buf_add(out, "'", formula);
  add_inner(out, text);
  lqa_buf_add(out, "\"", quoted);
}

/* Items joined by "; ", as one cell. */
static void add_list(lqa_buf *out, const lqa_value *value) {
  lqa_buf joined;
  lqa_buf_init(&joined, SIZE_MAX / 2);
  for (size_t i = 0; i < value->n_list; i++) {
    lqa_buf_add(&joined, "; ", i > 0 ? 2 : 0);
    lqa_buf_add_str(&joined, value->list[i]);
  }
  out->failed = out->failed || joined.failed;
  if (joined.size > 0) {
    add_text(out, lqa_buf_str(&joined));
  }
  lqa_buf_clear(&joined);
}

static void add_value(lqa_buf *out, lqa_value_type type, const lqa_value *value) {
  char number[32];
  switch (type) {
  case LQA_VALUE_TEXT:
    add_text(out, value->text);
    break;
  case LQA_VALUE_INT64:
  case LQA_VALUE_INT32:
    lqa_buf_printf(out, "%lld", (long long)value->integer);
    break;
  case LQA_VALUE_DOUBLE:
    lqa_format_double(value->number, number);
    lqa_buf_add_text(out, number);
    break;
  case LQA_VALUE_BOOL:
    lqa_buf_add_text(out, value->integer ? "true" : "false");
    break;
  case LQA_VALUE_TEXT_LIST:
    add_list(out, value);
  }
}

static bool is_missing(lqa_value_type type, const lqa_value *value) {
  return value->is_null || (type == LQA_VALUE_TEXT && lqa_str_is_null(value->text)) ||
         (type == LQA_VALUE_DOUBLE && value->number != value->number);
}

static void write_row(const lqa_table *table, int64_t row, lqa_buf *out) {
  for (int32_t c = 0; c < table->n_columns; c++) {
    lqa_buf_add(out, ",", c > 0);
    if (row < 0) {
      add_text(out, lqa_str_from(table->columns[c].name));
      continue;
    }
    lqa_value value = lqa_table_get(table, c, row);
    if (!is_missing(table->columns[c].type, &value)) {
      add_value(out, table->columns[c].type, &value);
    }
  }
  lqa_buf_add_char(out, '\n');
}

lqa_status lqa_table_write_csv(const lqa_table *table, const char *path,
                               const lqa_observer *observer, lqa_error *err) {
  return lqa_table_write_rows(table, path, write_row, observer, err);
}
