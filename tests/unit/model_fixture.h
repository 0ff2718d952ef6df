/* tests/unit/model_fixture.h - random problems for the tests of src/model. */
#ifndef LQA_TESTS_MODEL_FIXTURE_H
#define LQA_TESTS_MODEL_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/rng.h"
#include "model/problem/problem.h"

#include <string.h>

/* Rows of a few entries, some of them telling the class; folds in turn. */
typedef struct fixture {
  lqa_sparse x;
  int32_t *label;
  uint8_t *fold;
  lqa_problem problem;
  size_t n_values; /* rows x classes */
} fixture;

static inline void fixture_init(fixture *f, int64_t n_rows, int32_t n_classes, int n_folds) {
  const int32_t n_columns = 8 * n_classes;
  lqa_rng rng;
  lqa_rng_init(&rng, (uint64_t)n_rows, (uint64_t)n_classes);
  *f = (fixture){.x = {.n_rows = n_rows, .n_columns = n_columns}};
  f->x.row_start = calloc((size_t)n_rows + 1, sizeof *f->x.row_start);
  f->x.column = malloc((size_t)n_rows * 6 * sizeof *f->x.column);
  f->x.value = malloc((size_t)n_rows * 6 * sizeof *f->x.value);
  f->label = malloc((size_t)n_rows * sizeof *f->label);
  f->fold = malloc((size_t)n_rows);
  for (int64_t row = 0; row < n_rows; row++) {
    f->label[row] = (int32_t)lqa_rng_below(&rng, (uint64_t)n_classes);
    f->fold[row] = (uint8_t)(row % n_folds);
    uint64_t at = f->x.row_start[row];
    for (uint32_t column = 0; column < (uint32_t)n_columns && at < f->x.row_start[row] + 6;
         column++) {
      bool own = (int32_t)column / 8 == f->label[row];
      if (lqa_rng_below(&rng, own ? 3 : (uint64_t)n_columns / 3) == 0) {
        f->x.column[at] = column;
        f->x.value[at++] = (float)(0.1 + lqa_rng_uniform(&rng));
      }
    }
    f->x.row_start[row + 1] = at;
  }
  f->problem = (lqa_problem){NULL, f->label, f->fold, n_classes, n_folds};
  f->n_values = (size_t)n_rows * (size_t)n_classes;
}

static inline lqa_problem fixture_problem(fixture *f) {
  f->problem.x = &f->x;
  return f->problem;
}

static inline lqa_predictions fixture_predictions(const fixture *f, bool pairs) {
  lqa_predictions p = {.outer = calloc(f->n_values, sizeof(float))};
  p.next = pairs ? calloc(f->n_values, sizeof(float)) : NULL;
  p.previous = pairs ? calloc(f->n_values, sizeof(float)) : NULL;
  return p;
}

static inline void fixture_free_predictions(lqa_predictions *p) {
  free(p->outer);
  free(p->next);
  free(p->previous);
}

static inline void fixture_clear(fixture *f) {
  lqa_sparse_clear(&f->x);
  free(f->label);
  free(f->fold);
}

#endif
