/* python/joints.c - functions on confident joints and plain arrays, which need no Problem. */
#include "binding.h"

#include <math.h>

/* Takes a square matrix of n * n doubles in place. */
static double *read_square(PyObject *object, const char *name, int64_t n, numbers *out) {
  return array_take_output(object, name, LQA_FLOAT64, n * n, out);
}

/* calibrate(joint, by_column, class_counts, ties): in place */
static PyObject *calibrate(PyObject *module, PyObject *args) {
  PyObject *cells, *counts_object;
  int by_column, ties, n;
  numbers place = {0}, count_place = {0};
  (void)module;
  if (!PyArg_ParseTuple(args, "OipOi", &cells, &n, &by_column, &counts_object, &ties)) {
    return NULL;
  }
  lqa_joint joint = {read_square(cells, "confident_joint", n, &place), n, by_column};
  lqa_error err;
  lqa_status status = LQA_OK;
  const int64_t *counts =
      joint.cell ? array_take_input(counts_object, "class_counts", LQA_INT64, n, &count_place)
                 : NULL;
  if (counts) {
    status = lqa_joint_calibrate(&joint, counts, (lqa_tie_order)ties, &err);
  }
  array_drop(&place);
  array_drop(&count_place);
  if (status != LQA_OK) {
    raise_status(status, &err);
  }
  return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

/* latent(joint, n, by_column, class_counts, py_method, converge, py, noise, inverse) */
static PyObject *latent(PyObject *module, PyObject *args) {
  PyObject *objects[5];
  int n, by_column, method, is_converging;
  numbers place[5] = {0};
  (void)module;
  if (!PyArg_ParseTuple(args, "OipOipOOO", &objects[0], &n, &by_column, &objects[1], &method,
                        &is_converging, &objects[2], &objects[3], &objects[4])) {
    return NULL;
  }
  lqa_error err;
  lqa_status status = LQA_OK;
  lqa_latent_options options = {(lqa_py_method)method, is_converging};
  lqa_joint joint = {read_square(objects[0], "confident_joint", n, &place[0]), n, by_column};
  lqa_latent out = {0};
  const int64_t *counts =
      joint.cell ? array_take_input(objects[1], "class_counts", LQA_INT64, n, &place[1]) : NULL;
  out.py = counts ? array_take_output(objects[2], "py", LQA_FLOAT64, n, &place[2]) : NULL;
  out.noise = out.py ? read_square(objects[3], "noise", n, &place[3]) : NULL;
  out.inverse = out.noise ? read_square(objects[4], "inverse", n, &place[4]) : NULL;
  if (out.inverse) {
    status = lqa_joint_estimate_latent(&joint, counts, &options, &out, &err);
  }
  for (int i = 0; i < 5; i++) {
    array_drop(&place[i]);
  }
  if (status != LQA_OK) {
    raise_status(status, &err);
  }
  return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

struct sorting {
  const double *keys;
  int64_t n;
  lqa_tie_order ties;
  int64_t *order;
};

static lqa_status do_sort(void *data, lqa_error *err) {
  struct sorting *s = data;
  lqa_status status = lqa_argsort(s->keys, s->n, s->ties, s->order);
  if (status != LQA_OK) {
    lqa_error_clear(err);
  }
  return status;
}

/* argsort(keys, ties, out) */
static PyObject *argsort(PyObject *module, PyObject *args) {
  PyObject *keys, *out;
  int ties;
  numbers key_place = {0}, place = {0};
  struct sorting s = {0};
  (void)module;
  if (!PyArg_ParseTuple(args, "OiO", &keys, &ties, &out)) {
    return NULL;
  }
  s.n = PyObject_Size(keys);
  s.ties = (lqa_tie_order)ties;
  s.keys = array_take_input(keys, "scores", LQA_FLOAT64, s.n, &key_place);
  s.order = s.keys ? array_take_output(out, "out", LQA_INT64, s.n, &place) : NULL;
  bool is_done = s.order && run_work(do_sort, &s, NULL);
  array_drop(&key_place);
  array_drop(&place);
  return is_done ? Py_NewRef(Py_None) : NULL;
}

struct ensemble_work {
  lqa_ensemble ensemble;
  lqa_ensemble_options options;
};

static lqa_status do_ensemble(void *data, lqa_error *err) {
  struct ensemble_work *w = data;
  return lqa_confident_learner_ensemble_scores(&w->ensemble, &w->options, err);
}

/* ensemble(problems, method, adjust, weights, custom, t_values, score, weight, accuracy) ->
 * is_single */
static PyObject *ensemble(PyObject *module, PyObject *args) {
  PyObject *problems, *objects[5];
  int method, adjust, weights;
  numbers place[5] = {0};
  Py_ssize_t n = 0;
  (void)module;
  if (!PyArg_ParseTuple(args, "OipiOOOOO", &problems, &method, &adjust, &weights, &objects[0],
                        &objects[1], &objects[2], &objects[3], &objects[4])) {
    return NULL;
  }
  struct ensemble_work w = {.options = {.score = {(lqa_score_method)method, adjust},
                                        .weights = (lqa_ensemble_weights)weights}};
  lqa_confident_learner **models = problem_list(problems, &n);
  if (!models) {
    return NULL;
  }
  w.ensemble.models = models;
  w.ensemble.n_models = (int32_t)n;
  w.options.custom = array_take_input(objects[0], "custom_weights", LQA_FLOAT64, n, &place[0]);
  w.options.n_t_values = (int32_t)PyObject_Size(objects[1]);
  w.options.t_values = array_take_input(objects[1], "log_loss_search_T_values", LQA_FLOAT64,
                                        w.options.n_t_values, &place[1]);
  int64_t n_rows = lqa_confident_learner_count_rows(models[0]);
  w.ensemble.score = array_take_output(objects[2], "score", LQA_FLOAT64, n_rows, &place[2]);
  w.ensemble.weight = array_take_output(objects[3], "weight", LQA_FLOAT64, n, &place[3]);
  w.ensemble.accuracy = array_take_output(objects[4], "accuracy", LQA_FLOAT64, n, &place[4]);
  bool is_done = !PyErr_Occurred() && run_work(do_ensemble, &w, NULL);
  for (int i = 0; i < 5; i++) {
    array_drop(&place[i]);
  }
  PyMem_Free(models);
  return is_done ? PyBool_FromLong(w.ensemble.is_single) : NULL;
}

PyMethodDef joint_methods[] = {
    {"calibrate", calibrate, METH_VARARGS, "scale a joint to label counts and round it"},
    {"latent", latent, METH_VARARGS, "priors and noise matrices of a joint"},
    {"argsort", argsort, METH_VARARGS, "positions in ascending order of scores"},
    {"ensemble", ensemble, METH_VARARGS, "scores of several models as one"},
    {0}};
