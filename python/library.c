/* python/library.c - the extension module labelqa._library: the commands of the whole library.
 *
 * It is apart from _labelqa because DuckDB and XGBoost come with it: the package imports it when a
 * file or a frame is first read. Commands go by name through lqa_call, so that Python knows no
 * command that the library does not describe. A call runs in a thread of its own without the GIL;
 * what the library says meanwhile is kept and handed over at the end.
 */
#include "binding.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct remarks {
  char *text; /* each: a digit for its level, the text, a line feed */
  size_t n, capacity;
} remarks;

static void keep_remark(void *data, lqa_message_level level, const char *text) {
  remarks *r = data;
  size_t length = strlen(text);
  if (r->n + length + 3 > r->capacity) {
    size_t capacity = 2 * r->capacity + length + 256;
    char *grown = realloc(r->text, capacity);
    if (!grown) {
      return; /* a remark is not worth the call */
    }
    r->text = grown;
    r->capacity = capacity;
  }
  r->text[r->n++] = (char)('0' + (int)level);
  memcpy(r->text + r->n, text, length);
  r->n += length;
  r->text[r->n++] = '\n';
  r->text[r->n] = '\0';
}

/* Where the work is: told by its thread, asked by the one that called. */
typedef struct progress {
  PyObject *callback; /* borrowed; NULL: nobody asks */
  pthread_mutex_t mutex;
  char stage[64];
  double fraction;
  bool is_new;
} progress;

static void keep_progress(progress *p, const char *stage, double fraction) {
  pthread_mutex_lock(&p->mutex);
  strncpy(p->stage, stage, sizeof p->stage - 1);
  p->fraction = fraction;
  p->is_new = true;
  pthread_mutex_unlock(&p->mutex);
}

/* Calls the callback with what is new; false with an exception. */
static bool tell_progress(progress *p) {
  char stage[sizeof p->stage];
  pthread_mutex_lock(&p->mutex);
  bool is_new = p->is_new;
  double fraction = p->fraction;
  memcpy(stage, p->stage, sizeof stage);
  p->is_new = false;
  pthread_mutex_unlock(&p->mutex);
  if (!is_new) {
    return true;
  }
  PyObject *result = PyObject_CallFunction(p->callback, "sd", stage, fraction);
  Py_XDECREF(result);
  return result != NULL;
}

static PyObject *decode(const char *text) {
  return text ? PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace")
              : Py_NewRef(Py_None);
}

typedef struct command_work {
  lqa_call *call;
  remarks remarks;
  progress progress;
  lqa_result *result;
  lqa_status status;
  lqa_error why;
} command_work;

/* Statuses whose work is done are no failures here: Python says what they mean. */
static lqa_status do_call(void *data, lqa_error *err) {
  command_work *w = data;
  w->status = lqa_call_run(w->call, &w->result, err);
  w->why = *err;
  return w->result && w->status != LQA_INTERRUPTED ? LQA_OK : w->status;
}

/* Sets one option from a (name, value or None) pair, or, `name` false, adds a positional. */
static bool set_item(lqa_call *call, PyObject *item, bool is_option) {
  PyObject *name = is_option ? PyTuple_GetItem(item, 0) : NULL;
  PyObject *value = is_option && name ? PyTuple_GetItem(item, 1) : item;
  PyObject *name_bytes = NULL, *value_bytes = NULL;
  lqa_error err;
  lqa_status status = LQA_OK;
  if (!value || (name && !PyUnicode_FSConverter(name, &name_bytes)) ||
      (value != Py_None && !PyUnicode_FSConverter(value, &value_bytes))) {
    Py_XDECREF(name_bytes);
    return false;
  }
  const char *text = value_bytes ? PyBytes_AsString(value_bytes) : NULL;
  lqa_error_clear(&err);
  status = is_option ? lqa_call_set(call, PyBytes_AsString(name_bytes), text, &err)
                     : lqa_call_add(call, text ? text : "", &err);
  Py_XDECREF(name_bytes);
  Py_XDECREF(value_bytes);
  if (status != LQA_OK) {
    raise_status(status, &err);
  }
  return status == LQA_OK;
}

static bool set_items(lqa_call *call, PyObject *list, bool is_option) {
  Py_ssize_t n = PyList_Size(list);
  for (Py_ssize_t i = 0; i < n; i++) {
    if (!set_item(call, PyList_GetItem(list, i), is_option)) {
      return false;
    }
  }
  return n >= 0;
}

static void hear_remark(void *data, lqa_message_level level, const char *text) {
  char shown[2 * sizeof((lqa_error *)0)->message];
  lqa_message_render(text, LQA_AS_KEYWORDS, shown, sizeof shown);
  keep_remark(&((command_work *)data)->remarks, level, shown);
}

static void hear_progress(void *data, const char *stage, double fraction) {
  keep_progress(&((command_work *)data)->progress, stage, fraction);
}

static bool poll_progress(void *data) {
  return tell_progress(&((command_work *)data)->progress);
}

/* (status, why, text, json, run path, remarks) */
static PyObject *describe(const command_work *w) {
  const remarks *r = &w->remarks;
  char why[2 * sizeof w->why.message];
  lqa_message_render(w->why.message, LQA_AS_KEYWORDS, why, sizeof why);
  return Py_BuildValue("iNNNNN", (int)w->status, decode(why), decode(lqa_result_text(w->result)),
                       decode(lqa_result_json(w->result)), decode(lqa_result_run_path(w->result)),
                       decode(r->n ? r->text : ""));
}

static PyObject *run_call(command_work *w) {
  volatile int cancelled = 0;
  bool is_asked = w->progress.callback != NULL;
  lqa_observer observer = {.message = hear_remark,
                           .progress = is_asked ? hear_progress : NULL,
                           .data = w,
                           .cancelled = (const volatile int *)&cancelled};
  pthread_mutex_init(&w->progress.mutex, NULL);
  lqa_call_set_observer(w->call, &observer);
  lqa_call_set_option_style(w->call, LQA_AS_KEYWORDS);
  bool is_done = run_polled_work(do_call, w, &cancelled, is_asked ? poll_progress : NULL);
  PyObject *out = is_done ? describe(w) : NULL;
  pthread_mutex_destroy(&w->progress.mutex);
  free(w->remarks.text);
  return out;
}

/* call(command, [(option, value or None)], [positional], callback(stage, fraction) or None) */
static PyObject *call(PyObject *module, PyObject *args) {
  const char *command;
  PyObject *options, *positionals, *callback = Py_None, *out = NULL;
  command_work w = {0};
  lqa_error err;
  (void)module;
  if (!PyArg_ParseTuple(args, "sOO|O", &command, &options, &positionals, &callback)) {
    return NULL;
  }
  w.progress.callback = callback == Py_None ? NULL : callback;
  lqa_error_clear(&err);
  lqa_status status = lqa_call_new(command, &w.call, &err);
  if (status == LQA_OK && set_items(w.call, options, true) &&
      set_items(w.call, positionals, false)) {
    status = lqa_call_fill(w.call, getenv, &err);
    out = status == LQA_OK ? run_call(&w) : NULL;
  }
  if (status != LQA_OK) {
    raise_status(status, &err);
  }
  lqa_result_free(w.result);
  lqa_call_free(w.call);
  return out;
}

/* What a command's tables say, as text. */
static PyObject *describe_command(PyObject *args, char *(*make)(const char *command)) {
  const char *command;
  if (!PyArg_ParseTuple(args, "s", &command)) {
    return NULL;
  }
  char *text = make(command);
  if (!text) {
    PyErr_Format(PyExc_ValueError, "labelqa has no command '%s'", command);
    return NULL;
  }
  PyObject *out = decode(text);
  lqa_free(text);
  return out;
}

/* words(command) -> its options, one "--name" a line */
static PyObject *words(PyObject *module, PyObject *args) {
  (void)module;
  return describe_command(args, lqa_command_words);
}

/* options(command) -> its options as JSON */
static PyObject *options(PyObject *module, PyObject *args) {
  (void)module;
  return describe_command(args, lqa_command_options);
}

/* commands() -> names */
static PyObject *commands(PyObject *module, PyObject *args) {
  (void)module;
  (void)args;
  PyObject *list = PyList_New(0);
  for (size_t i = 0; list && i < lqa_command_count(); i++) {
    PyObject *name = decode(lqa_command_name(i));
    if (!name || PyList_Append(list, name) != 0) {
      Py_CLEAR(list);
    }
    Py_XDECREF(name);
  }
  return list;
}

static PyMethodDef call_methods[] = {{"call", call, METH_VARARGS, "run a command"},
                                     {"words", words, METH_VARARGS, "the options of a command"},
                                     {"options", options, METH_VARARGS, "the same as JSON"},
                                     {"commands", commands, METH_NOARGS, "the commands' names"},
                                     {0}};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "labelqa._library",
    .m_doc = "The commands of labelqa. Use the labelqa package.",
    .m_size = -1,
};

PyMODINIT_FUNC PyInit__library(void);

PyMODINIT_FUNC PyInit__library(void) {
  PyObject *module = PyModule_Create(&definition);
  if (module && (PyModule_AddFunctions(module, call_methods) != 0 ||
                 PyModule_AddFunctions(module, frame_methods) != 0 || !frame_add_type(module))) {
    Py_CLEAR(module);
  }
  return module;
}
