/* source_fixture.h - a temporary folder, files in it, and loading them, for tests of sources. */
#ifndef LQA_TESTS_SOURCE_FIXTURE_H
#define LQA_TESTS_SOURCE_FIXTURE_H

#include "shown.h"
#include "base/file.h"
#include "data/query/query.h"
#include "data/source/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char fixture_folder[64];
static lqa_buf fixture_messages; /* what the observer was told, one line each */

static int fixture_open(void **state) {
  (void)state;
  strcpy(fixture_folder, "/tmp/labelqa-source-XXXXXX");
  lqa_buf_init(&fixture_messages, 1 << 20);
  return mkdtemp(fixture_folder) == NULL || chdir(fixture_folder) != 0;
}

static int fixture_close(void **state) {
  (void)state;
  lqa_buf_clear(&fixture_messages);
  return chdir("/") != 0 || lqa_folder_remove(fixture_folder, NULL) != LQA_OK;
}

static void fixture_hear(void *data, lqa_message_level level, const char *text) {
  (void)data;
  char flags[LQA_MESSAGE_BYTES];
  (void)lqa_message_render(text, LQA_AS_FLAGS, flags, sizeof flags);
  lqa_buf_printf(&fixture_messages, "%s%s\n", level == LQA_MESSAGE_WARN ? "warning: " : "", flags);
}

static const lqa_observer fixture_observer = {.message = fixture_hear};

__attribute__((unused)) static void write_bytes(const char *name, const char *bytes, size_t size) {
  FILE *file = fopen(name, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
}

__attribute__((unused)) static void write_text(const char *name, const char *text) {
  write_bytes(name, text, strlen(text));
}

/* Options for one or two paths. */
__attribute__((unused)) static lqa_source_options options_for(const char *first,
                                                              const char *second) {
  static const char *paths[8][2];
  static size_t next;
  const char **items = paths[next++ % 8];
  items[0] = first;
  items[1] = second;
  return (lqa_source_options){.paths = {items, second ? 2 : 1}};
}

__attribute__((unused)) static lqa_dataset *load(lqa_source_options options) {
  lqa_dataset *d = NULL;
  lqa_error err;
  lqa_buf_reset(&fixture_messages);
  lqa_buf_add_text(&fixture_messages, "");
  if (lqa_dataset_load(&options, &fixture_observer, &d, &err) != LQA_OK) {
    fail_msg("%s", err.message);
  }
  return d;
}

/* Loading fails with this status, and the message holds all of the words (split at "|"). */
__attribute__((unused)) static lqa_error assert_refused(lqa_source_options options,
                                                        lqa_status status, const char *words) {
  lqa_dataset *d = NULL;
  lqa_error err;
  char copy[512], *rest = copy;
  snprintf(copy, sizeof copy, "%s", words);
  lqa_error_clear(&err);
  lqa_status got = lqa_dataset_load(&options, &fixture_observer, &d, &err);
  if (got != status || err.status != status || d) {
    fail_msg("status %d, not %d: %s", got, status, err.message);
  }
  for (char *word = strsep(&rest, "|"); word; word = strsep(&rest, "|")) {
    if (!strstr(shown(&err), word)) {
      fail_msg("\"%s\" is missing in: %s", word, err.message);
    }
  }
  return err;
}

__attribute__((unused)) static void assert_value(const lqa_column *column, int64_t row,
                                                 const char *expected) {
  lqa_str value = lqa_column_get(column, row);
  if (!expected) {
    assert_true(lqa_str_is_null(value));
    return;
  }
  if (lqa_str_is_null(value) || !lqa_str_equal(value, lqa_str_from(expected))) {
    fail_msg("row %d: '%.*s', not '%s'", (int)row, (int)value.size, value.data ? value.data : "",
             expected);
  }
}

/* Rows as "text/label" pairs, in order; NULL text ends. */
__attribute__((unused)) static void assert_rows(const lqa_dataset *d, const char *const *pairs) {
  int64_t row = 0;
  for (; pairs[2 * row] || pairs[2 * row + 1]; row++) {
    assert_true(row < d->n_rows);
    assert_value(&d->content, row, pairs[2 * row]);
    assert_value(&d->label_text, row, pairs[2 * row + 1]);
  }
  assert_int_equal(d->n_rows, row);
}

/* Runs statements that are separated by "; ". */
__attribute__((unused)) static void run_sql(const char *statements) {
  lqa_database *db = NULL;
  lqa_error err;
  char *copy = strdup(statements), *next = copy;
  assert_int_equal(lqa_database_open(NULL, &db, NULL), LQA_OK);
  while (next) {
    char *sql = next;
    next = strstr(sql, "; ");
    if (next) {
      *next = '\0';
      next += 2;
    }
    if (lqa_database_run(db, sql, NULL, 0, &err) != LQA_OK) {
      fail_msg("%s: %s", sql, err.message);
    }
  }
  free(copy);
  lqa_database_close(db);
}

#endif
