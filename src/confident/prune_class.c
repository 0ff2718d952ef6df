/* confident/prune_class.c - prunes each class's least self-confident rows.
 *
 * Of a class with n rows, of which the joint says d are right, the n - d rows with the smallest
 * probability of their label are taken: a quota per class (row_quotas.h). Where the reference's
 * sort decides among equal probabilities, the rows of that class are sorted.
 */
#include "confident/prune.h"
#include "confident/row_quotas.h"

#include "base/memory.h"

#include <math.h>

struct pruning {
  lqa_confident *cl;
  int64_t *n_worst; /* per class */
  uint8_t *open;
  uint8_t *flags;
};

/* INT64_MIN stands for 0 / 0 in the quotas: nothing is taken then. */
int64_t lqa_prune_count_worst(int64_t diagonal, int64_t n_rows) {
  if (diagonal == INT64_MIN) {
    return 0;
  }
  return diagonal < 0 ? n_rows : n_rows - diagonal;
}

static lqa_status visit_rows(void *data, const lqa_row_block *rows, lqa_quota_sink *sink) {
  const struct pruning *p = data;
  for (int64_t i = 0; i < rows->n; i++) {
    int32_t label = rows->label[i];
    if (label >= 0 && p->n_worst[label] > 0) {
      LQA_TRY(lqa_quota_sink_room(sink));
      double key = lqa_confident_value(p->cl, rows->row + i, label);
      sink->item[sink->n++] = (lqa_quota_item){key, (uint32_t)(rows->row + i), label};
    }
  }
  return LQA_OK;
}

static lqa_status sort_class(void *data, const lqa_class_rows *r) {
  struct pruning *p = data;
  double *key = lqa_malloc((size_t)r->n, sizeof *key);
  uint8_t *chosen = lqa_calloc((size_t)r->n, 1);
  lqa_status status;
  LQA_TRY_OUT(key && chosen ? LQA_OK : LQA_NO_MEMORY);
  for (int64_t i = 0; i < r->n; i++) {
    if (i + LQA_PREFETCH_ROWS < r->n) {
      lqa_confident_prefetch(p->cl, r->rows[i + LQA_PREFETCH_ROWS], r->class_index);
    }
    key[i] = lqa_confident_value(p->cl, r->rows[i], r->class_index);
  }
  LQA_TRY_OUT(lqa_select_smallest(key, r->n, p->n_worst[r->class_index], p->cl->ties, chosen));
  for (int64_t i = 0; i < r->n; i++) {
    p->flags[r->rows[i]] |= chosen[i] ? LQA_ROW_BY_CLASS : 0;
  }
out:
  free(chosen);
  free(key);
  return status;
}

static lqa_status prune(struct pruning *p, lqa_error *err) {
  lqa_row_quotas quotas = {.cl = p->cl,
                           .n_groups = p->cl->n_classes,
                           .quota = p->n_worst,
                           .low = 0,
                           .high = 1,
                           .limit = (double)INFINITY,
                           .most_items = 1,
                           .visit = visit_rows,
                           .data = p,
                           .flags = p->flags,
                           .bit = LQA_ROW_BY_CLASS,
                           .open = p->open};
  LQA_TRY(lqa_row_quotas_fill(&quotas, err));
  if (!memchr(p->open, 1, (size_t)p->cl->n_classes)) {
    return LQA_OK;
  }
  lqa_row_choice choice = {p->open, NULL, 0};
  return lqa_confident_each_class(p->cl, &choice, sort_class, p, err);
}

lqa_status lqa_prune_by_class(lqa_confident *cl, const int64_t *quota, const uint8_t *wanted,
                              uint8_t *flags, lqa_error *err) {
  size_t n = (size_t)cl->n_classes;
  struct pruning p = {cl, lqa_calloc(n, sizeof *p.n_worst), lqa_calloc(n, 1), flags};
  lqa_status status = LQA_OK;
  if (!p.n_worst || !p.open) {
    status = lqa_fail_memory(err, "pruning by class");
    goto out;
  }
  for (size_t k = 0; k < n; k++) {
    int64_t n_worst = lqa_prune_count_worst(quota[k * (n + 1)], cl->class_count[k]);
    p.n_worst[k] = !wanted[k] || n_worst < 0      ? 0
                   : n_worst < cl->class_count[k] ? n_worst
                                                  : cl->class_count[k];
  }
  status = prune(&p, err);
out:
  free(p.n_worst);
  free(p.open);
  return status;
}
