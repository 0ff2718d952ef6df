/* What servers really send: reply shapes of OpenAI, Ollama, LM Studio, vLLM and llama.cpp as their
 * public documentation and sources show them (tests/judge/replies/), and damaged ones. */
#include "judge/wire.h"

#include "base/file.h"
#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static lqa_buf load(const char *name) {
  char path[512];
  lqa_buf buf;
  lqa_buf_init(&buf, 1 << 20);
  snprintf(path, sizeof path, "%s/tests/judge/replies/%s", LABELQA_SOURCE_DIR, name);
  assert_int_equal(lqa_file_load(path, &buf, NULL), LQA_OK);
  return buf;
}

typedef struct shape {
  const char *file, *content, *model;
  lqa_reply_end end;
  int64_t in, out;
} shape;

#define GOOD "VERDICT: NO\nCORRECT_LABEL: Business"
static const shape shapes[] = {
    {"openai.json", GOOD, "gpt-4o-mini-2024-07-18", LQA_REPLY_COMPLETE, 190, 10},
    {"openai-refusal.json", "", "gpt-4o-2024-08-06", LQA_REPLY_REFUSED, 81, 11},
    {"ollama.json", GOOD, "llama3.2", LQA_REPLY_COMPLETE, 231, 13},
    {"ollama-thinking.json", GOOD, "qwen3:8b", LQA_REPLY_COMPLETE, 240, 120},
    {"lm-studio.json", GOOD, "qwen2.5-7b-instruct", LQA_REPLY_COMPLETE, 222, 12},
    {"vllm.json", GOOD, "Qwen/Qwen2.5-7B-Instruct", LQA_REPLY_COMPLETE, 229, 12},
    {"llama-cpp.json", GOOD, "gpt-3.5-turbo", LQA_REPLY_COMPLETE, 226, 12},
    {"llama-cpp-length.json", "", "gpt-3.5-turbo", LQA_REPLY_TRUNCATED, 226, 264},
    {"stream.txt", GOOD, "llama3.2", LQA_REPLY_COMPLETE, 231, 13},
};

static void test_shapes(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    lqa_buf body = load(shapes[i].file);
    lqa_completion c;
    if (lqa_wire_completion(lqa_buf_str(&body), &c) != LQA_OK) {
      fail_msg("%s is not understood", shapes[i].file);
    }
    assert_string_equal(c.content, shapes[i].content);
    assert_string_equal(c.model, shapes[i].model);
    assert_int_equal(c.end, shapes[i].end);
    assert_int_equal(c.tokens_in, shapes[i].in);
    assert_int_equal(c.tokens_out, shapes[i].out);
    lqa_completion_clear(&c);
    lqa_buf_clear(&body);
  }
}

static lqa_status read_text(const char *text, lqa_completion *c) {
  return lqa_wire_completion(lqa_str_from(text), c);
}

static void test_odd_completions(void **state) {
  (void)state;
  lqa_completion c;
  assert_int_equal(read_text("{\"choices\":[{\"message\":{\"content\":[{\"type\":\"text\",\"text\":"
                             "\"a\"},{\"type\":\"text\",\"text\":\"b\"}]}}]}",
                             &c),
                   LQA_OK);
  assert_string_equal(c.content, "ab");
  assert_int_equal(c.tokens_in, -1);
  lqa_completion_clear(&c);
  assert_int_equal(read_text("{\"choices\":[{\"message\":{\"content\":\"a\\u0000b\"}}],\"usage\":"
                             "{\"prompt_tokens\":-5,\"completion_tokens\":1.5}}",
                             &c),
                   LQA_OK);
  assert_int_equal(c.content_size, 3);
  assert_int_equal(c.tokens_in, -1);
  assert_int_equal(c.tokens_out, -1);
  lqa_completion_clear(&c);
  assert_int_equal(
      read_text("{\"choices\":[{\"message\":{\"content\":\"x\"}}],\"usage\":null}", &c), LQA_OK);
  lqa_completion_clear(&c);
  static const char *const same[] = {
      "\xef\xbb\xbf{\"choices\":[{\"message\":{\"content\":\"x\"}}]}",
      ": PROCESSING\n\n: PROCESSING\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n"
      "data: [DONE]\n\n",
      "event: message\ndata: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\ndata: [DONE]\n",
      "id: "
      "1\r\ndata:{\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\r\n"};
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
    assert_int_equal(read_text(same[i], &c), LQA_OK);
    assert_string_equal(c.content, "x");
    lqa_completion_clear(&c);
  }
}

static void test_no_completions(void **state) {
  (void)state;
  static const char *const bodies[] = {"",
                                       " ",
                                       "null",
                                       "[]",
                                       "{}",
                                       "{\"choices\":[]}",
                                       "{\"choices\":[{}]}",
                                       "{\"choices\":null}",
                                       "{\"choices\":[{\"message\":\"text\"}]}",
                                       "{\"choices\":[{\"message\":{\"content\":\"x\"",
                                       "<html></html>",
                                       "{\"error\":{\"message\":\"x\"}}",
                                       "data: {\"choices\":[{\"delta\":{"
                                       "\"content\":\"x\"}}]}\n\n",
                                       "data: {\"error\":{\"message\":\"x\"}}\n\ndata: [DONE]\n",
                                       "data: [DONE]\n",
                                       ": PROCESSING\n\n: PROCESSING\n\n",
                                       "{\"choices\":[{\"message\":{\"content\":\"\xff\"}}]}",
                                       "VERDICT: YES"};
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
    lqa_completion c;
    if (read_text(bodies[i], &c) == LQA_OK) {
      fail_msg("'%s' passed for a completion", bodies[i]);
    }
  }
}

/* Every prefix and every damaged byte of a good body is refused or read, never worse. */
static void test_damaged_bodies(void **state) {
  (void)state;
  lqa_buf body = load("openai.json");
  lqa_rng rng;
  lqa_rng_init(&rng, 3, 0);
  for (size_t n = 0; n + 3 < body.size; n++) {
    lqa_completion c;
    assert_int_equal(lqa_wire_completion((lqa_str){body.data, n}, &c), LQA_BAD_DATA);
  }
  for (int i = 0; i < 3000; i++) {
    size_t at = lqa_rng_below(&rng, body.size);
    char kept = body.data[at];
    lqa_completion c;
    body.data[at] = (char)lqa_rng_next(&rng);
    if (lqa_wire_completion(lqa_buf_str(&body), &c) == LQA_OK) {
      lqa_completion_clear(&c);
    }
    body.data[at] = kept;
  }
  lqa_buf_clear(&body);
}

static void check_error(const char *file, const char *message, const char *type, const char *param,
                        const char *code) {
  lqa_buf body = load(file);
  lqa_wire_error e;
  lqa_wire_parse_error(lqa_buf_str(&body), &e);
  if (strncmp(e.message, message, strlen(message)) != 0) {
    fail_msg("%s: message '%s'", file, e.message);
  }
  assert_string_equal(e.type, type);
  assert_string_equal(e.param, param);
  assert_string_equal(e.code, code);
  lqa_buf_clear(&body);
}

static void test_errors(void **state) {
  (void)state;
  check_error("error-openai.json", "Unsupported parameter: 'max_tokens'", "invalid_request_error",
              "max_tokens", "unsupported_parameter");
  check_error("error-ollama.json", "model \"llama9\" not found", "api_error", "", "");
  check_error("error-ollama-text.json", "model requires more system memory", "", "", "");
  check_error("error-vllm.json", "The model `x` does not exist.", "NotFoundError", "", "404");
  check_error("error-vllm-new.json", "The model `x` does not exist.", "NotFoundError", "model",
              "404");
  check_error("error-llama-cpp.json", "request (9000 tokens)", "exceed_context_size_error", "",
              "400");
  check_error("error-lm-studio.json", "Unexpected endpoint", "", "", "");
  check_error("error-fastapi.json", "Not authenticated", "", "", "");
  check_error("error-page.html", "<html>", "", "", "");
}

static lqa_wire_error error_of(const char *body) {
  lqa_wire_error e;
  lqa_wire_parse_error(lqa_str_from(body), &e);
  return e;
}

/* The same word in every shape that servers have been seen to use. */
static void test_error_shapes(void **state) {
  (void)state;
  static const char *const bodies[] = {
      "{\"error\":{\"message\":\"no such thing\"}}",
      "{\"error\":\"no such thing\"}",
      "{\"errors\":[{\"message\":\"no such thing\"}]}",
      "{\"errors\":[\"no such thing\"]}",
      "{\"message\":{\"detail\":[{\"msg\":\"no such thing\"}]}}",
      "{\"detail\":\"no such thing\"}",
      "{\"detail\":{\"error\":{\"message\":\"no such thing\"}}}",
      "[{\"error\":{\"message\":\"no such thing\"}}]",
      "[\"no such thing\"]",
      "{\"error\":{\"message\":\"{\\\"error\\\": {\\\"message\\\": \\\"no such thing\\\"}}\"}}",
      "{\"success\":false,\"info\":{\"text\":\"no such thing\"}}",
      "{\"choices\":[{\"message\":{\"content\":\"x\"},\"error\":{\"message\":\"no such thing\"}}]}",
      "{\"choices\":[{\"message\":{\"error\":\"no such thing\"}}]}",
      "data: {\"choices\":[{\"delta\":{}}]}\n\ndata: {\"error\":{\"message\":\"no such thing\"}}\n",
  };
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
    lqa_completion c;
    if (!strstr(error_of(bodies[i]).message, "no such thing") ||
        read_text(bodies[i], &c) == LQA_OK) {
      fail_msg("%s: '%s'", bodies[i], error_of(bodies[i]).message);
    }
  }
  lqa_wire_error e = error_of("{\"detail\":[{\"loc\":[\"body\",\"seed\"],\"msg\":\"Extra inputs\","
                              "\"type\":\"extra_forbidden\",\"input\":\"temperature\"}]}");
  assert_string_equal(e.message, "seed: Extra inputs");
  assert_string_equal(e.param, "seed");
  assert_null(strstr(e.words, "temperature"));
}

static void test_error_statuses(void **state) {
  (void)state;
  assert_int_equal(error_of("{\"error\":{\"message\":\"x\",\"code\":401}}").status, 401);
  assert_int_equal(error_of("{\"error\":{\"code\":\"invalid_api_key\"}}").status, 401);
  assert_int_equal(error_of("{\"statusCode\":403,\"message\":\"x\"}").status, 403);
  assert_int_equal(error_of("{\"error\":{\"status\":\"UNAUTHENTICATED\"}}").status, 401);
  assert_int_equal(error_of("{\"error\":{\"message\":\"Invalid API key\"}}").status, 401);
  assert_int_equal(error_of("{\"error\":{\"status\":\"RESOURCE_EXHAUSTED\"}}").status, 429);
  assert_int_equal(error_of("{\"error\":{\"message\":\"hm\"}}").status, 0);
  assert_true(error_of("{\"error\":{\"details\":[{\"retryDelay\":\"432s\"}]}}").wait == 432);
  assert_true(error_of("{\"retry_after_ms\":432000}").wait == 432);
  assert_true(error_of("{\"error\":\"try again in 7m12s\"}").wait == 432);
  assert_true(isnan(error_of("{\"error\":\"later\"}").wait));
  lqa_completion c;
  assert_int_equal(
      read_text("{\"choices\":[{\"message\":{\"content\":\"x\"}}],\"error\":null}", &c), LQA_OK);
  lqa_completion_clear(&c);
  assert_int_equal(read_text("{\"choices\":[{\"message\":{\"content\":\"x\"},\"finish_reason\":"
                             "\"error\"}]}",
                             &c),
                   LQA_BAD_DATA);
}

static void test_price_table(void **state) {
  (void)state;
  lqa_error err;
  double price[2] = {NAN, NAN};
  lqa_str table = LQA_STR("{\n\"a\": {\"input\": 1, \"output\": 2.5},\n\"b\": {\"input\": -1, "
                          "\"output\": 2}}");
  assert_int_equal(lqa_wire_price(table, "p.json", "c", price, &err), LQA_OK);
  assert_true(isnan(price[0]));
  assert_int_equal(lqa_wire_price(table, "p.json", "a", price, &err), LQA_OK);
  assert_true(price[0] == 1 && price[1] == 2.5);
  assert_int_equal(lqa_wire_price(table, "p.json", "b", price, &err), LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "p.json"));
  assert_int_equal(lqa_wire_price(LQA_STR("{\n\"a\":"), "p.json", "a", price, &err), LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "line 2"));
}

static void test_batch_lines(void **state) {
  (void)state;
  lqa_batch_line line;
  assert_int_equal(
      lqa_wire_batch_line(
          LQA_STR(
              "{\"id\":\"r1\",\"custom_id\":\"k1\",\"response\":{\"status_code\":200,\"request_id\""
              ":\"q\",\"body\":{\"model\":\"m\",\"choices\":[{\"message\":{\"content\":\"LABEL: x\""
              "},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":7,"
              "\"completion_tokens\":2}}},\"error\":null}"),
          &line),
      LQA_OK);
  assert_string_equal(line.custom_id, "k1");
  assert_true(line.has_reply);
  assert_string_equal(line.reply.content, "LABEL: x");
  assert_int_equal(line.reply.tokens_in, 7);
  lqa_batch_line_clear(&line);
  assert_int_equal(
      lqa_wire_batch_line(LQA_STR("{\"id\":\"r2\",\"custom_id\":\"k2\",\"response\":null,"
                                  "\"error\":{\"code\":\"batch_expired\",\"message\":"
                                  "\"expired\"}}"),
                          &line),
      LQA_OK);
  assert_false(line.has_reply);
  assert_string_equal(line.error.code, "batch_expired");
  lqa_batch_line_clear(&line);
  assert_int_equal(lqa_wire_batch_line(LQA_STR("{\"id\":\"r2\"}"), &line), LQA_BAD_DATA);
  assert_int_equal(lqa_wire_batch_line(LQA_STR("{"), &line), LQA_BAD_DATA);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_shapes),         cmocka_unit_test(test_odd_completions),
      cmocka_unit_test(test_no_completions), cmocka_unit_test(test_damaged_bodies),
      cmocka_unit_test(test_errors),         cmocka_unit_test(test_error_shapes),
      cmocka_unit_test(test_error_statuses), cmocka_unit_test(test_price_table),
      cmocka_unit_test(test_batch_lines),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
