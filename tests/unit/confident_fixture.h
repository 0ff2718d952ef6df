/* confident_fixture.h - one problem of confident learning, in either precision. */
#ifndef LQA_TESTS_CONFIDENT_FIXTURE_H
#define LQA_TESTS_CONFIDENT_FIXTURE_H

#include "must.h"

#include "confident/confident.h"

#include <stdlib.h>

struct problem {
  int64_t n_rows;
  int32_t n_classes;
  int32_t *label;
  double *p;
  float *p32; /* the same, where is_single */
  bool is_single;
  lqa_matrix matrix, labels;
  lqa_confident *cl;
};

static inline void open_problem(struct problem *q, lqa_tie_order ties, lqa_pool *pool) {
  lqa_error err;
  if (q->matrix.data == NULL) {
    q->matrix = q->is_single ? lqa_matrix_of_f32(q->p32, q->n_rows, q->n_classes)
                             : lqa_matrix_of_f64(q->p, q->n_rows, q->n_classes);
    q->labels = lqa_vector_of_i32(q->label, q->n_rows);
  }
  lqa_confident_input input = {
      .pred_probs = &q->matrix, .labels = &q->labels, .ties = ties, .pool = pool};
  MUST(lqa_confident_new(&input, &q->cl, &err));
}

static inline void clear_problem(struct problem *q) {
  lqa_confident_free(q->cl);
  free(q->label);
  free(q->p);
  free(q->p32);
  *q = (struct problem){0};
}

#endif
