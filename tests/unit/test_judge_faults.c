/* The fault table: every way a server misbehaves, at 30 % of calls, 500 rows, 16 at a time. All
 * rows end with the right verdict or UNKNOWN, calls paid are the calls that the server wrote down,
 * no budget is passed by a call or a cent. */
#include "judge_fixture.h"

#include <time.h>

typedef struct fault_case {
  const char *name;
  bool may_be_unknown; /* the answer itself is spoilt */
  bool slow;           /* the client's time-out must be short */
} fault_case;

static const fault_case cases[] = {
    {"429", 0, 0},          {"429-after", 0, 0},  {"500", 0, 0},          {"503", 0, 0},
    {"string-error", 0, 0}, {"html-502", 0, 0},   {"slow", 0, 1},         {"truncated", 0, 0},
    {"reset", 0, 0},        {"malformed", 0, 0},  {"html", 0, 0},         {"error-200", 0, 0},
    {"grammar", 1, 0},      {"refusal", 1, 0},    {"filter", 1, 0},       {"empty", 1, 0},
    {"null", 1, 0},         {"length", 1, 0},     {"other-model", 1, 0},  {"no-usage", 0, 0},
    {"unsupported", 0, 0},  {"echo-key", 1, 0},   {"echo-key-500", 0, 0}, {"events", 0, 0},
    {"parts", 0, 0},        {"fence", 0, 0},      {"think", 0, 0},        {"huge", 0, 0},
    {"choice-error", 0, 0}, {"lone-think", 0, 0}, {"harmony", 0, 0},      {"im-end", 0, 0},
};

/* Runs until every row is answered, as a user would: at most three times. */
static void run_to_the_end(fixture *f, heard *h, lqa_judge_summary *total) {
  lqa_error err;
  *total = (lqa_judge_summary){0};
  for (int round = 0; round < 3; round++) {
    lqa_judge_summary s;
    lqa_status status = fixture_run(f, h, &s, &err);
    total->calls += s.calls;
    total->errors += s.errors;
    total->booked += s.booked;
    total->cost_usd += s.cost_usd;
    total->judged = s.judged;
    if (status == LQA_OK) {
      return;
    }
    assert_int_equal(status, LQA_BAD_ENDPOINT);
    assert_non_null(strstr(err.message, "after 5 tries"));
    assert_null(strstr(err.message, CANARY_KEY));
  }
  fail_msg("rows stay unanswered after three runs: %s", err.message);
}

static void check_fault(const fault_case *c) {
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  char rate[64];
  snprintf(rate, sizeof rate, "%s=0.3", c->name);
  fixture_open(&f, 500);
  f.options.timeout_seconds = c->slow ? 0.4 : 20;
  fixture_serve(&f, (const char *const[]){"--fault", rate, "--seed", "11", NULL});
  run_to_the_end(&f, &h, &s);
  bill b = fixture_bill(&f);
  if (h.wrong > 0 || h.right + h.unknown != 500 || (!c->may_be_unknown && h.unknown > 0)) {
    fail_msg("%s: %lld right, %lld unknown, %lld wrong", c->name, (long long)h.right,
             (long long)h.unknown, (long long)h.wrong);
  }
  if (c->may_be_unknown) {
    assert_in_range(h.unknown, 90, 210);
  }
  if (s.calls != b.paid) {
    fail_msg("%s: %lld calls counted, %lld on the bill", c->name, (long long)s.calls,
             (long long)b.paid);
  }
  assert_int_equal(s.errors, b.calls - b.paid);
  if (s.booked == 0) {
    assert_true(fabs(s.cost_usd - bill_usd(&f, b)) < 1e-9);
  } else {
    assert_true(s.cost_usd >= bill_usd(&f, b) - 1e-9);
  }
  print_message("%-13s %3lld right %3lld unknown, %4lld paid, %3lld errors\n", c->name,
                (long long)h.right, (long long)h.unknown, (long long)s.calls, (long long)s.errors);
  fixture_close(&f);
}

static void test_fault_table(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    check_fault(&cases[i]);
  }
}

/* All at once, two percent each. */
static void test_everything_at_once(void **state) {
  (void)state;
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  static char rates[64][32];
  const char *arguments[32] = {0};
  size_t n = 0;
  fixture_open(&f, 500);
  f.options.timeout_seconds = 0.5;
  for (size_t i = 0; i < sizeof cases / sizeof *cases && n < 24; i += 2) {
    snprintf(rates[i], sizeof rates[i], "%s=0.02", cases[i].name);
    arguments[n++] = "--fault";
    arguments[n++] = rates[i];
  }
  fixture_serve(&f, arguments);
  run_to_the_end(&f, &h, &s);
  assert_int_equal(h.wrong, 0);
  assert_int_equal(h.right + h.unknown, 500);
  assert_int_equal(s.calls, fixture_bill(&f).paid);
  fixture_close(&f);
}

/* Budgets under faults: never one call, never one cent more. */
static void check_budget(const char *fault, int64_t max_calls, double max_cost) {
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  lqa_error err;
  fixture_open(&f, 500);
  f.options.timeout_seconds = strncmp(fault, "slow", 4) == 0 ? 0.4 : 20;
  f.options.max_calls = max_calls;
  f.options.max_cost_usd = max_cost;
  fixture_serve(&f, (const char *const[]){"--fault", fault, "--seed", "5", NULL});
  lqa_status status = fixture_run(&f, &h, &s, &err);
  bill b = fixture_bill(&f);
  assert_int_equal(status, LQA_OUT_OF_BUDGET);
  assert_true(b.paid <= max_calls);
  assert_int_equal(b.paid, s.calls);
  assert_true(isnan(max_cost) || bill_usd(&f, b) <= max_cost);
  assert_true(isnan(max_cost) || s.cost_usd <= max_cost);
  assert_true(h.right + h.unknown > 0);
  assert_int_equal(h.wrong, 0);
  print_message("%-14s %lld calls of %lld, %.6f USD of %.6f\n", fault, (long long)b.paid,
                (long long)max_calls, bill_usd(&f, b), max_cost);
  fixture_close(&f);
}

static void test_budgets(void **state) {
  (void)state;
  static const char *const faults[] = {"none=1",       "reset=0.3",     "slow=0.3", "500=0.3",
                                       "no-usage=0.3", "truncated=0.3", "huge=0.1"};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    check_budget(faults[i], 137, NAN);
    check_budget(faults[i], 100000, 0.005);
  }
}

/* A server that says it spent far more than it was allowed to. */
static void test_dear_calls_are_learnt(void **state) {
  (void)state;
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  lqa_error err;
  fixture_open(&f, 100);
  f.options.judges[0].price_in = 1000; /* about 0.15 USD a call */
  f.options.judges[0].price_out = 1000;
  f.options.max_cost_usd = 1;
  fixture_serve(&f, NULL);
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OUT_OF_BUDGET);
  assert_true(s.cost_usd <= 1);
  fixture_close(&f);
}

/* Faults that must end the run at once: no second call is made. */
static void check_end(const char *fault, const char *expected) {
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  lqa_error err;
  fixture_open(&f, 100);
  fixture_serve(&f, (const char *const[]){"--fault", fault, NULL});
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_BAD_ENDPOINT);
  if (!strstr(err.message, expected)) {
    fail_msg("%s: message '%s' does not say '%s'", fault, err.message, expected);
  }
  assert_null(strstr(err.message, CANARY_KEY));
  assert_int_equal(fixture_bill(&f).calls, 1);
  assert_int_equal(s.calls, fixture_bill(&f).paid);
  fixture_close(&f);
}

static void test_hopeless_ends_at_once(void **state) {
  (void)state;
  check_end("401", "Incorrect API key");
  check_end("404", "model_not_found");
  check_end("quota", "insufficient_quota");
  check_end("400", "Something about this request");
  check_end("redirect", "status 302");
  check_end("auth-200", "authentication error, status 401 inside a reply of status 200");
  check_end("reset-7m", "asks to wait 432 s");
}

/* An endpoint that only ever fails is given up; every row tried had its five tries. */
static void test_dead_endpoint(void **state) {
  (void)state;
  static const char *const faults[] = {"500", "429", "reset", "html"};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    fixture f;
    heard h = {0};
    lqa_judge_summary s;
    lqa_error err;
    fixture_open(&f, 100);
    f.options.backoff_seconds = 0.001;
    fixture_serve(&f, (const char *const[]){"--fault", faults[i], NULL});
    assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_BAD_ENDPOINT);
    assert_int_equal(fixture_bill(&f).calls, 15);
    assert_int_equal(s.judged, 0);
    fixture_close(&f);
  }
}

static double now_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Waits that servers ask for are kept: a date in Retry-After, and counts that stand at 0 (but not
 * those at -1, which mean "not known"). */
static void test_waits_are_kept(void **state) {
  (void)state;
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  lqa_error err;
  fixture_open(&f, 25);
  fixture_serve(&f, (const char *const[]){"--fault", "exhausted=1", NULL});
  double start = now_seconds();
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OK);
  assert_int_equal(h.right, 25);
  double waited = now_seconds() - start; /* the first alone, then sixteen, then eight */
  assert_true(waited > 2 * 0.04 && waited < 30);
  fixture_close(&f);
  fixture_open(&f, 6);
  fixture_serve(&f, (const char *const[]){"--fault", "429-date=0.5", "--seed", "4", NULL});
  start = now_seconds();
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OK);
  assert_int_equal(h.right, 6);
  assert_true(s.errors > 0 && now_seconds() - start > 0.5);
  fixture_close(&f);
  fixture_open(&f, 6);
  f.options.max_wait_seconds = 0.2; /* less than what it asks for */
  fixture_serve(&f, (const char *const[]){"--fault", "429-date", NULL});
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_BAD_ENDPOINT);
  assert_non_null(strstr(err.message, "asks to wait"));
  assert_int_equal(fixture_bill(&f).calls, 1);
  fixture_close(&f);
}

/* Whatever words a server finds for it, a refused field is left out and a refused role folded. */
static void check_refusal(const char *field, const char *status, const char *body) {
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  lqa_error err;
  char path[128], refusal[160], dropped[64];
  fixture_open(&f, 20);
  snprintf(path, sizeof path, "%s/refusal.json", f.folder);
  snprintf(refusal, sizeof refusal, "%s:%s", status, path);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(body, file);
  fclose(file);
  fixture_serve(&f, (const char *const[]){"--refuse", field, "--refusal", refusal, NULL});
  lqa_status asked = fixture_run(&f, &h, &s, &err);
  snprintf(dropped, sizeof dropped, "gpt-test: %s", field);
  if (asked != LQA_OK || h.right != 20 || strcmp(s.dropped_fields, dropped) != 0) {
    fail_msg("%s: '%s', %lld right, left out '%s' (%s)", body, err.message, (long long)h.right,
             s.dropped_fields, field);
  }
  fixture_close(&f);
}

static void test_refusals(void **state) {
  (void)state;
  static const char *const table[][3] = {
      {"seed", "422",
       "{\"object\":\"error\",\"message\":{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":"
       "[\"body\",\"seed\"],\"msg\":\"Extra inputs are not permitted\",\"input\":0}]}}"},
      {"temperature", "422",
       "{\"detail\":[{\"loc\":[\"body\",\"temperature\"],\"msg\":\"ensure this value is greater "
       "than 0\",\"type\":\"value_error\"}]}"},
      {"top_p", "400", "[{\"error\":{\"code\":400,\"message\":\"Unknown name \\\"top_p\\\"\"}}]"},
      {"seed", "400", "{\"errors\":{\"seed\":[\"is not allowed\"]}}"},
      {"seed", "500",
       "{\"error\":{\"message\":\"Provider returned error\",\"metadata\":{\"raw\":"
       "\"{\\\"error\\\":{\\\"message\\\":\\\"property 'seed' is unsupported\\\"}}\"}}}"},
      {"seed", "200", "{\"error\":{\"message\":\"unexpected field seed\",\"code\":400}}"},
      {"temperature", "400", "Temperature must be strictly positive"},
      {"system", "400",
       "{\"object\":\"error\",\"message\":\"Conversation roles must alternate "
       "user/assistant/user/assistant/...\",\"type\":\"BadRequestError\",\"code\":400}"},
      {"system", "400",
       "{\"error\":{\"message\":\"Developer instruction is not enabled for models/gemma-3-27b-it\","
       "\"code\":400,\"status\":\"INVALID_ARGUMENT\"}}"},
      {"system", "422",
       "{\"detail\":[{\"loc\":[\"body\",\"messages\",0,\"role\"],\"msg\":\"Input should be 'user' "
       "or 'assistant'\"}]}"},
      {"system", "400", "{\"message\":\"This model doesn't support system messages\"}"},
      {"system", "500", "{\"error\":\"Error rendering prompt: System role not supported\"}"},
      {"system", "400",
       "{\"error\":{\"message\":\"Invalid value: first message must be by user\"}}"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    check_refusal(table[i][0], table[i][1], table[i][2]);
  }
}

/* A URL that names the whole path is used as given; Azure takes its key in a header of its own. */
static void test_whole_urls(void **state) {
  (void)state;
  static const char *const paths[] = {
      "/chat/completions", "/proxy/chat/completions",
      "/openai/deployments/d/chat/completions?api-version=2024-10-21"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    fixture f;
    heard h = {0};
    lqa_judge_summary s;
    lqa_error err;
    char url[256];
    fixture_open(&f, 12);
    fixture_serve(&f, (const char *const[]){"--path", paths[i], "--azure", i == 2 ? "1" : "0",
                                            "--key", CANARY_KEY, NULL});
    snprintf(url, sizeof url, "%.*s%s", (int)(strlen(f.base_url) - 3), f.base_url, paths[i]);
    f.options.judges[0].base_url = url;
    if (fixture_run(&f, &h, &s, &err) != LQA_OK || h.right != 12) {
      fail_msg("%s: %s", url, err.message);
    }
    fixture_close(&f);
  }
}

static void test_no_server(void **state) {
  (void)state;
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  lqa_error err;
  fixture_open(&f, 10);
  f.options.judges[0].base_url = "http://127.0.0.1:1/v1";
  f.options.backoff_seconds = 0.001;
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_BAD_ENDPOINT);
  assert_int_equal(s.calls, 0);
  fixture_close(&f);
}

/* Fields that an endpoint refuses are left out, at the price of one 400 each, and stay left out. */
static void test_capabilities(void **state) {
  (void)state;
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  lqa_error err;
  fixture_open(&f, 60);
  fixture_serve(
      &f, (const char *const[]){"--refuse", "max_tokens,temperature,seed,top_p,system", NULL});
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OK);
  assert_int_equal(h.right, 60);
  assert_int_equal(s.errors, 5);
  assert_string_equal(
      s.dropped_fields,
      "gpt-test: max_tokens, gpt-test: temperature, gpt-test: top_p, gpt-test: seed, "
      "gpt-test: system");
  f.options.judges[0].model = "gpt-test"; /* the record is kept per endpoint and model */
  f.options.retry_unknown = false;
  f.items[0].text = LQA_STR("Story 1 of the day, told in some words.");
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OK);
  assert_int_equal(s.errors, 0);
  assert_int_equal(s.calls, 1);
  fixture_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fault_table),
      cmocka_unit_test(test_everything_at_once),
      cmocka_unit_test(test_budgets),
      cmocka_unit_test(test_dear_calls_are_learnt),
      cmocka_unit_test(test_hopeless_ends_at_once),
      cmocka_unit_test(test_dead_endpoint),
      cmocka_unit_test(test_waits_are_kept),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_whole_urls),
      cmocka_unit_test(test_no_server),
      cmocka_unit_test(test_capabilities),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
