/* Threads that sleep between calls and share one atomic task counter during one.
 *
 * The calling thread works too (as worker 0), so a pool of n threads starts n - 1. A call is
 * published under the mutex with a new generation number; workers wake, take task numbers until
 * they run out, and the last one to finish wakes the caller. On failure the lowest failed task
 * wins: tasks are handed out in ascending order, so every task below a failed one has been started
 * and will report.
 */
#include "base/pool.h"

#include "base/memory.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

struct worker {
  struct lqa_pool *pool;
  size_t number;
};

struct lqa_pool {
  pthread_mutex_t lock;
  pthread_cond_t work, done;
  pthread_t *threads; /* n_threads - 1 */
  struct worker *workers;
  size_t n_threads, n_started;
  uint64_t generation;
  size_t n_busy;
  bool stopping;
  /* the current call */
  lqa_task_fn run;
  void *data;
  size_t n_tasks;
  atomic_size_t next;
  size_t failed_task;
  lqa_status failed_status;
};

int lqa_processor_count(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) {
    return CPU_COUNT(&set);
  }
  long online = sysconf(_SC_NPROCESSORS_ONLN); /* more processors than a cpu_set_t holds */
  return online > 1 ? (int)online : 1;
}

static void note_failure(lqa_pool *pool, size_t task, lqa_status status) {
  pthread_mutex_lock(&pool->lock);
  if (task < pool->failed_task) {
    pool->failed_task = task;
    pool->failed_status = status;
  }
  pthread_mutex_unlock(&pool->lock);
  atomic_store(&pool->next, pool->n_tasks);
}

static void run_tasks(lqa_pool *pool, size_t worker) {
  for (;;) {
    size_t task = atomic_fetch_add(&pool->next, 1);
    if (task >= pool->n_tasks) {
      return;
    }
    lqa_status status = pool->run(pool->data, task, worker);
    if (status != LQA_OK) {
      note_failure(pool, task, status);
    }
  }
}

static void *work(void *argument) {
  struct worker *self = argument;
  lqa_pool *pool = self->pool;
  uint64_t seen = 0;
  pthread_mutex_lock(&pool->lock);
  for (;;) {
    while (pool->generation == seen && !pool->stopping) {
      pthread_cond_wait(&pool->work, &pool->lock);
    }
    if (pool->stopping) {
      break;
    }
    seen = pool->generation;
    pthread_mutex_unlock(&pool->lock);
    run_tasks(pool, self->number);
    pthread_mutex_lock(&pool->lock);
    if (--pool->n_busy == 0) {
      pthread_cond_signal(&pool->done);
    }
  }
  pthread_mutex_unlock(&pool->lock);
  return NULL;
}

/* Starts threads until one cannot be had; fewer threads only means slower. They take no signals:
 * those are for the program's own threads. */
static void start_threads(lqa_pool *pool) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (size_t i = 0; i + 1 < pool->n_threads; i++) {
    pool->workers[i] = (struct worker){pool, i + 1};
    if (pthread_create(&pool->threads[i], NULL, work, &pool->workers[i]) != 0) {
      break;
    }
    pool->n_started++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pool->n_threads = pool->n_started + 1;
}

lqa_pool *lqa_pool_new(int n_threads) {
  lqa_pool *pool = lqa_calloc(1, sizeof *pool);
  if (!pool) {
    return NULL;
  }
  pool->n_threads = (size_t)(n_threads > 0 ? n_threads : lqa_processor_count());
  pool->threads = lqa_calloc(pool->n_threads, sizeof *pool->threads);
  pool->workers = lqa_calloc(pool->n_threads, sizeof *pool->workers);
  if (!pool->threads || !pool->workers) {
    free(pool->threads);
    free(pool->workers);
    free(pool);
    return NULL;
  }
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->work, NULL);
  pthread_cond_init(&pool->done, NULL);
  start_threads(pool);
  return pool;
}

void lqa_pool_free(lqa_pool *pool) {
  if (!pool) {
    return;
  }
  pthread_mutex_lock(&pool->lock);
  pool->stopping = true;
  pthread_cond_broadcast(&pool->work);
  pthread_mutex_unlock(&pool->lock);
  for (size_t i = 0; i < pool->n_started; i++) {
    pthread_join(pool->threads[i], NULL);
  }
  pthread_cond_destroy(&pool->done);
  pthread_cond_destroy(&pool->work);
  pthread_mutex_destroy(&pool->lock);
  free(pool->threads);
  free(pool->workers);
  free(pool);
}

size_t lqa_pool_threads(const lqa_pool *pool) {
  return pool ? pool->n_threads : 1;
}

static lqa_status run_here(size_t n_tasks, lqa_task_fn run, void *data) {
  for (size_t task = 0; task < n_tasks; task++) {
    LQA_TRY(run(data, task, 0));
  }
  return LQA_OK;
}

lqa_status lqa_pool_run(lqa_pool *pool, size_t n_tasks, lqa_task_fn run, void *data) {
  if (!pool || pool->n_started == 0 || n_tasks <= 1) {
    return run_here(n_tasks, run, data);
  }
  pthread_mutex_lock(&pool->lock);
  pool->run = run;
  pool->data = data;
  pool->n_tasks = n_tasks;
  atomic_store(&pool->next, 0);
  pool->failed_task = SIZE_MAX;
  pool->failed_status = LQA_OK;
  pool->n_busy = pool->n_started;
  pool->generation++;
  pthread_cond_broadcast(&pool->work);
  pthread_mutex_unlock(&pool->lock);
  run_tasks(pool, 0);
  pthread_mutex_lock(&pool->lock);
  while (pool->n_busy > 0) {
    pthread_cond_wait(&pool->done, &pool->lock);
  }
  lqa_status status = pool->failed_status;
  pthread_mutex_unlock(&pool->lock);
  return status;
}
