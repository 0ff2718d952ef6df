/* python/numbers.c - arrays over the buffer protocol: any type, strides and byte order, no copy. */
#include "binding.h"

#include <string.h>

/* The type that a struct-module format code stands for at this item size; -1 for one we do not
 * read. 'l' and 'q' are told apart by size, '?' is read as a byte. */
static int dtype_of(char code, Py_ssize_t size) {
  static const int SIGNED[] = {0, LQA_INT8, LQA_INT16, 0, LQA_INT32, 0, 0, 0, LQA_INT64};
  static const int UNSIGNED[] = {0, LQA_UINT8, LQA_UINT16, 0, LQA_UINT32, 0, 0, 0, LQA_UINT64};
  switch (code) {
  case 'e':
    return LQA_FLOAT16;
  case 'f':
    return LQA_FLOAT32;
  case 'd':
    return LQA_FLOAT64;
  case 'b':
  case 'h':
  case 'i':
  case 'l':
  case 'q':
  case 'n':
    return size <= 8 ? SIGNED[size] : -1;
  case '?':
  case 'B':
  case 'H':
  case 'I':
  case 'L':
  case 'Q':
  case 'N':
    return size <= 8 ? UNSIGNED[size] : -1;
  default:
    return -1;
  }
}

static bool read_format(const Py_buffer *buffer, const char *name, lqa_matrix *view) {
  const char *format = buffer->format ? buffer->format : "B";
  const bool is_little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
  const char *code = format + (strchr("<>=@!", format[0]) != NULL);
  view->swapped = is_little ? format[0] == '>' || format[0] == '!' : format[0] == '<';
  int dtype = code[0] && !code[1] ? dtype_of(code[0], buffer->itemsize) : -1;
  if (dtype < 0) {
    PyErr_Format(PyExc_TypeError,
                 "%s: an array of numbers is needed, but its elements have the format '%s'", name,
                 format);
    return false;
  }
  view->dtype = (lqa_dtype)dtype;
  view->swapped = view->swapped && buffer->itemsize > 1;
  return true;
}

static bool read_shape(const Py_buffer *buffer, const char *name, lqa_matrix *view) {
  if (buffer->ndim != 1 && buffer->ndim != 2) {
    PyErr_Format(PyExc_ValueError, "%s: an array of 1 or 2 dimensions is needed, not %d", name,
                 buffer->ndim);
    return false;
  }
  view->data = buffer->buf;
  view->n_rows = buffer->shape[0];
  view->row_stride = buffer->strides[0];
  view->n_columns = buffer->ndim == 2 ? buffer->shape[1] : 1;
  view->column_stride = buffer->ndim == 2 ? buffer->strides[1] : buffer->itemsize;
  return true;
}

bool array_take(PyObject *object, const char *name, numbers *out) {
  if (PyObject_GetBuffer(object, &out->buffer, PyBUF_STRIDED_RO | PyBUF_FORMAT) != 0) {
    PyErr_Clear();
    PyErr_Format(PyExc_TypeError, "%s: an array is needed, not %R", name, Py_TYPE(object));
    return false;
  }
  out->is_held = true;
  if (!read_format(&out->buffer, name, &out->view) || !read_shape(&out->buffer, name, &out->view)) {
    array_drop(out);
    return false;
  }
  return true;
}

static bool check_plain(const numbers *a, const char *name, lqa_dtype type, int64_t n) {
  if (a->view.dtype != type || a->view.swapped || a->buffer.len / a->buffer.itemsize != n ||
      !PyBuffer_IsContiguous(&a->buffer, 'C')) {
    PyErr_Format(PyExc_ValueError,
                 "%s: a C-contiguous array of %lld elements of the right type is needed", name,
                 (long long)n);
    return false;
  }
  return true;
}

void *array_take_output(PyObject *object, const char *name, lqa_dtype type, int64_t n,
                        numbers *out) {
  if (PyObject_GetBuffer(object, &out->buffer, PyBUF_STRIDED | PyBUF_FORMAT) != 0) {
    return NULL;
  }
  out->is_held = true;
  if (!read_format(&out->buffer, name, &out->view) || !check_plain(out, name, type, n)) {
    array_drop(out);
    return NULL;
  }
  return out->buffer.buf;
}

const void *array_take_input(PyObject *object, const char *name, lqa_dtype type, int64_t n,
                             numbers *out) {
  if (object == Py_None) {
    return NULL;
  }
  if (!array_take(object, name, out)) {
    return NULL;
  }
  if (!check_plain(out, name, type, n)) {
    array_drop(out);
    return NULL;
  }
  return out->buffer.buf;
}

void array_drop(numbers *a) {
  if (a->is_held) {
    PyBuffer_Release(&a->buffer);
    a->is_held = false;
  }
}
