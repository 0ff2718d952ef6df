/* Batches: written and read without a network, and handed to a server that has /files and /batches.
 */
#include "judge_fixture.h"

#include "judge/batch.h"

static lqa_judge_plan *make_plan(fixture *f) {
  lqa_judge_plan *plan = NULL;
  lqa_error err;
  if (lqa_judge_plan_new(&f->input, &f->options, &plan, &err) != LQA_OK) {
    fail_msg("%s", err.message);
  }
  return plan;
}

static void fold(fixture *f, lqa_judge_plan *plan, heard *h, lqa_judge_summary *s) {
  lqa_error err;
  *h = (heard){.fixture = f};
  lqa_judge_sink sink = {h, hear_answer, hear_row};
  assert_int_equal(lqa_judge_apply(plan, &sink, s, &err), LQA_OK);
}

/* Makes a results file out of a batch file: every row right, in reverse order, some with errors. */
static size_t answer_file(const fixture *f, const char *in, const char *out, size_t every_error) {
  lqa_buf text;
  lqa_buf_init(&text, 1 << 26);
  assert_int_equal(lqa_file_load(in, &text, NULL), LQA_OK);
  char *lines[600];
  size_t n = 0, errors = 0;
  for (char *line = strtok(text.data, "\n"); line && n < 600; line = strtok(NULL, "\n")) {
    lines[n++] = line;
  }
  FILE *file = fopen(out, "w");
  assert_non_null(file);
  for (size_t i = n; i-- > 0;) {
    char id[65] = {0};
    assert_int_equal(sscanf(lines[i], "{\"custom_id\":\"%64[0-9a-f]\"", id), 1);
    assert_non_null(strstr(lines[i], "\"method\":\"POST\",\"url\":\"/v1/chat/completions\""));
    assert_null(strstr(lines[i], CANARY_KEY));
    long row;
    assert_int_equal(sscanf(strstr(lines[i], "Story "), "Story %ld", &row), 1);
    bool good = f->items[row].label == f->truths[row];
    lqa_str truth = f->classes[f->truths[row]].name;
    if (every_error && i % every_error == 0) {
      fprintf(file,
              "{\"custom_id\":\"%s\",\"response\":null,\"error\":{\"code\":\"batch_expired\","
              "\"message\":\"x\"}}\n",
              id);
      errors++;
      continue;
    }
    fprintf(file,
            "{\"id\":\"b\",\"custom_id\":\"%s\",\"response\":{\"status_code\":200,\"body\":{"
            "\"model\":\"gpt-test\",\"choices\":[{\"message\":{\"content\":\"VERDICT: %s\\n"
            "CORRECT_LABEL: %.*s\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":"
            "100,\"completion_tokens\":10}}},\"error\":null}\n",
            id, good ? "YES" : "NO", good ? 4 : (int)truth.size, good ? "SAME" : truth.data);
  }
  fprintf(file, "{\"custom_id\":\"somebody-elses\",\"response\":null,\"error\":null}\n");
  fclose(file);
  lqa_buf_clear(&text);
  return errors;
}

static void test_write_and_read(void **state) {
  (void)state;
  fixture f;
  heard h;
  lqa_judge_summary s;
  lqa_error err;
  lqa_batch_count count;
  int64_t n;
  char in[128], out[128];
  fixture_open(&f, 200);
  f.options.judges[0].base_url = "http://127.0.0.1:1/v1"; /* no network is used */
  snprintf(in, sizeof in, "%s/batch.jsonl", f.folder);
  snprintf(out, sizeof out, "%s/results.jsonl", f.folder);
  lqa_judge_plan *plan = make_plan(&f);
  assert_int_equal(lqa_judge_batch_write(plan, in, &n, &err), LQA_OK);
  assert_int_equal(n, 200);
  lqa_judge_plan_free(plan);
  int64_t errors = (int64_t)answer_file(&f, in, out, 50);
  plan = make_plan(&f);
  assert_int_equal(lqa_judge_batch_read(plan, out, &count, &err), LQA_OK);
  assert_int_equal(count.answers, 200 - errors);
  assert_int_equal(count.errors, errors);
  assert_int_equal(count.foreign, 1);
  fold(&f, plan, &h, &s);
  assert_int_equal(h.right, 200 - errors);
  assert_int_equal(s.unanswered, errors);
  assert_int_equal(s.calls, 0);
  lqa_judge_plan_free(plan);
  plan = make_plan(&f); /* what is missing, and only that, goes into the next batch */
  assert_int_equal(lqa_judge_plan_numbers(plan)->cached, 200 - errors);
  assert_int_equal(lqa_judge_batch_write(plan, in, &n, &err), LQA_OK);
  assert_int_equal(n, errors);
  lqa_judge_plan_free(plan);
  fixture_close(&f);
}

/* Whether the file holds the text anywhere. */
static bool holds(const char *path, const char *text) {
  lqa_buf bytes;
  lqa_buf_init(&bytes, 1 << 26);
  assert_int_equal(lqa_file_load(path, &bytes, NULL), LQA_OK);
  bool found = memmem(bytes.data, bytes.size, text, strlen(text)) != NULL;
  lqa_buf_clear(&bytes);
  return found;
}

/* One result line for the first question of the batch file `in`, and one for a question of another
 * plan, with the key in every text that a server can send back. */
static void echo_key(const char *in, const char *out, const char *key) {
  char id[65] = {0};
  FILE *file = fopen(in, "r");
  assert_non_null(file);
  assert_int_equal(fscanf(file, "{\"custom_id\":\"%64[0-9a-f]\"", id), 1);
  fclose(file);
  file = fopen(out, "w");
  assert_non_null(file);
  for (int i = 0; i < 2; i++) {
    fprintf(file,
            "{\"custom_id\":\"%s\",\"response\":{\"status_code\":200,\"body\":{\"model\":\"m %s\","
            "\"system_fingerprint\":\"p %s\",\"choices\":[{\"message\":{\"content\":\"c Bearer %s"
            "\"},\"finish_reason\":\"f %s\"}],\"usage\":{\"prompt_tokens\":1,"
            "\"completion_tokens\":1}}},\"error\":null}\n",
            id, key, key, key, key);
    memset(id, 'a', 64);
  }
  fclose(file);
}

static lqa_status check_raw(void *data, const lqa_judge_answer *answer, lqa_error *err) {
  (void)err;
  *(bool *)data = true;
  assert_true(answer->raw.size > 0);
  assert_null(memmem(answer->raw.data, answer->raw.size, CANARY_KEY, strlen(CANARY_KEY)));
  return LQA_OK;
}

/* The key of either judge, in any field of a batch's answer, is kept nowhere. */
static void test_echoed_keys_are_not_kept(void **state) {
  (void)state;
  fixture f;
  lqa_judge_summary s;
  lqa_error err;
  lqa_batch_count count;
  int64_t n;
  char in[128], out[128];
  bool heard_answer = false;
  fixture_open(&f, 1);
  f.options.judges[0].base_url = "http://127.0.0.1:1/v1";
  snprintf(in, sizeof in, "%s/batch.jsonl", f.folder);
  snprintf(out, sizeof out, "%s/results.jsonl", f.folder);
  lqa_judge_plan *plan = make_plan(&f);
  assert_int_equal(lqa_judge_batch_write(plan, in, &n, &err), LQA_OK);
  echo_key(in, out, CANARY_KEY);
  assert_true(holds(out, CANARY_KEY));
  assert_int_equal(lqa_judge_batch_read(plan, out, &count, &err), LQA_OK);
  assert_int_equal(count.answers, 1);
  lqa_judge_sink sink = {&heard_answer, check_raw, NULL};
  assert_int_equal(lqa_judge_apply(plan, &sink, &s, &err), LQA_OK);
  assert_true(heard_answer);
  lqa_judge_plan_free(plan);
  assert_true(holds(f.cache, "m ***"));
  assert_true(holds(f.cache, "f ***"));
  assert_true(holds(f.cache, "p ***"));
  assert_true(holds(f.cache, "c Bearer ***"));
  assert_false(holds(f.cache, CANARY_KEY));
  fixture_close(&f);
}

/* A damaged results file changes nothing. */
static void test_damaged_results(void **state) {
  (void)state;
  fixture f;
  lqa_error err;
  lqa_batch_count count;
  int64_t n;
  char in[128], out[128];
  fixture_open(&f, 20);
  f.options.judges[0].base_url = "http://127.0.0.1:1/v1";
  snprintf(in, sizeof in, "%s/batch.jsonl", f.folder);
  snprintf(out, sizeof out, "%s/results.jsonl", f.folder);
  lqa_judge_plan *plan = make_plan(&f);
  assert_int_equal(lqa_judge_batch_write(plan, in, &n, &err), LQA_OK);
  answer_file(&f, in, out, 0);
  FILE *file = fopen(out, "a");
  fprintf(file, "{\"custom_id\": \"cut of");
  fclose(file);
  assert_int_equal(lqa_judge_batch_read(plan, out, &count, &err), LQA_BAD_DATA);
  assert_non_null(strstr(err.message, "line 22"));
  lqa_judge_plan_free(plan);
  plan = make_plan(&f);
  assert_int_equal(lqa_judge_plan_numbers(plan)->cached, 0);
  assert_int_equal(lqa_judge_batch_read(plan, "/nowhere/x", &count, &err), LQA_BAD_FILE);
  lqa_judge_plan_free(plan);
  fixture_close(&f);
}

static void test_submit_and_poll(void **state) {
  (void)state;
  fixture f;
  heard h;
  lqa_judge_summary s;
  lqa_error err;
  lqa_batch_news news;
  char id[128];
  fixture_open(&f, 150);
  fixture_serve(&f, (const char *const[]){"--key", CANARY_KEY, "--polls", "2", "--fault",
                                          "string-error=0.1", NULL});
  lqa_judge_plan *plan = make_plan(&f);
  assert_int_equal(lqa_judge_batch_submit(plan, id, &err), LQA_OK);
  assert_string_equal(id, "batch-0");
  lqa_judge_plan_free(plan);
  assert_int_equal(fixture_bill(&f).calls, 150);
  plan = make_plan(&f); /* nothing is asked twice while the batch is out */
  assert_int_equal(lqa_judge_plan_numbers(plan)->in_batch, 150);
  assert_int_equal(lqa_judge_plan_numbers(plan)->to_ask, 0);
  assert_int_equal(lqa_judge_ask(plan, NULL, &err), LQA_OK);
  assert_int_equal(lqa_judge_batch_submit(plan, id, &err), LQA_BAD_USAGE);
  assert_int_equal(lqa_judge_batch_poll(plan, &news, &err), LQA_OK);
  assert_int_equal(news.n_open, 1);
  assert_int_equal(news.n_done, 0);
  assert_int_equal(news.total, 150);
  assert_int_equal(lqa_judge_batch_poll(plan, &news, &err), LQA_OK);
  assert_int_equal(news.n_done, 1);
  assert_int_equal(news.count.answers + news.count.errors, 150);
  assert_in_range(news.count.errors, 3, 35);
  assert_string_equal(news.last_status, "completed");
  assert_int_equal(lqa_judge_batch_poll(plan, &news, &err), LQA_OK);
  assert_int_equal(news.n_done + news.n_open, 0);
  lqa_judge_plan_free(plan);
  plan = make_plan(&f);
  const lqa_judge_numbers *n = lqa_judge_plan_numbers(plan);
  assert_int_equal(n->cached + n->to_ask, 150);
  assert_int_equal(n->in_batch, 0);
  assert_int_equal(lqa_judge_ask(plan, NULL, &err), LQA_OK); /* the failed lines, directly */
  fold(&f, plan, &h, &s);
  assert_int_equal(h.right, 150);
  assert_int_equal(fixture_bill(&f).paid, 150);
  lqa_judge_plan_free(plan);
  fixture_close(&f);
}

/* Results for rows that a later plan does not hold are kept for the plan that does. */
static void test_poll_from_another_plan(void **state) {
  (void)state;
  fixture f;
  lqa_error err;
  lqa_batch_news news;
  char id[128];
  fixture_open(&f, 60);
  fixture_serve(&f, (const char *const[]){"--polls", "1", NULL});
  lqa_judge_plan *plan = make_plan(&f);
  assert_int_equal(lqa_judge_batch_submit(plan, id, &err), LQA_OK);
  lqa_judge_plan_free(plan);
  f.input.n_items = 10;
  plan = make_plan(&f);
  assert_int_equal(lqa_judge_batch_poll(plan, &news, &err), LQA_OK);
  assert_int_equal(news.count.answers, 10);
  assert_int_equal(news.count.foreign, 50);
  lqa_judge_plan_free(plan);
  f.input.n_items = 60;
  plan = make_plan(&f);
  assert_int_equal(lqa_judge_plan_numbers(plan)->cached, 60);
  lqa_judge_plan_free(plan);
  fixture_close(&f);
}

static void test_submit_keeps_the_budget(void **state) {
  (void)state;
  fixture f;
  lqa_error err;
  char id[128];
  fixture_open(&f, 50);
  fixture_serve(&f, NULL);
  f.options.max_calls = 49;
  lqa_judge_plan *plan = make_plan(&f);
  assert_int_equal(lqa_judge_batch_submit(plan, id, &err), LQA_OUT_OF_BUDGET);
  lqa_judge_plan_free(plan);
  f.options.max_calls = 50;
  f.options.max_cost_usd = 0.001;
  plan = make_plan(&f);
  assert_int_equal(lqa_judge_batch_submit(plan, id, &err), LQA_OUT_OF_BUDGET);
  lqa_judge_plan_free(plan);
  f.options.max_cost_usd = NAN;
  f.options.judges[0].key = "a-wrong-key-123456";
  fixture_stop(&f);
  fixture_serve(&f, (const char *const[]){"--key", CANARY_KEY, NULL});
  plan = make_plan(&f);
  assert_int_equal(lqa_judge_batch_submit(plan, id, &err), LQA_BAD_ENDPOINT);
  assert_null(strstr(err.message, "a-wrong-key"));
  lqa_judge_plan_free(plan);
  plan = make_plan(&f); /* a refused upload leaves nothing claimed */
  assert_int_equal(lqa_judge_plan_numbers(plan)->to_ask, 50);
  lqa_judge_plan_free(plan);
  assert_int_equal(fixture_bill(&f).calls, 0);
  fixture_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_write_and_read),
      cmocka_unit_test(test_echoed_keys_are_not_kept),
      cmocka_unit_test(test_damaged_results),
      cmocka_unit_test(test_submit_and_poll),
      cmocka_unit_test(test_poll_from_another_plan),
      cmocka_unit_test(test_submit_keeps_the_budget),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
