/* The pool: every task once, results free of chance, the failure rule, signals; observers. */
#include "base/clock.h"
#include "base/memory.h"
#include "base/observer.h"
#include "base/pool.h"
#include "base/rng.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { MAX_TASKS = 5000 };

struct work {
  uint64_t out[MAX_TASKS];
  atomic_int runs[MAX_TASKS];
  size_t n_workers;
  bool fails[MAX_TASKS];
  atomic_bool bad_worker;
};

/* Some arithmetic of uneven length, into the task's own place. */
static lqa_status mix(void *data, size_t task, size_t worker) {
  struct work *work = data;
  lqa_rng rng;
  lqa_rng_init(&rng, 1, task);
  uint64_t sum = 0;
  for (size_t i = 0; i < task % 97; i++) {
    sum += lqa_rng_next(&rng);
  }
  work->out[task] = sum;
  atomic_fetch_add(&work->runs[task], 1);
  if (worker >= work->n_workers) {
    atomic_store(&work->bad_worker, true);
  }
  return work->fails[task] ? (lqa_status)(2 + task % 5) : LQA_OK;
}

static struct work *run_with(lqa_pool *pool, size_t n_tasks) {
  struct work *work = calloc(1, sizeof *work);
  work->n_workers = lqa_pool_threads(pool);
  assert_int_equal(lqa_pool_run(pool, n_tasks, mix, work), LQA_OK);
  assert_false(work->bad_worker);
  return work;
}

static void test_every_task_once(void **state) {
  (void)state;
  const size_t sizes[] = {0, 1, 2, 3, 64, MAX_TASKS};
  struct work *expected = run_with(NULL, MAX_TASKS);
  for (int n_threads = 1; n_threads <= 9; n_threads += 2) {
    lqa_pool *pool = lqa_pool_new(n_threads);
    assert_int_equal(lqa_pool_threads(pool), n_threads);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
      struct work *work = run_with(pool, sizes[s]);
      for (size_t i = 0; i < MAX_TASKS; i++) {
        assert_int_equal(work->runs[i], i < sizes[s]);
      }
      assert_memory_equal(work->out, expected->out, sizes[s] * sizeof *work->out);
      free(work);
    }
    lqa_pool_free(pool);
  }
  free(expected);
  lqa_pool_free(NULL);
}

static void test_many_short_calls(void **state) {
  (void)state;
  lqa_pool *pool = lqa_pool_new(4);
  struct work *work = calloc(1, sizeof *work);
  work->n_workers = 4;
  for (int i = 0; i < 5000; i++) {
    assert_int_equal(lqa_pool_run(pool, 5, mix, work), LQA_OK);
  }
  for (int i = 0; i < 5; i++) {
    assert_int_equal(work->runs[i], 5000);
  }
  free(work);
  lqa_pool_free(pool);
}

/* Whatever the threads do, the status is that of the lowest failing task, and none runs twice. */
static void test_lowest_failure_wins(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 3, 1);
  lqa_pool *pools[] = {NULL, lqa_pool_new(1), lqa_pool_new(2), lqa_pool_new(5)};
  for (int round = 0; round < 200; round++) {
    struct work *work = calloc(1, sizeof *work);
    work->n_workers = 5;
    size_t lowest = MAX_TASKS;
    for (int i = 0; i < 4; i++) {
      size_t task = lqa_rng_below(&rng, MAX_TASKS);
      work->fails[task] = true;
      lowest = task < lowest ? task : lowest;
    }
    lqa_status status = lqa_pool_run(pools[round % 4], MAX_TASKS, mix, work);
    assert_int_equal(status, 2 + lowest % 5);
    for (size_t i = 0; i < MAX_TASKS; i++) {
      assert_true(work->runs[i] <= 1);
      assert_true(i > lowest || work->runs[i] == 1);
    }
    free(work);
  }
  for (int i = 0; i < 4; i++) {
    lqa_pool_free(pools[i]);
  }
}

/* A pool that failed is as good as new. */
static void test_pool_after_failure(void **state) {
  (void)state;
  lqa_pool *pool = lqa_pool_new(3);
  struct work *work = calloc(1, sizeof *work);
  work->n_workers = 3;
  work->fails[0] = true;
  assert_int_equal(lqa_pool_run(pool, MAX_TASKS, mix, work), 2);
  free(work);
  free(run_with(pool, MAX_TASKS));
  lqa_pool_free(pool);
}

static atomic_ulong signalled_thread;
static void note_thread(int number) {
  (void)number;
  atomic_store(&signalled_thread, (unsigned long)pthread_self());
}

static lqa_status raise_signal(void *data, size_t task, size_t worker) {
  (void)data;
  (void)worker;
  if (task == 0) {
    kill(getpid(), SIGUSR1);
  }
  return LQA_OK;
}

/* Signals go to the program's threads, not to the pool's. */
static void test_signals_pass_by(void **state) {
  (void)state;
  struct sigaction action = {.sa_handler = note_thread}, before;
  sigaction(SIGUSR1, &action, &before);
  lqa_pool *pool = lqa_pool_new(4);
  for (int i = 0; i < 50; i++) {
    atomic_store(&signalled_thread, 0);
    assert_int_equal(lqa_pool_run(pool, 8, raise_signal, NULL), LQA_OK);
    while (!atomic_load(&signalled_thread)) {
      usleep(100);
    }
    assert_true(atomic_load(&signalled_thread) == (unsigned long)pthread_self());
  }
  lqa_pool_free(pool);
  sigaction(SIGUSR1, &before, NULL);
}

static void test_default_size(void **state) {
  (void)state;
  lqa_pool *pool = lqa_pool_new(0);
  assert_true(lqa_processor_count() >= 1);
  assert_int_equal(lqa_pool_threads(pool), lqa_processor_count());
  assert_int_equal(lqa_pool_threads(NULL), 1);
  lqa_pool_free(pool);
}

static void test_pool_without_memory(void **state) {
  (void)state;
  for (long n = 1; n <= 3; n++) {
    lqa_memory_fail_after(n);
    assert_null(lqa_pool_new(2));
  }
  lqa_memory_fail_after(0);
}

struct heard {
  char text[2048];
  lqa_message_level level;
  double fraction;
  int calls;
};

static void hear_progress(void *data, const char *stage, double fraction) {
  struct heard *heard = data;
  strcpy(heard->text, stage);
  heard->fraction = fraction;
  heard->calls++;
}

static void hear_message(void *data, lqa_message_level level, const char *text) {
  struct heard *heard = data;
  strcpy(heard->text, text);
  heard->level = level;
  heard->calls++;
}

static void test_observer(void **state) {
  (void)state;
  struct heard heard = {0};
  volatile int cancelled = 0;
  lqa_observer observer = {hear_progress, hear_message, &heard, &cancelled};
  lqa_observe_progress(&observer, "reading", 0.5);
  assert_string_equal(heard.text, "reading");
  assert_true(heard.fraction == 0.5);
  lqa_observe_message(&observer, LQA_MESSAGE_WARN, "%d rows", 7);
  assert_string_equal(heard.text, "7 rows");
  assert_int_equal(heard.level, LQA_MESSAGE_WARN);
  assert_int_equal(heard.calls, 2);
  assert_int_equal(lqa_observe_check(&observer, NULL), LQA_OK);
  cancelled = 1;
  lqa_error err;
  assert_true(lqa_observe_cancelled(&observer));
  assert_int_equal(lqa_observe_check(&observer, &err), LQA_INTERRUPTED);
  assert_int_equal(err.status, LQA_INTERRUPTED);
}

static void test_silent_observers(void **state) {
  (void)state;
  const lqa_observer silent = {0};
  lqa_observe_progress(NULL, "x", 0);
  lqa_observe_progress(&silent, "x", 0);
  lqa_observe_message(NULL, LQA_MESSAGE_INFO, "x");
  lqa_observe_message(&silent, LQA_MESSAGE_INFO, "x");
  assert_false(lqa_observe_cancelled(NULL));
  assert_false(lqa_observe_cancelled(&silent));
  assert_int_equal(lqa_observe_check(NULL, NULL), LQA_OK);
}

static void test_clock(void **state) {
  (void)state;
  double before = lqa_clock_seconds();
  usleep(2000);
  assert_true(lqa_clock_seconds() - before >= 0.002);
  assert_true(lqa_peak_rss_bytes() > 100000);
  char now[32];
  lqa_clock_utc(now);
  assert_int_equal(strlen(now), 20);
  assert_int_equal(now[10], 'T');
  assert_int_equal(now[19], 'Z');
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_task_once),     cmocka_unit_test(test_many_short_calls),
      cmocka_unit_test(test_lowest_failure_wins), cmocka_unit_test(test_pool_after_failure),
      cmocka_unit_test(test_signals_pass_by),     cmocka_unit_test(test_default_size),
      cmocka_unit_test(test_pool_without_memory), cmocka_unit_test(test_observer),
      cmocka_unit_test(test_silent_observers),    cmocka_unit_test(test_clock),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
