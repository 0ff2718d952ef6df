/* python/binding.h - what the extension's files share: arrays in and out, work without the GIL.
 *
 * Written against CPython's limited API of 3.11: one compiled file serves every later Python. numpy
 * is not seen here: arrays come in and go out over the buffer protocol, allocated by the Python
 * side.
 */
#ifndef LABELQA_PYTHON_BINDING_H
#define LABELQA_PYTHON_BINDING_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include "labelqa/labelqa.h"

/* An array argument: a view, and the hold on its memory. Zeroed is empty. */
typedef struct numbers {
  Py_buffer buffer;
  lqa_matrix view;
  bool is_held;
} numbers;

/* Takes a 1- or 2-dimensional number array of any strides and byte order; false with an exception
 * that names the argument. */
bool array_take(PyObject *object, const char *name, numbers *out);

/* Takes a C-contiguous writable array of `n` elements of `type` (LQA_FLOAT64, LQA_INT64, LQA_UINT8)
 * as a place for results; NULL with an exception. */
void *array_take_output(PyObject *object, const char *name, lqa_dtype type, int64_t n,
                        numbers *out);

/* As array_take_output, but read only, and None gives NULL without an exception. */
const void *array_take_input(PyObject *object, const char *name, lqa_dtype type, int64_t n,
                             numbers *out);
void array_drop(numbers *a);

/* Something long to do without the GIL. */
typedef lqa_status (*work_fn)(void *data, lqa_error *err);

/* Runs `work`. Where `cancelled` is given the work goes to a thread of its own while this one looks
 * for signals, so that Ctrl-C works: it sets *cancelled, waits for the work to stop, and raises.
 * False with an exception on failure. */
bool run_work(work_fn work, void *data, volatile int *cancelled);

/* The same, and calls `poll` every 50 ms with the GIL, and at the end; where that raises, the work
 * is stopped and the exception passed on. */
typedef bool (*poll_fn)(void *data);
bool run_polled_work(work_fn work, void *data, volatile int *cancelled, poll_fn poll);

/* Sets the exception for a failed call, unless one is set: its class follows from the status and
 * reason, and it has the attributes file, row, column and reason ("missing", "exists", ...) where
 * the library names them. */
void raise_status(lqa_status status, const lqa_error *err);

/* Each file's functions. */
extern PyMethodDef joint_methods[];
extern PyMethodDef arrow_methods[];
extern PyMethodDef votes_methods[];
extern PyMethodDef neighbor_methods[];
extern PyMethodDef frame_methods[];
bool arrow_add_type(PyObject *module);
bool inspector_add_type(PyObject *module);
bool votes_add_type(PyObject *module);
bool problem_add_type(PyObject *module);
bool frame_add_type(PyObject *module);

/* A tp_new that makes the object and runs `init`: an object whose making failed never exists, so
 * methods need not ask. */
PyObject *make_object(PyTypeObject *type, PyObject *args, PyObject *kwargs, initproc init);

/* The problems of a list of Problem objects, borrowed; NULL with an exception. PyMem_Free it. */
lqa_confident_learner **problem_list(PyObject *list, Py_ssize_t *n);

#endif
