/* python/neighbors.c - neighbours and outlier scores. */
#include "binding.h"

struct neighbor_work {
  numbers points, queries;
  bool has_queries;
  lqa_neighbors_options options;
  lqa_neighbors out;
};

static lqa_status do_neighbors(void *data, lqa_error *err) {
  struct neighbor_work *w = data;
  return lqa_nearest_neighbors(&w->points.view, w->has_queries ? &w->queries.view : NULL,
                               &w->options, &w->out, err);
}

/* neighbors(points, queries or None, metric, k, threads, distance, index) */
static PyObject *neighbors(PyObject *module, PyObject *args) {
  PyObject *points, *queries, *distance, *index;
  int metric;
  struct neighbor_work w = {0};
  numbers places[2] = {0};
  volatile int cancelled = 0;
  lqa_observer observer = {.cancelled = (const volatile int *)&cancelled};
  (void)module;
  lqa_neighbors_options_init(&w.options);
  long long threads;
  if (!PyArg_ParseTuple(args, "OOiiLOO", &points, &queries, &metric, &w.options.k, &threads,
                        &distance, &index)) {
    return NULL;
  }
  w.options.metric = (lqa_metric)metric;
  w.options.threads = threads;
  w.options.observer = &observer;
  w.has_queries = queries != Py_None;
  bool is_ready = array_take(points, "points", &w.points) &&
                  (!w.has_queries || array_take(queries, "queries", &w.queries));
  if (is_ready) {
    int64_t n = w.has_queries ? w.queries.view.n_rows : w.points.view.n_rows;
    int64_t size = n * w.options.k;
    w.out.distance = array_take_output(distance, "distance", LQA_FLOAT64, size, &places[0]);
    w.out.index =
        w.out.distance ? array_take_output(index, "index", LQA_INT64, size, &places[1]) : NULL;
  }
  bool is_done = w.out.index && run_work(do_neighbors, &w, &cancelled);
  array_drop(&w.points);
  array_drop(&w.queries);
  array_drop(&places[0]);
  array_drop(&places[1]);
  return is_done ? Py_NewRef(Py_None) : NULL;
}

/* distance_scores(distance, metric, t, scale, score) -> scale */
static PyObject *distance_scores(PyObject *module, PyObject *args) {
  PyObject *distance_object, *score_object;
  int metric;
  lqa_distance_scores options = {0};
  numbers places[2] = {0};
  lqa_error err;
  lqa_status status = LQA_OK;
  (void)module;
  if (!PyArg_ParseTuple(args, "OiddO", &distance_object, &metric, &options.t, &options.scale,
                        &score_object)) {
    return NULL;
  }
  options.metric = (lqa_metric)metric;
  int64_t n = PyObject_Size(distance_object);
  const double *distance =
      array_take_input(distance_object, "distance", LQA_FLOAT64, n, &places[0]);
  double *score =
      distance ? array_take_output(score_object, "score", LQA_FLOAT64, n, &places[1]) : NULL;
  if (score) {
    status = lqa_outliers_from_distances(distance, n, &options, score, &err);
  }
  array_drop(&places[0]);
  array_drop(&places[1]);
  if (status != LQA_OK) {
    raise_status(status, &err);
  }
  return PyErr_Occurred() ? NULL : PyFloat_FromDouble(options.scale);
}

/* probability_scores(pred_probs, thresholds or None, method, M, gamma, score) */
static PyObject *probability_scores(PyObject *module, PyObject *args) {
  PyObject *probs, *thresholds, *score_object;
  int method;
  lqa_outlier_options options;
  numbers places[3] = {0};
  lqa_error err;
  lqa_status status = LQA_OK;
  (void)module;
  lqa_outlier_options_init(&options);
  if (!PyArg_ParseTuple(args, "OOiidO", &probs, &thresholds, &method, &options.gen_m,
                        &options.gen_gamma, &score_object)) {
    return NULL;
  }
  options.method = (lqa_outlier_method)method;
  if (array_take(probs, "pred_probs", &places[0])) {
    const lqa_matrix *view = &places[0].view;
    options.thresholds = array_take_input(thresholds, "confident_thresholds", LQA_FLOAT64,
                                          view->n_columns, &places[1]);
    double *score = PyErr_Occurred() ? NULL
                                     : array_take_output(score_object, "score", LQA_FLOAT64,
                                                         view->n_rows, &places[2]);
    if (score) {
      status = lqa_outliers_from_pred_probs(view, &options, score, &err);
    }
  }
  for (int i = 0; i < 3; i++) {
    array_drop(&places[i]);
  }
  if (status != LQA_OK) {
    raise_status(status, &err);
  }
  return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

PyMethodDef neighbor_methods[] = {
    {"neighbors", neighbors, METH_VARARGS, "exact nearest neighbours"},
    {"distance_scores", distance_scores, METH_VARARGS, "outlier scores from distances"},
    {"probability_scores", probability_scores, METH_VARARGS, "outlier scores from probabilities"},
    {0}};
