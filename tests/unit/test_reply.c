/* The answer grammar against the golden table tests/judge/replies.jsonl: what was asked for, sloppy
 * and hostile replies, with the verdict each must come to; and what no bytes at all may do. */
#include "judge/reply.h"

#include "base/rng.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

enum { MAX_CLASSES = 16 };

static lqa_str text_of(const json_t *value) {
  return (lqa_str){json_string_value(value), json_string_length(value)};
}

static int32_t code_of(const lqa_judge_class *classes, size_t n, const json_t *name) {
  for (size_t i = 0; i < n && json_is_string(name); i++) {
    if (lqa_str_equal(classes[i].name, text_of(name))) {
      return (int32_t)i;
    }
  }
  return LQA_JUDGE_NO_CLASS;
}

static lqa_verdict verdict_of(const char *name) {
  return strcmp(name, "YES") == 0  ? LQA_VERDICT_YES
         : strcmp(name, "NO") == 0 ? LQA_VERDICT_NO
                                   : LQA_VERDICT_UNKNOWN;
}

static lqa_reply_end end_of(const char *finish) {
  return strcmp(finish, "length") == 0           ? LQA_REPLY_TRUNCATED
         : strcmp(finish, "content_filter") == 0 ? LQA_REPLY_REFUSED
                                                 : LQA_REPLY_COMPLETE;
}

static void check_case(const json_t *root, int line) {
  lqa_judge_class classes[MAX_CLASSES] = {0};
  const json_t *names = json_object_get(root, "classes");
  size_t n = json_array_size(names);
  assert_true(n <= MAX_CLASSES);
  for (size_t i = 0; i < n; i++) {
    classes[i].name = text_of(json_array_get(names, i));
  }
  lqa_label_book book;
  assert_int_equal(lqa_label_book_init(&book, classes, n, NULL), LQA_OK);
  bool blind = strcmp(json_string_value(json_object_get(root, "protocol")), "blind") == 0;
  lqa_reply reply = lqa_reply_parse(blind ? LQA_PROTOCOL_BLIND : LQA_PROTOCOL_VERIFY,
                                    text_of(json_object_get(root, "reply")),
                                    end_of(json_string_value(json_object_get(root, "end"))), &book,
                                    code_of(classes, n, json_object_get(root, "given")));
  const char *expected = json_string_value(json_object_get(root, "verdict"));
  int32_t corrected = code_of(classes, n, json_object_get(root, "corrected"));
  if (reply.verdict != verdict_of(expected) || reply.corrected != corrected) {
    fail_msg("replies.jsonl line %d (%s): verdict %d (%s), class %d; expected %s, class %d", line,
             json_string_value(json_object_get(root, "note")), reply.verdict, reply.why,
             reply.corrected, expected, corrected);
  }
  assert_true((reply.verdict == LQA_VERDICT_UNKNOWN) == (reply.why[0] != '\0'));
  lqa_label_book_clear(&book);
}

static void test_golden_table(void **state) {
  (void)state;
  FILE *file = fopen(LABELQA_SOURCE_DIR "/tests/judge/replies.jsonl", "r");
  assert_non_null(file);
  char line[4096];
  int n = 0;
  while (fgets(line, sizeof line, file)) {
    json_t *root = json_loads(line, JSON_ALLOW_NUL, NULL);
    assert_non_null(root);
    check_case(root, ++n);
    json_decref(root);
  }
  fclose(file);
  assert_true(n >= 60);
}

/* Pieces of the grammar glued together at random never crash, and a NO always carries another known
 * class, a YES and an UNKNOWN never one. */
static void test_random_replies(void **state) {
  (void)state;
  static const char *const pieces[] = {
      "VERDICT:", "CORRECT_LABEL:", "LABEL:",    " YES",    " NO",  " SAME", "\n", "```",
      "<think>",  "</think>",       " World",    " Sports", "\r\n", " ",     "\t", "`",
      "\xff\xfe", "NONE",           "AMBIGUOUS", ":"};
  lqa_judge_class classes[] = {{LQA_STR("World"), {0}}, {LQA_STR("Sports"), {0}}};
  lqa_label_book book;
  assert_int_equal(lqa_label_book_init(&book, classes, 2, NULL), LQA_OK);
  lqa_rng rng;
  lqa_rng_init(&rng, 7, 0);
  int decisive = 0;
  for (int round = 0; round < 200000; round++) {
    char text[256];
    size_t size = 0, n = lqa_rng_below(&rng, 10);
    for (size_t i = 0; i < n; i++) {
      const char *piece = pieces[lqa_rng_below(&rng, sizeof pieces / sizeof *pieces)];
      memcpy(text + size, piece, strlen(piece));
      size += strlen(piece);
    }
    lqa_judge_protocol protocol = round % 2 ? LQA_PROTOCOL_BLIND : LQA_PROTOCOL_VERIFY;
    lqa_reply reply =
        lqa_reply_parse(protocol, (lqa_str){text, size}, LQA_REPLY_COMPLETE, &book, 0);
    assert_int_equal(reply.corrected, reply.verdict == LQA_VERDICT_NO ? 1 : LQA_JUDGE_NO_CLASS);
    decisive += reply.verdict != LQA_VERDICT_UNKNOWN;
  }
  assert_true(decisive > 20);
  lqa_label_book_clear(&book);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden_table),
                                     cmocka_unit_test(test_random_replies)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
