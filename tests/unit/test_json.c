/* The JSON writer, read back by a strict parser (jansson). */
#include "base/json.h"
#include "base/rng.h"

#include <float.h>
#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static void test_layout(void **state) {
  (void)state;
  lqa_buf out;
  lqa_json json;
  lqa_buf_init(&out, 1 << 16);
  for (int indent = 0; indent <= 2; indent += 2) {
    lqa_buf_reset(&out);
    lqa_json_init(&json, &out, indent);
    lqa_json_open_object(&json);
    lqa_json_key(&json, "a");
    lqa_json_open_array(&json);
    lqa_json_int(&json, -7);
    lqa_json_bool(&json, true);
    lqa_json_bool(&json, false);
    lqa_json_null(&json);
    lqa_json_open_object(&json);
    lqa_json_close_object(&json);
    lqa_json_close_array(&json);
    lqa_json_key(&json, "b");
    lqa_json_open_array(&json);
    lqa_json_close_array(&json);
    lqa_json_key(&json, "c");
    lqa_json_raw(&json, LQA_STR("[1]"));
    lqa_json_close_object(&json);
    assert_string_equal(out.data, indent
                                      ? "{\n  \"a\": [\n    -7,\n    true,\n    false,\n    null,\n"
                                        "    {}\n  ],\n  \"b\": [],\n  \"c\": [1]\n}"
                                      : "{\"a\":[-7,true,false,null,{}],\"b\":[],\"c\":[1]}");
  }
  lqa_buf_clear(&out);
}

static void expect_written(lqa_str text, const char *expected) {
  lqa_buf out;
  lqa_json json;
  lqa_buf_init(&out, 1 << 16);
  lqa_json_init(&json, &out, 0);
  lqa_json_str(&json, text);
  assert_string_equal(out.data, expected);
  lqa_buf_clear(&out);
}

static void test_strings(void **state) {
  (void)state;
  expect_written(LQA_STR("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
  expect_written(LQA_STR("\b\t\n\v\f\r\x1f\x7f"), "\"\\b\\t\\n\\u000b\\f\\r\\u001f\\u007f\"");
  expect_written(LQA_STR("a\0b"), "\"a\\u0000b\"");
  expect_written(LQA_STR("é€😀"), "\"é€😀\"");
  expect_written(LQA_STR("\xFFx\xC3"), "\"\uFFFDx\uFFFD\"");
  expect_written(LQA_STR("\xED\xA0\x80"), "\"\uFFFD\uFFFD\uFFFD\"");
  expect_written((lqa_str){NULL, 0}, "null");
  expect_written(LQA_STR(""), "\"\"");
}

/* Any bytes give JSON that a strict parser takes, and valid text comes back as it was. */
static void test_random_strings(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 1, 1);
  lqa_buf out;
  lqa_json json;
  lqa_buf_init(&out, 1 << 16);
  for (int round = 0; round < 20000; round++) {
    char text[40];
    size_t size = lqa_rng_below(&rng, sizeof text);
    for (size_t i = 0; i < size; i++) {
      text[i] = (char)lqa_rng_below(&rng, round % 2 ? 128 : 256);
    }
    lqa_buf_reset(&out);
    lqa_json_init(&json, &out, round % 3);
    lqa_json_open_array(&json);
    lqa_json_str(&json, (lqa_str){text, size});
    lqa_json_close_array(&json);
    json_error_t error;
    json_t *parsed = json_loadb(out.data, out.size, JSON_ALLOW_NUL, &error);
    assert_non_null(parsed);
    json_t *back = json_array_get(parsed, 0);
    if (round % 2) {
      assert_int_equal(json_string_length(back), size);
      assert_memory_equal(json_string_value(back), text, size);
    }
    json_decref(parsed);
  }
  lqa_buf_clear(&out);
}

static void expect_double(double value, const char *expected) {
  lqa_buf out;
  lqa_json json;
  lqa_buf_init(&out, 100);
  lqa_json_init(&json, &out, 0);
  lqa_json_double(&json, value);
  assert_string_equal(out.data, expected);
  lqa_buf_clear(&out);
}

static void test_doubles(void **state) {
  (void)state;
  expect_double(0, "0");
  expect_double(-0.0, "-0");
  expect_double(0.1, "0.1");
  expect_double(1.0 / 3, "0.3333333333333333");
  expect_double(1e22, "1e+22");
  expect_double(-42, "-42");
  expect_double(999999999999999, "999999999999999");
  expect_double(1e15, "1e+15");
  expect_double(-1e15, "-1e+15");
  expect_double(DBL_MAX, "1.7976931348623157e+308");
  expect_double(5e-324, "4.94065645841247e-324");
  expect_double(NAN, "null");
  expect_double(INFINITY, "null");
  expect_double(-INFINITY, "null");
}

static void test_doubles_read_back(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 2, 1);
  for (int i = 0; i < 300000; i++) {
    uint64_t bits = lqa_rng_next(&rng);
    double value, back;
    memcpy(&value, &bits, sizeof value);
    value = i % 2 ? lqa_rng_uniform(&rng) : value;
    char text[32];
    lqa_format_double(value, text);
    back = strtod(text, NULL);
    assert_true(back == value || (isnan(back) && isnan(value)));
  }
}

static void test_ints(void **state) {
  (void)state;
  lqa_buf out;
  lqa_json json;
  lqa_buf_init(&out, 100);
  lqa_json_init(&json, &out, 0);
  lqa_json_open_array(&json);
  lqa_json_int(&json, INT64_MIN);
  lqa_json_int(&json, INT64_MAX);
  lqa_json_close_array(&json);
  assert_string_equal(out.data, "[-9223372036854775808,9223372036854775807]");
  lqa_buf_clear(&out);
}

static void test_deep_and_full(void **state) {
  (void)state;
  lqa_buf out;
  lqa_json json;
  lqa_buf_init(&out, 1 << 16);
  lqa_json_init(&json, &out, 0);
  for (int i = 0; i < 63; i++) {
    lqa_json_open_array(&json);
    lqa_json_int(&json, i);
  }
  for (int i = 0; i < 63; i++) {
    lqa_json_close_array(&json);
  }
  json_t *parsed = json_loadb(out.data, out.size, 0, NULL);
  assert_non_null(parsed);
  json_decref(parsed);
  lqa_buf_clear(&out);
  lqa_buf_init(&out, 10);
  lqa_json_init(&json, &out, 0);
  lqa_json_text(&json, "longer than ten");
  assert_int_equal(lqa_buf_check(&out, NULL), LQA_BAD_DATA);
  lqa_buf_clear(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_layout),
      cmocka_unit_test(test_strings),
      cmocka_unit_test(test_random_strings),
      cmocka_unit_test(test_doubles),
      cmocka_unit_test(test_doubles_read_back),
      cmocka_unit_test(test_ints),
      cmocka_unit_test(test_deep_and_full),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
