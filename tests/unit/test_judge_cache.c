/* Paid answers are kept and never paid for again: re-runs, changed prompts, models and rows, killed
 * runs, two processes at once, interruptions. */
#include "judge_fixture.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

static void test_second_run_is_free(void **state) {
  (void)state;
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  lqa_error err;
  fixture_open(&f, 200);
  fixture_serve(&f, NULL);
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OK);
  assert_int_equal(s.calls, 200);
  assert_int_equal(s.cached, 0);
  assert_int_equal(h.right, 200);
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OK);
  assert_int_equal(s.calls, 0);
  assert_int_equal(s.cached, 200);
  assert_int_equal(h.right, 200);
  assert_int_equal(h.cached, 200);
  assert_true(s.cost_usd == 0);
  assert_int_equal(fixture_bill(&f).calls, 200);
  fixture_close(&f);
}

/* How many calls the next run makes. */
static int64_t calls_of(fixture *f) {
  heard h = {0};
  lqa_judge_summary s;
  lqa_error err;
  assert_int_equal(fixture_run(f, &h, &s, &err), LQA_OK);
  assert_int_equal(s.calls + s.cached, (int64_t)f->n);
  return s.calls;
}

/* Exactly the rows whose question changed are asked again. */
static void test_what_misses(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f, 100);
  fixture_serve(&f, NULL);
  assert_int_equal(calls_of(&f), 100);
  f.items[3].text = LQA_STR("Another text.");
  f.items[4].text = LQA_STR("And another.");
  assert_int_equal(calls_of(&f), 2);
  f.items[5].label = (f.items[5].label + 1) % FIXTURE_CLASSES;
  assert_int_equal(calls_of(&f), 1);
  f.items[6].key = LQA_STR("another-key");
  assert_int_equal(calls_of(&f), 1);
  f.items[7].row = 1000; /* where a row stands is no part of the question */
  f.items[8].kind = LQA_JUDGE_RANDOM;
  f.options.concurrency = 3;
  f.options.judges[0].key = "another key"; /* nor is the key; it holds a space, see below */
  f.options.judges[0].key = "sk-other-key-000000";
  assert_int_equal(calls_of(&f), 0);
  f.options.judges[0].model = "other-test";
  assert_int_equal(calls_of(&f), 100);
  f.options.temperature = 0.5;
  assert_int_equal(calls_of(&f), 100);
  f.options.template_text = "Valid categories: {{categories}}\nText:\n{{text}}\n"
                            "\nAssigned label: {{label}}\n{{instructions}}";
  assert_int_equal(calls_of(&f), 100);
  f.classes[2].note = LQA_STR("money");
  f.options.template_text = NULL;
  assert_int_equal(calls_of(&f), 100);
  f.options.protocol = LQA_PROTOCOL_BLIND;
  assert_int_equal(calls_of(&f), 100);
  f.options.seed = 1; /* another order of the classes for nearly all rows (1 in 24 stays) */
  int64_t n = calls_of(&f);
  assert_in_range(n, 85, 100);
  char spelled[96];
  snprintf(spelled, sizeof spelled, "%.*s/", (int)strlen(f.base_url) - 3, f.base_url);
  f.options.judges[0].base_url = spelled; /* the same endpoint in another spelling */
  assert_int_equal(calls_of(&f), 0);
  fixture_close(&f);
}

/* Rows that ask the same question share one call, and each gets its verdict. */
static void test_same_question_is_asked_once(void **state) {
  (void)state;
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  lqa_error err;
  fixture_open(&f, 50);
  fixture_serve(&f, NULL);
  for (size_t i = 10; i < 20; i++) {
    f.items[i] = f.items[3];
    f.truths[i] = f.truths[3];
  }
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OK);
  assert_int_equal(s.calls, 40);
  assert_int_equal(s.judged, 50);
  assert_int_equal(h.right, 50);
  fixture_close(&f);
}

static void test_retry_unknown(void **state) {
  (void)state;
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  lqa_error err;
  fixture_open(&f, 100);
  fixture_serve(&f, (const char *const[]){"--fault", "grammar=0.5", NULL});
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OK);
  int64_t unknown = s.unknown;
  assert_in_range(unknown, 30, 70);
  assert_int_equal(calls_of(&f), 0);
  f.options.retry_unknown = true;
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OK);
  assert_int_equal(s.calls, unknown);
  assert_true(s.unknown < unknown);
  /* Without budget the old UNKNOWN stays known. */
  f.options.max_calls = 0;
  unknown = s.unknown;
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OUT_OF_BUDGET);
  assert_int_equal(s.unknown, unknown);
  assert_int_equal(s.judged, 100);
  fixture_close(&f);
}

/* Runs the fixture in a child process, which exits with the status. */
static pid_t run_in_child(fixture *f) {
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    heard h = {0};
    lqa_judge_summary s;
    lqa_error err;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    _exit(fixture_run(f, &h, &s, &err) == LQA_OK ? 0 : 1);
  }
  return pid;
}

static void sleep_ms(long ms) {
  struct timespec t = {ms / 1000, (ms % 1000) * 1000000};
  nanosleep(&t, NULL);
}

/* Thirty runs killed at random moments, then one to the end: what was answered is never asked
 * again. The server's bill may exceed the rows by what was open at a kill, at most `concurrency`
 * each. */
static void test_thirty_kills(void **state) {
  (void)state;
  enum { KILLS = 30, ROWS = 500 };
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  lqa_error err;
  int64_t kills = 0, lost = 0;
  unsigned seed = 12345;
  fixture_open(&f, ROWS);
  fixture_serve(&f, (const char *const[]){"--delay-ms", "25", NULL});
  for (int i = 0; i < KILLS; i++) {
    pid_t pid = run_in_child(&f);
    int status;
    sleep_ms(10 + rand_r(&seed) % 55);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    kills += WIFSIGNALED(status);
    lqa_judge_plan *plan = NULL; /* sweeps dead claims, counts them */
    assert_int_equal(lqa_judge_plan_new(&f.input, &f.options, &plan, &err), LQA_OK);
    assert_int_equal(lqa_judge_apply(plan, NULL, &s, &err), LQA_OK);
    assert_true(s.lost <= f.options.concurrency);
    lost += s.lost;
    lqa_judge_plan_free(plan);
  }
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OK);
  assert_int_equal(h.right, ROWS);
  bill b = fixture_bill(&f);
  print_message("%lld kills, %lld rows, %lld calls on the bill, %lld lost in flight\n",
                (long long)kills, (long long)ROWS, (long long)b.paid, (long long)lost);
  assert_true(kills >= 20);
  assert_true(b.paid >= ROWS);
  assert_true(b.paid <= ROWS + lost);
  assert_true(lost <= kills * f.options.concurrency);
  assert_int_equal(calls_of(&f), 0);
  fixture_close(&f);
}

/* Two processes on one cache: every row is paid once. */
static void check_two_processes(const char *fault) {
  fixture f;
  fixture_open(&f, 400);
  fixture_serve(&f, (const char *const[]){"--delay-ms", "3", "--fault", fault, NULL});
  pid_t pids[3];
  for (int i = 0; i < 3; i++) {
    pids[i] = run_in_child(&f);
  }
  for (int i = 0; i < 3; i++) {
    int status;
    waitpid(pids[i], &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
  }
  bill b = fixture_bill(&f);
  assert_int_equal(b.paid, 400);
  assert_int_equal(calls_of(&f), 0);
  fixture_close(&f);
}

static void test_two_processes(void **state) {
  (void)state;
  check_two_processes("none=0");
  check_two_processes("500=0.2");
}

/* One process is killed while another waits for its rows: the other takes them over. */
static void test_survivor_takes_over(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f, 60);
  fixture_serve(&f, (const char *const[]){"--delay-ms", "150", NULL});
  f.options.concurrency = 30;
  pid_t first = run_in_child(&f);
  sleep_ms(220); /* the first call is back, thirty are open */
  pid_t second = run_in_child(&f);
  sleep_ms(50);
  kill(first, SIGKILL);
  int status;
  waitpid(first, &status, 0);
  waitpid(second, &status, 0);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  assert_in_range(fixture_bill(&f).paid, 60, 60 + 30);
  fixture_close(&f);
}

static volatile int cancelled;

/* After a tenth of the rows, however long they took. */
static void cancel_soon(void *data, const char *stage, double fraction) {
  (void)data;
  (void)stage;
  cancelled = fraction >= .1;
}

/* A cancel stops new calls, keeps those that are open, and loses nothing. */
static void test_cancel(void **state) {
  (void)state;
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  lqa_error err;
  lqa_observer observer = {.cancelled = &cancelled, .progress = cancel_soon};
  fixture_open(&f, 300);
  fixture_serve(&f, (const char *const[]){"--delay-ms", "40", NULL});
  f.options.observer = &observer;
  cancelled = 0;
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_INTERRUPTED);
  assert_in_range(s.judged, 17, 299);
  assert_int_equal(s.calls, s.judged); /* open calls were let in */
  assert_int_equal(fixture_bill(&f).paid, s.calls);
  int64_t before = s.judged;
  observer.progress = NULL;
  cancelled = 0;
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OK);
  assert_int_equal(s.calls, 300 - before);
  fixture_close(&f);
}

static void test_file_modes_and_damage(void **state) {
  (void)state;
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  lqa_error err;
  struct stat info;
  fixture_open(&f, 5);
  fixture_serve(&f, NULL);
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OK);
  assert_int_equal(stat(f.cache, &info), 0);
  assert_int_equal(info.st_mode & 0777, 0600);
  FILE *file = fopen(f.cache, "r+");
  assert_non_null(file);
  for (int i = 0; i < 9000; i++) {
    fputc('x', file);
  }
  fclose(file);
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_BAD_FILE);
  assert_non_null(strstr(err.message, f.cache));
  assert_int_equal(fixture_bill(&f).paid, 5);
  f.options.cache_path = "/proc/nowhere/judge.db";
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_BAD_FILE);
  fixture_close(&f);
}

/* A cache that cannot grow, played by a limit on file sizes. No more is asked, what was open still
 * counts, the message says what it is; later only what could not be stored is paid for again. */
static void test_no_room(void **state) {
  (void)state;
  fixture f;
  heard h = {0};
  lqa_judge_summary s;
  lqa_error err;
  struct rlimit before, small;
  fixture_open(&f, 400);
  fixture_serve(&f, (const char *const[]){"--delay-ms", "5", NULL});
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  small = (struct rlimit){300000, before.rlim_max};
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  lqa_status status = fixture_run(&f, &h, &s, &err);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  assert_int_equal(status, LQA_BAD_FILE);
  assert_non_null(strstr(err.message, "a limit on file sizes is reached"));
  assert_null(strstr(err.message, "damaged"));
  assert_in_range(s.judged, 20, 399);
  assert_int_equal(h.right, s.judged);
  assert_int_equal(s.calls, s.judged);
  assert_int_equal(fixture_bill(&f).paid, s.calls);
  int64_t judged = s.judged;
  assert_int_equal(fixture_run(&f, &h, &s, &err), LQA_OK);
  assert_int_equal(s.judged, 400);
  assert_in_range(s.cached, judged - f.options.concurrency, judged);
  assert_int_equal(s.cached + s.calls, 400);
  fixture_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_second_run_is_free),
      cmocka_unit_test(test_what_misses),
      cmocka_unit_test(test_same_question_is_asked_once),
      cmocka_unit_test(test_retry_unknown),
      cmocka_unit_test(test_thirty_kills),
      cmocka_unit_test(test_two_processes),
      cmocka_unit_test(test_survivor_takes_over),
      cmocka_unit_test(test_cancel),
      cmocka_unit_test(test_file_modes_and_damage),
      cmocka_unit_test(test_no_room),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
