/* .npy files: numpy's own files of every kind, damaged ones, and what we write read back. */
#include "base/file.h"
#include "base/npy.h"
#include "base/rng.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

enum { MAX_FILE = 4096, MAX_VALUES = 64 };

/* One line of the reference. */
struct sample {
  char name[32];
  int n_dims;
  int64_t n_rows, n_columns; /* n_rows -1: must be refused */
  unsigned char bytes[MAX_FILE];
  size_t size;
  double values[MAX_VALUES];
  int n_values;
};

static char folder[] = "/tmp/labelqa-npy-XXXXXX";
static char path[64];

static int make_folder(void **state) {
  (void)state;
  bool made = mkdtemp(folder) != NULL;
  snprintf(path, sizeof path, "%s/a.npy", folder);
  return made ? 0 : -1;
}

static int remove_folder(void **state) {
  (void)state;
  return lqa_folder_remove(folder, NULL) == LQA_OK ? 0 : -1;
}

static void write_bytes(const void *data, size_t size) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(data, 1, size, file), size);
  fclose(file);
}

static bool parse_sample(char *line, struct sample *sample) {
  int used = 0;
  *sample = (struct sample){0};
  if (sscanf(line, "%31s %d %" SCNd64 " %" SCNd64 " %n", sample->name, &sample->n_dims,
             &sample->n_rows, &sample->n_columns, &used) != 4) {
    return false;
  }
  char *at = line + used;
  for (unsigned byte; sscanf(at, "%2x", &byte) == 1 && at[0] != ' '; at += 2) {
    sample->bytes[sample->size++] = (unsigned char)byte;
  }
  for (char *end; sample->n_values < MAX_VALUES; at = end) {
    double value = strtod(at, &end);
    if (end == at) {
      break;
    }
    sample->values[sample->n_values++] = value;
  }
  return true;
}

static bool same(double a, double b) {
  return (isnan(a) && isnan(b)) || (a == b && signbit(a) == signbit(b));
}

static void check_values(const struct sample *sample, const lqa_matrix *matrix) {
  float single[MAX_VALUES];
  double row[MAX_VALUES];
  assert_int_equal(sample->n_values, matrix->n_rows * matrix->n_columns);
  for (int64_t i = 0; i < matrix->n_rows; i++) {
    lqa_matrix_row_f32(matrix, i, single);
    lqa_matrix_row_f64(matrix, i, row);
    for (int64_t k = 0; k < matrix->n_columns; k++) {
      double expected = sample->values[i * matrix->n_columns + k];
      if (!same(lqa_matrix_get(matrix, i, k), expected) || !same(row[k], expected) ||
          !same((double)single[k], (double)(float)expected)) {
        fail_msg("%s[%d,%d]: %a, numpy says %a", sample->name, (int)i, (int)k, row[k], expected);
      }
    }
  }
}

static void check_sample(const struct sample *sample) {
  lqa_npy npy;
  lqa_error err;
  write_bytes(sample->bytes, sample->size);
  lqa_status status = lqa_npy_open(path, &npy, &err);
  if (sample->n_rows < 0) {
    if (status != LQA_BAD_DATA) {
      fail_msg("%s was not refused", sample->name);
    }
    assert_non_null(strstr(err.message, path));
    return;
  }
  if (status != LQA_OK) {
    fail_msg("%s: %s", sample->name, err.message);
  }
  assert_int_equal(npy.n_dims, sample->n_dims);
  assert_int_equal(npy.matrix.n_rows, sample->n_rows);
  assert_int_equal(npy.matrix.n_columns, sample->n_columns);
  check_values(sample, &npy.matrix);
  lqa_npy_close(&npy);
}

/* Calls `visit` for every line of the reference; returns how many. */
static int each_sample(void (*visit)(const struct sample *)) {
  FILE *file = fopen(LABELQA_SOURCE_DIR "/tests/reference/npy/arrays.txt", "r");
  assert_non_null(file);
  char *line = NULL;
  size_t capacity = 0;
  int count = 0;
  struct sample sample;
  for (; getline(&line, &capacity, file) > 0; count++) {
    assert_true(parse_sample(line, &sample));
    visit(&sample);
  }
  free(line);
  fclose(file);
  return count;
}

static void test_numpy_files(void **state) {
  (void)state;
  assert_int_equal(each_sample(check_sample), 11 * 2 * 3 + 3 + 3 + 10);
}

/* Cut anywhere, a file is refused, never read beyond its end. */
static void truncate_sample(const struct sample *sample) {
  for (size_t size = 0; size < sample->size && sample->n_values > 0; size++) {
    lqa_npy npy;
    write_bytes(sample->bytes, size);
    assert_int_equal(lqa_npy_open(path, &npy, NULL), LQA_BAD_DATA);
    size += size > 20 && size + 40 < sample->size ? 6 : 0;
  }
}

static void test_truncated_files(void **state) {
  (void)state;
  each_sample(truncate_sample);
}

/* Random damage to the header: refused or read, but within the file's bytes (ASan looks on). */
static void damage_sample(const struct sample *sample) {
  lqa_rng rng;
  lqa_rng_init(&rng, 7, sample->size);
  unsigned char bytes[MAX_FILE];
  for (int round = 0; round < 20; round++) {
    memcpy(bytes, sample->bytes, sample->size);
    for (int i = 0; i < 3; i++) {
      bytes[lqa_rng_below(&rng, 100)] =
          (unsigned char)(round % 2 ? lqa_rng_next(&rng) : '0' + lqa_rng_below(&rng, 10));
    }
    lqa_npy npy;
    write_bytes(bytes, sample->size);
    if (lqa_npy_open(path, &npy, NULL) != LQA_OK) {
      continue;
    }
    const lqa_matrix *m = &npy.matrix;
    if (m->n_rows > 0 && m->n_columns > 0) {
      lqa_matrix_get(m, 0, 0);
      lqa_matrix_get(m, m->n_rows - 1, m->n_columns - 1);
    }
    lqa_npy_close(&npy);
  }
}

static void test_damaged_files(void **state) {
  (void)state;
  each_sample(damage_sample);
}

static void expect_refusal(const char *dict, const char *reason) {
  char bytes[1024];
  size_t length = strlen(dict);
  memcpy(bytes, "\x93NUMPY\x01\x00", 8);
  bytes[8] = (char)(length & 255);
  bytes[9] = (char)(length >> 8);
  memcpy(bytes + 10, dict, length);
  memset(bytes + 10 + length, 0, 64);
  write_bytes(bytes, 10 + length + 64);
  lqa_npy npy;
  lqa_error err;
  assert_int_equal(lqa_npy_open(path, &npy, &err), LQA_BAD_DATA);
  assert_string_equal(err.file, path);
  if (!strstr(err.message, reason)) {
    fail_msg("'%s' does not say '%s'", err.message, reason);
  }
}

static void test_hostile_headers(void **state) {
  (void)state;
  expect_refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }",
                 "truncated");
  expect_refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 9223372036854775807), }",
                 "truncated");
  expect_refusal("{'descr': '<f4', 'fortran_order': True, 'shape': (9223372036854775807, 0), }",
                 "truncated");
  expect_refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
                 "impossible number of rows");
  expect_refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (600, -1), }",
                 "negative or impossible");
  expect_refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 3), }",
                 "one or two dimensions");
  expect_refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (), }",
                 "one or two dimensions");
  expect_refusal("{'descr': '<f4', 'fortran_order': False, }", "names no shape");
  expect_refusal("{'descr': '<f4', 'shape': (1,), }", "plain numeric array");
  expect_refusal("{'descr': '<f4aaaaaaaaaaaaaaaaaaaaaaaaaaa', 'fortran_order': False}", "numeric");
  expect_refusal("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "its type is '|O'");
  expect_refusal("", "numeric");
}

static void test_missing_and_odd_files(void **state) {
  (void)state;
  lqa_npy npy;
  lqa_error err;
  assert_int_equal(lqa_npy_open("/nonexistent/a.npy", &npy, &err), LQA_BAD_FILE);
  assert_string_equal(err.message, "cannot open '/nonexistent/a.npy': No such file or directory");
  assert_int_equal(lqa_npy_open(folder, &npy, &err), LQA_BAD_FILE);
  write_bytes("PK\x03\x04 an npz archive", 18);
  assert_int_equal(lqa_npy_open(path, &npy, &err), LQA_BAD_DATA);
}

static void test_save_reads_back(void **state) {
  (void)state;
  lqa_rng rng;
  lqa_rng_init(&rng, 9, 1);
  for (int round = 0; round < 30; round++) {
    int64_t n_rows = (int64_t)lqa_rng_below(&rng, 50), n_columns = (int64_t)lqa_rng_below(&rng, 9);
    float data[50 * 9];
    for (int64_t i = 0; i < n_rows * n_columns; i++) {
      data[i] = i % 10 ? (float)lqa_rng_uniform(&rng) : NAN;
    }
    assert_int_equal(lqa_npy_save_f32(path, data, n_rows, n_columns, NULL), LQA_OK);
    lqa_npy npy;
    assert_int_equal(lqa_npy_open(path, &npy, NULL), LQA_OK);
    assert_int_equal(npy.matrix.n_rows, n_rows);
    assert_int_equal(npy.matrix.n_columns, n_columns);
    assert_int_equal(npy.matrix.dtype, LQA_FLOAT32);
    assert_memory_equal(npy.matrix.data, data, (size_t)(n_rows * n_columns) * sizeof *data);
    assert_int_equal((uintptr_t)npy.matrix.data % 64, 0);
    lqa_npy_close(&npy);
  }
}

/* The same array as in the reference gives the same bytes as numpy's. */
static void compare_with_numpy(const struct sample *sample) {
  if (strcmp(sample->name, "version1") != 0) {
    return;
  }
  const float square[6] = {0, 1, 2, 3, 4, 5};
  lqa_buf written;
  lqa_buf_init(&written, MAX_FILE);
  assert_int_equal(lqa_npy_save_f32(path, square, 2, 3, NULL), LQA_OK);
  assert_int_equal(lqa_file_load(path, &written, NULL), LQA_OK);
  assert_int_equal(written.size, sample->size);
  assert_memory_equal(written.data, sample->bytes, sample->size);
  lqa_buf_clear(&written);
}

static void test_save_writes_numpy_bytes(void **state) {
  (void)state;
  each_sample(compare_with_numpy);
}

static void test_failed_save_leaves_nothing(void **state) {
  (void)state;
  const float one = 1;
  lqa_error err;
  assert_int_equal(lqa_npy_save_f32("/nonexistent/a.npy", &one, 1, 1, &err), LQA_BAD_FILE);
  assert_non_null(strstr(err.message, "/nonexistent/a.npy"));
  if (access("/dev/full", W_OK) == 0) { /* a folder in the way: the rename fails */
    char taken[80];
    snprintf(taken, sizeof taken, "%s/taken", folder);
    char *made = NULL;
    assert_int_equal(lqa_folder_begin(taken, &made, NULL), LQA_OK);
    assert_int_equal(lqa_npy_save_f32(made, &one, 1, 1, &err), LQA_BAD_FILE);
    assert_int_equal(lqa_folder_remove(made, NULL), LQA_OK);
    free(made);
  }
}

static void test_strided_view(void **state) {
  (void)state;
  const double data[6] = {1, 2, 3, 4, 5, 6};
  /* Rows backwards, every second column: what numpy's a[::-1, ::2] hands over. */
  lqa_matrix view = {.data = data + 3,
                     .dtype = LQA_FLOAT64,
                     .n_rows = 2,
                     .n_columns = 2,
                     .row_stride = -24,
                     .column_stride = 16};
  float row[2];
  lqa_matrix_row_f32(&view, 0, row);
  assert_true(row[0] == 4 && row[1] == 6);
  assert_true(lqa_matrix_get(&view, 1, 1) == 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_numpy_files),
      cmocka_unit_test(test_truncated_files),
      cmocka_unit_test(test_damaged_files),
      cmocka_unit_test(test_hostile_headers),
      cmocka_unit_test(test_missing_and_odd_files),
      cmocka_unit_test(test_save_reads_back),
      cmocka_unit_test(test_save_writes_numpy_bytes),
      cmocka_unit_test(test_failed_save_leaves_nothing),
      cmocka_unit_test(test_strided_view),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
