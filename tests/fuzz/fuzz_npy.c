/* .npy files from strangers: the header is Python syntax with sizes that may lie. Whatever is
 * accepted must be readable in full: the first, last and middle element of every row. */
#include "base/npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static double read_corners(const lqa_matrix *matrix) {
  double sum = 0.0;
  for (int64_t row = 0; row < matrix->n_rows && matrix->n_columns > 0; row++) {
    sum += lqa_matrix_get(matrix, row, 0);
    sum += lqa_matrix_get(matrix, row, matrix->n_columns / 2);
    sum += lqa_matrix_get(matrix, row, matrix->n_columns - 1);
  }
  return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  int file = memfd_create("fuzz.npy", 0);
  if (file < 0 || write(file, data, size) != (ssize_t)size) {
    abort();
  }
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  lqa_npy npy = {0};
  if (lqa_npy_open(path, &npy, NULL) == LQA_OK) {
    volatile double sum = read_corners(&npy.matrix);
    (void)sum;
    lqa_npy_close(&npy);
  }
  close(file);
  return 0;
}
