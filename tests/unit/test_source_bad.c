/* Bad input ends with a message that names file, row and column; unusual but valid input is read
 * whole.
 */
#include "source_fixture.h"

#include "base/memory.h"

#include <zlib.h>

static void refuse_text(const char *name, const char *text, lqa_status status, const char *words) {
  write_text(name, text);
  assert_refused(options_for(name, NULL), status, words);
}

static void test_files(void **state) {
  (void)state;
  assert_refused(options_for("missing.csv", NULL), LQA_BAD_FILE,
                 "cannot open 'missing.csv': No such file or directory");
  assert_refused(options_for("missing*.csv", NULL), LQA_BAD_FILE, "no file matches 'missing*.csv'");
  assert_refused(options_for(".", NULL), LQA_BAD_FILE, "'.' is a folder|./*.csv");
  lqa_source_options none = {0};
  assert_refused(none, LQA_BAD_USAGE, "no source is given");
  refuse_text("zip.xlsx", "PK\3\4xxxx", LQA_BAD_DATA,
              "'zip.xlsx' is a zip archive or a spreadsheet");
  write_text("second.csv", "text,label\na,x\nb,y\n");
  assert_refused(options_for("second.csv", "missing.csv"), LQA_BAD_FILE, "missing.csv");
}

static void test_empty(void **state) {
  (void)state;
  refuse_text("e.csv", "", LQA_BAD_DATA, "'e.csv' is empty: it has no header and no rows");
  refuse_text("e2.csv", "\n \r\n", LQA_BAD_DATA, "'e2.csv' is empty");
  refuse_text("e.jsonl", "", LQA_BAD_DATA, "'e.jsonl' is empty");
  refuse_text("e.json", "[]", LQA_BAD_DATA, "'e.json' has no columns");
  refuse_text("e.parquet", "", LQA_BAD_DATA, "'e.parquet' is empty");
  refuse_text("h.csv", "text,label\n", LQA_BAD_DATA, "'h.csv' has a header, but no rows");
  run_sql("COPY (SELECT 'x' AS text, 'y' AS label WHERE false) TO 'h.parquet' (FORMAT parquet)");
  assert_refused(options_for("h.parquet", NULL), LQA_BAD_DATA, "no rows");
}

static void test_ragged(void **state) {
  (void)state;
  lqa_error err;
  write_text("r.csv", "text,label\na,x\nb\nc,y\n");
  err = assert_refused(options_for("r.csv", NULL), LQA_BAD_DATA,
                       "r.csv, row 1 (line 3) has 1 field, but there are 2 columns (text, label)");
  assert_int_equal(err.row, 1);
  assert_string_equal(err.file, "r.csv");
  refuse_text("r2.csv", "text,label\na,x\nb,y,z\n", LQA_BAD_DATA,
              "r2.csv, row 1 (line 3) has 3 fields|delimiter without being quoted");
  /* The last line, which DuckDB's sniffer would answer with no rows at all. */
  refuse_text("r3.csv", "text,label\na,x\nb,y\nc", LQA_BAD_DATA,
              "r3.csv, row 2 (line 4) has 1 field");
  refuse_text("r4.csv", "text,label,n\n\"a\nb\",x,1\nc,y\n", LQA_BAD_DATA, "row 1 (line 4)");
}

static void test_quotes(void **state) {
  (void)state;
  lqa_error err;
  write_text("q.csv", "text,label\na,x\n\"b,y\nc,z\n");
  err = assert_refused(
      options_for("q.csv", NULL), LQA_BAD_DATA,
      "q.csv, row 1 (line 3), column 'text': the quote that opens it is never closed");
  assert_int_equal(err.row, 1);
  assert_string_equal(err.column, "text");
  refuse_text("q2.csv", "text,label\na,x\nb,\"y\n", LQA_BAD_DATA, "row 1 (line 3), column 'label'");
  refuse_text("q3.csv", "text,label\na,x\n\"b\" c,y\n", LQA_BAD_DATA,
              "q3.csv, row 1 (line 3), column 'text': more text follows its closing quote");
  refuse_text("q4.tsv", "text\tlabel\na\tx\n\"b\ty\nc\tz\n", LQA_BAD_DATA, "never closed");
  lqa_source_options o = options_for("q.csv", NULL);
  o.quote = ""; /* the way out that the message names */
  lqa_dataset *d = load(o);
  static const char *const plain[] = {"a", "x", "\"b", "y", "c", "z", NULL, NULL};
  assert_rows(d, plain);
  lqa_dataset_free(d);
}

static void test_encoding(void **state) {
  (void)state;
  lqa_error err;
  write_text("l.csv", "text,label\na,x\ncaf\xE9,y\n");
  err = assert_refused(options_for("l.csv", NULL), LQA_BAD_DATA,
                       "l.csv, row 1 (line 3), column 'text': byte 0xE9 at offset 3 is not valid "
                       "UTF-8|--encoding latin-1");
  assert_int_equal(err.row, 1);
  lqa_source_options o = options_for("l.csv", NULL);
  o.encoding = "latin-1";
  lqa_dataset *d = load(o);
  static const char *const accent[] = {"a", "x", "caf\xC3\xA9", "y", NULL, NULL};
  assert_rows(d, accent);
  lqa_dataset_free(d);
  o.encoding = "klingon";
  assert_refused(o, LQA_BAD_USAGE, "encoding 'klingon' is not known");
  o.encoding = "ascii";
  assert_refused(o, LQA_BAD_DATA, "'l.csv': byte 18 is not valid ascii");
  write_bytes("u16.csv", "\xFF\xFEt\0e\0x\0t\0,\0l\0a\0b\0e\0l\0\n\0a\0,\0x\0\n\0\xE9\0,\0y\0\n\0",
              40);
  o = options_for("u16.csv", NULL);
  o.encoding = "utf-8";
  d = load(o); /* by its byte-order mark */
  static const char *const wide[] = {"a", "x", "\xC3\xA9", "y", NULL, NULL};
  assert_rows(d, wide);
  lqa_dataset_free(d);
  write_bytes("le.csv", "t\0e\0x\0t\0,\0l\0a\0b\0e\0l\0\n\0a\0,\0x\0\n\0\xE9\0,\0y\0\n\0", 38);
  d = load(options_for("le.csv", NULL)); /* by its NUL bytes */
  assert_rows(d, wide);
  assert_non_null(strstr(fixture_messages.data, "le.csv: looks like UTF-16 without a byte-order"));
  lqa_dataset_free(d);
  write_bytes("be.csv", "\0t\0e\0x\0t\0,\0l\0a\0b\0e\0l\0\n\0a\0,\0x\0\n\0\xE9\0,\0y\0\n", 38);
  d = load(options_for("be.csv", NULL));
  assert_rows(d, wide);
  lqa_dataset_free(d);
  refuse_text("l.jsonl", "{\"text\":\"caf\xE9\",\"label\":\"x\"}\n", LQA_BAD_DATA,
              "l.jsonl, row 0 (line 1): byte 0xE9 is not valid UTF-8");
  refuse_text("header.csv", "t\xE9xt,label\n", LQA_BAD_DATA, "(line 1)|not valid UTF-8");
}

static void test_columns(void **state) {
  (void)state;
  refuse_text("d.csv", "text,label,text\na,x,b\n", LQA_BAD_DATA,
              "'d.csv': two columns have the name 'text' (the 1. and the 3.)");
  refuse_text("d.jsonl", "{\"text\":\"a\",\"label\":\"x\"}\n{\"text\":\"a\",\"text\":\"b\"}\n",
              LQA_BAD_DATA, "d.jsonl, row 1 (line 2): key 'text' occurs twice in one object");
  write_text("c.csv", "text,label\na,x\n");
  lqa_source_options o = options_for("c.csv", NULL);
  o.label = "category";
  assert_refused(o, LQA_BAD_USAGE,
                 "'c.csv' has no column 'category'; its columns are: text, label");
}

static void test_json(void **state) {
  (void)state;
  lqa_error err;
  write_text("b.jsonl", "{\"text\":\"a\",\"label\":\"x\"}\n{\"text\":\"b\",\"label\":}\n");
  err = assert_refused(options_for("b.jsonl", NULL), LQA_BAD_DATA,
                       "b.jsonl, row 1 (line 2): not valid JSON: expected a value, found '}'");
  assert_int_equal(err.row, 1);
  refuse_text("b2.jsonl", "{\"text\":\"a\",\"label\":\"x\"}\n{\"text\":\"b\",\"lab", LQA_BAD_DATA,
              "b2.jsonl, row 1 (line 2)|cut off");
  refuse_text("b3.json", "[{\"text\":\"a\",\"label\":\"x\"}", LQA_BAD_DATA, "b3.json|cut off");
  refuse_text("b4.jsonl", "[1, 2]\n", LQA_BAD_DATA, "b4.jsonl, row 0 (line 1)|expected an object");
}

static void test_binary_formats(void **state) {
  (void)state;
  run_sql(
      "COPY (SELECT 'text ' || range AS text, range % 2 AS label FROM range(20000)) TO 'p.parquet' "
      "(FORMAT parquet)");
  lqa_buf bytes;
  lqa_buf_init(&bytes, 1 << 24);
  assert_int_equal(lqa_file_load("p.parquet", &bytes, NULL), LQA_OK);
  write_bytes("cut.parquet", bytes.data, bytes.size / 2);
  assert_refused(options_for("cut.parquet", NULL), LQA_BAD_DATA,
                 "'cut.parquet' cannot be read as a Parquet file");
  memset(bytes.data + 100, 0x5A, bytes.size / 3);
  write_bytes("damaged.parquet", bytes.data, bytes.size);
  assert_refused(options_for("damaged.parquet", NULL), LQA_BAD_DATA, "damaged.parquet");
  lqa_buf_clear(&bytes);
  refuse_text("no.parquet", "text,label\na,b\n", LQA_BAD_DATA,
              "'no.parquet' is not a Parquet file");
  write_bytes("cut.sqlite", "SQLite format 3\0\x10", 17);
  assert_refused(options_for("cut.sqlite::t", NULL), LQA_BAD_DATA, "cut.sqlite");
  write_bytes("cut.db", "12345678DUCK\x40\0\0\0rest", 20);
  assert_refused(options_for("cut.db::t", NULL), LQA_BAD_FILE, "cut.db");
  gzFile file = gzopen("g.csv.gz", "wb");
  for (int i = 0; i < 3000; i++) {
    gzprintf(file, "%s%d,%d\n", i ? "" : "text,label\n", i * 7919, i % 2);
  }
  gzclose(file);
  assert_int_equal(lqa_file_load("g.csv.gz", &bytes, NULL), LQA_OK);
  write_bytes("cut.csv.gz", bytes.data, bytes.size / 2);
  assert_refused(options_for("cut.csv.gz", NULL), LQA_BAD_DATA,
                 "'cut.csv.gz' is damaged|truncated");
  bytes.data[bytes.size / 2] ^= 0x55;
  write_bytes("bad.csv.gz", bytes.data, bytes.size);
  assert_refused(options_for("bad.csv.gz", NULL), LQA_BAD_DATA, "bad.csv.gz");
  lqa_buf_clear(&bytes);
}

static void test_classes(void **state) {
  (void)state;
  refuse_text("one.csv", "text,label\na,x\nb,x\nc,\n", LQA_BAD_DATA,
              "one.csv, column 'label': all labels are 'x'; an audit needs at least two classes");
  refuse_text("null.csv", "text,label\na,\nb,\n", LQA_BAD_DATA,
              "column 'label': every label is empty");
  write_text("two.csv", "text,label\na,x\nb,y\n");
  lqa_source_options o = options_for("two.csv", NULL);
  const char *foreign[] = {"p", "q"}, *twice[] = {"x", "y", "x"};
  o.classes = (lqa_text_list){foreign, 2};
  assert_refused(o, LQA_BAD_DATA, "no row has one of the given classes");
  o.classes = (lqa_text_list){twice, 3};
  assert_refused(o, LQA_BAD_USAGE, "class 'x' is given twice");
  o.classes_file = "classes.txt";
  assert_refused(o, LQA_BAD_USAGE, "--classes and --classes-file");
  o.classes.n = 0;
  assert_refused(o, LQA_BAD_FILE, "classes.txt");
  write_text("classes.txt", "\n\n");
  assert_refused(o, LQA_BAD_DATA, "'classes.txt' names no class");
  write_text("classes.txt", "\xEF\xBB\xBFy\r\nx z\r\n\r\nx");
  lqa_dataset *d = load(o);
  assert_int_equal(d->n_classes, 3);
  assert_true(d->classes_given && d->label[0] == 2 && d->label[1] == 0);
  assert_true(lqa_str_equal(d->classes[1], LQA_STR("x z")));
  lqa_dataset_free(d);
}

static void test_options(void **state) {
  (void)state;
  write_text("o.csv", "text,label\na,x\nb,y\n");
  lqa_source_options o = options_for("o.csv", NULL);
  o.delimiter = "ab";
  assert_refused(o, LQA_BAD_USAGE, "--delimiter takes one character (or \\t), not 'ab'");
  o.delimiter = "\"";
  o.quote = "\"";
  assert_refused(o, LQA_BAD_USAGE, "--delimiter and --quote are the same");
  o.delimiter = o.quote = NULL;
  o.limit = -1;
  assert_refused(o, LQA_BAD_USAGE, "--limit");
  o.limit = 0;
  const char *names[] = {"text"};
  o.features = (lqa_text_list){names, 1};
  o.text = (lqa_text_list){names, 1};
  assert_refused(o, LQA_BAD_USAGE, "--features");
}

static void test_cancel(void **state) {
  (void)state;
  write_text("k.csv", "text,label\na,x\nb,y\n");
  volatile int cancelled = 1;
  lqa_observer observer = {.cancelled = &cancelled};
  lqa_source_options o = options_for("k.csv", NULL);
  lqa_dataset *d = NULL;
  lqa_error err;
  assert_int_equal(lqa_dataset_load(&o, &observer, &d, &err), LQA_INTERRUPTED);
  assert_null(d);
}

/* --- unusual, valid -----------------------------------------------------------------------------
 */

static void test_long_field(void **state) {
  (void)state;
  enum { LONG = 20 << 20 };
  char *big = lqa_malloc(LONG, 1);
  memset(big, 'x', LONG);
  for (int i = 0; i < LONG; i += 1000) {
    big[i] = i % 7000 ? ' ' : '\n';
  }
  for (int format = 0; format < 2; format++) {
    const char *name = format ? "long.jsonl" : "long.csv";
    FILE *file = fopen(name, "w");
    fputs(format ? "{\"text\":\"short\",\"label\":\"a\"}\n{\"label\":\"b\",\"text\":\""
                 : "text,label\nshort,a\n\"",
          file);
    for (int i = 0; i < LONG; i++) {
      if (format && big[i] == '\n') {
        fputs("\\n", file);
      } else {
        fputc(big[i], file);
      }
    }
    fputs(format ? "\"}\n{\"text\":\"end\",\"label\":\"a\"}\n" : "\",b\nend,a\n", file);
    fclose(file);
    lqa_dataset *d = load(options_for(name, NULL));
    assert_int_equal(d->n_rows, 3);
    lqa_str text = lqa_column_get(&d->content, 1);
    assert_true(text.size == LONG && memcmp(text.data, big, LONG) == 0);
    assert_value(&d->content, 2, "end");
    lqa_dataset_free(d);
    lqa_source_options o = options_for(name, NULL);
    o.max_field_bytes = 1 << 20;
    assert_refused(o, LQA_BAD_DATA, "row 1|is longer than 1048576 bytes|--max-field-size");
  }
  free(big);
}

static void test_nul_mark_and_line_ends(void **state) {
  (void)state;
  write_bytes("nul.csv", "text,label\na\0b,x\n\"\0\",y\n", 23);
  lqa_dataset *d = load(options_for("nul.csv", NULL));
  assert_true(lqa_str_equal(lqa_column_get(&d->content, 0), LQA_STR("a\0b")));
  lqa_dataset_free(d);
  write_text("bom.csv", "\xEF\xBB\xBFtext,label\r\n\"a\r\nb\",x\r\nc,y\r\n\r\n");
  d = load(options_for("bom.csv", NULL));
  static const char *const crlf[] = {"a\r\nb", "x", "c", "y", NULL, NULL};
  assert_rows(d, crlf);
  lqa_dataset_free(d);
  write_text("mac.csv", "text,label\ra,x\rb,y\r");
  d = load(options_for("mac.csv", NULL));
  static const char *const mac[] = {"a", "x", "b", "y", NULL, NULL};
  assert_rows(d, mac);
  lqa_dataset_free(d);
}

static void test_odd_labels(void **state) {
  (void)state;
  write_text("odd.csv",
             "text,label\na,\"x, y\"\nb,\"say \"\"no\"\"\"\nc,\"two\nlines\"\nd,10\ne,9\nf, \n"
             "g,\"\"\nh,only once\n");
  lqa_dataset *d = load(options_for("odd.csv", NULL));
  assert_int_equal(d->n_classes, 6);
  assert_value(&d->label_text, 0, "x, y");
  assert_value(&d->label_text, 1, "say \"no\"");
  assert_value(&d->label_text, 2, "two\nlines");
  assert_value(&d->label_text, 5, NULL);
  assert_value(&d->label_text, 6, NULL);
  assert_int_equal(d->label[6], LQA_LABEL_NULL);
  assert_true(lqa_dataset_is_scorable(d, 7));
  lqa_dataset_free(d);
  write_text("numbers.csv", "text,label\na,10\nb,9\nc,-1\nd,01\n");
  d = load(options_for("numbers.csv", NULL));
  const char *order[] = {"-1", "01", "9", "10"};
  for (int k = 0; k < 4; k++) {
    assert_true(lqa_str_equal(d->classes[k], lqa_str_from(order[k])));
  }
  lqa_dataset_free(d);
}

static void test_blank_lines_and_unnamed_columns(void **state) {
  (void)state;
  write_text("pandas.csv", ",text,label\n0,a,x\n\n1,b,y\n");
  lqa_dataset *d = load(options_for("pandas.csv", NULL));
  static const char *const two[] = {"a", "x", "b", "y", NULL, NULL};
  assert_rows(d, two);
  lqa_dataset_free(d);
}

/* Under a memory limit the text lies in a file, and reads the same. */
static void test_spill(void **state) {
  (void)state;
  FILE *file = fopen("spill.csv", "w");
  fputs("text,label\n", file);
  for (int i = 0; i < 20000; i++) {
    fprintf(file, "the text of row %d is long enough,%d\n", i, i % 3);
  }
  fclose(file);
  lqa_dataset *whole = load(options_for("spill.csv", NULL));
  lqa_source_options o = options_for("spill.csv", NULL);
  o.memory_bytes = 100000;
  o.n_threads = 1;
  lqa_dataset *spilled = load(o);
  assert_int_equal(spilled->n_rows, 20000);
  for (int64_t row = 0; row < 20000; row++) {
    assert_true(lqa_str_equal(lqa_column_get(&whole->content, row),
                              lqa_column_get(&spilled->content, row)));
    assert_memory_equal(&whole->content_hash[row], &spilled->content_hash[row],
                        sizeof(lqa_hash128));
  }
  lqa_dataset_free(whole);
  lqa_dataset_free(spilled);
  o.temporary_folder = "/no/such/folder";
  assert_refused(o, LQA_BAD_FILE, "temporary file|/no/such/folder");
}

/* Every allocation may fail: the status says so and nothing is lost or freed twice. */
static void test_allocation_failures(void **state) {
  (void)state;
  write_text("m.csv", "id,text,label,p_x,p_y\n1,a,x,0.5,0.5\n2,\"b \"\"c\"\"\",y,0.1,0.9\n");
  write_text("m.jsonl",
             "{\"id\":1,\"text\":\"a\",\"label\":\"x\",\"p_x\":1,\"p_y\":0}\n{\"id\":2,\"text\":"
             "\"b\\n\",\"label\":\"y\",\"p_x\":0,\"p_y\":1}\n");
  const char *probs[] = {"p_x", "p_y"};
  lqa_source_options o = options_for("m.csv", "m.jsonl");
  o.pred_probs = (lqa_text_list){probs, 2};
  lqa_status status = LQA_NO_MEMORY;
  long n = 0;
  while (status != LQA_OK) {
    lqa_dataset *d = NULL;
    lqa_error err;
    lqa_memory_fail_after(++n);
    status = lqa_dataset_load(&o, NULL, &d, &err);
    lqa_memory_fail_after(0);
    if (status != LQA_OK) {
      assert_int_equal(status, LQA_NO_MEMORY);
      assert_null(d);
      assert_true(n < 1000);
    }
    lqa_dataset_free(d);
  }
  assert_true(n > 30);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_files),
      cmocka_unit_test(test_empty),
      cmocka_unit_test(test_ragged),
      cmocka_unit_test(test_quotes),
      cmocka_unit_test(test_encoding),
      cmocka_unit_test(test_columns),
      cmocka_unit_test(test_json),
      cmocka_unit_test(test_binary_formats),
      cmocka_unit_test(test_classes),
      cmocka_unit_test(test_options),
      cmocka_unit_test(test_cancel),
      cmocka_unit_test(test_long_field),
      cmocka_unit_test(test_nul_mark_and_line_ends),
      cmocka_unit_test(test_odd_labels),
      cmocka_unit_test(test_blank_lines_and_unnamed_columns),
      cmocka_unit_test(test_spill),
      cmocka_unit_test(test_allocation_failures),
  };
  return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
