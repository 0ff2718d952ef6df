/* python/frames.c - data frames between Python and the library, as Arrow streams in capsules.
 *
 * In: any object's __arrow_c_stream__ capsule is written to a Parquet file. Out: a Parquet file is
 * a capsule again, for pyarrow, polars and the like; for plain Python the type Batches turns the
 * stream into lists of column values. It reads what labelqa's own files hold: texts, numbers,
 * booleans and lists of them.
 *
 * Source: "The Arrow PyCapsule Interface" of the Arrow project.
 */
#include "binding.h"

#include <stdlib.h>
#include <string.h>

static const char STREAM[] = "arrow_array_stream";

/* ---- in ---- */

struct saving {
  struct ArrowArrayStream *stream;
  const char *path;
  lqa_observer observer;
};

static lqa_status do_save(void *data, lqa_error *err) {
  struct saving *s = data;
  return lqa_frame_save(s->stream, s->path, &s->observer, err);
}

/* save_frame(capsule, path) */
static PyObject *save_frame(PyObject *module, PyObject *args) {
  PyObject *capsule, *path = NULL;
  volatile int cancelled = 0;
  (void)module;
  if (!PyArg_ParseTuple(args, "OO&", &capsule, PyUnicode_FSConverter, &path)) {
    return NULL;
  }
  struct saving s = {.stream = PyCapsule_GetPointer(capsule, STREAM),
                     .path = PyBytes_AsString(path),
                     .observer = {.cancelled = (const volatile int *)&cancelled}};
  bool is_done = false;
  if (s.stream && !s.stream->release) {
    PyErr_SetString(PyExc_ValueError, "the Arrow stream was read already");
  } else if (s.stream) {
    is_done = run_work(do_save, &s, &cancelled);
  }
  Py_DECREF(path);
  return is_done ? Py_NewRef(Py_None) : NULL;
}

/* ---- out ---- */

static void drop_stream(struct ArrowArrayStream *stream) {
  if (stream && stream->release) {
    stream->release(stream);
  }
  free(stream);
}

static void drop_capsule(PyObject *capsule) {
  drop_stream(PyCapsule_GetPointer(capsule, STREAM));
}

struct loading {
  const char *path;
  bool as_texts;
  struct ArrowArrayStream *stream;
};

static lqa_status do_load(void *data, lqa_error *err) {
  struct loading *l = data;
  return l->as_texts ? lqa_frame_load_texts(l->path, l->stream, err)
                     : lqa_frame_load(l->path, l->stream, err);
}

static struct ArrowArrayStream *open_stream(PyObject *path, bool as_texts) {
  struct loading l = {PyBytes_AsString(path), as_texts, calloc(1, sizeof *l.stream)};
  if (!l.stream) {
    PyErr_NoMemory();
  } else if (!run_work(do_load, &l, NULL)) {
    drop_stream(l.stream);
    l.stream = NULL;
  }
  return l.stream;
}

/* load_frame(path) -> capsule */
static PyObject *load_frame(PyObject *module, PyObject *args) {
  PyObject *path = NULL;
  (void)module;
  if (!PyArg_ParseTuple(args, "O&", PyUnicode_FSConverter, &path)) {
    return NULL;
  }
  struct ArrowArrayStream *stream = open_stream(path, false);
  Py_DECREF(path);
  PyObject *capsule = stream ? PyCapsule_New(stream, STREAM, drop_capsule) : NULL;
  if (stream && !capsule) {
    drop_stream(stream);
  }
  return capsule;
}

/* ---- values ---- */

static bool is_valid(const struct ArrowArray *array, int64_t i) {
  const uint8_t *bits = array->n_buffers > 0 ? array->buffers[0] : NULL;
  i += array->offset;
  return !bits || (bits[i / 8] >> (i % 8) & 1);
}

static PyObject *text_value(const struct ArrowArray *array, int64_t i, bool is_large) {
  const void *offsets = array->buffers[1];
  i += array->offset;
  int64_t from = is_large ? ((const int64_t *)offsets)[i] : ((const int32_t *)offsets)[i];
  int64_t to = is_large ? ((const int64_t *)offsets)[i + 1] : ((const int32_t *)offsets)[i + 1];
  return PyUnicode_DecodeUTF8((const char *)array->buffers[2] + from, (Py_ssize_t)(to - from),
                              "replace");
}

static PyObject *value_at(const struct ArrowSchema *schema, const struct ArrowArray *array,
                          int64_t i);

static PyObject *list_value(const struct ArrowSchema *schema, const struct ArrowArray *array,
                            int64_t i) {
  const int32_t *offsets = array->buffers[1];
  int64_t from = offsets[i + array->offset], to = offsets[i + array->offset + 1];
  PyObject *list = PyList_New((Py_ssize_t)(to - from));
  for (int64_t k = from; list && k < to; k++) {
    PyObject *item = value_at(schema->children[0], array->children[0], k);
    if (!item || PyList_SetItem(list, (Py_ssize_t)(k - from), item) != 0) {
      Py_CLEAR(list);
    }
  }
  return list;
}

static PyObject *value_at(const struct ArrowSchema *schema, const struct ArrowArray *array,
                          int64_t i) {
  const void *data = array->n_buffers > 1 ? array->buffers[1] : NULL;
  int64_t at = i + array->offset;
  if (schema->format[0] == 'n' || !is_valid(array, i)) {
    Py_RETURN_NONE;
  }
  switch (schema->format[0]) {
  case 'u':
  case 'U':
    return text_value(array, i, schema->format[0] == 'U');
  case 'b':
    return PyBool_FromLong(((const uint8_t *)data)[at / 8] >> (at % 8) & 1);
  case 'i':
    return PyLong_FromLong(((const int32_t *)data)[at]);
  case 'l':
    return PyLong_FromLongLong(((const int64_t *)data)[at]);
  case 'f':
    return PyFloat_FromDouble((double)((const float *)data)[at]);
  case 'g':
    return PyFloat_FromDouble(((const double *)data)[at]);
  case '+':
    if (strcmp(schema->format, "+l") == 0) {
      return list_value(schema, array, i);
    }
    break;
  default:
    break;
  }
  PyErr_Format(PyExc_TypeError, "column '%s' has the Arrow type '%s', which is not read",
               schema->name ? schema->name : "", schema->format);
  return NULL;
}

/* ---- batches ---- */

typedef struct batches {
  PyObject_HEAD struct ArrowArrayStream *stream;
  struct ArrowSchema schema;
} batches;

static int batches_init(PyObject *self, PyObject *args, PyObject *kwargs) {
  batches *b = (batches *)self;
  PyObject *path = NULL;
  if (kwargs && PyDict_Size(kwargs) > 0) {
    PyErr_SetString(PyExc_TypeError, "Batches() takes no keyword arguments");
    return -1;
  }
  int as_texts = 0;
  if (!PyArg_ParseTuple(args, "O&|p", PyUnicode_FSConverter, &path, &as_texts)) {
    return -1;
  }
  b->stream = open_stream(path, as_texts);
  Py_DECREF(path);
  if (b->stream && b->stream->get_schema(b->stream, &b->schema) != 0) {
    const char *why = b->stream->get_last_error(b->stream);
    PyErr_SetString(PyExc_ValueError, why ? why : "the file has no schema");
    return -1;
  }
  return b->stream ? 0 : -1;
}

static PyObject *batches_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  return make_object(type, args, kwargs, batches_init);
}

static void batches_dealloc(PyObject *self) {
  batches *b = (batches *)self;
  PyTypeObject *type = Py_TYPE(self);
  if (b->schema.release) {
    b->schema.release(&b->schema);
  }
  drop_stream(b->stream);
  freefunc free_object = (freefunc)PyType_GetSlot(type, Py_tp_free);
  free_object(self);
  Py_DECREF(type);
}

static PyObject *batches_names(PyObject *self, void *closure) {
  batches *b = (batches *)self;
  PyObject *list = PyList_New(0);
  (void)closure;
  for (int64_t c = 0; list && c < b->schema.n_children; c++) {
    PyObject *name = PyUnicode_FromString(b->schema.children[c]->name);
    if (!name || PyList_Append(list, name) != 0) {
      Py_CLEAR(list);
    }
    Py_XDECREF(name);
  }
  return list;
}

static PyObject *column_values(const struct ArrowSchema *schema, const struct ArrowArray *array,
                               int64_t length) {
  PyObject *list = PyList_New((Py_ssize_t)length);
  for (int64_t i = 0; list && i < length; i++) {
    PyObject *value = value_at(schema, array, i);
    if (!value || PyList_SetItem(list, (Py_ssize_t)i, value) != 0) {
      Py_CLEAR(list);
    }
  }
  return list;
}

/* The next batch: a list with one list of values per column. */
static PyObject *batches_next(PyObject *self) {
  batches *b = (batches *)self;
  struct ArrowArray array = {0};
  int code = 0;
  Py_BEGIN_ALLOW_THREADS;
  code = b->stream ? b->stream->get_next(b->stream, &array) : 0;
  Py_END_ALLOW_THREADS;
  if (code != 0) {
    const char *why = b->stream->get_last_error(b->stream);
    PyErr_SetString(PyExc_ValueError, why ? why : "the file cannot be read to its end");
    return NULL;
  }
  if (!array.release) {
    return NULL;
  }
  PyObject *list = PyList_New(0);
  for (int64_t c = 0; list && c < array.n_children; c++) {
    PyObject *values = column_values(b->schema.children[c], array.children[c], array.length);
    if (!values || PyList_Append(list, values) != 0) {
      Py_CLEAR(list);
    }
    Py_XDECREF(values);
  }
  array.release(&array);
  return list;
}

static PyGetSetDef batches_getters[] = {
    {"names", batches_names, NULL, "names of the columns", NULL}, {0}};

static PyType_Slot batches_slots[] = {
    {Py_tp_new, batches_new},
    {Py_tp_dealloc, batches_dealloc},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, batches_next},
    {Py_tp_getset, batches_getters},
    {Py_tp_doc,
     "Batches(path, as_texts=False, /): a Parquet file of labelqa's as lists of column values."},
    {0}};

static PyType_Spec batches_spec = {"labelqa._library.Batches", sizeof(batches), 0,
                                   Py_TPFLAGS_DEFAULT, batches_slots};

bool frame_add_type(PyObject *module) {
  PyObject *type = PyType_FromSpec(&batches_spec);
  int added = type ? PyModule_AddObjectRef(module, "Batches", type) : -1;
  Py_XDECREF(type);
  return added == 0;
}

PyMethodDef frame_methods[] = {
    {"save_frame", save_frame, METH_VARARGS, "write an Arrow stream to a Parquet file"},
    {"load_frame", load_frame, METH_VARARGS, "a Parquet file as an Arrow stream"},
    {0}};
