/* Ownership of a sparse matrix: three heap blocks, freed together. */
#include "feature/sparse.h"

#include <stdlib.h>

void lqa_sparse_clear(lqa_sparse *matrix) {
  free(matrix->row_start);
  free(matrix->column);
  free(matrix->value);
  *matrix = (lqa_sparse){0};
}
