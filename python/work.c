/* python/work.c - long work without the GIL, that Ctrl-C stops.
 *
 * Python's signal handlers run in the main thread between byte codes; while that thread computes in
 * C, Ctrl-C would wait. So the work runs in a thread of its own, and this one wakes every 50 ms,
 * takes the GIL and lets pending signals speak. On an exception it sets the flag the library polls,
 * waits for the work to end and passes the exception on. Short work skips all that.
 */
#include "binding.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

enum { POLL_MILLISECONDS = 50 };

struct job {
  work_fn work;
  void *data;
  lqa_error *err;
  lqa_status status;
  poll_fn poll; /* or NULL */
  bool is_done;
  pthread_mutex_t mutex;
  pthread_cond_t done;
  PyThreadState *state; /* of the waiting thread, while it has no GIL */
};

static const char *const REASONS[] = {
    [LQA_REASON_NONE] = "",         [LQA_REASON_MISSING] = "missing",
    [LQA_REASON_EXISTS] = "exists", [LQA_REASON_PERMISSION] = "permission",
    [LQA_REASON_FOLDER] = "folder", [LQA_REASON_SINGULAR] = "singular"};

static PyObject *file_error(lqa_reason reason) {
  switch (reason) {
  case LQA_REASON_MISSING:
    return PyExc_FileNotFoundError;
  case LQA_REASON_EXISTS:
    return PyExc_FileExistsError;
  case LQA_REASON_PERMISSION:
    return PyExc_PermissionError;
  case LQA_REASON_FOLDER:
    return PyExc_IsADirectoryError;
  default:
    return PyExc_OSError;
  }
}

static PyObject *kind_of(lqa_status status, lqa_reason reason) {
  switch (status) {
  case LQA_NO_MEMORY:
    return PyExc_MemoryError;
  case LQA_BAD_FILE:
    return file_error(reason);
  case LQA_BAD_ENDPOINT:
    return PyExc_ConnectionError;
  case LQA_INTERNAL:
    return PyExc_RuntimeError;
  case LQA_INTERRUPTED:
    return PyExc_KeyboardInterrupt;
  default:
    return PyExc_ValueError;
  }
}

static void set_text(PyObject *exception, const char *name, const char *text) {
  PyObject *value = PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
  if (value && text[0]) {
    PyObject_SetAttrString(exception, name, value);
  }
  Py_XDECREF(value);
}

void raise_status(lqa_status status, const lqa_error *err) {
  if (PyErr_Occurred()) {
    return;
  }
  char text[2 * sizeof err->message];
  lqa_message_render(err->message, LQA_AS_KEYWORDS, text, sizeof text);
  PyObject *kind = kind_of(status, err->reason);
  PyObject *message = PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
  PyObject *exception = message ? PyObject_CallFunctionObjArgs(kind, message, NULL) : NULL;
  if (exception) {
    set_text(exception, "file", err->file);
    set_text(exception, "column", err->column);
    set_text(exception, "reason", REASONS[err->reason]);
    PyObject *row = err->row >= 0 ? PyLong_FromLongLong(err->row) : NULL;
    if (row) {
      PyObject_SetAttrString(exception, "row", row);
    }
    Py_XDECREF(row);
    PyErr_SetObject(kind, exception);
  }
  Py_XDECREF(message);
  Py_XDECREF(exception);
}

PyObject *make_object(PyTypeObject *type, PyObject *args, PyObject *kwargs, initproc init) {
  allocfunc make = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
  PyObject *object = make(type, 0);
  if (object && init(object, args, kwargs) != 0) {
    Py_CLEAR(object);
  }
  return object;
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
      if (!*cancelled && (PyErr_CheckSignals() != 0 || (job->poll && !job->poll(job->data)))) {
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
  return run_polled_work(work, data, cancelled, NULL);
}

bool run_polled_work(work_fn work, void *data, volatile int *cancelled, poll_fn poll) {
  lqa_error err;
  lqa_error_clear(&err);
  struct job job = {.work = work, .data = data, .err = &err, .poll = poll};
  lqa_status status;
  job.state = PyEval_SaveThread();
  status = cancelled ? watch(&job, cancelled) : work(data, &err);
  PyEval_RestoreThread(job.state);
  if (poll && !PyErr_Occurred()) {
    poll(data);
  }
  if (status == LQA_OK && !PyErr_Occurred()) {
    return true;
  }
  raise_status(status, &err);
  return false;
}
