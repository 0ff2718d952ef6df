/* audit/confident_learning/prune_class.c - prunes each class's least self-confident rows.
 *
 * Of a class with n rows, of which the joint says d are right, the n - d rows with the smallest
 * probability of their label are taken.
 */
#include "audit/confident_learning/prune.h"

#include "base/memory.h"

struct pruning {
  lqa_confident *cl;
  const int64_t *quota;
  uint8_t *flags;
};

/* INT64_MIN stands for 0 / 0 in the quotas: nothing is taken then. */
int64_t lqa_prune_count_worst(int64_t diagonal, int64_t n_rows) {
  if (diagonal == INT64_MIN) {
    return 0;
  }
  return diagonal < 0 ? n_rows : n_rows - diagonal;
}

static lqa_status prune_class(void *data, const lqa_class_rows *r) {
  struct pruning *p = data;
  double *key = lqa_malloc((size_t)r->n, sizeof *key);
  uint8_t *chosen = lqa_calloc((size_t)r->n, 1);
  lqa_status status = key && chosen ? LQA_OK : LQA_NO_MEMORY;
  if (status == LQA_OK) {
    for (int64_t i = 0; i < r->n; i++) {
      if (i + LQA_PREFETCH_ROWS < r->n) {
        lqa_confident_prefetch(p->cl, r->rows[i + LQA_PREFETCH_ROWS], r->class_index);
      }
      key[i] = lqa_confident_value(p->cl, r->rows[i], r->class_index);
    }
    int64_t diagonal = p->quota[(int64_t)r->class_index * (p->cl->n_classes + 1)];
    status =
        lqa_select_smallest(key, r->n, lqa_prune_count_worst(diagonal, r->n), p->cl->ties, chosen);
  }
  for (int64_t i = 0; status == LQA_OK && i < r->n; i++) {
    p->flags[r->rows[i]] |= chosen[i] ? LQA_ROW_BY_CLASS : 0;
  }
  free(chosen);
  free(key);
  return status;
}

lqa_status lqa_prune_by_class(lqa_confident *cl, const int64_t *quota, const uint8_t *wanted,
                              uint8_t *flags, lqa_error *err) {
  struct pruning p = {cl, quota, flags};
  lqa_row_choice choice = {wanted, NULL, 0};
  return lqa_confident_each_class(cl, &choice, prune_class, &p, err);
}
