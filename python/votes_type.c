/* python/votes_type.c - the type Votes: the labels of several annotators. Arrays in and out as in
 * problem.c; names, defaults and frames are the Python side's.
 */
#include "binding.h"

#include <string.h>

enum { MOST_MODELS = 256 };

typedef struct votes {
  PyObject_HEAD lqa_votes *votes;
  lqa_observer observer;
  volatile int cancelled;
} votes;

struct opening {
  votes *self;
  lqa_votes_input input;
};

static lqa_status do_open(void *data, lqa_error *err) {
  struct opening *o = data;
  return lqa_votes_open(&o->input, &o->self->votes, err);
}

static bool run(votes *self, work_fn work, void *data) {
  self->cancelled = 0;
  return run_work(work, data, &self->cancelled);
}

/* Votes(wide, None, None, n_classes, threads) or Votes(item, annotator, label, n_classes, threads)
 */
static int votes_init(PyObject *object, PyObject *args, PyObject *kwargs) {
  votes *self = (votes *)object;
  PyObject *first, *annotator, *label;
  int n_classes;
  long long threads;
  numbers held[3] = {0};
  struct opening o = {.self = self};
  if (kwargs && PyDict_Size(kwargs) > 0) {
    PyErr_SetString(PyExc_TypeError, "Votes() takes no keyword arguments");
    return -1;
  }
  if (!PyArg_ParseTuple(args, "OOOiL", &first, &annotator, &label, &n_classes, &threads)) {
    return -1;
  }
  lqa_votes_input_init(&o.input);
  self->observer = (lqa_observer){.cancelled = (const volatile int *)&self->cancelled};
  o.input.observer = &self->observer;
  o.input.n_classes = n_classes;
  o.input.threads = threads;
  if (label == Py_None) {
    o.input.wide = array_take(first, "labels", &held[0]) ? &held[0].view : NULL;
  } else {
    o.input.n_votes = PyObject_Size(label);
    o.input.item = array_take_input(first, "item", LQA_INT32, o.input.n_votes, &held[0]);
    o.input.annotator = o.input.item ? array_take_input(annotator, "annotator", LQA_INT32,
                                                        o.input.n_votes, &held[1])
                                     : NULL;
    o.input.label = o.input.annotator
                        ? array_take_input(label, "label", LQA_INT32, o.input.n_votes, &held[2])
                        : NULL;
  }
  bool is_done = !PyErr_Occurred() && run(self, do_open, &o);
  for (int i = 0; i < 3; i++) {
    array_drop(&held[i]);
  }
  return is_done ? 0 : -1;
}

static PyObject *votes_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  return make_object(type, args, kwargs, votes_init);
}

static void votes_dealloc(PyObject *object) {
  PyTypeObject *type = Py_TYPE(object);
  lqa_votes_close(((votes *)object)->votes);
  freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
  release(object);
  Py_DECREF(type);
}

static PyObject *get_count(PyObject *object, void *which) {
  const lqa_votes *v = ((votes *)object)->votes;
  switch ((intptr_t)which) {
  case 0:
    return PyLong_FromLongLong(lqa_votes_count_items(v));
  case 1:
    return PyLong_FromLong(lqa_votes_count_annotators(v));
  case 2:
    return PyLong_FromLong(lqa_votes_count_classes(v));
  default:
    return PyLong_FromLongLong(lqa_votes_count(v));
  }
}

static PyGetSetDef votes_getters[] = {{"n_items", get_count, NULL, "items", (void *)0},
                                      {"n_annotators", get_count, NULL, "annotators", (void *)1},
                                      {"n_classes", get_count, NULL, "classes", (void *)2},
                                      {"n_votes", get_count, NULL, "votes", (void *)3},
                                      {0}};

/* ---- majority ---- */

struct majority_work {
  const lqa_votes *votes;
  const lqa_matrix *pred_probs;
  lqa_majority majority;
};

static lqa_status do_majority(void *data, lqa_error *err) {
  struct majority_work *w = data;
  return lqa_votes_majority(w->votes, w->pred_probs, &w->majority, err);
}

/* majority(pred_probs or None, label, is_open, candidate or None) -> number of open items */
static PyObject *votes_majority(PyObject *object, PyObject *args) {
  votes *self = (votes *)object;
  PyObject *probs, *label, *open, *candidate;
  numbers held[4] = {0};
  struct majority_work w = {.votes = self->votes};
  int64_t n = lqa_votes_count_items(self->votes);
  if (!PyArg_ParseTuple(args, "OOOO", &probs, &label, &open, &candidate)) {
    return NULL;
  }
  if (probs != Py_None) {
    w.pred_probs = array_take(probs, "pred_probs", &held[0]) ? &held[0].view : NULL;
  }
  w.majority.label =
      PyErr_Occurred() ? NULL : array_take_output(label, "label", LQA_INT32, n, &held[1]);
  w.majority.is_open =
      w.majority.label ? array_take_output(open, "is_open", LQA_UINT8, n, &held[2]) : NULL;
  if (w.majority.is_open && candidate != Py_None) {
    w.majority.candidate = array_take_output(candidate, "candidate", LQA_UINT8,
                                             n * lqa_votes_count_classes(self->votes), &held[3]);
  }
  bool is_done = !PyErr_Occurred() && run(self, do_majority, &w);
  for (int i = 0; i < 4; i++) {
    array_drop(&held[i]);
  }
  return is_done ? PyLong_FromLongLong(w.majority.n_open) : NULL;
}

/* ---- CROWDLAB ---- */

struct crowdlab_work {
  const lqa_votes *votes;
  lqa_crowdlab crowdlab;
  bool is_best;
};

static lqa_status do_crowdlab(void *data, lqa_error *err) {
  struct crowdlab_work *w = data;
  return w->is_best ? lqa_votes_best_quality(w->votes, NULL, &w->crowdlab, err)
                    : lqa_votes_crowdlab(w->votes, &w->crowdlab, err);
}

static bool read_models(PyObject *list, lqa_matrix *models, numbers *held, lqa_crowdlab *out) {
  Py_ssize_t n = PyList_Check(list) ? PyList_Size(list) : 0;
  if (n < 1 || n > MOST_MODELS) {
    PyErr_Format(PyExc_ValueError, "between 1 and %d models are needed", MOST_MODELS);
    return false;
  }
  for (Py_ssize_t i = 0; i < n; i++) {
    if (!array_take(PyList_GetItem(list, i), "pred_probs", &held[i])) {
      return false;
    }
    models[i] = held[i].view;
  }
  out->models = models;
  out->n_models = (int32_t)n;
  return true;
}

/* crowdlab(models, is_best, consensus, agreement, posterior, model_weight, annotator_weight,
 * annotator_agreement) */
static PyObject *votes_crowdlab(PyObject *object, PyObject *args) {
  votes *self = (votes *)object;
  PyObject *list, *places[6];
  int is_best;
  numbers held[6] = {0};
  if (!PyArg_ParseTuple(args, "OpOOOOOO", &list, &is_best, &places[0], &places[1], &places[2],
                        &places[3], &places[4], &places[5])) {
    return NULL;
  }
  struct crowdlab_work w = {.votes = self->votes, .is_best = is_best};
  lqa_matrix models[MOST_MODELS];
  numbers *model_held = PyMem_Calloc(MOST_MODELS, sizeof *model_held);
  int64_t n = lqa_votes_count_items(self->votes);
  int64_t n_annotators = lqa_votes_count_annotators(self->votes);
  if (!model_held) {
    return PyErr_NoMemory();
  }
  if (read_models(list, models, model_held, &w.crowdlab)) {
    int64_t sizes[] = {
        n,           n, n * lqa_votes_count_classes(self->votes), w.crowdlab.n_models, n_annotators,
        n_annotators};
    void *out[6] = {0};
    for (int i = 0; i < 6 && !PyErr_Occurred(); i++) {
      out[i] =
          array_take_output(places[i], "out", i == 0 ? LQA_INT32 : LQA_FLOAT64, sizes[i], &held[i]);
    }
    w.crowdlab.consensus = out[0];
    w.crowdlab.agreement = out[1];
    w.crowdlab.posterior = out[2];
    w.crowdlab.model_weight = out[3];
    w.crowdlab.annotator_weight = out[4];
    w.crowdlab.annotator_agreement = out[5];
  }
  bool is_done = !PyErr_Occurred() && run(self, do_crowdlab, &w);
  for (int i = 0; i < 6; i++) {
    array_drop(&held[i]);
  }
  for (int i = 0; i < MOST_MODELS; i++) {
    array_drop(&model_held[i]);
  }
  PyMem_Free(model_held);
  return is_done ? Py_NewRef(Py_None) : NULL;
}

/* active_scores(model_weight, annotator_weight, quality, score) */
static PyObject *votes_active(PyObject *object, PyObject *args) {
  votes *self = (votes *)object;
  PyObject *model, *annotator, *quality_object, *score_object;
  numbers held[4] = {0};
  lqa_crowdlab weights = {0};
  if (!PyArg_ParseTuple(args, "OOOO", &model, &annotator, &quality_object, &score_object)) {
    return NULL;
  }
  int64_t n = lqa_votes_count_items(self->votes);
  weights.n_models = (int32_t)PyObject_Size(model);
  weights.model_weight =
      (double *)array_take_input(model, "model_weight", LQA_FLOAT64, weights.n_models, &held[0]);
  weights.annotator_weight =
      (double *)array_take_input(annotator, "annotator_weight", LQA_FLOAT64,
                                 lqa_votes_count_annotators(self->votes), &held[1]);
  const double *quality = array_take_input(quality_object, "quality", LQA_FLOAT64, n, &held[2]);
  double *score =
      PyErr_Occurred() ? NULL : array_take_output(score_object, "score", LQA_FLOAT64, n, &held[3]);
  if (score) {
    lqa_votes_active_scores(self->votes, &weights, quality, score);
  }
  for (int i = 0; i < 4; i++) {
    array_drop(&held[i]);
  }
  return score ? Py_NewRef(Py_None) : NULL;
}

struct temperature_work {
  const lqa_votes *votes;
  const lqa_matrix *pred_probs;
  double temperature;
  double *out;
};

static lqa_status do_temperature(void *data, lqa_error *err) {
  struct temperature_work *w = data;
  return w->votes ? lqa_votes_temperature(w->votes, w->pred_probs, &w->temperature, err)
                  : lqa_temperature_scale(w->pred_probs, w->temperature, w->out, err);
}

static PyObject *votes_temperature(PyObject *object, PyObject *probs) {
  numbers held = {0};
  struct temperature_work w = {.votes = ((votes *)object)->votes, .pred_probs = &held.view};
  bool is_done = array_take(probs, "pred_probs", &held) && run((votes *)object, do_temperature, &w);
  array_drop(&held);
  return is_done ? PyFloat_FromDouble(w.temperature) : NULL;
}

/* temperature_scale(pred_probs, temperature, out) */
static PyObject *temperature_scale(PyObject *module, PyObject *args) {
  PyObject *probs, *out;
  numbers held = {0}, place = {0};
  struct temperature_work w = {.pred_probs = &held.view};
  (void)module;
  if (!PyArg_ParseTuple(args, "OdO", &probs, &w.temperature, &out)) {
    return NULL;
  }
  bool is_ready = array_take(probs, "pred_probs", &held);
  if (is_ready) {
    w.out =
        array_take_output(out, "out", LQA_FLOAT64, held.view.n_rows * held.view.n_columns, &place);
  }
  bool is_done = w.out && run_work(do_temperature, &w, NULL);
  array_drop(&held);
  array_drop(&place);
  return is_done ? Py_NewRef(Py_None) : NULL;
}

/* ---- Dawid and Skene ---- */

struct dawid_skene_work {
  const lqa_votes *votes;
  lqa_dawid_skene_options options;
  lqa_dawid_skene result;
};

static lqa_status do_dawid_skene(void *data, lqa_error *err) {
  struct dawid_skene_work *w = data;
  return lqa_votes_dawid_skene(w->votes, &w->options, &w->result, err);
}

/* dawid_skene(one_coin, smoothing, max_iterations, tolerance, gold or None, posterior, prior,
 * confusion, accuracy) -> (iterations, has_converged, log_likelihood) */
static PyObject *votes_dawid_skene(PyObject *object, PyObject *args) {
  votes *self = (votes *)object;
  PyObject *gold, *places[4];
  int one_coin;
  numbers held[5] = {0};
  struct dawid_skene_work w = {.votes = self->votes};
  if (!PyArg_ParseTuple(args, "pdidOOOOO", &one_coin, &w.options.smoothing,
                        &w.options.max_iterations, &w.options.tolerance, &gold, &places[0],
                        &places[1], &places[2], &places[3])) {
    return NULL;
  }
  int64_t n = lqa_votes_count_items(self->votes);
  int64_t k = lqa_votes_count_classes(self->votes);
  int64_t a = lqa_votes_count_annotators(self->votes);
  int64_t sizes[] = {n * k, k, a * k * k, a};
  double *out[4] = {0};
  w.options.is_one_coin = one_coin;
  w.options.gold = array_take_input(gold, "gold", LQA_INT32, n, &held[4]);
  for (int i = 0; i < 4 && !PyErr_Occurred(); i++) {
    out[i] = array_take_output(places[i], "out", LQA_FLOAT64, sizes[i], &held[i]);
  }
  w.result = (lqa_dawid_skene){
      .posterior = out[0], .prior = out[1], .confusion = out[2], .accuracy = out[3]};
  bool is_done = !PyErr_Occurred() && run(self, do_dawid_skene, &w);
  for (int i = 0; i < 5; i++) {
    array_drop(&held[i]);
  }
  return is_done ? Py_BuildValue("(iNd)", (int)w.result.iterations,
                                 PyBool_FromLong(w.result.has_converged), w.result.log_likelihood)
                 : NULL;
}

/* ---- agreement ---- */

struct agreement_work {
  const lqa_votes *votes;
  lqa_agreement_options options;
  int kind; /* 0 alpha, 1 Fleiss, 2 Cohen */
  int32_t pair[2];
  lqa_agreement agreement;
};

static lqa_status do_agreement(void *data, lqa_error *err) {
  struct agreement_work *w = data;
  switch (w->kind) {
  case 0:
    return lqa_votes_alpha(w->votes, &w->options, &w->agreement, err);
  case 1:
    return lqa_votes_fleiss(w->votes, &w->options, &w->agreement, err);
  default:
    return lqa_votes_cohen(w->votes, w->pair, &w->options, &w->agreement, err);
  }
}

/* agreement(kind, a, b, distance, confidence, n_resamples, seed) -> seven numbers */
static PyObject *votes_agreement(PyObject *object, PyObject *args) {
  votes *self = (votes *)object;
  struct agreement_work w = {.votes = self->votes};
  int distance;
  unsigned long long seed;
  if (!PyArg_ParseTuple(args, "iiiidiK", &w.kind, &w.pair[0], &w.pair[1], &distance,
                        &w.options.confidence, &w.options.n_resamples, &seed)) {
    return NULL;
  }
  w.options.distance = (lqa_vote_distance)distance;
  w.options.seed = seed;
  if (!run(self, do_agreement, &w)) {
    return NULL;
  }
  const lqa_agreement *r = &w.agreement;
  return Py_BuildValue("(dddddLL)", r->value, r->low, r->high, r->observed, r->expected,
                       (long long)r->n_items, (long long)r->n_votes);
}

/* confusion(reference, out) */
static PyObject *votes_confusion(PyObject *object, PyObject *args) {
  const lqa_votes *v = ((votes *)object)->votes;
  PyObject *reference_object, *out;
  numbers held = {0}, place = {0};
  int64_t k = lqa_votes_count_classes(v);
  if (!PyArg_ParseTuple(args, "OO", &reference_object, &out)) {
    return NULL;
  }
  const int32_t *reference =
      array_take_input(reference_object, "reference", LQA_INT32, lqa_votes_count_items(v), &held);
  int64_t *count = reference ? array_take_output(out, "out", LQA_INT64,
                                                 lqa_votes_count_annotators(v) * k * k, &place)
                             : NULL;
  for (int64_t i = 0; count && i < lqa_votes_count_items(v); i++) {
    if (reference[i] >= k) {
      PyErr_Format(PyExc_ValueError, "reference[%lld] is %d: there are %lld classes", (long long)i,
                   (int)reference[i], (long long)k);
      count = NULL;
    }
  }
  if (count) {
    lqa_votes_confusion(v, reference, count);
  }
  array_drop(&held);
  array_drop(&place);
  return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

static PyMethodDef votes_type_methods[] = {
    {"majority", votes_majority, METH_VARARGS, "the majority vote"},
    {"crowdlab", votes_crowdlab, METH_VARARGS, "consensus with models"},
    {"active_scores", votes_active, METH_VARARGS, "which items to label next"},
    {"temperature", votes_temperature, METH_O, "the best temperature"},
    {"dawid_skene", votes_dawid_skene, METH_VARARGS, "annotators as noisy channels"},
    {"agreement", votes_agreement, METH_VARARGS, "alpha and kappas"},
    {"confusion", votes_confusion, METH_VARARGS, "votes against a reference"},
    {0}};

static PyType_Slot votes_slots[] = {{Py_tp_new, votes_new},
                                    {Py_tp_dealloc, votes_dealloc},
                                    {Py_tp_methods, votes_type_methods},
                                    {Py_tp_getset, votes_getters},
                                    {Py_tp_doc, "The labels of several annotators."},
                                    {0}};

static PyType_Spec votes_spec = {"labelqa._labelqa.Votes", sizeof(votes), 0, Py_TPFLAGS_DEFAULT,
                                 votes_slots};

bool votes_add_type(PyObject *module) {
  PyObject *type = PyType_FromSpec(&votes_spec);
  if (!type) {
    return false;
  }
  int added = PyModule_AddObjectRef(module, "Votes", type);
  Py_DECREF(type);
  return added == 0;
}

PyMethodDef votes_methods[] = {
    {"temperature_scale", temperature_scale, METH_VARARGS, "p^(1/T), rows scaled to sum 1"}, {0}};
