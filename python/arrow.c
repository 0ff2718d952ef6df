/* python/arrow.c - Arrow data over the PyCapsule interface, as objects with the buffer protocol.
 *
 * The structs of the C data interface are those of labelqa/frame.h, so no Arrow library is needed.
 * A column of fixed-width numbers without nulls, or a fixed-size list of them, is used
 * where it lies: the Column object keeps the Arrow array alive and numpy views it. What is neither
 * (texts, dictionaries, nulls) gives None, and the caller takes another way.
 *
 * Source: "The Arrow C data interface" and "The Arrow PyCapsule Interface" of the Arrow project.
 */
#include "binding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An Arrow array that several Columns may share. */
struct shared {
  struct ArrowArray array;
  long n_users; /* under the GIL */
};

typedef struct column {
  PyObject_HEAD struct shared *owner;
  const void *data;
  char format[2];
  int n_dims;
  Py_ssize_t shape[2], strides[2];
} column;

static PyObject *column_type; /* made with the module, lives as long */

static void drop_shared(struct shared *owner) {
  if (owner && --owner->n_users == 0) {
    if (owner->array.release) {
      owner->array.release(&owner->array);
    }
    free(owner);
  }
}

static void column_dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  drop_shared(((column *)self)->owner);
  freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
  release(self);
  Py_DECREF(type);
}

static int column_get_buffer(PyObject *self, Py_buffer *view, int flags) {
  column *c = (column *)self;
  if (flags & PyBUF_WRITABLE) {
    PyErr_SetString(PyExc_BufferError, "Arrow data are read-only");
    return -1;
  }
  *view = (Py_buffer){.buf = (void *)(uintptr_t)c->data,
                      .obj = Py_NewRef(self),
                      .itemsize = c->strides[c->n_dims - 1],
                      .readonly = 1,
                      .ndim = c->n_dims,
                      .format = c->format,
                      .shape = c->shape,
                      .strides = c->strides};
  view->len = c->shape[0] * c->strides[0];
  return 0;
}

static PyType_Slot column_slots[] = {
    {Py_tp_dealloc, column_dealloc},
    {Py_bf_getbuffer, column_get_buffer},
    {Py_tp_doc, "Numbers of an Arrow array, with the buffer protocol."},
    {0}};

static PyType_Spec column_spec = {"labelqa._labelqa.Column", sizeof(column), 0,
                                  Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                                  column_slots};

bool arrow_add_type(PyObject *module) {
  column_type = PyType_FromSpec(&column_spec);
  return column_type && PyModule_AddObjectRef(module, "Column", column_type) == 0;
}

/* struct-module code and size of an Arrow number format; 0 for any other. */
static char number_code(const char *format, Py_ssize_t *size) {
  static const char ARROW[] = "cCsSiIlLefg";
  static const char PYTHON[] = "bBhHiIqQefd";
  static const int SIZES[] = {1, 1, 2, 2, 4, 4, 8, 8, 2, 4, 8};
  const char *at = format[0] && !format[1] ? strchr(ARROW, format[0]) : NULL;
  if (!at) {
    return 0;
  }
  *size = SIZES[at - ARROW];
  return PYTHON[at - ARROW];
}

static bool has_nulls(const struct ArrowArray *array) {
  return array->null_count != 0 && array->n_buffers > 0 && array->buffers[0] != NULL;
}

/* A Column over `array`, or None. Shares `owner`. */
static PyObject *make_column(const struct ArrowSchema *schema, const struct ArrowArray *array,
                             struct shared *owner) {
  int64_t width = 0;
  int64_t offset = array->offset;
  int64_t length = array->length;
  if (has_nulls(array) || schema->dictionary) {
    Py_RETURN_NONE;
  }
  if (strncmp(schema->format, "+w:", 3) == 0 && array->n_children == 1) {
    width = strtoll(schema->format + 3, NULL, 10);
    schema = schema->children[0];
    array = array->children[0];
    offset = offset * width + array->offset;
  }
  Py_ssize_t size;
  char code = number_code(schema->format, &size);
  if (!code || has_nulls(array) || array->n_buffers != 2) {
    Py_RETURN_NONE;
  }
  allocfunc make = (allocfunc)PyType_GetSlot((PyTypeObject *)column_type, Py_tp_alloc);
  column *c = (column *)make((PyTypeObject *)column_type, 0);
  if (!c) {
    return NULL;
  }
  c->owner = owner;
  owner->n_users++;
  c->data = (const char *)array->buffers[1] + offset * size;
  c->format[0] = code;
  c->n_dims = width > 0 ? 2 : 1;
  c->shape[0] = length;
  c->shape[1] = width;
  c->strides[c->n_dims - 1] = size;
  if (width > 0) {
    c->strides[0] = width * size;
  }
  return (PyObject *)c;
}

/* A list of Columns for a struct (a table's batch); None if one of them is none. */
static PyObject *make_columns(const struct ArrowSchema *schema, struct shared *owner) {
  const struct ArrowArray *array = &owner->array;
  PyObject *list = PyList_New(0);
  for (int64_t i = 0; list && i < array->n_children; i++) {
    struct ArrowArray child = *array->children[i];
    child.offset += array->offset;
    child.length = array->length;
    PyObject *item =
        has_nulls(array) ? Py_NewRef(Py_None) : make_column(schema->children[i], &child, owner);
    bool is_none = item == Py_None;
    if (!item || is_none || PyList_Append(list, item) != 0) {
      Py_CLEAR(list);
    }
    Py_XDECREF(item);
    if (is_none) {
      Py_RETURN_NONE;
    }
  }
  return list;
}

/* Takes over *array. */
static PyObject *import_array(const struct ArrowSchema *schema, struct ArrowArray *array) {
  struct shared *owner = malloc(sizeof *owner);
  if (!owner) {
    return PyErr_NoMemory();
  }
  *owner = (struct shared){*array, 1};
  array->release = NULL;
  PyObject *result = strcmp(schema->format, "+s") == 0 ? make_columns(schema, owner)
                                                       : make_column(schema, &owner->array, owner);
  drop_shared(owner);
  return result;
}

/* arrow_array(schema capsule, array capsule) -> Column, list of Columns, or None */
static PyObject *arrow_array(PyObject *module, PyObject *args) {
  PyObject *schema_capsule, *array_capsule;
  (void)module;
  if (!PyArg_ParseTuple(args, "OO", &schema_capsule, &array_capsule)) {
    return NULL;
  }
  struct ArrowSchema *schema = PyCapsule_GetPointer(schema_capsule, "arrow_schema");
  struct ArrowArray *array = schema ? PyCapsule_GetPointer(array_capsule, "arrow_array") : NULL;
  if (array && !array->release) {
    PyErr_SetString(PyExc_ValueError, "the Arrow array was taken already");
    return NULL;
  }
  return array ? import_array(schema, array) : NULL;
}

static PyObject *read_stream(struct ArrowArrayStream *stream, const struct ArrowSchema *schema) {
  PyObject *list = PyList_New(0);
  while (list) {
    struct ArrowArray array = {0};
    if (stream->get_next(stream, &array) != 0) {
      const char *why = stream->get_last_error(stream);
      PyErr_Format(PyExc_ValueError, "the Arrow stream failed: %s", why ? why : "unknown error");
      Py_CLEAR(list);
    } else if (!array.release) {
      break;
    } else {
      PyObject *chunk = import_array(schema, &array);
      if (!chunk || PyList_Append(list, chunk) != 0) {
        Py_CLEAR(list);
      }
      Py_XDECREF(chunk);
    }
  }
  return list;
}

/* arrow_stream(stream capsule) -> list of what arrow_array gives, one per chunk */
static PyObject *arrow_stream(PyObject *module, PyObject *capsule) {
  (void)module;
  struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, "arrow_array_stream");
  struct ArrowSchema schema = {0};
  if (!stream) {
    return NULL;
  }
  if (!stream->release) {
    PyErr_SetString(PyExc_ValueError, "the Arrow stream was read already");
    return NULL;
  }
  if (stream->get_schema(stream, &schema) != 0) {
    PyErr_SetString(PyExc_ValueError, "the Arrow stream has no schema");
    return NULL;
  }
  PyObject *list = read_stream(stream, &schema);
  schema.release(&schema);
  return list;
}

PyMethodDef arrow_methods[] = {
    {"arrow_array", arrow_array, METH_VARARGS, "an Arrow array as Column, list of Columns or None"},
    {"arrow_stream", arrow_stream, METH_O, "the chunks of an Arrow stream"},
    {0}};
