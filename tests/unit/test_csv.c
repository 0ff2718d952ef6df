/* The delimited-text reader: RFC 4180 and its edges, every damage with row and line, and random
 * tables against a slow writer, DuckDB's reader, Python's writer and every window size.
 */
#include "data/source/csv.h"

#include "base/buf.h"
#include "base/rng.h"
#include "data/source/csv_detect.h"
#include "data/query/query.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const lqa_csv_dialect comma = {.delimiter = ',', .quote = '"', .newline = '\n'};
static char path[] = "/tmp/labelqa-csv-XXXXXX";

static int make_file(void **state) {
  (void)state;
  int fd = mkstemp(path);
  return fd < 0 || close(fd) != 0;
}
static int drop_file(void **state) {
  (void)state;
  return unlink(path);
}

static void write_path(const char *bytes, size_t size) {
  int fd = open(path, O_WRONLY | O_TRUNC);
  assert_int_equal(write(fd, bytes, size), size);
  close(fd);
}

/* All records as "field|field;" with quoted fields in <>, or the error's text. */
static const char *render(const lqa_csv_dialect *dialect, const char *text, size_t size,
                          size_t window, lqa_error *err) {
  static lqa_buf out;
  lqa_input *input = NULL;
  lqa_csv csv;
  bool more = true;
  write_path(text, size);
  lqa_buf_clear(&out);
  lqa_buf_init(&out, 1 << 20);
  lqa_buf_add_text(&out, "");
  assert_int_equal(lqa_input_open(path, "x.csv", NULL, &input, NULL), LQA_OK);
  assert_int_equal(lqa_csv_open(&csv, dialect, input, "x.csv", 1000, false), LQA_OK);
  csv.window.capacity = window;
  while (more) {
    lqa_status status = lqa_csv_next(&csv, true, &more, err);
    if (status != LQA_OK) {
      lqa_buf_reset(&out);
      lqa_buf_add_text(&out, err->message);
      break;
    }
    for (size_t i = 0; more && i < csv.fields.n; i++) {
      bool quoted = csv.fields.data[i].is_quoted;
      lqa_buf_add_text(&out, i ? "|" : "");
      lqa_buf_add(&out, "<", quoted);
      lqa_buf_add_str(&out, csv.fields.data[i].text);
      lqa_buf_add(&out, ">", quoted);
    }
    lqa_buf_add(&out, ";", more);
  }
  lqa_csv_close(&csv);
  lqa_input_close(input);
  return out.data;
}

#define assert_reads(dialect, text, expected)                                                  \
  for (size_t window = 1; window < 70; window += window < 20 ? 1 : 13) {                       \
    lqa_error reads_err;                                                                       \
    assert_string_equal(render(dialect, text, sizeof text - 1, window, &reads_err), expected); \
  }

static void test_valid(void **state) {
  (void)state;
  assert_reads(&comma, "a,b\nc,d\n", "a|b;c|d;");
  assert_reads(&comma, "a,b\r\nc,d", "a|b;c|d;");
  assert_reads(&comma, "a,\"b\"\n\"\",c\n", "a|<b>;<>|c;");
  assert_reads(&comma, "\"say \"\"hi\"\"\",\"x\ny\"\n", "<say \"hi\">|<x\ny>;");
  assert_reads(&comma, "\"\"\"\",\"\"\"a\"\n", "<\">|<\"a>;");
  assert_reads(&comma, "a\"b,c\n", "a\"b|c;");
  assert_reads(&comma, ",\n,,\n", "|;||;");
  assert_reads(&comma, "\n\na,b\n\r\n\nc,d\n\n", "a|b;c|d;");
  assert_reads(&comma, "a,b\rc\n", "a|b\rc;");
  assert_reads(&comma, "a,\"b\"\r", "a|<b>;");
  assert_reads(&comma, "\"a\r\nb\",c\r\n", "<a\r\nb>|c;");
  assert_reads(&comma, "", "");
  assert_reads(&comma, "\n", "");
  const lqa_csv_dialect mac = {.delimiter = ';', .quote = '\'', .newline = '\r'};
  assert_reads(&mac, "a;'b;''c\r'\rd;e\r", "a|<b;'c\r>;d|e;");
  const lqa_csv_dialect plain = {.delimiter = '\t', .newline = '\n'};
  assert_reads(&plain, "\"a\t\"b\" c\n", "\"a|\"b\" c;");
}

static void test_mark_and_nul(void **state) {
  (void)state;
  assert_reads(&comma, "\xEF\xBB\xBF\"a\",b\n", "<a>|b;");
  lqa_error err;
  assert_memory_equal(render(&comma, "a\0b,\"\0\"\n", 9, 4, &err), "a\0b|<\0>;", 9);
}

static void assert_damage(const char *text, int64_t row, const char *words) {
  for (size_t window = 1; window < 40; window += 3) {
    lqa_error err;
    const char *message = render(&comma, text, strlen(text), window, &err);
    if (!strstr(message, words) || err.row != row) {
      fail_msg("expected row %d and \"%s\", not row %d: %s", (int)row, words, (int)err.row,
               message);
    }
    assert_int_equal(err.status, LQA_BAD_DATA);
    assert_string_equal(err.file, "x.csv");
  }
}

static void test_damage(void **state) {
  (void)state;
  assert_damage("a,b\nc,\"d\ne,f\n", 1,
                "row 1 (line 2), field 2: the quote that opens it is never");
  assert_damage("\"", 0, "row 0 (line 1), field 1: the quote");
  assert_damage("a,\"b\"c\n", 0, "field 2: more text follows its closing quote on line 1");
  assert_damage("\"a\nb\" c\n", 0,
                "row 0 (line 1), field 1: more text follows its closing quote on "
                "line 2");
  assert_damage("a,b\n\"x\ny\",1\nc,\"d\"e\n", 2, "row 2 (line 4)");
  assert_damage("a,b\n\n\nc,caf\xE9\n", 1, "row 1 (line 4), field 2: byte 0xE9 at offset 3");
  assert_damage("a,\xED\xA0\x80\n", 0, "not valid UTF-8");
  assert_damage("a,\"\xC3\"\n", 0, "not valid UTF-8");
  char long_field[1200];
  memset(long_field, 'x', sizeof long_field);
  long_field[0] = '"';
  long_field[1199] = '\0';
  assert_damage(long_field, 0, "field 1 is longer than 1000 bytes");
  long_field[0] = 'x';
  assert_damage(long_field, 0, "field 1 is longer than 1000 bytes");
}

static void test_one_column(void **state) {
  (void)state;
  char text[] = "a\n\nb\n";
  lqa_csv csv;
  bool more = true;
  lqa_csv_open_memory(&csv, &comma, text, 5, true);
  csv.single_column = true;
  const char *expected[] = {"a", "", "b"};
  for (int i = 0; i < 3; i++) {
    assert_int_equal(lqa_csv_next(&csv, false, &more, NULL), LQA_OK);
    assert_true(more && csv.row == i && csv.line == i + 1);
    assert_true(lqa_str_equal(csv.fields.data[0].text, lqa_str_from(expected[i])));
  }
  assert_int_equal(lqa_csv_next(&csv, false, &more, NULL), LQA_OK);
  assert_false(more);
  lqa_csv_close(&csv);
}

/* --- random tables ------------------------------------------------------------------------------
 */

enum { ROWS = 40, COLUMNS = 4 };

typedef struct random_table {
  char cell[ROWS][COLUMNS][24];
  size_t size[ROWS][COLUMNS];
  bool quoted[ROWS][COLUMNS];
  lqa_buf text;
} random_table;

/* `tame`: nothing on which DuckDB's reader differs (bare "\r", quotes in plain fields). */
static void random_cell(lqa_rng *rng, const lqa_csv_dialect *d, bool tame, random_table *t, int r,
                        int c) {
  const char alphabet[] = {'a', 'b', d->delimiter, d->quote, '\n', tame ? 'c' : '\r',
                           ' ', '"', ','};
  size_t n = lqa_rng_below(rng, 3) ? lqa_rng_below(rng, 20) : 0;
  bool special = false;
  for (size_t i = 0; i < n; i++) {
    char ch = alphabet[lqa_rng_below(rng, lqa_rng_below(rng, 2) ? 2 : sizeof alphabet)];
    t->cell[r][c][i] = ch;
    special = special || ch == d->delimiter || ch == '\n' || ch == '\r' ||
              (ch == d->quote && (i == 0 || tame));
  }
  t->size[r][c] = n;
  t->quoted[r][c] = special || lqa_rng_below(rng, 4) == 0;
}

static void write_cell(const random_table *t, const lqa_csv_dialect *d, int r, int c,
                       lqa_buf *out) {
  lqa_buf_add(out, &d->quote, t->quoted[r][c]);
  for (size_t i = 0; i < t->size[r][c]; i++) {
    lqa_buf_add(out, &d->quote, t->quoted[r][c] && t->cell[r][c][i] == d->quote);
    lqa_buf_add_char(out, t->cell[r][c][i]);
  }
  lqa_buf_add(out, &d->quote, t->quoted[r][c]);
}

static void random_fill(lqa_rng *rng, const lqa_csv_dialect *d, bool tame, random_table *t) {
  const char *line_end = tame || lqa_rng_below(rng, 2) ? "\n" : "\r\n";
  lqa_buf_init(&t->text, 1 << 20);
  for (int r = 0; r < ROWS; r++) {
    for (int c = 0; c < COLUMNS; c++) {
      random_cell(rng, d, tame, t, r, c);
      lqa_buf_add(&t->text, &d->delimiter, c > 0);
      write_cell(t, d, r, c, &t->text);
    }
    lqa_buf_add_text(&t->text, r < ROWS - 1 || lqa_rng_below(rng, 2) ? line_end : "");
  }
}

static void compare_reader(const random_table *t, const lqa_csv_dialect *d, size_t window) {
  lqa_input *input = NULL;
  lqa_csv csv;
  lqa_error err;
  bool more = false;
  assert_int_equal(lqa_input_open(path, "x", NULL, &input, NULL), LQA_OK);
  assert_int_equal(lqa_csv_open(&csv, d, input, "x", 1000, false), LQA_OK);
  csv.window.capacity = window;
  for (int r = 0; r < ROWS; r++) {
    if (lqa_csv_next(&csv, true, &more, &err) != LQA_OK) {
      fail_msg("%s\n%s", err.message, t->text.data);
    }
    assert_true(more);
    assert_int_equal(csv.fields.n, COLUMNS);
    for (int c = 0; c < COLUMNS; c++) {
      assert_true(lqa_str_equal(csv.fields.data[c].text, (lqa_str){t->cell[r][c], t->size[r][c]}));
      assert_int_equal(csv.fields.data[c].is_quoted, t->quoted[r][c]);
    }
  }
  assert_int_equal(lqa_csv_next(&csv, true, &more, &err), LQA_OK);
  assert_false(more);
  lqa_csv_close(&csv);
  lqa_input_close(input);
}

/* DuckDB's reader, told everything, on the same file. */
static void compare_duckdb(lqa_database *db, const random_table *t, const lqa_csv_dialect *d) {
  char sql[700];
  lqa_query *q = NULL;
  lqa_error err;
  bool more = false;
  snprintf(sql, sizeof sql,
           "SELECT * FROM read_csv('%s', auto_detect=false, header=false, delim='%c', quote='%s', "
           "escape='%s', columns={'a':'VARCHAR','b':'VARCHAR','c':'VARCHAR','d':'VARCHAR'}, "
           "allow_quoted_nulls=false, strict_mode=false)",
           path, d->delimiter, d->quote == '\'' ? "''" : "\"", d->quote == '\'' ? "''" : "\"");
  if (lqa_query_open(db, sql, NULL, 0, &q, &err) != LQA_OK) {
    fail_msg("%s\n%s", err.message, t->text.data);
  }
  for (int r = 0; r < ROWS; r++) {
    assert_int_equal(lqa_query_next(q, &more, NULL), LQA_OK);
    assert_true(more);
    for (int c = 0; c < COLUMNS; c++) {
      lqa_value value = lqa_query_get(q, (size_t)c);
      assert_int_equal(value.is_null, t->size[r][c] == 0 && !t->quoted[r][c]);
      if (!lqa_str_equal(value.text, (lqa_str){t->cell[r][c], t->size[r][c]})) {
        fail_msg("row %d column %d: DuckDB has [%.*s]\n%s", r, c, (int)value.text.size,
                 value.text.data, t->text.data);
      }
    }
  }
  lqa_query_close(q);
}

static void test_random_tables(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 7, 7);
  lqa_database *db = NULL;
  assert_int_equal(lqa_database_open(NULL, &db, NULL), LQA_OK);
  for (int i = 0; i < 300; i++) {
    static random_table t;
    lqa_csv_dialect d = {.delimiter = ",;\t|"[lqa_rng_below(&rng, 4)],
                         .quote = "\"'"[lqa_rng_below(&rng, 2)],
                         .newline = '\n'};
    random_fill(&rng, &d, i % 10 == 0, &t);
    write_path(t.text.data, t.text.size);
    for (size_t window = 2; window < 3000; window = window * 3 + 1) {
      compare_reader(&t, &d, window);
    }
    if (i % 10 == 0) {
      compare_duckdb(db, &t, &d);
    }
    lqa_buf_clear(&t.text);
  }
  lqa_database_close(db);
}

/* --- tables that Python wrote (tests/reference/csv) ---------------------------------------------
 */

static void compare_python(FILE *file, const lqa_csv_dialect *dialect, char *text, size_t size) {
  lqa_csv csv;
  lqa_error err;
  bool more = false;
  int n;
  size_t cell_size;
  char *copy = malloc(size), cell[400];
  memcpy(copy, text, size);
  lqa_csv_dialect detected;
  lqa_csv_finds finds;
  lqa_csv_hints hints = {.has_quote = dialect->quote == '\'', .quote = dialect->quote};
  assert_int_equal(lqa_csv_detect(copy, size, true, &hints, &detected, &finds), LQA_OK);
  assert_int_equal(detected.delimiter, dialect->delimiter);
  assert_int_equal(detected.quote, dialect->quote);
  assert_int_equal(detected.newline, dialect->newline);
  lqa_csv_open_memory(&csv, dialect, copy, size, true);
  while (fscanf(file, "record %d\n", &n) == 1) {
    if (lqa_csv_next(&csv, false, &more, &err) != LQA_OK) {
      fail_msg("%s\n%.*s", err.message, (int)size, text);
    }
    assert_true(more && csv.fields.n == (size_t)n);
    for (int i = 0; i < n; i++) {
      assert_int_equal(fscanf(file, "%zu", &cell_size), 1);
      assert_int_equal(fgetc(file), ' ');
      assert_int_equal(fread(cell, 1, cell_size, file), cell_size);
      assert_int_equal(fgetc(file), '\n');
      assert_true(lqa_str_equal(csv.fields.data[i].text, (lqa_str){cell, cell_size}));
    }
  }
  assert_int_equal(lqa_csv_next(&csv, false, &more, NULL), LQA_OK);
  assert_false(more);
  lqa_csv_close(&csv);
  free(copy);
}

static void test_python_tables(void **state) {
  (void)state;
  FILE *file = fopen(LABELQA_SOURCE_DIR "/tests/reference/csv/tables.txt", "rb");
  assert_non_null(file);
  int delimiter, quote, n_tables = 0;
  size_t size;
  while (fscanf(file, "table %d %d %zu", &delimiter, &quote, &size) == 3) {
    assert_int_equal(fgetc(file), '\n');
    char *text = malloc(size);
    assert_int_equal(fread(text, 1, size, file), size);
    assert_int_equal(fgetc(file), '\n');
    const lqa_csv_dialect dialect = {
        .delimiter = (char)delimiter, .quote = (char)quote, .newline = '\n'};
    compare_python(file, &dialect, text, size);
    free(text);
    n_tables++;
  }
  assert_int_equal(n_tables, 60);
  fclose(file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_python_tables), cmocka_unit_test(test_valid),
      cmocka_unit_test(test_mark_and_nul),  cmocka_unit_test(test_damage),
      cmocka_unit_test(test_one_column),    cmocka_unit_test(test_random_tables),
  };
  return cmocka_run_group_tests(tests, make_file, drop_file);
}
