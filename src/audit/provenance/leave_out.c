/* audit/provenance/leave_out.c - naive Bayes of "all rows but these" by subtraction.
 *
 * Counts of the part that is left out are gathered in a second table, of which only the touched
 * entries are used and cleared again; a weight is the logarithm of a difference of two integers, so
 * leaving a part out costs as much as scoring it. Logarithms of small counts come from a table.
 */
#include "audit/measure/quick_bayes.h"
#include "base/explog.h"
#include "base/memory.h"

enum { LOG_TABLE = 4096 };

static const double SMOOTHING = .1;

lqa_status lqa_leave_out_fit(lqa_leave_out *model, const lqa_hashed_rows *bag, uint32_t n_buckets,
                             int32_t n_classes, const int32_t *label) {
  lqa_leave_out made = {.n_classes = n_classes,
                        .n_buckets = n_buckets,
                        .count =
                            lqa_calloc((size_t)n_buckets, (size_t)n_classes * sizeof(uint32_t)),
                        .total = lqa_calloc((size_t)n_classes, sizeof(double)),
                        .rows = lqa_calloc((size_t)n_classes, sizeof(double))};
  if (!made.count || !made.total || !made.rows) {
    lqa_leave_out_clear(&made);
    return LQA_NO_MEMORY;
  }
  for (size_t i = 0; i < bag->n; i++) {
    if (label[i] < 0) {
      continue;
    }
    made.rows[label[i]]++;
    made.total[label[i]] += (double)(bag->start[i + 1] - bag->start[i]);
    for (uint64_t j = bag->start[i]; j < bag->start[i + 1]; j++) {
      made.count[(size_t)bag->bucket[j] * (size_t)n_classes + (size_t)label[i]]++;
    }
  }
  *model = made;
  return LQA_OK;
}

void lqa_leave_out_clear(lqa_leave_out *model) {
  free(model->count);
  free(model->total);
  free(model->rows);
  *model = (lqa_leave_out){0};
}

/* What is taken out of a model, and the logarithms that scoring needs. */
typedef struct part {
  const lqa_leave_out *model;
  uint32_t *count;
  double *total, *rows;         /* taken out */
  double *log_total, *log_rows; /* of what is left */
  double *log_count;            /* LOG_TABLE entries */
  double *score;
} part;

static void part_clear(part *p) {
  free(p->count);
  free(p->total);
  free(p->log_count);
}

static lqa_status part_init(part *p, const lqa_leave_out *model) {
  size_t n_classes = (size_t)model->n_classes;
  *p = (part){.model = model,
              .count = lqa_calloc((size_t)model->n_buckets, n_classes * sizeof(uint32_t)),
              .total = lqa_calloc(n_classes, 5 * sizeof(double)),
              .log_count = lqa_malloc(LOG_TABLE, sizeof(double))};
  if (!p->count || !p->total || !p->log_count) {
    part_clear(p);
    return LQA_NO_MEMORY;
  }
  p->rows = p->total + n_classes;
  p->log_total = p->rows + n_classes;
  p->log_rows = p->log_total + n_classes;
  p->score = p->log_rows + n_classes;
  for (int i = 0; i < LOG_TABLE; i++) {
    p->log_count[i] = lqa_log(i + SMOOTHING);
  }
  return LQA_OK;
}

static void part_fill(part *p, const lqa_hashed_rows *bag, const int32_t *label,
                      const uint8_t *out) {
  size_t n_classes = (size_t)p->model->n_classes;
  for (size_t i = 0; i < bag->n; i++) {
    if (!out[i] || label[i] < 0) {
      continue;
    }
    p->rows[label[i]]++;
    p->total[label[i]] += (double)(bag->start[i + 1] - bag->start[i]);
    for (uint64_t j = bag->start[i]; j < bag->start[i + 1]; j++) {
      p->count[(size_t)bag->bucket[j] * n_classes + (size_t)label[i]]++;
    }
  }
  for (size_t k = 0; k < n_classes; k++) {
    p->log_total[k] = lqa_log(p->model->total[k] - p->total[k] + SMOOTHING * p->model->n_buckets);
    p->log_rows[k] = lqa_log(p->model->rows[k] - p->rows[k] + .5);
  }
}

static int32_t part_predict(const part *p, const lqa_hashed_rows *bag, size_t item) {
  size_t n_classes = (size_t)p->model->n_classes;
  memcpy(p->score, p->log_rows, n_classes * sizeof *p->score);
  for (uint64_t j = bag->start[item]; j < bag->start[item + 1]; j++) {
    size_t at = (size_t)bag->bucket[j] * n_classes;
    for (size_t k = 0; k < n_classes; k++) {
      uint32_t left = p->model->count[at + k] - p->count[at + k];
      p->score[k] +=
          (left < LOG_TABLE ? p->log_count[left] : lqa_log(left + SMOOTHING)) - p->log_total[k];
    }
  }
  size_t best = 0;
  for (size_t k = 1; k < n_classes; k++) {
    best = p->score[k] > p->score[best] ? k : best;
  }
  return (int32_t)best;
}

lqa_status lqa_leave_out_predict(const lqa_leave_out *model, const lqa_hashed_rows *bag,
                                 const int32_t *label, const uint8_t *out, int32_t *predicted) {
  part p;
  LQA_TRY(part_init(&p, model));
  part_fill(&p, bag, label, out);
  for (size_t i = 0; i < bag->n; i++) {
    predicted[i] = out[i] ? part_predict(&p, bag, i) : -1;
  }
  part_clear(&p);
  return LQA_OK;
}
