/* Base URLs, keys, model names, prices, request bodies: the pure parts around the client. */
#include "judge/endpoint.h"

#include "judge/budget.h"
#include "judge/price.h"
#include "judge/ratelimit.h"
#include "judge/request.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static void check_url(const char *base, const char *normal, const char *joined) {
  char *url = NULL;
  lqa_error err;
  if (lqa_endpoint_normalise(base, &url, &err) != LQA_OK) {
    fail_msg("%s: %s", base, err.message);
  }
  assert_string_equal(url, normal);
  char *full = lqa_endpoint_join(url, "chat/completions");
  assert_string_equal(full, joined);
  free(url);
  free(full);
}

static void test_urls(void **state) {
  (void)state;
  check_url("http://localhost:11434/v1", "http://localhost:11434/v1",
            "http://localhost:11434/v1/chat/completions");
  check_url("http://localhost:11434", "http://localhost:11434/v1",
            "http://localhost:11434/v1/chat/completions");
  check_url("http://localhost:11434/", "http://localhost:11434/v1",
            "http://localhost:11434/v1/chat/completions");
  check_url("HTTPS://API.OpenAI.com/v1/", "https://api.openai.com/v1",
            "https://api.openai.com/v1/chat/completions");
  check_url("https://h/api/v1/chat/completions", "https://h/api/v1",
            "https://h/api/v1/chat/completions");
  check_url("https://h/v1beta/openai/", "https://h/v1beta/openai",
            "https://h/v1beta/openai/chat/completions");
  check_url("https://h.example/openai/deployments/D?api-version=2024-10-21",
            "https://h.example/openai/deployments/D?api-version=2024-10-21",
            "https://h.example/openai/deployments/D/chat/completions?api-version=2024-10-21");
  static const char *const bad[] = {"",
                                    "localhost:8080",
                                    "ftp://h/v1",
                                    "http://",
                                    "http:///v1",
                                    "https://user:secretsecret@h/v1",
                                    "http://h/v1?key=abc",
                                    "http://h/v1?access_token=abc",
                                    "http://h /v1",
                                    "http://h/\nv1",
                                    "http://h/v1#x"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char *url;
    lqa_error err;
    assert_int_equal(lqa_endpoint_normalise(bad[i], &url, &err), LQA_BAD_USAGE);
    assert_null(strstr(err.message, "secretsecret"));
    assert_null(strstr(err.message, "abc"));
  }
  assert_true(lqa_endpoint_is_loopback("http://127.0.0.1:1/v1"));
  assert_true(lqa_endpoint_is_loopback("http://[::1]:1/v1"));
  assert_false(lqa_endpoint_is_loopback("http://localhost.example/v1"));
  assert_true(lqa_endpoint_is_openai("https://api.openai.com/v1"));
  assert_false(lqa_endpoint_is_openai("https://api.openai.com.evil.example/v1"));
}

static void test_keys(void **state) {
  (void)state;
  lqa_error err;
  char text[] = "Bearer sk-12345678 and sk-12345678.";
  lqa_key_blank("sk-12345678", text, sizeof text - 1);
  assert_string_equal(text, "Bearer *********** and ***********.");
  char kept[] = "ollama says ollama";
  lqa_key_blank("ollama", kept, sizeof kept - 1);
  assert_string_equal(kept, "ollama says ollama");
  lqa_key_blank(NULL, kept, sizeof kept - 1);
  assert_int_equal(lqa_key_check("sk-12345678", "K", &err), LQA_OK);
  assert_int_equal(lqa_key_check(NULL, "K", &err), LQA_OK);
  assert_int_equal(lqa_key_check("sk-1\r\nX-Evil: 1", "K", &err), LQA_BAD_USAGE);
  assert_null(strstr(err.message, "sk-1"));
}

static void test_models(void **state) {
  (void)state;
  assert_string_equal(lqa_model_family("gpt-4o-mini"), "openai");
  assert_string_equal(lqa_model_family("openai/gpt-4o"), "openai");
  assert_string_equal(lqa_model_family("meta-llama/Llama-3.1-8B"), "meta");
  assert_string_equal(lqa_model_family("Qwen/Qwen2.5-7B"), "alibaba");
  assert_null(lqa_model_family("my-finetune"));
  assert_true(lqa_model_matches("gpt-4o-mini", "gpt-4o-mini-2024-07-18"));
  assert_true(lqa_model_matches("openai/gpt-4o-mini", "gpt-4o-mini"));
  assert_true(lqa_model_matches("llama3.2", "llama3.2:latest"));
  assert_true(lqa_model_matches("m", ""));
  assert_true(lqa_model_matches("qwen", "/models/qwen.gguf"));
  assert_false(lqa_model_matches("gpt-4o-mini", "tiny-1b"));
  assert_false(lqa_model_matches("gpt-4", "gpt-4o"));
  assert_false(lqa_model_matches("gpt-4o", "gpt-4o-mini"));
  assert_true(lqa_model_matches("gpt-4-turbo-latest", "gpt-4-turbo"));
}

static void test_prices(void **state) {
  (void)state;
  double p[2];
  lqa_error err;
  lqa_str none = {0}, table = LQA_STR("{\"gpt-4o-mini\": {\"input\": 1, \"output\": 2}}");
  assert_int_equal(lqa_price_find(none, NULL, "gpt-4o-mini", p, &err), LQA_OK);
  assert_true(p[0] == 0.15 && p[1] == 0.60);
  assert_int_equal(lqa_price_find(none, NULL, "openai/gpt-4o-mini-2024-07-18", p, &err), LQA_OK);
  assert_true(p[0] == 0.15);
  assert_int_equal(lqa_price_find(table, "p", "gpt-4o-mini", p, &err), LQA_OK);
  assert_true(p[0] == 1 && p[1] == 2);
  assert_int_equal(lqa_price_find(none, NULL, "gpt-4o-minimal", p, &err), LQA_OK);
  assert_true(isnan(p[0]));
  assert_int_equal(lqa_price_parse("0.15,0.6", p, &err), LQA_OK);
  assert_true(p[0] == 0.15 && p[1] == 0.6);
  static const char *const bad[] = {"1", "1,", ",1", "-1,2", "1,nan", "1,2,3", "a,b", ""};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(lqa_price_parse(bad[i], p, &err), LQA_BAD_USAGE);
  }
  lqa_price price = lqa_price_from_usd(0.15, 0.6);
  assert_int_equal(price.in, 150000);
  assert_int_equal(price.out, 600000);
  assert_int_equal(lqa_price_cost(&price, 1000000, 0), 150000000000);
  assert_false(lqa_price_from_usd(NAN, 1).known);
  assert_true(lqa_price_from_usd(0, 0).known);
  price = lqa_price_from_usd(9e5, 9e5);
  assert_true(lqa_price_cost(&price, INT64_MAX, INT64_MAX) > 0); /* saturates */
}

/* Random holds and settlements never pass a limit, and end with nothing held. */
static void test_budget(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 4, 0);
  for (int round = 0; round < 200; round++) {
    lqa_budget b;
    int64_t open[16], n = 0;
    lqa_budget_init(&b, (int64_t)lqa_rng_below(&rng, 50), 1e-9);
    for (int i = 0; i < 400; i++) {
      int64_t bound = (int64_t)lqa_rng_below(&rng, 300);
      if (n < 16 && lqa_rng_below(&rng, 2) && lqa_budget_hold(&b, 0, &bound)) {
        open[n++] = bound;
      } else if (n > 0) {
        int64_t held = open[--n];
        if (lqa_rng_below(&rng, 3)) {
          lqa_budget_spend(&b, 0, held, (int64_t)lqa_rng_below(&rng, (uint64_t)held + 1));
        } else {
          lqa_budget_free(&b, held);
        }
      }
      assert_true(b.calls + b.open_calls <= b.max_calls);
      assert_true(b.cost + b.open_cost <= b.max_cost);
    }
    while (n > 0) {
      lqa_budget_free(&b, open[--n]);
    }
    assert_int_equal(b.open_calls, 0);
    assert_int_equal(b.open_cost, 0);
  }
}

static void test_durations(void **state) {
  (void)state;
  assert_true(lqa_duration_parse("1s") == 1);
  assert_true(lqa_duration_parse("6m0s") == 360);
  assert_true(fabs(lqa_duration_parse("250ms") - 0.25) < 1e-12);
  assert_true(lqa_duration_parse("1h2m") == 3720);
  assert_true(lqa_duration_parse("12.5") == 12.5);
  assert_true(lqa_duration_parse("0") == 0);
  assert_true(isnan(lqa_duration_parse("Wed, 21 Oct 2026 07:28:00 GMT")));
  assert_true(isnan(lqa_duration_parse("")));
  assert_true(isnan(lqa_duration_parse("-1")));
  assert_true(isnan(lqa_duration_parse("5x")));
}

static double wait_of(const char *text) {
  return lqa_wait_parse(lqa_str_from(text), 1780000000);
}

static void test_waits(void **state) {
  (void)state;
  assert_true(wait_of("7m12s") == 432 && wait_of("432") == 432 && wait_of("432000ms") == 432);
  assert_true(wait_of("7 minutes, 12 seconds") == 432 && wait_of("PT7M12S") == 432);
  assert_true(wait_of("1d") == 86400 && wait_of("2 hours") == 7200);
  assert_true(wait_of("1780000432") == 432 && wait_of("1780000432000") == 432);
  assert_true(wait_of("1779999999") == 0);
  assert_true(wait_of("2026-05-28T20:33:52Z") == 432);
  assert_true(wait_of("2026-05-28T22:33:52.250+02:00") == 432);
  assert_true(wait_of("Thu, 28 May 2026 20:33:52 GMT") == 432);
  assert_true(isnan(wait_of("soon")) && isnan(wait_of("")) && isnan(wait_of("-1")));
  assert_true(lqa_wait_in_prose("Rate limit reached. Please try again in 7m12.5s. Visit x") ==
              432.5);
  assert_true(lqa_wait_in_prose("Please wait about 20 seconds, or retry after 30 seconds") == 30);
  assert_true(isnan(lqa_wait_in_prose("try again later")));
}

static void take(lqa_rate_counters *c, const char *name, const char *value) {
  lqa_rate_counters_read(c, lqa_str_from(name), lqa_str_from(value), 1780000000);
}

static double limited(const char *const *pairs) {
  lqa_rate_counters c;
  lqa_rate_counters_clear(&c);
  for (; *pairs; pairs += 2) {
    take(&c, pairs[0], pairs[1]);
  }
  double wait = lqa_rate_counters_wait(&c, true);
  return isnan(wait) ? c.retry_after : wait;
}

#define PAIRS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_wait_headers(void **state) {
  (void)state;
  assert_true(limited(PAIRS("Retry-After", "432")) == 432);
  assert_true(limited(PAIRS("retry-after-ms", "15", "Retry-After", "1")) == 0.015);
  assert_true(limited(PAIRS("Retry-After", "1", "x-ms-retry-after-ms", "15")) == 0.015);
  assert_true(limited(PAIRS("x-ratelimit-remaining-requests", "0", "x-ratelimit-reset-requests",
                            "7m12s")) == 432);
  assert_true(limited(PAIRS("X-RateLimit-Reset", "1780000432000")) == 432);
  assert_true(limited(PAIRS("anthropic-ratelimit-tokens-remaining", "0",
                            "anthropic-ratelimit-tokens-reset", "2026-05-28T20:33:52Z")) == 432);
  assert_true(limited(PAIRS("RateLimit", "limit=10, remaining=0, reset=432")) == 432);
  assert_true(limited(PAIRS("RateLimit", "\"default\";r=0;t=432")) == 432);
  assert_true(limited(PAIRS("ratelimit-reset", "432")) == 432);
  assert_true(isnan(
      limited(PAIRS("x-ratelimit-remaining-requests", "5", "x-ratelimit-reset-requests", "1h"))));
  assert_true(isnan(
      limited(PAIRS("x-ratelimit-remaining-tokens", "-1", "x-ratelimit-reset-tokens", "1h0m0s"))));
}

static void test_pace(void **state) {
  (void)state;
  lqa_pace p;
  lqa_pace_init(&p, 10);
  assert_true(lqa_pace_may_start(&p, 0));
  lqa_pace_start(&p);
  assert_false(lqa_pace_may_start(&p, 0)); /* unproven: one at a time */
  lqa_pace_answer(&p);
  for (int i = 0; i < 10; i++) {
    assert_true(lqa_pace_may_start(&p, 1));
    lqa_pace_start(&p);
  }
  assert_false(lqa_pace_may_start(&p, 1));
  for (int i = 0; i < 10; i++) {
    lqa_pace_limited(&p, 1, 3); /* a burst of refusals is one cut */
  }
  assert_true(fabs(p.limit - 7) < 1e-9);
  assert_false(lqa_pace_may_start(&p, 3.9));
  assert_true(lqa_pace_may_start(&p, 4.1));
  for (int i = 0; i < 100; i++) {
    lqa_pace_start(&p);
    lqa_pace_answer(&p);
  }
  assert_true(p.limit == 10);
  for (int i = 0; i < 20; i++) {
    lqa_pace_start(&p);
    lqa_pace_limited(&p, 100 + 10 * i, 0);
  }
  assert_true(p.limit == 1);
  lqa_rng rng;
  lqa_rng_init(&rng, 1, 1);
  for (int tries = 1; tries < 12; tries++) {
    double wait = lqa_backoff(0.5, tries, &rng), middle = 0.5 * (tries < 5 ? 1 << (tries - 1) : 16);
    assert_true(wait >= 0.75 * middle && wait <= 1.25 * middle);
  }
}

static void test_requests(void **state) {
  (void)state;
  lqa_judge_options o;
  lqa_judge_options_init(&o);
  lqa_buf out;
  lqa_buf_init(&out, 1 << 16);
  lqa_request_parts parts = {"m\"x", 0, 264, LQA_STR("be strict"), LQA_STR("line\n\"q\"")};
  lqa_request_write(&o, &parts, &out);
  assert_string_equal(out.data,
                      "{\"model\":\"m\\\"x\",\"messages\":[{\"role\":\"system\",\"content\":"
                      "\"be strict\"},{\"role\":\"user\",\"content\":\"line\\n\\\"q\\\"\"}],"
                      "\"max_tokens\":264,\"temperature\":0,\"top_p\":1,\"seed\":0}");
  unsigned refused = 0;
  lqa_wire_error e = {.message = "Unsupported parameter: 'max_tokens' is not supported with this "
                                 "model. Use 'max_completion_tokens' instead.",
                      .param = "max_tokens"};
  assert_true(lqa_request_learn(&o, &e, &refused));
  e.param[0] = '\0';
  assert_false(lqa_request_learn(&o, &e, &refused)); /* both names of the cap are refused */
  refused = 0;
  assert_true(lqa_request_learn(&o, &e, &refused)); /* without param: the first field named */
  lqa_wire_error t = {.message = "temperature does not support 0 with this model"};
  assert_true(lqa_request_learn(&o, &t, &refused));
  lqa_wire_error r = {.message = "System role not supported"};
  assert_true(lqa_request_learn(&o, &r, &refused));
  assert_false(lqa_request_learn(&o, &r, &refused));
  lqa_wire_error none = {.message = "the seeds of doubt"};
  assert_false(lqa_request_learn(&o, &none, &refused));
  parts.refused = refused;
  lqa_buf_reset(&out);
  lqa_request_write(&o, &parts, &out);
  assert_string_equal(out.data,
                      "{\"model\":\"m\\\"x\",\"messages\":[{\"role\":\"user\",\"content\":"
                      "\"be strict\\n\\nline\\n\\\"q\\\"\"}],\"max_completion_tokens\":264,"
                      "\"top_p\":1,\"seed\":0}");
  assert_int_equal(lqa_request_max_output(&o, 0, 8), 264);
  assert_int_equal(lqa_request_max_output(&o, refused, 8), 4104);
  lqa_buf_clear(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_urls),   cmocka_unit_test(test_keys),
      cmocka_unit_test(test_models), cmocka_unit_test(test_prices),
      cmocka_unit_test(test_budget), cmocka_unit_test(test_durations),
      cmocka_unit_test(test_waits),  cmocka_unit_test(test_wait_headers),
      cmocka_unit_test(test_pace),   cmocka_unit_test(test_requests),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
