/* JSON as rows: values as written, every window size, damage with row and line, random objects. */
#include "data/source/json_rows.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/rng.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/labelqa-json-XXXXXX";

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

/* All objects as "key=value,key=value;" or the error's text. */
static const char *render(const char *text, size_t size, size_t window, lqa_error *err) {
  static lqa_buf out;
  lqa_input *input = NULL;
  lqa_json_rows json;
  bool more = true;
  write_path(text, size);
  lqa_buf_clear(&out);
  lqa_buf_init(&out, 1 << 20);
  lqa_buf_add_text(&out, "");
  assert_int_equal(lqa_input_open(path, "x.jsonl", NULL, &input, NULL), LQA_OK);
  assert_int_equal(lqa_json_rows_open(&json, input, "x.jsonl", 1000), LQA_OK);
  json.window.capacity = window;
  while (more) {
    if (lqa_json_rows_next(&json, true, &more, err) != LQA_OK) {
      lqa_buf_reset(&out);
      lqa_buf_add_text(&out, err->message);
      break;
    }
    for (size_t i = 0; more && i < json.fields.n; i++) {
      lqa_buf_add_text(&out, i ? "," : "");
      lqa_buf_add_str(&out, json.fields.data[i].key);
      lqa_buf_add_char(&out, '=');
      lqa_str value = json.fields.data[i].value;
      lqa_buf_add_str(&out, lqa_str_is_null(value) ? LQA_STR("<null>") : value);
    }
    lqa_buf_add(&out, ";", more);
  }
  lqa_json_rows_close(&json);
  lqa_input_close(input);
  return out.data;
}

#define assert_reads(text, expected)                                                  \
  for (size_t window = 1; window < 90; window += window < 30 ? 1 : 13) {              \
    lqa_error reads_err;                                                              \
    assert_string_equal(render(text, sizeof text - 1, window, &reads_err), expected); \
  }

static void test_valid(void **state) {
  (void)state;
  assert_reads("{\"a\":1,\"b\":\"x\"}\n{\"b\":\"y\",\"a\":01e0}",
               "x.jsonl, row 1 (line 2): not valid "
               "JSON: expected a number, found 'e' (line 2, 15 bytes into the row)");
  assert_reads("{\"a\":1,\"b\":\"x\"}\n{\"b\":\"y\"}\n", "a=1,b=x;b=y;");
  assert_reads(" [ {\"a\" : 1.10 } , {\"a\":-0.5E+10} ] \n", "a=1.10;a=-0.5E+10;");
  assert_reads("[]", "");
  assert_reads("", "");
  assert_reads("{}{}", ";;");
  assert_reads("{\"a\":true,\"b\":false,\"c\":null,\"d\":NaN}",
               "a=true,b=false,c=<null>,d=<null>;");
  assert_reads("{\"a\":[1, {\"x\":[]}, \"]\"] ,\"b\":{ }}", "a=[1, {\"x\":[]}, \"]\"],b={ };");
  assert_reads("{\"k\\u0065y\":\"q\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"}",
               "key=q\"\\/\b\f\n\r\t\xC3\xA9\xF0\x9F\x98\x80;");
  assert_reads("\xEF\xBB\xBF{\"a\":\"\"}\r\n", "a=;");
  assert_reads("{\"a\":\n\n1}\n{\"a\":2}", "a=1;a=2;");
  lqa_error err;
  assert_memory_equal(render("{\"a\":\"x\\u0000y\"}", 16, 5, &err), "a=x\0y;", 6);
}

static void assert_damage(const char *text, int64_t row, const char *words) {
  for (size_t window = 1; window < 60; window += 7) {
    lqa_error err;
    const char *message = render(text, strlen(text), window, &err);
    if (!strstr(message, words) || err.row != row) {
      fail_msg("window %d: expected row %d and \"%s\", not row %d: %s", (int)window, (int)row,
               words, (int)err.row, message);
    }
    assert_int_equal(err.status, LQA_BAD_DATA);
  }
}

static void test_damage(void **state) {
  (void)state;
  assert_damage("{\"a\":1}\n{\"a\":2\n{\"a\":3}\n", 1,
                "row 1 (line 2): not valid JSON: expected ',' or "
                "'}' after a value, found '{' (line 3");
  assert_damage("{\"a\":1}\nnot json\n", 1, "row 1 (line 2): not valid JSON: expected an object");
  assert_damage("{\"a\":1},\n{\"a\":2}", 1, "expected an object, '{', found ','");
  assert_damage("[{\"a\":1}\n{\"a\":2}]", 1, "expected ',' or ']' after an object");
  assert_damage("[{\"a\":1},]", 1, "expected an object");
  assert_damage("[{\"a\":1}", 1, "cut off");
  assert_damage("[{\"a\":1},", 1, "an object after ','");
  assert_damage("[{\"a\":1}] x", 1, "nothing after the closing");
  assert_damage("[[1]]", 0, "expected an object");
  assert_damage("{\"a\":\"x", 0, "cut off");
  assert_damage("{\"a\":\"x\ny\"}", 0, "no bare line break");
  assert_damage("{\"a\":\"\\x\"}", 0, "known escape");
  assert_damage("{\"a\":\"\\ud83d\"}", 0, "surrogate");
  assert_damage("{\"a\":\"\\ude00\"}", 0, "surrogate");
  assert_damage("{\"a\":\"\\u12g4\"}", 0, "hexadecimal");
  assert_damage("{a:1}", 0, "a key in double quotes");
  assert_damage("{\"a\" 1}", 0, "':' after a key");
  assert_damage("{\"a\":}", 0, "a value");
  assert_damage("{\"a\":1,}", 0, "a key in double quotes");
  assert_damage("{\"a\":tru}", 0, "a value");
  assert_damage("{\"a\":1.}", 0, "a number");
  assert_damage("{\"a\":-}", 0, "a number");
  assert_damage("{\"a\":Infinity}", 0, "a value");
  assert_damage("{\"a\":[1,]}", 0, "a value");
  assert_damage("{\"a\":[1 2]}", 0, "',' or a closing bracket");
  assert_damage("{\"a\":{\"b\":1]}", 0, "',' or a closing bracket");
  assert_damage("{\"a\":{1:2}}", 0, "a key in double quotes");
  assert_damage("{\"a\":[", 0, "cut off");
  assert_damage("{\"a\":\"caf\xE9\"}", 0, "byte 0xE9 is not valid UTF-8");
  char deep[600] = "{\"a\":";
  memset(deep + 5, '[', 300);
  assert_damage(deep, 0, "nested");
  char wide[1300] = "{\"a\":\"";
  memset(wide + 6, 'x', 1200);
  memcpy(wide + 1206, "\"}", 3);
  assert_damage(wide, 0, "longer than 1000 bytes");
}

/* Random objects, written by the JSON writer, come back as they were. */
static void test_random(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 3, 3);
  for (int round = 0; round < 200; round++) {
    lqa_buf text, expected;
    lqa_buf_init(&text, 1 << 20);
    lqa_buf_init(&expected, 1 << 20);
    lqa_buf_add_text(&expected, "");
    for (int row = 0; row < 10; row++) {
      lqa_json json;
      lqa_json_init(&json, &text, (int)lqa_rng_below(&rng, 2) * 2);
      lqa_json_open_object(&json);
      for (int k = 0; k < 3; k++) {
        char key[2] = {(char)('a' + k), '\0'}, value[12];
        size_t n = lqa_rng_below(&rng, 12);
        for (size_t i = 0; i < n; i++) {
          value[i] = "ab\"\\\n\t/\x01{}[]"[lqa_rng_below(&rng, 12)];
        }
        lqa_json_key(&json, key);
        lqa_json_str(&json, (lqa_str){value, n});
        lqa_buf_printf(&expected, "%s%s=", k ? "," : "", key);
        lqa_buf_add(&expected, value, n);
      }
      lqa_json_close_object(&json);
      lqa_buf_add_char(&text, '\n');
      lqa_buf_add_char(&expected, ';');
    }
    for (size_t window = 1; window < 2000; window = window * 2 + 5) {
      lqa_error err;
      assert_string_equal(render(text.data, text.size, window, &err), expected.data);
    }
    lqa_buf_clear(&text);
    lqa_buf_clear(&expected);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_valid), cmocka_unit_test(test_damage),
                                     cmocka_unit_test(test_random)};
  return cmocka_run_group_tests(tests, make_file, drop_file);
}
