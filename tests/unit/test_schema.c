/* The pages and JSON Schemas under docs/schema are made from the tables that write the files: each
 * must hold what its table says. LABELQA_UPDATE_DOCS=1 (make golden-update) writes them. */
#include "must.h"

#include "base/file.h"
#include "export/votes_tables.h"
#include "report/report.h"
#include "report/votes_report.h"
#include "schema_page.h"
#include "store/row_table.h"

#include <stdio.h>
#include <stdlib.h>

static const char BEGIN[] = "<!-- made from ", END[] = "<!-- end -->";

static void make_path(const char *name, char path[512]) {
  snprintf(path, 512, "%s/docs/schema/%s", LABELQA_SOURCE_DIR, name);
}

static void expect_text(const char *path, const char *text, const lqa_buf *want) {
  lqa_error err = {0};
  if (getenv("LABELQA_UPDATE_DOCS")) {
    MUST(lqa_file_save(path, want->data, want->size, &err));
  } else {
    assert_string_equal(text, want->data);
  }
}

/* Holds the part of docs/schema/<page> between its two marks to `want`. */
static void expect_page(const char *page, const lqa_buf *want) {
  char path[512];
  lqa_error err = {0};
  lqa_buf text, made;
  make_path(page, path);
  lqa_buf_init(&text, 1 << 20);
  lqa_buf_init(&made, 1 << 20);
  MUST(lqa_file_load(path, &text, &err));
  char *begin = strstr(text.data, BEGIN), *end = strstr(text.data, END);
  assert_non_null(begin);
  assert_non_null(end);
  begin = strchr(begin, '\n') + 1;
  lqa_buf_add(&made, text.data, (size_t)(begin - text.data));
  lqa_buf_printf(&made, "\n%s\n%s", want->data, end);
  expect_text(path, text.data, &made);
  lqa_buf_clear(&text);
  lqa_buf_clear(&made);
}

/* docs/schema/<name>.md and <name>.schema.json say what the table does. */
static void expect_fields(const char *name, const char *title, const lqa_field *fields) {
  char file[64], path[512];
  lqa_error err = {0};
  lqa_buf text, want;
  lqa_buf_init(&text, 1 << 20);
  lqa_buf_init(&want, 1 << 20);
  make_field_table(fields, &want);
  snprintf(file, sizeof file, "%s.md", name);
  expect_page(file, &want);
  lqa_buf_reset(&want);
  make_json_schema(title, fields, &want);
  snprintf(file, sizeof file, "%s.schema.json", name);
  make_path(file, path);
  if (lqa_path_exists(path)) {
    MUST(lqa_file_load(path, &text, &err));
  }
  expect_text(path, text.data ? text.data : "", &want);
  lqa_buf_clear(&text);
  lqa_buf_clear(&want);
}

static void report_page_holds_every_field(void **state) {
  (void)state;
  expect_fields("report.json", "report.json of a labelqa run", lqa_report_fields);
}

static void manifest_page_holds_every_field(void **state) {
  (void)state;
  expect_fields("manifest.json", "manifest.json of a labelqa run", lqa_manifest_fields);
}

static void annotators_page_holds_every_field(void **state) {
  (void)state;
  expect_fields("annotators.json", "labelqa annotators --format json", lqa_votes_fields);
}

static const char *const types[] = {"VARCHAR", "BIGINT",  "INTEGER",
                                    "DOUBLE",  "BOOLEAN", "VARCHAR[]"};

static void annotators_page_holds_every_column(void **state) {
  static const char *const names[] = {"out", "out-annotators", "out-pairs", "out-confusion"};
  lqa_buf want;
  (void)state;
  lqa_buf_init(&want, 1 << 20);
  for (int t = 0; t < LQA_VOTES_TABLE_COUNT; t++) {
    lqa_buf_printf(&want, "%s## --%s\n\n| column | type | meaning |\n|---|---|---|\n",
                   t ? "\n" : "", names[t]);
    for (const lqa_votes_column *c = lqa_votes_columns((lqa_votes_table)t); c->name; c++) {
      assert_true(strlen(c->meaning) > 0);
      lqa_buf_printf(&want, "| `%s` | %s%s | %s |\n", c->name, types[c->type],
                     c->needs ? ", may be absent" : "", c->meaning);
    }
  }
  expect_page("annotators-tables.md", &want);
  lqa_buf_clear(&want);
}

static void rows_page_holds_every_column(void **state) {
  lqa_buf want;
  (void)state;
  lqa_buf_init(&want, 1 << 20);
  lqa_buf_add_text(&want, "| column | type | meaning |\n|---|---|---|\n");
  for (size_t i = 0; lqa_row_column_at(i); i++) {
    const lqa_row_column *column = lqa_row_column_at(i);
    assert_true(strlen(column->meaning) > 0);
    lqa_buf_printf(&want, "| `%s` | %s | %s |\n", column->name, types[column->type],
                   column->meaning);
  }
  expect_page("rows.parquet.md", &want);
  lqa_buf_clear(&want);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(rows_page_holds_every_column),
                                     cmocka_unit_test(report_page_holds_every_field),
                                     cmocka_unit_test(manifest_page_holds_every_field),
                                     cmocka_unit_test(annotators_page_holds_every_field),
                                     cmocka_unit_test(annotators_page_holds_every_column)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
