/* Sources: every format gives the same rows; filters, several files, URLs. */
#include "source_fixture.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

/* Values that readers like to change. */
static const char *const rows[] = {"hello, world",
                                   "1",
                                   "line\nbreak \"quoted\"",
                                   "01",
                                   NULL,
                                   "True",
                                   "caf\xC3\xA9 \xF0\x9F\x98\x80",
                                   "1.0",
                                   " spaced ",
                                   NULL,
                                   "NULL",
                                   "1e5",
                                   NULL,
                                   NULL};
/* `text,label` with a column between and one behind. */
static const char csv[] = "text,n,label,last\n"
                          "\"hello, world\",1,1,\n"
                          "\"line\nbreak \"\"quoted\"\"\",2,01,x\n"
                          ",3,True,\n"
                          "caf\xC3\xA9 \xF0\x9F\x98\x80,4,1.0,y\n"
                          " spaced ,5,,z\n"
                          "NULL,6,1e5,\"\"\n";
static const char jsonl[] =
    "{\"text\":\"hello, world\",\"n\":1,\"label\":\"1\",\"last\":null}\n"
    "{\"label\":\"01\",\"text\":\"line\\nbreak \\\"quoted\\\"\",\"n\":2,\"last\":\"x\"}\n"
    "{\"text\":null,\"n\":3,\"label\":\"True\"}\n"
    "{\"text\":\"caf\\u00e9 \\ud83d\\ude00\",\"n\":4,\"label\":1.0,\"last\":\"y\"}\n"
    "{\"text\":\" spaced \",\"n\":5,\"label\":null,\"last\":\"z\"}\n"
    "{\"text\":\"NULL\",\"n\":6,\"label\":1e5,\"last\":\"\"}\n";

static void assert_same(const char *path) {
  lqa_dataset *d = load(options_for(path, NULL));
  assert_rows(d, rows);
  assert_int_equal(d->n_classes, 5);
  assert_int_equal(d->n_files, 1);
  assert_string_equal(d->files[0].path, path);
  assert_int_equal(strlen(d->files[0].sha256), 64);
  assert_string_equal(d->content_name, "text");
  lqa_dataset_free(d);
}

static void write_gzip(const char *name, const char *text, int members) {
  size_t n = strlen(text), part = n / (size_t)members;
  for (int i = 0; i < members; i++) {
    gzFile file = gzopen(name, i ? "ab" : "wb");
    size_t size = i == members - 1 ? n - part * (size_t)i : part;
    assert_int_equal(gzwrite(file, text + part * (size_t)i, (unsigned)size), size);
    gzclose(file);
  }
}

static void write_zstd(const char *name, const char *text) {
  char out[4096];
  size_t n = ZSTD_compress(out, sizeof out, text, strlen(text), 3);
  write_bytes(name, out, n);
}

static void test_text_formats(void **state) {
  (void)state;
  write_text("a.csv", csv);
  assert_same("a.csv");
  write_gzip("a.csv.gz", csv, 1);
  assert_same("a.csv.gz");
  write_gzip("b.csv.gz", csv, 3);
  assert_same("b.csv.gz");
  write_zstd("a.csv.zst", csv);
  assert_same("a.csv.zst");
  write_text("a.jsonl", jsonl);
  assert_same("a.jsonl");
  write_gzip("a.jsonl.gz", jsonl, 2);
  assert_same("a.jsonl.gz");
  write_text("noname", jsonl);
  assert_same("noname");
  write_text("duck.csv", "id,name\nDUCK,x\nDUCK,y\n"); /* where a DuckDB file says DUCK */
  const char *path = "duck.csv";
  const lqa_source_options options = {.paths = {&path, 1}};
  lqa_source *source = NULL;
  assert_int_equal(lqa_source_open(&options, NULL, &source, NULL), LQA_OK);
  assert_int_equal(lqa_source_count_columns(source), 2);
  lqa_source_close(source);
}

/* The same with another delimiter and line end. */
static void test_dialects(void **state) {
  (void)state;
  for (const char *d = "\t;|"; *d; d++) {
    lqa_buf text;
    lqa_buf_init(&text, 1 << 16);
    bool inside = false;
    for (const char *p = csv; *p; p++) {
      inside ^= *p == '"';
      bool is_end = *p == '\n' && !inside;
      lqa_buf_add_text(&text, is_end ? "\r\n" : "");
      lqa_buf_add(&text, *p == ',' && !inside ? d : p, !is_end);
    }
    write_bytes("d.txt", text.data, text.size);
    assert_same("d.txt");
    write_bytes("d.tsv", text.data, text.size);
    assert_same("d.tsv");
    lqa_buf_clear(&text);
  }
}

static void test_json_array(void **state) {
  (void)state;
  lqa_buf text;
  lqa_buf_init(&text, 1 << 16);
  lqa_buf_add_text(&text, "[\n  ");
  for (const char *p = jsonl; *p; p++) {
    lqa_buf_add_text(&text, *p == '\n' && p[1] ? ",\n  " : "");
    lqa_buf_add(&text, p, *p != '\n');
  }
  lqa_buf_add_text(&text, "\n]\n");
  write_bytes("a.json", text.data, text.size);
  assert_same("a.json");
  lqa_buf_clear(&text);
}

static void test_parquet_and_duckdb(void **state) {
  (void)state;
  write_text("p.csv", csv);
  run_sql("COPY (SELECT * FROM read_csv('p.csv', auto_detect=false, header=true, delim=',', "
          "quote='\"', escape='\"', columns={text:'VARCHAR',n:'INTEGER',label:'VARCHAR',"
          "last:'VARCHAR'}, allow_quoted_nulls=false)) TO 'a.parquet' (FORMAT parquet)");
  assert_same("a.parquet");
  assert_int_equal(rename("a.parquet", "parquet-without-suffix"), 0);
  assert_same("parquet-without-suffix");
  run_sql("ATTACH 'a.db' AS x; CREATE TABLE x.t AS SELECT * FROM "
          "read_parquet('parquet-without-suffix'); "
          "CREATE TABLE x.\"odd.name\" AS FROM x.t; CREATE SCHEMA x.s; CREATE TABLE x.s.t AS FROM "
          "x.t LIMIT 2");
  const char *const tables[] = {"a.db::t", "a.db::odd.name"};
  for (int i = 0; i < 2; i++) {
    lqa_dataset *d = load(options_for(tables[i], NULL));
    assert_rows(d, rows);
    assert_string_equal(d->files[0].path, "a.db");
    lqa_dataset_free(d);
  }
  lqa_dataset *d = load(options_for("a.db::s.t", NULL));
  assert_int_equal(d->n_rows, 2);
  lqa_dataset_free(d);
  assert_refused(options_for("a.db::u", NULL), LQA_BAD_USAGE, "no table 'u'|odd.name, t, s.t");
  assert_refused(options_for("a.db", NULL), LQA_BAD_USAGE, "several tables|a.db::TABLE");
  assert_refused(options_for("a.csv::t", NULL), LQA_BAD_DATA, "no DuckDB or SQLite file");
}

static void test_sqlite(void **state) {
  (void)state;
  sqlite3 *db;
  sqlite3_stmt *insert;
  assert_int_equal(sqlite3_open("a.sqlite", &db), SQLITE_OK);
  sqlite3_exec(db, "CREATE TABLE \"my t\" (text TEXT, n INTEGER, label TEXT)", NULL, NULL, NULL);
  sqlite3_prepare_v2(db, "INSERT INTO \"my t\" VALUES (?, ?, ?)", -1, &insert, NULL);
  for (int i = 0; rows[2 * i] || rows[2 * i + 1]; i++) {
    sqlite3_bind_text(insert, 1, rows[2 * i], -1, SQLITE_STATIC);
    sqlite3_bind_int(insert, 2, i);
    sqlite3_bind_text(insert, 3, rows[2 * i + 1], -1, SQLITE_STATIC);
    sqlite3_step(insert);
    sqlite3_reset(insert);
  }
  sqlite3_finalize(insert);
  assert_same("a.sqlite");
  lqa_dataset *d = load(options_for("a.sqlite::my t", NULL));
  assert_rows(d, rows);
  lqa_dataset_free(d);
  sqlite3_exec(db,
               "CREATE VIEW v AS SELECT n AS id, text, n % 2 AS label FROM \"my t\" WHERE n > 2",
               NULL, NULL, NULL);
  d = load(options_for("a.sqlite::v", NULL));
  assert_int_equal(d->n_rows, 3);
  assert_value(&d->roles[LQA_ROLE_ID], 0, "3");
  assert_value(&d->label_text, 0, "1");
  lqa_dataset_free(d);
  assert_refused(options_for("a.sqlite", NULL), LQA_BAD_USAGE, "several tables|my t, v");
  assert_refused(options_for("a.sqlite::w", NULL), LQA_BAD_USAGE, "no table 'w'");
  sqlite3_exec(db,
               "CREATE TABLE bad (text, label); INSERT INTO bad VALUES ('x', 'a'), "
               "(CAST(x'63E9' AS TEXT), 'b')",
               NULL, NULL, NULL);
  assert_refused(options_for("a.sqlite::bad", NULL), LQA_BAD_DATA,
                 "a.sqlite, row 1, column 'text': not valid UTF-8");
  sqlite3_close(db);
}

static void test_standard_input_and_pipes(void **state) {
  (void)state;
  write_text("in.csv", csv);
  int saved = dup(STDIN_FILENO), fd = open("in.csv", O_RDONLY);
  dup2(fd, STDIN_FILENO);
  lqa_dataset *d = load(options_for("-", NULL));
  assert_rows(d, rows);
  assert_string_equal(d->files[0].path, "-");
  lqa_dataset_free(d);
  dup2(saved, STDIN_FILENO);
  close(saved);
  close(fd);
  assert_int_equal(mkfifo("pipe", 0600), 0);
  if (fork() == 0) {
    int to = open("pipe", O_WRONLY);
    _exit(write(to, csv, sizeof csv - 1) != sizeof csv - 1);
  }
  d = load(options_for("pipe", NULL));
  assert_rows(d, rows);
  lqa_dataset_free(d);
}

static void test_several_files(void **state) {
  (void)state;
  write_text("s1.csv", "text,label\na,x\nb,y\n");
  write_text("s2.csv", "label,text\nz,c\n");
  write_text("s10.csv", "\"label\";\"text\"\r\nx;d\r\n");
  lqa_dataset *d = load(options_for("s*.csv", NULL));
  const char *const in_order[] = {"a", "x", "b", "y", "d", "x", "c", "z", NULL, NULL};
  assert_int_equal(d->n_files, 3);
  assert_string_equal(d->files[0].path, "s1.csv");
  assert_string_equal(d->files[1].path, "s10.csv");
  assert_rows(d, in_order);
  int64_t row_in_file;
  assert_string_equal(lqa_dataset_file_of(d, 3, &row_in_file)->path, "s2.csv");
  assert_int_equal(row_in_file, 0);
  assert_string_equal(lqa_dataset_file_of(d, 1, &row_in_file)->path, "s1.csv");
  assert_int_equal(row_in_file, 1);
  assert_int_equal(d->files[2].first_row, 3);
  assert_int_equal(d->files[2].n_rows, 1);
  lqa_dataset_free(d);
  write_text("other.csv", "text,class\nc,z\n");
  assert_refused(options_for("s1.csv", "other.csv"), LQA_BAD_DATA,
                 "'s1.csv' has no column 'class', which 'other.csv' has");
  write_text("s.jsonl", "{\"text\":\"e\"}\n{\"label\":\"y\",\"more\":1}\n");
  lqa_source_options o = options_for("s.jsonl", NULL);
  o.one_class_allowed = true;
  d = load(o);
  assert_int_equal(d->n_rows, 2);
  assert_value(&d->label_text, 0, NULL);
  assert_value(&d->content, 1, NULL);
  lqa_dataset_free(d);
}

static void test_where_and_limit(void **state) {
  (void)state;
  write_text("w.csv", "text,label,score\na,x,5\nb,y,10\nc,x,\nd,y,7\ne,x,100\n");
  write_text("w2.jsonl",
             "{\"text\":\"f\",\"label\":\"y\",\"score\":20}\n{\"text\":\"g\",\"label\":\"x\","
             "\"score\":1}\n");
  lqa_source_options o = options_for("w.csv", "w2.jsonl");
  o.where = "score::INT >= 7 -- a comment";
  lqa_dataset *d = load(o);
  static const char *const kept[] = {"b", "y", "d", "y", "e", "x", "f", "y", NULL, NULL};
  assert_rows(d, kept);
  int64_t row_in_file;
  assert_string_equal(lqa_dataset_file_of(d, 2, &row_in_file)->path, "w.csv");
  assert_int_equal(row_in_file, 4);
  assert_string_equal(lqa_dataset_file_of(d, 3, &row_in_file)->path, "w2.jsonl");
  assert_int_equal(row_in_file, 0);
  lqa_dataset_free(d);
  o.limit = 3;
  d = load(o);
  assert_int_equal(d->n_rows, 3);
  lqa_dataset_free(d);
  o.where = NULL;
  d = load(o);
  assert_int_equal(d->n_rows, 3);
  assert_int_equal(d->files[1].n_rows, 0);
  lqa_dataset_free(d);
  o.where = "nonsense > 1";
  assert_refused(o, LQA_BAD_USAGE, "--where on 'w.csv'|nonsense");
  o.where = "score = 'none'";
  assert_refused(o, LQA_BAD_DATA, "no row satisfies --where");
  o.where = "label::INT = 1";
  assert_refused(o, LQA_BAD_DATA, "--where on 'w.csv'|Could not convert");
  run_sql(
      "COPY (SELECT range AS id, 'text ' || range AS text, range % 3 AS label FROM range(5000)) TO "
      "'w.parquet' (FORMAT parquet)");
  o = options_for("w.parquet", NULL);
  o.where = "id % 1000 = 999";
  d = load(o);
  assert_int_equal(d->n_rows, 5);
  (void)lqa_dataset_file_of(d, 4, &row_in_file);
  assert_int_equal(row_in_file, 4999);
  assert_value(&d->content, 4, "text 4999");
  lqa_dataset_free(d);
}

/* DuckDB takes names without case; nothing may be mixed up for that. */
static void test_names_that_differ_in_case(void **state) {
  (void)state;
  write_text("case.csv", "Text,text,label\na,b,x\nc,d,y\n");
  const char *text[] = {"text"};
  lqa_source_options o = options_for("case.csv", NULL);
  o.text = (lqa_text_list){text, 1};
  lqa_dataset *d = load(o);
  assert_value(&d->content, 0, "b");
  lqa_dataset_free(d);
  text[0] = "TEXT";
  assert_refused(o, LQA_BAD_USAGE, "no column 'TEXT'");
  text[0] = "text";
  lqa_source *source = NULL;
  lqa_error err;
  assert_int_equal(lqa_source_open(&o, NULL, &source, NULL), LQA_OK);
  assert_int_equal(lqa_source_snapshot(source, "case.parquet", NULL, &err), LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "'Text' and 'text' differ only in case"));
  assert_false(lqa_path_exists("case.parquet"));
  lqa_source_close(source);
  o.where = "label = 'x'";
  assert_refused(o, LQA_BAD_DATA, "differ only in case, so --where is not possible");
}

/* Damage found inside a filtered scan keeps its words. */
static void test_where_keeps_errors(void **state) {
  (void)state;
  write_text("we.csv", "text,label\na,x\nb\n");
  lqa_source_options o = options_for("we.csv", NULL);
  o.where = "true";
  assert_refused(o, LQA_BAD_DATA, "we.csv, row 1 (line 3) has 1 field");
}

static void test_reader_and_snapshot(void **state) {
  (void)state;
  write_text("r1.csv", "Text,label,last\na,x,\nb,y,\"\"\n");
  write_text("r2.csv", "label,last,Text\n01,q,c\n");
  lqa_source_options o = options_for("r1.csv", "r2.csv");
  lqa_source *source = NULL;
  lqa_error err;
  assert_int_equal(lqa_source_open(&o, NULL, &source, &err), LQA_OK);
  assert_int_equal(lqa_source_snapshot(source, "one.parquet", NULL, &err), LQA_OK);
  lqa_dataset *d = NULL;
  assert_int_equal(lqa_source_load(source, &d, &err), LQA_OK);
  lqa_dataset_free(d);
  assert_int_equal(lqa_source_snapshot(source, "two.parquet", NULL, &err), LQA_OK);
  assert_int_equal(lqa_source_count_columns(source), 3);
  assert_int_equal(lqa_source_find_column(source, "text"), 0);
  assert_int_equal(lqa_source_find_column(source, "no"), -1);
  lqa_source_close(source);
  lqa_buf one, two;
  lqa_buf_init(&one, 1 << 20);
  lqa_buf_init(&two, 1 << 20);
  assert_int_equal(lqa_file_load("one.parquet", &one, NULL), LQA_OK);
  assert_int_equal(lqa_file_load("two.parquet", &two, NULL), LQA_OK);
  assert_true(one.size == two.size && memcmp(one.data, two.data, one.size) == 0);
  lqa_buf_clear(&one);
  lqa_buf_clear(&two);
  /* The snapshot is a source like any other. */
  o = options_for("one.parquet", NULL);
  assert_int_equal(lqa_source_open(&o, NULL, &source, &err), LQA_OK);
  lqa_source_reader *reader = NULL;
  assert_int_equal(lqa_source_reader_open(source, &reader, &err), LQA_OK);
  const char *expected[3][3] = {{"a", "x", NULL}, {"b", "y", ""}, {"c", "01", "q"}};
  bool more = true;
  for (int row = 0; row < 3; row++) {
    assert_int_equal(lqa_source_reader_next(reader, &more, &err), LQA_OK);
    assert_true(more);
    int64_t row_in_file;
    assert_int_equal(lqa_source_reader_file(reader, &row_in_file), 0);
    assert_int_equal(row_in_file, row);
    for (size_t c = 0; c < 3; c++) {
      lqa_str value = lqa_source_reader_get(reader, c);
      assert_int_equal(lqa_str_is_null(value), expected[row][c] == NULL);
      assert_true(lqa_str_equal(value, lqa_str_from(expected[row][c])));
    }
  }
  assert_int_equal(lqa_source_reader_next(reader, &more, &err), LQA_OK);
  assert_false(more);
  lqa_source_reader_close(reader);
  lqa_source_close(source);
}

static void test_typed_parquet(void **state) {
  (void)state;
  run_sql(
      "COPY (SELECT * FROM (VALUES ('t1', 1.5::DOUBLE, true, ['a','b'], 'bin'::BLOB, DATE "
      "'2020-01-02'), (NULL, 2, false, NULL, '\\xFF'::BLOB, NULL)) v(text, label, b, list, blob, "
      "day)) TO 'typed.parquet' (FORMAT parquet)");
  lqa_source_options o = options_for("typed.parquet", NULL);
  lqa_source *source = NULL;
  assert_int_equal(lqa_source_open(&o, NULL, &source, NULL), LQA_OK);
  lqa_source_reader *reader = NULL;
  assert_int_equal(lqa_source_reader_open(source, &reader, NULL), LQA_OK);
  const char *expected[2][6] = {{"t1", "1.5", "true", "[a, b]", "bin", "2020-01-02"},
                                {NULL, "2.0", "false", NULL, "\\xFF", NULL}};
  for (int row = 0; row < 2; row++) {
    bool more;
    assert_int_equal(lqa_source_reader_next(reader, &more, NULL), LQA_OK);
    for (size_t c = 0; c < 6; c++) {
      lqa_str value = lqa_source_reader_get(reader, c);
      assert_true(lqa_str_equal(value, lqa_str_from(expected[row][c])));
    }
  }
  lqa_source_reader_close(reader);
  lqa_source_close(source);
}

static void test_urls(void **state) {
  (void)state;
  write_text("u.csv", csv);
  char url[200];
  snprintf(url, sizeof url, "file://%s/u.csv", fixture_folder);
  lqa_dataset *d = load(options_for(url, NULL));
  assert_rows(d, rows);
  lqa_dataset_free(d);
  lqa_source_options o = options_for("https://example.invalid/x.csv", NULL);
  o.no_network = true;
  assert_refused(o, LQA_BAD_USAGE, "is a URL, and network access is off");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_text_formats),
      cmocka_unit_test(test_dialects),
      cmocka_unit_test(test_json_array),
      cmocka_unit_test(test_parquet_and_duckdb),
      cmocka_unit_test(test_sqlite),
      cmocka_unit_test(test_standard_input_and_pipes),
      cmocka_unit_test(test_several_files),
      cmocka_unit_test(test_where_and_limit),
      cmocka_unit_test(test_names_that_differ_in_case),
      cmocka_unit_test(test_where_keeps_errors),
      cmocka_unit_test(test_reader_and_snapshot),
      cmocka_unit_test(test_typed_parquet),
      cmocka_unit_test(test_urls),
  };
  return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
