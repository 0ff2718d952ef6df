/* Two judges, repeats, other models, people's decisions, the blind protocol, the simulated judge,
 * and that no key is ever written anywhere. */
#include "shown.h"
#include "judge_fixture.h"

#include "judge/agree.h"
#include "judge/simulate.h"

#include <fcntl.h>

static void test_agreement_numbers(void **state) {
  (void)state;
  lqa_judge_rate r = lqa_rate_make(4, 20); /* Wilson: .0807 to .4160 */
  assert_true(fabs(r.share.low - 0.08066) < 1e-4 && fabs(r.share.high - 0.41602) < 1e-4);
  r = lqa_rate_make(0, 10);
  assert_true(r.share.low == 0 && fabs(r.share.high - 0.27753) < 1e-4);
  assert_true(isnan(lqa_rate_make(0, 0).share.estimate));
  lqa_judge_agreement a = {
      .k = 2, .n = 50, .table = {{20, 5}, {10, 15}}}; /* Cohen's textbook case */
  assert_true(fabs(lqa_agreement_share(&a) - 0.7) < 1e-12);
  assert_true(fabs(lqa_agreement_kappa(&a) - 0.4) < 1e-12);
  lqa_weighted w = {0};
  for (int i = 0; i < 20; i++) {
    lqa_weighted_add(&w, i < 4, 0.25);
  }
  r = lqa_weighted_rate(&w);
  assert_true(fabs(r.share.low - 0.08066) < 1e-4 && r.share.n == 20 && r.hits == 4);
  const struct {
    lqa_verdict v[2];
    int32_t c[2];
    lqa_verdict verdict;
    int32_t corrected;
  } cases[] = {
      {{LQA_VERDICT_NO, LQA_VERDICT_NO}, {1, 1}, LQA_VERDICT_NO, 1},
      {{LQA_VERDICT_NO, LQA_VERDICT_NO}, {1, 2}, LQA_VERDICT_UNKNOWN, -1},
      {{LQA_VERDICT_YES, LQA_VERDICT_YES}, {-1, -1}, LQA_VERDICT_YES, -1},
      {{LQA_VERDICT_YES, LQA_VERDICT_NO}, {-1, 1}, LQA_VERDICT_UNKNOWN, -1},
      {{LQA_VERDICT_YES, LQA_VERDICT_UNKNOWN}, {-1, -1}, LQA_VERDICT_UNKNOWN, -1},
      {{LQA_VERDICT_UNKNOWN, LQA_VERDICT_UNKNOWN}, {-1, -1}, LQA_VERDICT_UNKNOWN, -1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    lqa_verdict verdict;
    int32_t corrected;
    lqa_agree_verdicts(cases[i].v, cases[i].c, &verdict, &corrected);
    assert_int_equal(verdict, cases[i].verdict);
    assert_int_equal(corrected, cases[i].corrected);
  }
}

/* Judges right 90 % of the time, independently: together they say little that is wrong. */
static void test_two_judges(void **state) {
  (void)state;
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  lqa_error err;
  fixture_open(&f, 400);
  fixture_serve(&f, (const char *const[]){"--accuracy", "0.9", NULL});
  f.options.n_judges = 2;
  f.options.judges[1] = f.options.judges[0];
  f.options.judges[1].model = "llama-test";
  for (size_t i = 0; i < 100; i++) { /* people looked at the first hundred */
    f.items[i].decided = f.truths[i];
  }
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OK);
  assert_int_equal(s.calls, 800);
  assert_int_equal(s.judged, 400);
  assert_int_equal(h.right + h.unknown + h.wrong, 400);
  assert_in_range(h.wrong, 0, 12);
  assert_in_range(h.unknown, 40, 120);
  assert_true(s.agreement > 0.7 && s.agreement < 0.95);
  assert_true(s.kappa > 0.1 && s.kappa < 0.9);
  assert_false(s.same_family);
  for (int j = 0; j < 2; j++) {
    assert_int_equal(s.judges[j].yes + s.judges[j].no + s.judges[j].unknown, 400);
    assert_int_equal(s.judges[j].sensitivity.share.n, 10);
    assert_int_equal(s.judges[j].false_alarm.share.n, 90);
    assert_true(s.judges[j].sensitivity.share.estimate >= 0.6);
    assert_true(s.judges[j].false_alarm.share.estimate <= 0.25);
  }
  assert_int_equal(s.overlap_rows, s.yes + s.no);
  f.options.judges[1].model = "gpt-other";
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OK);
  assert_true(s.same_family);
  assert_int_equal(s.calls, 400); /* the first judge's answers are in the cache */
  fixture_close(&f);
}

/* One of two judges is out of reach: nothing is decided by the other alone. */
static void test_one_judge_fails(void **state) {
  (void)state;
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  lqa_error err;
  fixture_open(&f, 40);
  fixture_serve(&f, NULL);
  f.options.n_judges = 2;
  f.options.backoff_seconds = 0.001;
  f.options.judges[1] = f.options.judges[0];
  f.options.judges[1].base_url = "http://127.0.0.1:1/v1";
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_BAD_ENDPOINT);
  assert_int_equal(s.judged, 0);
  assert_int_equal(s.unanswered, 40);
  fixture_close(&f);
}

static void test_repeats(void **state) {
  (void)state;
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  lqa_error err;
  fixture_open(&f, 200);
  fixture_serve(&f, (const char *const[]){"--noise", "0.3", "--accuracy", "0.5", NULL});
  f.options.repeats = 4;
  f.options.repeat_rows = 50;
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OK);
  assert_int_equal(s.calls, 200 + 50 * 3);
  assert_int_equal(s.judges[0].self_agreement.share.n, 50);
  assert_true(s.judges[0].self_agreement.share.estimate > 0.05);
  assert_true(s.judges[0].self_agreement.share.estimate < 0.8);
  assert_int_equal(s.judged, 200);
  assert_int_equal(h.answers, 350);
  f.options.repeats = 1; /* the first answers are there */
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OK);
  assert_int_equal(s.calls, 0);
  fixture_close(&f);
}

static void test_blind(void **state) {
  (void)state;
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  lqa_error err;
  fixture_open(&f, 100);
  fixture_serve(&f, NULL);
  f.options.protocol = LQA_PROTOCOL_BLIND;
  f.items[5].label = LQA_JUDGE_NO_CLASS; /* a row without a label gets one */
  f.items[5].kind = LQA_JUDGE_EVERY;
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OK);
  assert_int_equal(h.right, 100);
  assert_int_equal(s.no, 11);
  f.options.protocol = LQA_PROTOCOL_VERIFY;
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_INTERNAL);
  fixture_close(&f);
}

/* A server that always answers under another name is believed (an alias); one that does so now and
 * then is not (a fallback): see also other-model in the fault table. */
static void test_alias(void **state) {
  (void)state;
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  lqa_error err;
  fixture_open(&f, 50);
  fixture_serve(&f, (const char *const[]){"--fault", "other-model=1", NULL});
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OK);
  assert_int_equal(s.unknown, 0);
  assert_string_equal(s.judges[0].reply_model, "tiny-fallback-1b");
  assert_int_equal(s.judges[0].other_model, 0);
  fixture_stop(&f);
  unlink(f.cache);
  fixture_serve(&f, (const char *const[]){"--fault", "other-model=0.4", NULL});
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OK);
  assert_int_equal(h.wrong, 0);
  assert_string_equal(s.judges[0].reply_model, "gpt-test");
  assert_int_equal(s.judges[0].other_model, s.unknown);
  assert_in_range(s.unknown, 8, 32);
  fixture_close(&f);
}

/* Above 30 % errors among the random rows, the summary advises to label anew. */
static void test_advice(void **state) {
  (void)state;
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  lqa_error err;
  fixture_open(&f, 100);
  fixture_serve(&f, NULL);
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OK);
  assert_false(s.advise_relabel);
  for (size_t i = 0; i < 100; i += 2) {
    f.items[i].label = (f.truths[i] + 1) % FIXTURE_CLASSES;
  }
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OK);
  assert_true(s.random_error.share.low > 0.30);
  assert_true(s.advise_relabel);
  fixture_close(&f);
}

static void test_simulated(void **state) {
  (void)state;
  fixture f;
  lqa_judge_plan *plan = NULL;
  lqa_transport transport;
  lqa_error err;
  fixture_open(&f, 400);
  f.options.cache_path = NULL;
  f.options.judges[0] = (lqa_judge_endpoint){LQA_SIMULATED_URL, LQA_SIMULATED_MODEL, NULL, 0, 0};
  lqa_simulated_judge judge = {0.95, 7, LQA_PROTOCOL_VERIFY, f.classes, FIXTURE_CLASSES, f.truths};
  for (int round = 0; round < 2; round++) {
    static heard h[2];
    lqa_judge_summary s;
    h[round] = (heard){.fixture = &f};
    assert_int_equal(lqa_judge_plan_new(&f.input, &f.options, &plan, &err), LQA_OK);
    assert_int_equal(lqa_simulated_open(&judge, &transport, &err), LQA_OK);
    assert_int_equal(lqa_judge_ask(plan, &transport, &err), LQA_OK);
    lqa_judge_sink sink = {&h[round], hear_answer, hear_row};
    assert_int_equal(lqa_judge_apply(plan, &sink, &s, &err), LQA_OK);
    assert_int_equal(s.judged, 400);
    assert_int_equal(s.unknown, 0);
    assert_true(s.cost_usd == 0);
    assert_in_range(h[round].right, 365, 395);
    assert_int_equal(h[round].right, h[0].right);
    transport.close(transport.self);
    lqa_judge_plan_free(plan);
  }
  fixture_close(&f);
}

/* Every byte under `folder`, this process's title and environment: the key is in none of them. */
static void assert_no_key_in(const char *path) {
  lqa_buf buf;
  lqa_buf_init(&buf, 1 << 28);
  int fd = open(path, O_RDONLY);
  assert_true(fd >= 0);
  char chunk[65536];
  ssize_t n;
  while ((n = read(fd, chunk, sizeof chunk)) > 0) {
    lqa_buf_add(&buf, chunk, (size_t)n);
  }
  close(fd);
  if (buf.size && memmem(buf.data, buf.size, CANARY_KEY, strlen(CANARY_KEY))) {
    fail_msg("the key is in %s", path);
  }
  lqa_buf_clear(&buf);
}

static void test_no_key_anywhere(void **state) {
  (void)state;
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  lqa_error err;
  char wal[160];
  fixture_open(&f, 120);
  fixture_serve(&f, (const char *const[]){"--key", CANARY_KEY, "--fault", "echo-key=0.3", "--fault",
                                          "echo-key-500=0.3", NULL});
  (void)fixture_run(&f, &h, &s, &err); /* hear_answer looks at every raw reply */
  assert_null(strstr(err.message, CANARY_KEY));
  assert_true(h.answers > 100);
  assert_no_key_in(f.cache);
  snprintf(wal, sizeof wal, "%s-wal", f.cache);
  if (lqa_path_exists(wal)) {
    assert_no_key_in(wal);
  }
  assert_no_key_in("/proc/self/cmdline");
  assert_no_key_in("/proc/self/comm");
  assert_null(memmem(&s, sizeof s, CANARY_KEY, strlen(CANARY_KEY)));
  f.options.judges[0].key = "a-wrong-key-123456";
  f.options.retry_unknown = true;
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_BAD_ENDPOINT);
  assert_null(strstr(err.message, "a-wrong-key"));
  f.options.judges[0].key = CANARY_KEY "\n";
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_BAD_USAGE);
  assert_null(strstr(err.message, CANARY_KEY));
  fixture_close(&f);
}

/* Money that cannot be bounded is not spent. */
static void test_refusals(void **state) {
  (void)state;
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  lqa_error err;
  fixture_open(&f, 5);
  f.options.judges[0].base_url = "http://127.0.0.1:1/v1";
  f.options.judges[0].price_in = NAN;
  f.options.max_cost_usd = 1;
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_BAD_USAGE);
  assert_non_null(strstr(shown(&err), "--price"));
  f.options.max_cost_usd = NAN;
  f.options.judges[0].base_url = "https://api.openai.com/v1";
  f.options.judges[0].key = NULL;
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_BAD_USAGE);
  assert_non_null(strstr(err.message, "LLM_API_KEY"));
  f.options.judges[0].model = "";
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_BAD_USAGE);
  fixture_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_agreement_numbers),
      cmocka_unit_test(test_two_judges),
      cmocka_unit_test(test_one_judge_fails),
      cmocka_unit_test(test_repeats),
      cmocka_unit_test(test_blind),
      cmocka_unit_test(test_alias),
      cmocka_unit_test(test_advice),
      cmocka_unit_test(test_simulated),
      cmocka_unit_test(test_no_key_anywhere),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
