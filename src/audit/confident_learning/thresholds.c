/* audit/confident_learning/thresholds.c - how sure the model is of a class when it is given.
 *
 * The threshold of class k is the mean predicted probability of k over the rows labelled k. A row
 * counts as confidently k when its probability reaches it: classes that the model is less sure of
 * in general are held to less. Sums run in numpy's pairwise order over the class's rows, so the
 * bits are the reference's; one value a row is read, a fraction of the matrix when there are many
 * classes.
 */
#include "audit/confident_learning/confident_internal.h"

struct averaging {
  const lqa_confident *cl;
  double *value;
  bool is_single;
};

struct class_column {
  const lqa_confident *cl;
  const uint32_t *rows;
  int32_t column;
};

static double value_at(const void *data, int64_t i) {
  const struct class_column *c = data;
  return lqa_confident_value(c->cl, c->rows[i], c->column);
}

static lqa_status average_class(void *data, int32_t k, const uint32_t *rows, int64_t n,
                                size_t worker) {
  struct averaging *a = data;
  struct class_column column = {a->cl, rows, k};
  (void)worker;
  double sum = lqa_pairwise_sum_of(value_at, &column, n, a->cl->is_single);
  a->value[k] = lqa_round_single(sum / (double)n, a->cl->is_single);
  return LQA_OK;
}

lqa_status lqa_confident_thresholds(lqa_confident *cl, lqa_thresholds *thresholds, lqa_error *err) {
  struct averaging a = {.cl = cl, .value = thresholds->value};
  bool is_single = cl->is_single;
  for (int32_t k = 0; k < cl->n_classes; k++) {
    thresholds->value[k] = LQA_CONFIDENT_ABSENT;
    is_single = is_single && cl->class_count[k] > 0; /* numpy mixes the integer 2 in as float64 */
  }
  LQA_TRY(lqa_confident_each_class(cl, NULL, NULL, 0, average_class, &a, err));
  double floor = lqa_round_single(LQA_CONFIDENT_FLOOR, is_single);
  for (int32_t k = 0; k < cl->n_classes; k++) {
    if (thresholds->value[k] < floor) {
      thresholds->value[k] = floor;
    }
  }
  thresholds->is_single = is_single;
  return LQA_OK;
}
