/* A struct of every kind of field, written, read back and written again; and what reading makes of
 * texts that do not fit the table. */
#include "must.h"

#include "base/field.h"

#include <math.h>
#include <string.h>

typedef struct part {
  const char *name;
  double value;
} part;

typedef struct row {
  const double *cells;
  int32_t n;
} row;

typedef struct whole {
  const char *text, *raw, *none;
  lqa_str str;
  char chars[8];
  int32_t narrow;
  int64_t wide;
  uint64_t size;
  double number, unknown;
  bool flag, has_part, has_block, by_choice;
  part part;
  int64_t block;
  const part *parts;
  int64_t n_parts;
  const row *rows; /* a matrix */
  size_t n_rows;
} whole;

#define AT(member) LQA_FIELD(whole, member)
static const lqa_field PART[] = {{"name", LQA_FIELD(part, name), "", .absent = "unnamed"},
                                 {"value", LQA_FIELD(part, value), ""},
                                 {.key = NULL}};
static const lqa_field CELLS[] = {
    {"", LQA_FIELD_AS(LIST, row, cells), "", LQA_ELEMENTS(double, lqa_field_doubles, row, n)},
    {.key = NULL}};
static const char *const COLOURS[] = {"red", "green", NULL};
static const lqa_field WHOLE[] = {
    {"schema", LQA_FIELD_CONSTANT, .absent = "test/1"},
    {"text", AT(text), "", .absent = "none given"},
    {"raw", LQA_FIELD_AS(JSON, whole, raw), ""},
    {"none", AT(none), "", LQA_UNLESS_EMPTY},
    {"str", AT(str), ""},
    {"chars", AT(chars), ""},
    {"narrow", AT(narrow), ""},
    {"wide", AT(wide), ""},
    {"size", AT(size), ""},
    {"number", AT(number), ""},
    {"unknown", AT(unknown), ""},
    {"flag", AT(flag), "", .absent = "true"},
    {"choice", LQA_FIELD_AS(CHOICE, whole, by_choice), "", .choices = COLOURS},
    {"part", LQA_FIELD_AS(OBJECT, whole, part), "", LQA_NULL_OR_GIVEN,
     .given = offsetof(whole, has_part), .fields = PART},
    {"block", AT(block), "", LQA_WHERE_GIVEN, .given = offsetof(whole, has_block)},
    {"parts", LQA_FIELD_AS(LIST, whole, parts), "", LQA_ELEMENTS(part, PART, whole, n_parts)},
    {"map", LQA_FIELD_AS(MAP, whole, parts), "", LQA_ELEMENTS(part, PART, whole, n_parts)},
    {"matrix", LQA_FIELD_AS(LIST, whole, rows), "", LQA_ELEMENTS(row, CELLS, whole, n_rows)},
    {.key = NULL}};

static void write(const whole *w, lqa_buf *out) {
  lqa_json json;
  lqa_json_init(&json, out, 0);
  lqa_json_open_object(&json);
  lqa_fields_write(WHOLE, w, &json);
  lqa_json_close_object(&json);
}

static void read(const char *text, lqa_arena *arena, whole *w) {
  const lqa_json_node *root = NULL;
  lqa_error err;
  memset(w, 0xa5, sizeof *w);
  MUST(lqa_json_parse(lqa_str_from(text), "test", arena, &root, &err));
  assert_int_equal(lqa_fields_read(WHOLE, root, arena, w), LQA_OK);
}

static void expect_same_again(const whole *w, const char *want) {
  whole again;
  lqa_arena arena;
  lqa_buf first, second;
  lqa_arena_init(&arena);
  lqa_buf_init(&first, 1 << 16);
  lqa_buf_init(&second, 1 << 16);
  write(w, &first);
  assert_string_equal(first.data, want);
  read(first.data, &arena, &again);
  write(&again, &second);
  assert_string_equal(second.data, want);
  lqa_buf_clear(&first);
  lqa_buf_clear(&second);
  lqa_arena_clear(&arena);
}

static void every_kind_reads_back(void **state) {
  static const part parts[] = {{"a", .5}, {"b", -1e300}};
  static const double cells[] = {1, .25, 3};
  static const row rows[] = {{cells, 2}, {cells + 2, 1}, {cells, 0}};
  (void)state;
  const whole full = {.text = "x\"y",
                      .raw = "{\"k\":[1,null,true,{}]}",
                      .str = LQA_STR("st"),
                      .chars = "1234567",
                      .narrow = INT32_MIN,
                      .wide = INT64_MIN,
                      .size = INT64_MAX,
                      .number = .1,
                      .unknown = (double)NAN,
                      .by_choice = true,
                      .has_part = true,
                      .part = {"p", 2},
                      .has_block = true,
                      .block = 7,
                      .parts = parts,
                      .n_parts = 2,
                      .rows = rows,
                      .n_rows = 3};
  expect_same_again(
      &full,
      "{\"schema\":\"test/1\",\"text\":\"x\\\"y\",\"raw\":{\"k\":[1,null,true,{}]},\"str\":\"st\","
      "\"chars\":\"1234567\",\"narrow\":-2147483648,\"wide\":-9223372036854775808,"
      "\"size\":9223372036854775807,\"number\":0.1,\"unknown\":null,\"flag\":false,"
      "\"choice\":\"green\",\"part\":{\"name\":\"p\",\"value\":2},\"block\":7,"
      "\"parts\":[{\"name\":\"a\",\"value\":0.5},{\"name\":\"b\",\"value\":-1e+300}],"
      "\"map\":{\"a\":0.5,\"b\":-1e+300},\"matrix\":[[1,0.25],[3],[]]}");
  const whole empty = {.text = "", .number = (double)NAN, .unknown = (double)NAN};
  expect_same_again(&empty,
                    "{\"schema\":\"test/1\",\"text\":\"\",\"raw\":null,\"str\":null,\"chars\":\"\","
                    "\"narrow\":0,\"wide\":0,\"size\":0,\"number\":null,\"unknown\":null,"
                    "\"flag\":false,\"choice\":\"red\",\"part\":null,\"parts\":[],\"map\":{},"
                    "\"matrix\":[]}");
}

static void expect_nothing(const whole *w) {
  assert_string_equal(w->text, "none given");
  assert_null(w->raw);
  assert_null(w->none);
  assert_true(lqa_str_is_null(w->str));
  assert_string_equal(w->chars, "");
  assert_int_equal(w->narrow, 0);
  assert_int_equal(w->wide, 0);
  assert_true(isnan(w->number));
  assert_true(w->flag);
  assert_false(w->by_choice);
  assert_false(w->has_block);
  assert_string_equal(w->part.name, "unnamed");
  assert_int_equal(w->n_parts, 0);
  assert_int_equal(w->n_rows, 0);
  assert_null(w->parts);
}

/* Missing, null and of another kind are one: the member has its default, never what was there. */
static void what_does_not_fit_reads_as_missing(void **state) {
  static const char *const texts[] = {
      "{}", "[]",
      "{\"text\":1,\"raw\":[],\"none\":{},\"str\":true,\"chars\":\"12345678\","
      "\"narrow\":\"1\",\"wide\":1.5,\"number\":\"x\",\"flag\":0,\"choice\":\"blue\","
      "\"part\":null,\"block\":null,\"parts\":{},\"map\":[],\"matrix\":{}}"};
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    whole w;
    lqa_arena arena;
    lqa_arena_init(&arena);
    read(texts[i], &arena, &w);
    expect_nothing(&w);
    lqa_arena_clear(&arena);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_kind_reads_back),
                                     cmocka_unit_test(what_does_not_fit_reads_as_missing)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
