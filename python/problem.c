/* python/problem.c - the type Problem: labels and probabilities, checked once, asked many things.
 *
 * Methods take numbers for enums and arrays for results; labelqa/_core.py gives them names,
 * defaults and numpy. A Problem holds its arrays (no copy) until it is collected.
 */
#include "binding.h"

#include <stddef.h>
#include <string.h>

enum { LONG_WORK = 1 << 20, MESSAGE_BYTES = 512 };

typedef struct problem {
  PyObject_HEAD lqa_confident_learner *cl;
  numbers labels, pred_probs;
  lqa_observer observer;
  volatile int cancelled;
  bool is_busy;                /* a call is under way in another thread */
  char message[MESSAGE_BYTES]; /* the last remark, or "" */
} problem;

static void note_message(void *data, lqa_message_level level, const char *text) {
  problem *p = data;
  (void)level;
  strncpy(p->message, text, MESSAGE_BYTES - 1);
}

/* Long problems are watched for signals. */
static volatile int *watched(problem *p) {
  int64_t n_cells = p->pred_probs.view.n_rows * p->pred_probs.view.n_columns;
  return n_cells >= LONG_WORK ? &p->cancelled : NULL;
}

static bool run_problem(problem *p, work_fn work, void *data) {
  if (p->is_busy) {
    PyErr_SetString(PyExc_RuntimeError, "this Problem is in use by another thread");
    return false;
  }
  p->is_busy = true;
  p->cancelled = 0;
  bool is_done = run_work(work, data, watched(p));
  p->is_busy = false;
  return is_done;
}

/* ---- making and ending ---- */

struct opening {
  problem *problem;
  lqa_confident_learner_input input;
};

static lqa_status do_open(void *data, lqa_error *err) {
  struct opening *o = data;
  return lqa_confident_learner_open(&o->input, &o->problem->cl, err);
}

static int problem_init(PyObject *self, PyObject *args, PyObject *kwargs) {
  static char *names[] = {"labels", "pred_probs", "ties", "threads", "tolerance", NULL};
  problem *p = (problem *)self;
  PyObject *labels, *pred_probs;
  int ties = LQA_TIES_STABLE;
  long long threads = 0;
  struct opening o = {.problem = p};
  lqa_confident_learner_input_init(&o.input);
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|iLd", names, &labels, &pred_probs, &ties,
                                   &threads, &o.input.tolerance)) {
    return -1;
  }
  if (!array_take(labels, "labels", &p->labels) ||
      !array_take(pred_probs, "pred_probs", &p->pred_probs)) {
    return -1;
  }
  p->observer = (lqa_observer){
      .message = note_message, .data = p, .cancelled = (const volatile int *)&p->cancelled};
  o.input.labels = &p->labels.view;
  o.input.pred_probs = &p->pred_probs.view;
  o.input.ties = (lqa_tie_order)ties;
  o.input.threads = threads;
  o.input.observer = &p->observer;
  return run_problem(p, do_open, &o) ? 0 : -1;
}

static PyObject *problem_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  return make_object(type, args, kwargs, problem_init);
}

static void problem_dealloc(PyObject *self) {
  problem *p = (problem *)self;
  PyTypeObject *type = Py_TYPE(self);
  lqa_confident_learner_close(p->cl);
  array_drop(&p->labels);
  array_drop(&p->pred_probs);
  freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
  release(self);
  Py_DECREF(type);
}

static PyTypeObject *problem_type(PyObject *self) {
  return Py_TYPE(self);
}

/* ---- what it knows ---- */

static PyObject *get_count(PyObject *self, void *which) {
  problem *p = (problem *)self;
  switch ((intptr_t)which) {
  case 0:
    return PyLong_FromLongLong(lqa_confident_learner_count_rows(p->cl));
  case 1:
    return PyLong_FromLongLong(lqa_confident_learner_count_labels(p->cl));
  case 2:
    return PyLong_FromLongLong(lqa_confident_learner_count_scaled(p->cl));
  case 3:
    return PyLong_FromLong(lqa_confident_learner_count_classes(p->cl));
  default:
    return PyUnicode_FromString(p->message);
  }
}

static PyGetSetDef problem_getters[] = {
    {"n_rows", get_count, NULL, "rows of pred_probs", (void *)0},
    {"n_labels", get_count, NULL, "rows with a label", (void *)1},
    {"n_scaled", get_count, NULL, "rows that were scaled to sum 1", (void *)2},
    {"n_classes", get_count, NULL, "columns of pred_probs", (void *)3},
    {"message", get_count, NULL, "the library's last remark, or ''", (void *)4},
    {0}};

static PyObject *problem_class_counts(PyObject *self, PyObject *args) {
  problem *p = (problem *)self;
  PyObject *out;
  numbers place = {0};
  int64_t n = lqa_confident_learner_count_classes(p->cl);
  if (!PyArg_ParseTuple(args, "O", &out)) {
    return NULL;
  }
  int64_t *counts = array_take_output(out, "out", LQA_INT64, n, &place);
  if (!counts) {
    return NULL;
  }
  memcpy(counts, lqa_confident_learner_class_counts(p->cl), (size_t)n * sizeof *counts);
  array_drop(&place);
  Py_RETURN_NONE;
}

/* ---- thresholds and joint ---- */

struct threshold_work {
  lqa_confident_learner *cl;
  lqa_thresholds thresholds;
};

static lqa_status do_thresholds(void *data, lqa_error *err) {
  struct threshold_work *w = data;
  return lqa_confident_learner_thresholds(w->cl, &w->thresholds, err);
}

static PyObject *problem_thresholds(PyObject *self, PyObject *args) {
  problem *p = (problem *)self;
  PyObject *out;
  numbers place = {0};
  if (!PyArg_ParseTuple(args, "O", &out)) {
    return NULL;
  }
  struct threshold_work w = {.cl = p->cl};
  w.thresholds.value = array_take_output(out, "out", LQA_FLOAT64,
                                         lqa_confident_learner_count_classes(p->cl), &place);
  bool is_done = w.thresholds.value && run_problem(p, do_thresholds, &w);
  array_drop(&place);
  return is_done ? PyBool_FromLong(w.thresholds.is_single) : NULL;
}

struct joint_work {
  lqa_confident_learner *cl;
  lqa_joint_options options;
  lqa_joint joint;
};

static lqa_status do_joint(void *data, lqa_error *err) {
  struct joint_work *w = data;
  return lqa_confident_learner_joint(w->cl, &w->options, &w->joint, err);
}

/* joint(out, calibrate, thresholds or None, is_single, off_diagonal or None) -> by_column */
static PyObject *problem_joint(PyObject *self, PyObject *args) {
  problem *p = (problem *)self;
  PyObject *out, *own, *marks, *result = NULL;
  int calibrate, is_single;
  numbers place = {0}, own_place = {0}, mark_place = {0};
  int64_t n = lqa_confident_learner_count_classes(p->cl);
  if (!PyArg_ParseTuple(args, "OpOpO", &out, &calibrate, &own, &is_single, &marks)) {
    return NULL;
  }
  struct joint_work w = {.cl = p->cl, .options.calibrate = calibrate};
  lqa_thresholds thresholds = {.is_single = is_single};
  w.joint.cell = array_take_output(out, "out", LQA_FLOAT64, n * n, &place);
  thresholds.value = (double *)array_take_input(own, "thresholds", LQA_FLOAT64, n, &own_place);
  w.options.thresholds = thresholds.value ? &thresholds : NULL;
  if (!PyErr_Occurred() && marks != Py_None) {
    w.options.off_diagonal = array_take_output(
        marks, "off_diagonal", LQA_UINT8, lqa_confident_learner_count_rows(p->cl), &mark_place);
  }
  if (!PyErr_Occurred() && run_problem(p, do_joint, &w)) {
    result = PyBool_FromLong(w.joint.by_column);
  }
  array_drop(&place);
  array_drop(&own_place);
  array_drop(&mark_place);
  return result;
}

/* ---- issues ---- */

struct issue_work {
  lqa_confident_learner *cl;
  lqa_filter_options options;
  uint8_t *issue;
};

static lqa_status do_issues(void *data, lqa_error *err) {
  struct issue_work *w = data;
  return lqa_confident_learner_find_issues(w->cl, &w->options, w->issue, err);
}

/* find_issues(out, filter_by, frac_noise, min_examples, num_to_remove, joint, by_column) */
static PyObject *problem_find_issues(PyObject *self, PyObject *args) {
  problem *p = (problem *)self;
  PyObject *out, *remove, *given;
  int filter_by, by_column;
  long long min_examples;
  numbers place = {0}, remove_place = {0}, joint_place = {0};
  int32_t n = lqa_confident_learner_count_classes(p->cl);
  struct issue_work w = {.cl = p->cl};
  lqa_filter_options_init(&w.options);
  if (!PyArg_ParseTuple(args, "OidLOOp", &out, &filter_by, &w.options.frac_noise, &min_examples,
                        &remove, &given, &by_column)) {
    return NULL;
  }
  lqa_joint joint = {.n = n, .by_column = by_column};
  w.options.filter_by = (lqa_filter_by)filter_by;
  w.options.min_examples_per_class = min_examples;
  w.issue =
      array_take_output(out, "out", LQA_UINT8, lqa_confident_learner_count_rows(p->cl), &place);
  if (w.issue) {
    w.options.num_to_remove =
        array_take_input(remove, "num_to_remove_per_class", LQA_INT64, n, &remove_place);
  }
  if (!PyErr_Occurred()) {
    joint.cell = (double *)array_take_input(given, "confident_joint", LQA_FLOAT64, (int64_t)n * n,
                                            &joint_place);
    w.options.confident_joint = joint.cell ? &joint : NULL;
  }
  bool is_done = !PyErr_Occurred() && run_problem(p, do_issues, &w);
  array_drop(&place);
  array_drop(&remove_place);
  array_drop(&joint_place);
  return is_done ? Py_NewRef(Py_None) : NULL;
}

static lqa_status do_check(void *data, lqa_error *err) {
  return lqa_confident_learner_check_range(data, err);
}

static PyObject *problem_check_range(PyObject *self, PyObject *args) {
  problem *p = (problem *)self;
  (void)args;
  return run_problem(p, do_check, p->cl) ? Py_NewRef(Py_None) : NULL;
}

struct count_work {
  lqa_confident_learner *cl;
  int64_t n_issues;
};

static lqa_status do_count(void *data, lqa_error *err) {
  struct count_work *w = data;
  return lqa_confident_learner_count_issues(w->cl, &w->n_issues, err);
}

static PyObject *problem_count_issues(PyObject *self, PyObject *args) {
  (void)args;
  struct count_work w = {((problem *)self)->cl, 0};
  return run_problem((problem *)self, do_count, &w) ? PyLong_FromLongLong(w.n_issues) : NULL;
}

/* ---- scores and ranks ---- */

struct score_work {
  lqa_confident_learner *cl;
  lqa_rank_options options;
  double *score;
  bool is_single;
  const uint8_t *issue;
  int64_t *rows;
};

static lqa_status do_scores(void *data, lqa_error *err) {
  struct score_work *w = data;
  return lqa_confident_learner_scores(w->cl, &w->options, w->score, &w->is_single, err);
}

/* scores(out, method, adjust) -> is_single */
static PyObject *problem_scores(PyObject *self, PyObject *args) {
  problem *p = (problem *)self;
  PyObject *out;
  int method, adjust;
  numbers place = {0};
  if (!PyArg_ParseTuple(args, "Oip", &out, &method, &adjust)) {
    return NULL;
  }
  struct score_work w = {.cl = p->cl, .options = {(lqa_score_method)method, adjust}};
  w.score =
      array_take_output(out, "out", LQA_FLOAT64, lqa_confident_learner_count_rows(p->cl), &place);
  bool is_done = w.score && run_problem(p, do_scores, &w);
  array_drop(&place);
  return is_done ? PyBool_FromLong(w.is_single) : NULL;
}

static lqa_status do_rank(void *data, lqa_error *err) {
  struct score_work *w = data;
  return lqa_confident_learner_rank_rows(w->cl, w->issue, &w->options, w->rows, err);
}

static int64_t count_marks(const uint8_t *issue, int64_t n_rows) {
  int64_t n = 0;
  for (int64_t row = 0; row < n_rows; row++) {
    n += issue[row] != 0;
  }
  return n;
}

/* rank(out, issue, method, adjust): `out` has one place for each non-zero of `issue`. */
static PyObject *problem_rank(PyObject *self, PyObject *args) {
  problem *p = (problem *)self;
  PyObject *out, *marks;
  int method, adjust;
  numbers place = {0}, mark_place = {0};
  int64_t n_rows = lqa_confident_learner_count_rows(p->cl);
  if (!PyArg_ParseTuple(args, "OOip", &out, &marks, &method, &adjust)) {
    return NULL;
  }
  struct score_work w = {.cl = p->cl, .options = {(lqa_score_method)method, adjust}};
  w.issue = array_take_input(marks, "issue", LQA_UINT8, n_rows, &mark_place);
  if (w.issue) {
    w.rows = array_take_output(out, "out", LQA_INT64, count_marks(w.issue, n_rows), &place);
  }
  bool is_done = w.rows && run_problem(p, do_rank, &w);
  array_drop(&place);
  array_drop(&mark_place);
  return is_done ? Py_NewRef(Py_None) : NULL;
}

static PyMethodDef problem_methods[] = {
    {"class_counts", problem_class_counts, METH_VARARGS, "rows of each given class"},
    {"thresholds", problem_thresholds, METH_VARARGS, "mean self-confidence per class"},
    {"joint", problem_joint, METH_VARARGS, "the confident joint"},
    {"find_issues", problem_find_issues, METH_VARARGS, "flags"},
    {"check_range", problem_check_range, METH_NOARGS, "ValueError outside [0, 1]"},
    {"count_issues", problem_count_issues, METH_NOARGS, "the number of issues"},
    {"scores", problem_scores, METH_VARARGS, "label quality"},
    {"rank", problem_rank, METH_VARARGS, "flagged rows, worst first"},
    {0}};

static PyType_Slot problem_slots[] = {{Py_tp_new, problem_new},
                                      {Py_tp_dealloc, problem_dealloc},
                                      {Py_tp_methods, problem_methods},
                                      {Py_tp_getset, problem_getters},
                                      {Py_tp_doc, "Labels and probabilities, checked."},
                                      {0}};

static PyType_Spec problem_spec = {"labelqa._labelqa.Problem", sizeof(problem), 0,
                                   Py_TPFLAGS_DEFAULT, problem_slots};

bool problem_add_type(PyObject *module) {
  PyObject *type = PyType_FromSpec(&problem_spec);
  if (!type) {
    return false;
  }
  int added = PyModule_AddObjectRef(module, "Problem", type);
  Py_DECREF(type);
  return added == 0;
}

lqa_confident_learner **problem_list(PyObject *list, Py_ssize_t *n) {
  *n = PyList_Check(list) ? PyList_Size(list) : -1;
  lqa_confident_learner **models = *n > 0 ? PyMem_Malloc((size_t)*n * sizeof *models) : NULL;
  if (!models) {
    PyErr_SetString(PyExc_TypeError, "a list of Problem objects is needed");
    return NULL;
  }
  PyTypeObject *type = problem_type(PyList_GetItem(list, 0));
  for (Py_ssize_t i = 0; i < *n; i++) {
    PyObject *item = PyList_GetItem(list, i);
    if (Py_TYPE(item) != type || PyType_GetSlot(type, Py_tp_new) != (void *)problem_new) {
      PyMem_Free(models);
      PyErr_SetString(PyExc_TypeError, "a list of Problem objects is needed");
      return NULL;
    }
    models[i] = ((problem *)item)->cl;
  }
  return models;
}
