/* The JSON reader: values, strictness, and what our writer writes read back. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/json.h"
#include "base/json_read.h"
#include "base/rng.h"

#include <stdio.h>

static lqa_arena arena;

static int set_up(void **state) {
  (void)state;
  lqa_arena_init(&arena);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  lqa_arena_clear(&arena);
  return 0;
}

static void reads_every_kind(void **state) {
  (void)state;
  const char *text = " {\"a\": [1, -2.5e3, true, false, null, \"x\\n\\u00e9\\ud83d\\ude00\\/\"],\n"
                     "  \"big\": 9007199254740993, \"empty\": {}, \"none\": [] } ";
  const lqa_json_node *root = NULL;
  lqa_error err;
  assert_int_equal(lqa_json_parse(lqa_str_from(text), "t", &arena, &root, &err), LQA_OK);
  const lqa_json_node *list = lqa_json_find(root, "a"), *item = list->first;
  assert_int_equal(list->n, 6);
  assert_true(item->number == 1 && item->next->number == -2500);
  item = item->next->next;
  assert_true(item->kind == LQA_JSON_BOOL && item->number == 1);
  assert_true(item->next->kind == LQA_JSON_BOOL && item->next->number == 0);
  item = item->next->next;
  assert_int_equal(item->kind, LQA_JSON_NULL);
  assert_string_equal(item->next->text.data, "x\n\xc3\xa9\xf0\x9f\x98\x80/");
  assert_int_equal(lqa_json_find_int(root, "big", 0), 9007199254740993);
  assert_int_equal(lqa_json_find(root, "empty")->n, 0);
  assert_int_equal(lqa_json_find(root, "none")->kind, LQA_JSON_ARRAY);
  assert_null(lqa_json_find(root, "nothing"));
  assert_null(lqa_json_find_text(root, "big"));
  assert_int_equal(lqa_json_find_int(NULL, "a", 7), 7);
}

/* What others send: of a repeated key the last one counts; the rest is as strict. */
static void reads_what_others_send(void **state) {
  (void)state;
  lqa_error err;
  lqa_str twice = LQA_STR("{\"model\":\"a\",\"n\":1,\"model\":\"b\\u0000c\"}");
  const lqa_json_node *root = NULL;
  assert_int_equal(lqa_json_parse(twice, "t", &arena, &root, &err), LQA_BAD_DATA);
  root = lqa_json_parse_foreign(twice, &arena);
  const lqa_json_node *model = lqa_json_find(root, "model");
  assert_true(lqa_str_equal(model->text, (lqa_str){"b\0c", 3}));
  assert_int_equal(lqa_json_find_int(root, "n", 0), 1);
  static const char *const bad[] = {"", " ", "{", "{\"a\":1} x", "{\"a\":\"\xff\"}", "<html>"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_null(lqa_json_parse_foreign(lqa_str_from(bad[i]), &arena));
  }
}

static void refuses_what_is_not_json(void **state) {
  (void)state;
  static const char *const bad[] = {"",
                                    "{",
                                    "[1,]",
                                    "{\"a\":1,}",
                                    "{\"a\" 1}",
                                    "{a:1}",
                                    "01",
                                    "1.",
                                    ".5",
                                    "1e",
                                    "+1",
                                    "nul",
                                    "tru",
                                    "\"abc",
                                    "\"\\x\"",
                                    "\"\\u12\"",
                                    "\"\\ud800\"",
                                    "\"a\nb\"",
                                    "[1] 2",
                                    "[1 2]",
                                    "\"\xff\"",
                                    "{\"a\":1,\"a\":2}",
                                    "-",
                                    "1e999",
                                    "\"\\",
                                    "[\"a\\\"]",
                                    "{\"a\":}",
                                    "'a'"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    const lqa_json_node *root = NULL;
    lqa_error err;
    assert_int_equal(lqa_json_parse(lqa_str_from(bad[i]), "bad.json", &arena, &root, &err),
                     LQA_BAD_DATA);
    assert_non_null(strstr(err.message, "'bad.json', line "));
    assert_null(root);
  }
  char deep[200];
  memset(deep, '[', sizeof deep);
  const lqa_json_node *root = NULL;
  assert_int_equal(lqa_json_parse((lqa_str){deep, sizeof deep}, "deep", &arena, &root, NULL),
                   LQA_BAD_DATA);
}

/* Writes a random tree and returns it as text; the same seed gives the same tree. */
static void write_random(lqa_json *json, lqa_rng *rng, int depth) {
  char text[24];
  switch (lqa_rng_below(rng, depth > 4 ? 4 : 6)) {
  case 0:
    lqa_json_int(json, (int64_t)lqa_rng_next(rng));
    break;
  case 1:
    lqa_json_double(json, (lqa_rng_uniform(rng) - .5) * 1e9);
    break;
  case 2:
    for (size_t i = 0; i < sizeof text; i++) {
      text[i] = (char)lqa_rng_below(rng, 128);
    }
    lqa_json_str(json, (lqa_str){text, lqa_rng_below(rng, sizeof text)});
    break;
  case 3:
    lqa_json_bool(json, lqa_rng_below(rng, 2));
    break;
  case 4:
    lqa_json_open_array(json);
    for (uint64_t n = lqa_rng_below(rng, 5); n > 0; n--) {
      write_random(json, rng, depth + 1);
    }
    lqa_json_close_array(json);
    break;
  default:
    lqa_json_open_object(json);
    for (uint64_t n = lqa_rng_below(rng, 5); n > 0; n--) {
      snprintf(text, sizeof text, "k%llu", (unsigned long long)n);
      lqa_json_key(json, text);
      write_random(json, rng, depth + 1);
    }
    lqa_json_close_object(json);
  }
}

static void copy_node(lqa_json *json, const lqa_json_node *node) {
  switch (node->kind) {
  case LQA_JSON_NULL:
    lqa_json_null(json);
    return;
  case LQA_JSON_BOOL:
    lqa_json_bool(json, node->number != 0);
    return;
  case LQA_JSON_NUMBER:
    lqa_json_raw(json, node->text);
    return;
  case LQA_JSON_TEXT:
    lqa_json_str(json, node->text);
    return;
  case LQA_JSON_ARRAY:
    lqa_json_open_array(json);
    break;
  case LQA_JSON_OBJECT:
    lqa_json_open_object(json);
  }
  for (const lqa_json_node *member = node->first; member; member = member->next) {
    if (node->kind == LQA_JSON_OBJECT) {
      lqa_json_key(json, member->key.data);
    }
    copy_node(json, member);
  }
  if (node->kind == LQA_JSON_ARRAY) {
    lqa_json_close_array(json);
  } else {
    lqa_json_close_object(json);
  }
}

static void reads_back_what_the_writer_writes(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 500; seed++) {
    lqa_buf first, second;
    lqa_buf_init(&first, 1 << 24);
    lqa_buf_init(&second, 1 << 24);
    lqa_json json;
    lqa_rng rng;
    lqa_rng_init(&rng, seed, 1);
    lqa_json_init(&json, &first, seed % 3 == 0 ? 2 : 0);
    write_random(&json, &rng, 0);
    const lqa_json_node *root = NULL;
    lqa_error err;
    assert_int_equal(lqa_json_parse(lqa_buf_str(&first), "t", &arena, &root, &err), LQA_OK);
    lqa_json_init(&json, &second, seed % 3 == 0 ? 2 : 0);
    copy_node(&json, root);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    lqa_buf_clear(&first);
    lqa_buf_clear(&second);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(reads_every_kind, set_up, tear_down),
      cmocka_unit_test_setup_teardown(reads_what_others_send, set_up, tear_down),
      cmocka_unit_test_setup_teardown(refuses_what_is_not_json, set_up, tear_down),
      cmocka_unit_test_setup_teardown(reads_back_what_the_writer_writes, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
