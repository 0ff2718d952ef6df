/* python/work.c - long work without the GIL, that Ctrl-C stops.
 *
 * Python's signal handlers run in the main thread between byte codes; while that thread computes in
 * C, Ctrl-C would wait. So the work runs in a thread of its own, and this one wakes every 50 ms,
 * takes the GIL and lets pending signals speak. On an exception it sets the flag the library polls,
 * waits for the work to end and passes the exception on. Short work skips all that.
 */
#include "binding.h"

#include <pthread.h>
#include <time.h>

enum { POLL_MILLISECONDS = 50 };

struct job {
  work_fn work;
  void *data;
  lqa_error *err;
  lqa_status status;
  bool is_done;
  pthread_mutex_t mutex;
  pthread_cond_t done;
  PyThreadState *state; /* of the waiting thread, while it has no GIL */
};

void raise_status(lqa_status status, const lqa_error *err) {
  PyObject *kind = PyExc_ValueError;
  switch (status) {
  case LQA_NO_MEMORY:
    kind = PyExc_MemoryError;
    break;
  case LQA_BAD_FILE:
    kind = PyExc_OSError;
    break;
  case LQA_INTERNAL:
    kind = PyExc_RuntimeError;
    break;
  case LQA_INTERRUPTED:
    kind = PyExc_KeyboardInterrupt;
    break;
  default:
    break;
  }
  if (!PyErr_Occurred()) {
    PyErr_SetString(kind, err->message);
  }
}

static void *run_job(void *argument) {
  struct job *job = argument;
  lqa_status status = job->work(job->data, job->err);
  pthread_mutex_lock(&job->mutex);
  job->status = status;
  job->is_done = true;
  pthread_cond_signal(&job->done);
  pthread_mutex_unlock(&job->mutex);
  return NULL;
}

/* Waits for the end or for one polling interval; true at the end. */
static bool wait_a_while(struct job *job) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += POLL_MILLISECONDS * 1000000L;
  until.tv_sec += until.tv_nsec / 1000000000L;
  until.tv_nsec %= 1000000000L;
  pthread_mutex_lock(&job->mutex);
  int late = 0;
  while (!job->is_done && late == 0) {
    late = pthread_cond_timedwait(&job->done, &job->mutex, &until);
  }
  bool is_done = job->is_done;
  pthread_mutex_unlock(&job->mutex);
  return is_done;
}

static lqa_status watch(struct job *job, volatile int *cancelled) {
  pthread_t thread;
  pthread_condattr_t attributes;
  pthread_mutex_init(&job->mutex, NULL);
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&job->done, &attributes);
  pthread_condattr_destroy(&attributes);
  if (pthread_create(&thread, NULL, run_job, job) != 0) {
    run_job(job); /* no thread to spare: work here, Ctrl-C waits */
  } else {
    while (!wait_a_while(job)) {
      PyEval_RestoreThread(job->state);
      if (!*cancelled && PyErr_CheckSignals() != 0) {
        *cancelled = 1;
      }
      job->state = PyEval_SaveThread();
    }
    pthread_join(thread, NULL);
  }
  pthread_cond_destroy(&job->done);
  pthread_mutex_destroy(&job->mutex);
  return job->status;
}

bool run_work(work_fn work, void *data, volatile int *cancelled) {
  lqa_error err;
  lqa_error_clear(&err);
  struct job job = {.work = work, .data = data, .err = &err};
  lqa_status status;
  job.state = PyEval_SaveThread();
  status = cancelled ? watch(&job, cancelled) : work(data, &err);
  PyEval_RestoreThread(job.state);
  if (status == LQA_OK && !PyErr_Occurred()) {
    return true;
  }
  raise_status(status, &err);
  return false;
}
