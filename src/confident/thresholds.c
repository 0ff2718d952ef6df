/* confident/thresholds.c - how sure the model is of a class when it is given.
 *
 * The threshold of class k is the mean predicted probability of k over the rows labelled k. A row
 * counts as confidently k when its probability reaches it: classes that the model is less sure of
 * in general are held to less.
 *
 * The sum of a class runs in pairwise order (base/pairwise_sum.h) over its rows, so the bits are
 * the reference's. It is made in one pass over the rows in memory order: how many rows of each
 * class come before a span of rows is known from the label counts, so each value's leaf in its
 * class's sum is known, and a leaf is summed when its last value arrives. Leaves that cross from
 * one span of rows to the next are collected in a shared place and summed at the end. Spans run in
 * parallel; so could machines, which would exchange leaf sums and crossing leaves.
 *
 * Memory: N / 64 leaf sums, one leaf per class and worker, one per class and span. One value a row
 * is read, a fraction of the matrix where there are many classes.
 */
#include "confident/confident_internal.h"

#include "base/memory.h"

/* Leaves that cross take at most 1/256 of the matrix's size, where that leaves spans enough. */
enum { MIN_SPANS = 8, MAX_SPANS = 64, CROSSING_SHARE = 256 };

struct averaging {
  lqa_confident *cl;
  int64_t chunks_per_span, n_spans;
  int64_t *before;     /* n_spans x n_classes: rows of the class before the span */
  int64_t *slot_start; /* n_classes: where the class's leaf sums start */
  double *leaf_sum;
  int64_t *
      crossing_at; /* n_spans x n_classes: offset of the leaf that crosses out of the span, or -1 */
  double *crossing;
  struct leaf *leaves; /* per worker n_classes */
  double *values;      /* per worker n_classes leaves */
};

/* The leaf that a class's next value belongs to. */
struct leaf {
  lqa_pairwise_span span;
  double *values; /* span.n of them */
  int64_t at;     /* position of the next value in the class */
};

static int64_t rows_before(const struct averaging *a, int64_t span, int32_t k) {
  return span < a->n_spans ? a->before[span * a->cl->n_classes + k] : a->cl->class_count[k];
}

/* The leaf of class k that starts in or before `span` and goes on after it; n = 0 if there is none.
 */
static lqa_pairwise_span find_crossing(const struct averaging *a, int64_t span, int32_t k) {
  int64_t end = rows_before(a, span + 1, k);
  lqa_pairwise_span none = {0, 0};
  if (end == 0 || end == a->cl->class_count[k]) {
    return none;
  }
  lqa_pairwise_span leaf = lqa_pairwise_leaf_at(a->cl->class_count[k], end - 1);
  return leaf.start + leaf.n > end ? leaf : none;
}

static void count_before(struct averaging *a) {
  int64_t n_classes = a->cl->n_classes;
  for (int32_t k = 0; k < n_classes; k++) {
    int64_t before = 0;
    for (int64_t chunk = 0; chunk < a->cl->n_chunks; chunk++) {
      if (chunk % a->chunks_per_span == 0) {
        a->before[chunk / a->chunks_per_span * n_classes + k] = before;
      }
      before += a->cl->chunk_count[chunk * n_classes + k];
    }
  }
}

/* Gives every crossing leaf a place, the same for all spans that it touches; returns the room
 * needed. */
static int64_t place_crossings(struct averaging *a) {
  int64_t room = 0;
  for (int64_t span = 0; span < a->n_spans; span++) {
    for (int32_t k = 0; k < a->cl->n_classes; k++) {
      int64_t *at = &a->crossing_at[span * a->cl->n_classes + k];
      lqa_pairwise_span leaf = find_crossing(a, span, k);
      if (leaf.n == 0) {
        *at = -1;
      } else if (leaf.start >= rows_before(a, span, k)) {
        *at = room;
        room += leaf.n;
      } else {
        *at = at[-a->cl->n_classes];
      }
    }
  }
  return room;
}

/* Turns to the leaf that holds the class's next value. */
static void open_leaf(const struct averaging *a, struct leaf *leaf, double *own, int64_t span,
                      int32_t k) {
  const lqa_confident *cl = a->cl;
  leaf->span = lqa_pairwise_leaf_at(cl->class_count[k], leaf->at);
  leaf->values = own;
  if (leaf->span.start < rows_before(a, span, k)) {
    leaf->values = a->crossing + a->crossing_at[(span - 1) * cl->n_classes + k];
  } else if (leaf->span.start + leaf->span.n > rows_before(a, span + 1, k)) {
    leaf->values = a->crossing + a->crossing_at[span * cl->n_classes + k];
  }
}

/* Takes one value; sums the leaf if it is full and this span's own. */
static inline void add_value(const struct averaging *a, struct leaf *leaf, double value,
                             double *own, int32_t k) {
  leaf->values[leaf->at++ - leaf->span.start] = value;
  if (leaf->at == leaf->span.start + leaf->span.n && leaf->values == own) {
    a->leaf_sum[a->slot_start[k] + lqa_pairwise_slot(leaf->span.start)] =
        lqa_pairwise_sum(own, leaf->span.n, a->cl->is_single);
  }
}

static void average_block(const struct averaging *a, int64_t row, int64_t n, int64_t span,
                          size_t worker) {
  int32_t label[LQA_LABEL_BLOCK];
  struct leaf *leaves = a->leaves + worker * (size_t)a->cl->n_classes;
  double *values = a->values + worker * (size_t)a->cl->n_classes * LQA_PAIRWISE_LEAF;
  lqa_confident_read_labels(a->cl, row, n, label);
  for (int64_t i = 0; i < n; i++) {
    int32_t k = label[i];
    if (k < 0) {
      continue;
    }
    struct leaf *leaf = &leaves[k];
    double *own = values + (size_t)k * LQA_PAIRWISE_LEAF;
    if (leaf->at == leaf->span.start + leaf->span.n) {
      open_leaf(a, leaf, own, span, k);
    }
    add_value(a, leaf, lqa_confident_value(a->cl, row + i, k), own, k);
  }
}

static lqa_status average_span(void *data, size_t span, size_t worker) {
  const struct averaging *a = data;
  struct leaf *leaves = a->leaves + worker * (size_t)a->cl->n_classes;
  for (int32_t k = 0; k < a->cl->n_classes; k++) {
    int64_t at = rows_before(a, (int64_t)span, k);
    leaves[k] = (struct leaf){.span = {at, 0}, .at = at}; /* full: opened at the first value */
  }
  size_t first = span * (size_t)a->chunks_per_span;
  int64_t end = lqa_confident_chunk_end(a->cl, first + (size_t)a->chunks_per_span - 1);
  for (int64_t row = lqa_confident_chunk_start(a->cl, first); row < end; row += LQA_LABEL_BLOCK) {
    int64_t n = end - row < LQA_LABEL_BLOCK ? end - row : LQA_LABEL_BLOCK;
    LQA_TRY(lqa_confident_go_on(a->cl));
    average_block(a, row, n, (int64_t)span, worker);
  }
  return LQA_OK;
}

static void sum_crossings(const struct averaging *a) {
  for (int64_t span = 0; span < a->n_spans; span++) {
    for (int32_t k = 0; k < a->cl->n_classes; k++) {
      lqa_pairwise_span leaf = find_crossing(a, span, k);
      if (leaf.n > 0) {
        const double *values = a->crossing + a->crossing_at[span * a->cl->n_classes + k];
        a->leaf_sum[a->slot_start[k] + lqa_pairwise_slot(leaf.start)] =
            lqa_pairwise_sum(values, leaf.n, a->cl->is_single);
      }
    }
  }
}

/* By the data alone: a crossing leaf takes up to 1 KB for each span and class. */
static int64_t choose_spans(const lqa_confident *cl) {
  int64_t row_bytes = cl->n_classes * (cl->is_single ? (int64_t)sizeof(float) : 8);
  int64_t leaf_bytes = cl->n_classes * LQA_PAIRWISE_LEAF * (int64_t)sizeof(double);
  int64_t spans = cl->n_rows * row_bytes / CROSSING_SHARE / leaf_bytes;
  return spans < MIN_SPANS ? MIN_SPANS : spans > MAX_SPANS ? MAX_SPANS : spans;
}

static lqa_status prepare(struct averaging *a, lqa_error *err) {
  const lqa_confident *cl = a->cl;
  size_t n = (size_t)cl->n_classes;
  size_t n_workers = lqa_pool_threads(cl->pool);
  int64_t n_spans = choose_spans(cl);
  a->chunks_per_span = (cl->n_chunks + n_spans - 1) / n_spans;
  a->n_spans = (cl->n_chunks + a->chunks_per_span - 1) / a->chunks_per_span;
  a->before = lqa_malloc(n, (size_t)a->n_spans * sizeof *a->before);
  a->crossing_at = lqa_malloc(n, (size_t)a->n_spans * sizeof *a->crossing_at);
  a->slot_start = lqa_malloc(n, sizeof *a->slot_start);
  a->leaves = lqa_malloc(n, n_workers * sizeof *a->leaves);
  a->values = lqa_malloc(n, n_workers * LQA_PAIRWISE_LEAF * sizeof *a->values);
  if (!a->before || !a->crossing_at || !a->slot_start || !a->leaves || !a->values) {
    return lqa_fail_memory(err, "computing class thresholds");
  }
  int64_t n_slots = 0;
  for (size_t k = 0; k < n; k++) {
    a->slot_start[k] = n_slots;
    n_slots += lqa_pairwise_count_slots(cl->class_count[k]);
  }
  count_before(a);
  a->leaf_sum = lqa_malloc((size_t)n_slots, sizeof *a->leaf_sum);
  a->crossing = lqa_malloc((size_t)place_crossings(a), sizeof *a->crossing);
  if (!a->leaf_sum || !a->crossing) {
    return lqa_fail_memory(err, "computing class thresholds");
  }
  return LQA_OK;
}

double lqa_confident_average(double sum, int64_t count, bool is_single) {
  return count == 0 ? LQA_CONFIDENT_ABSENT : lqa_round_single(sum / (double)count, is_single);
}

void lqa_confident_lift_thresholds(lqa_thresholds *thresholds, int32_t n) {
  double floor = lqa_round_single(LQA_CONFIDENT_FLOOR, thresholds->is_single);
  for (int32_t k = 0; k < n; k++) {
    if (thresholds->value[k] < floor) {
      thresholds->value[k] = floor;
    }
  }
}

static double average(const struct averaging *a, int32_t k) {
  int64_t count = a->cl->class_count[k];
  double sum =
      count == 0 ? 0 : lqa_pairwise_fold(a->leaf_sum + a->slot_start[k], count, a->cl->is_single);
  return lqa_confident_average(sum, count, a->cl->is_single);
}

lqa_status lqa_confident_thresholds(lqa_confident *cl, lqa_thresholds *thresholds, lqa_error *err) {
  struct averaging a = {.cl = cl};
  lqa_status status = LQA_OK;
  bool is_single = cl->is_single;
  LQA_TRY_OUT(prepare(&a, err));
  LQA_TRY_OUT(lqa_pool_run(cl->pool, (size_t)a.n_spans, average_span, &a));
  sum_crossings(&a);
  for (int32_t k = 0; k < cl->n_classes; k++) {
    thresholds->value[k] = average(&a, k);
    is_single = is_single && cl->class_count[k] > 0; /* the integer 2 makes it float64 there */
  }
  thresholds->is_single = is_single;
  lqa_confident_lift_thresholds(thresholds, cl->n_classes);
  LQA_TRY_OUT(lqa_observe_check(cl->observer, err));
out:
  free(a.before);
  free(a.crossing_at);
  free(a.slot_start);
  free(a.leaves);
  free(a.values);
  free(a.leaf_sum);
  free(a.crossing);
  return status;
}
