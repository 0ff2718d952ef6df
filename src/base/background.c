/* A thread that takes no signals, and a condition variable that tells of its end.
 *
 * Waiting looks at the caller's observer twenty times a second, so that an interrupt reaches the
 * job; otherwise nothing spins.
 */
#include "base/background.h"

#include "base/memory.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

enum { LOOK_EVERY_NS = 50 * 1000 * 1000 };

struct lqa_background {
  lqa_background_fn run;
  void *data;
  const lqa_observer *caller;
  lqa_observer observer; /* the job's own */
  volatile int stop;
  pthread_t thread;
  bool has_thread;
  pthread_mutex_t lock;
  pthread_cond_t ended;
  bool has_ended; /* under the lock */
  lqa_status status;
  lqa_error error;
};

static void *work(void *argument) {
  lqa_background *job = argument;
  lqa_status status = job->run(job->data, &job->observer, &job->error);
  pthread_mutex_lock(&job->lock);
  job->status = status;
  job->has_ended = true;
  pthread_cond_signal(&job->ended);
  pthread_mutex_unlock(&job->lock);
  return NULL;
}

static bool start_thread(lqa_background *job) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  bool started = pthread_create(&job->thread, NULL, work, job) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return started;
}

lqa_status lqa_background_start(lqa_background_fn run, void *data, const lqa_observer *observer,
                                lqa_background **out, lqa_error *err) {
  lqa_background *job = lqa_calloc(1, sizeof *job);
  if (!job) {
    return lqa_fail_memory(err, "starting a thread");
  }
  job->run = run;
  job->data = data;
  job->caller = observer;
  job->observer.cancelled = &job->stop;
  lqa_error_clear(&job->error);
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_mutex_init(&job->lock, NULL);
  pthread_cond_init(&job->ended, &attributes);
  pthread_condattr_destroy(&attributes);
  job->has_thread = start_thread(job);
  if (!job->has_thread) {
    work(job);
  }
  *out = job;
  return LQA_OK;
}

static struct timespec soon(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  at.tv_nsec += LOOK_EVERY_NS;
  at.tv_sec += at.tv_nsec / 1000000000;
  at.tv_nsec %= 1000000000;
  return at;
}

static void join(lqa_background *job) {
  if (job->has_thread) {
    pthread_join(job->thread, NULL);
    job->has_thread = false;
  }
}

lqa_status lqa_background_wait(lqa_background *job, lqa_error *err) {
  pthread_mutex_lock(&job->lock);
  while (!job->has_ended) {
    struct timespec at = soon();
    pthread_cond_timedwait(&job->ended, &job->lock, &at);
    if (lqa_observe_cancelled(job->caller)) {
      __atomic_store_n(&job->stop, 1, __ATOMIC_RELAXED);
    }
  }
  pthread_mutex_unlock(&job->lock);
  join(job);
  if (job->status != LQA_OK && err) {
    *err = job->error;
  }
  return job->status;
}

void lqa_background_free(lqa_background *job) {
  if (!job) {
    return;
  }
  __atomic_store_n(&job->stop, 1, __ATOMIC_RELAXED);
  join(job);
  pthread_cond_destroy(&job->ended);
  pthread_mutex_destroy(&job->lock);
  free(job);
}
