/* python/inspector_type.c - the type Inspector: batches in, flags out. Names, defaults and warnings
 * are the Python side's.
 */
#include "binding.h"

#include <string.h>

typedef struct inspector {
  PyObject_HEAD lqa_inspector *inspector;
  lqa_observer observer;
  volatile int cancelled;
  bool is_broken; /* a call failed, or was interrupted */
} inspector;

/* Inspector(filter_by, frac_noise, min_examples_per_class, rank_by, threads, tolerance) */
static int inspector_init(PyObject *object, PyObject *args, PyObject *kwargs) {
  inspector *self = (inspector *)object;
  lqa_inspector_options options;
  int filter_by, rank_by;
  long long min_examples, threads;
  lqa_error err;
  lqa_inspector_options_init(&options);
  if (kwargs && PyDict_Size(kwargs) > 0) {
    PyErr_SetString(PyExc_TypeError, "Inspector() takes no keyword arguments");
    return -1;
  }
  if (!PyArg_ParseTuple(args, "idLiLd", &filter_by, &options.filter.frac_noise, &min_examples,
                        &rank_by, &threads, &options.tolerance)) {
    return -1;
  }
  self->observer = (lqa_observer){.cancelled = (const volatile int *)&self->cancelled};
  options.filter.filter_by = (lqa_filter_by)filter_by;
  options.filter.min_examples_per_class = min_examples;
  options.rank_by = (lqa_score_method)rank_by;
  options.threads = threads;
  options.observer = &self->observer;
  lqa_status status = lqa_inspector_open(&options, &self->inspector, &err);
  if (status != LQA_OK) {
    raise_status(status, &err);
    return -1;
  }
  return 0;
}

static PyObject *inspector_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  return make_object(type, args, kwargs, inspector_init);
}

static void inspector_dealloc(PyObject *object) {
  PyTypeObject *type = Py_TYPE(object);
  lqa_inspector_close(((inspector *)object)->inspector);
  freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
  release(object);
  Py_DECREF(type);
}

/* Runs one call; after a failure there is no other. */
static bool run(inspector *self, work_fn work, void *data) {
  if (self->is_broken) {
    PyErr_SetString(PyExc_RuntimeError, "an earlier call on this inspector failed: make another");
    return false;
  }
  self->cancelled = 0;
  self->is_broken = true;
  self->is_broken = !run_work(work, data, &self->cancelled);
  return !self->is_broken;
}

struct add_work {
  inspector *self;
  numbers labels, pred_probs;
};

static lqa_status do_add(void *data, lqa_error *err) {
  struct add_work *w = data;
  return lqa_inspector_add(w->self->inspector, &w->labels.view, &w->pred_probs.view, err);
}

/* add(labels, pred_probs) */
static PyObject *inspector_add(PyObject *object, PyObject *args) {
  struct add_work w = {.self = (inspector *)object};
  PyObject *labels, *pred_probs;
  if (!PyArg_ParseTuple(args, "OO", &labels, &pred_probs)) {
    return NULL;
  }
  bool is_done = array_take(labels, "labels", &w.labels) &&
                 array_take(pred_probs, "pred_probs", &w.pred_probs) && run(w.self, do_add, &w);
  array_drop(&w.labels);
  array_drop(&w.pred_probs);
  return is_done ? Py_NewRef(Py_None) : NULL;
}

static lqa_status do_next(void *data, lqa_error *err) {
  return lqa_inspector_next(((inspector *)data)->inspector, err);
}

/* next() -> the pass that begins: 0, 1, 2, or 3 = all are over */
static PyObject *inspector_next(PyObject *object, PyObject *unused) {
  inspector *self = (inspector *)object;
  (void)unused;
  return run(self, do_next, self) ? PyLong_FromLong(lqa_inspector_pass(self->inspector)) : NULL;
}

/* Copies `n` values of `size` bytes into a result array. */
static PyObject *copy_out(PyObject *place, lqa_dtype type, const void *values, size_t size,
                          int64_t n) {
  numbers held = {0};
  void *out = array_take_output(place, "out", type, n, &held);
  if (out && n > 0) {
    memcpy(out, values, (size_t)n * size);
  }
  array_drop(&held);
  return out ? Py_NewRef(Py_None) : NULL;
}

/* issues(out): n_rows bytes, after the last pass */
static PyObject *inspector_issues(PyObject *object, PyObject *place) {
  const lqa_inspector *in = ((inspector *)object)->inspector;
  if (lqa_inspector_pass(in) != LQA_PASS_DONE) {
    PyErr_SetString(PyExc_RuntimeError, "flags are there once all passes are over");
    return NULL;
  }
  return copy_out(place, LQA_UINT8, lqa_inspector_issues(in), 1, lqa_inspector_count_rows(in));
}

/* thresholds(out): n_classes doubles, after the first pass */
static PyObject *inspector_thresholds(PyObject *object, PyObject *place) {
  const lqa_inspector *in = ((inspector *)object)->inspector;
  if (lqa_inspector_pass(in) == LQA_PASS_THRESHOLDS) {
    PyErr_SetString(PyExc_RuntimeError, "thresholds are there once the first pass is over");
    return NULL;
  }
  return copy_out(place, LQA_FLOAT64, lqa_inspector_thresholds(in), sizeof(double),
                  lqa_inspector_count_classes(in));
}

/* rank(out) -> number of rows written; out: int64, at least as many as are flagged */
static PyObject *inspector_rank(PyObject *object, PyObject *place) {
  inspector *self = (inspector *)object;
  lqa_ranking ranking = {0};
  lqa_error err;
  lqa_status status = lqa_inspector_rank(self->inspector, &ranking, &err);
  if (status != LQA_OK) {
    raise_status(status, &err);
    return NULL;
  }
  PyObject *done = copy_out(place, LQA_INT64, ranking.rows, sizeof *ranking.rows, ranking.n);
  lqa_free(ranking.rows);
  return done;
}

static PyObject *get_number(PyObject *object, void *which) {
  const lqa_inspector *in = ((inspector *)object)->inspector;
  switch ((intptr_t)which) {
  case 0:
    return PyLong_FromLongLong(lqa_inspector_count_rows(in));
  case 1:
    return PyLong_FromLong(lqa_inspector_count_classes(in));
  case 2:
    return PyLong_FromLongLong(lqa_inspector_count_issues(in));
  case 3:
    return PyLong_FromLongLong(lqa_inspector_count_scaled(in));
  default:
    return PyLong_FromLong(lqa_inspector_pass(in));
  }
}

static PyGetSetDef inspector_getters[] = {
    {"n_rows", get_number, NULL, "rows", (void *)0},
    {"n_classes", get_number, NULL, "classes", (void *)1},
    {"n_issues", get_number, NULL, "rows off the diagonal that disagree", (void *)2},
    {"n_scaled", get_number, NULL, "rows scaled to sum 1", (void *)3},
    {"pass_number", get_number, NULL, "0, 1, 2, or 3 = over", (void *)4},
    {0}};

static PyMethodDef inspector_methods[] = {
    {"add", inspector_add, METH_VARARGS, "the next rows of this pass"},
    {"next", inspector_next, METH_NOARGS, "ends the pass"},
    {"issues", inspector_issues, METH_O, "flags"},
    {"thresholds", inspector_thresholds, METH_O, "class thresholds"},
    {"rank", inspector_rank, METH_O, "flagged rows, worst first"},
    {0}};

static PyType_Slot inspector_slots[] = {{Py_tp_doc, "labels and probabilities in batches"},
                                        {Py_tp_new, inspector_new},
                                        {Py_tp_dealloc, inspector_dealloc},
                                        {Py_tp_getset, inspector_getters},
                                        {Py_tp_methods, inspector_methods},
                                        {0, NULL}};

static PyType_Spec inspector_spec = {"labelqa._labelqa.Inspector", sizeof(inspector), 0,
                                     Py_TPFLAGS_DEFAULT, inspector_slots};

bool inspector_add_type(PyObject *module) {
  PyObject *type = PyType_FromSpec(&inspector_spec);
  bool is_added = type && PyModule_AddObjectRef(module, "Inspector", type) == 0;
  Py_XDECREF(type);
  return is_added;
}
