/* confident/class_index.c - walks the rows of each class, in row order, in bounded
 * memory.
 *
 * Thresholds need a class's rows in order (the reference's sum depends on it), quotas need them
 * together. A counting sort of row numbers by class gives that for 4 bytes a row; to stay within a
 * few percent of the matrix it is done for some consecutive classes at a time, each pass reading
 * the labels again, which is cheap beside the probabilities. Chunk counts from the preparation say
 * where each chunk's rows go, so chunks are placed in parallel and the order is that of the rows,
 * always.
 */
#include "confident/confident_internal.h"

#include "base/memory.h"

/* Rows indexed at a time: 1/64 of the matrix's bytes (in 4-byte numbers), at least 2^18 and an
 * eighth of all rows, so that there are few passes. */
enum { MIN_BUDGET = 1 << 18, BUDGET_SHARE = 256, MAX_PASSES = 8 };

/* Rows of some consecutive classes: class first_class + i has rows[start[i] .. start[i + 1]). */
struct index {
  int32_t first_class, n_classes;
  uint32_t *rows;
  int64_t *start;
};

struct placing {
  lqa_confident *cl;
  const lqa_row_choice *choice;
  struct index index;
  uint32_t *chunk_count; /* n_chunks x n_classes: matching rows per chunk */
  uint32_t *place; /* n_chunks x index->n_classes: where the chunk's rows start, within the class */
  lqa_class_fn run;
  void *data;
};

static inline bool matches(const lqa_row_choice *choice, int64_t row) {
  return !choice->flags || (choice->flags[row] & choice->bit);
}

static lqa_status count_matching(void *data, size_t chunk, size_t worker) {
  struct placing *p = data;
  lqa_confident *cl = p->cl;
  uint32_t *count = p->chunk_count + chunk * (size_t)cl->n_classes;
  int64_t end = lqa_confident_chunk_end(cl, chunk);
  int32_t label[LQA_LABEL_BLOCK];
  (void)worker;
  for (int64_t row = lqa_confident_chunk_start(cl, chunk); row < end; row += LQA_LABEL_BLOCK) {
    int64_t n = end - row < LQA_LABEL_BLOCK ? end - row : LQA_LABEL_BLOCK;
    lqa_confident_read_labels(cl, row, n, label);
    for (int64_t i = 0; i < n; i++) {
      if (label[i] >= 0 && matches(p->choice, row + i)) {
        count[label[i]]++;
      }
    }
  }
  return LQA_OK;
}

static lqa_status place_chunk(void *data, size_t chunk, size_t worker) {
  struct placing *p = data;
  lqa_confident *cl = p->cl;
  struct index *index = &p->index;
  uint32_t *place = p->place + chunk * (size_t)index->n_classes;
  int64_t end = lqa_confident_chunk_end(cl, chunk);
  int32_t label[LQA_LABEL_BLOCK];
  (void)worker;
  for (int64_t row = lqa_confident_chunk_start(cl, chunk); row < end; row += LQA_LABEL_BLOCK) {
    int64_t n = end - row < LQA_LABEL_BLOCK ? end - row : LQA_LABEL_BLOCK;
    lqa_confident_read_labels(cl, row, n, label);
    for (int64_t i = 0; i < n; i++) {
      uint32_t k = (uint32_t)label[i] - (uint32_t)index->first_class; /* huge where out of range */
      if (label[i] >= 0 && k < (uint32_t)index->n_classes &&
          index->start[k + 1] > index->start[k] && matches(p->choice, row + i)) {
        index->rows[index->start[k] + place[k]++] = (uint32_t)(row + i);
      }
    }
  }
  return LQA_OK;
}

/* Turns chunk counts into places: the sum over earlier chunks. */
static void sum_places(struct placing *p) {
  size_t n = (size_t)p->index.n_classes;
  for (size_t k = 0; k < n; k++) {
    uint32_t sum = 0;
    for (int64_t chunk = 0; chunk < p->cl->n_chunks; chunk++) {
      p->place[(size_t)chunk * n + k] = sum;
      sum += p->chunk_count[(size_t)chunk * (size_t)p->cl->n_classes +
                            (size_t)p->index.first_class + k];
    }
  }
}

static int64_t count_class(const struct placing *p, int32_t k) {
  int64_t count = 0;
  if (p->choice->wanted && !p->choice->wanted[k]) {
    return 0;
  }
  for (int64_t chunk = 0; chunk < p->cl->n_chunks; chunk++) {
    count += p->chunk_count[chunk * p->cl->n_classes + k];
  }
  return count;
}

/* Takes classes from `first` on while they fit the budget; at least one. */
static void choose_classes(struct placing *p, int32_t first, int64_t budget) {
  struct index *index = &p->index;
  index->first_class = first;
  index->start[0] = 0;
  int32_t k = first;
  do {
    int32_t i = k - first;
    index->start[i + 1] = index->start[i] + count_class(p, k);
    k++;
  } while (k < p->cl->n_classes && index->start[k - first] + count_class(p, k) <= budget);
  index->n_classes = k - first;
}

static lqa_status run_class(void *data, size_t task, size_t worker) {
  struct placing *p = data;
  int64_t start = p->index.start[task];
  lqa_class_rows rows = {p->index.first_class + (int32_t)task, p->index.rows + start,
                         p->index.start[task + 1] - start, worker};
  LQA_TRY(lqa_confident_go_on(p->cl));
  return rows.n == 0 ? LQA_OK : p->run(p->data, &rows);
}

static lqa_status run_group(struct placing *p, lqa_error *err) {
  lqa_status status = LQA_OK;
  size_t n = (size_t)p->index.n_classes;
  int64_t n_rows = p->index.start[n];
  if (n_rows == 0) {
    return LQA_OK;
  }
  p->index.rows = lqa_malloc((size_t)n_rows, sizeof *p->index.rows);
  p->place = lqa_malloc(n, (size_t)p->cl->n_chunks * sizeof *p->place);
  if (!p->index.rows || !p->place) {
    status = lqa_fail_memory(err, "indexing rows by class");
    goto out;
  }
  sum_places(p);
  LQA_TRY_OUT(lqa_pool_run(p->cl->pool, (size_t)p->cl->n_chunks, place_chunk, p));
  status = lqa_pool_run(p->cl->pool, n, run_class, p);
  if (status == LQA_NO_MEMORY) {
    status = lqa_fail_memory(err, "looking at the rows of a class");
  }
out:
  free(p->place);
  free(p->index.rows);
  return status;
}

static int64_t row_budget(const lqa_confident *cl) {
  int64_t size = cl->is_single ? sizeof(float) : sizeof(double);
  int64_t budget = cl->n_rows / BUDGET_SHARE * cl->n_classes * size;
  int64_t least = cl->n_rows / MAX_PASSES;
  budget = budget > least ? budget : least;
  return budget > MIN_BUDGET ? budget : MIN_BUDGET;
}

lqa_status lqa_confident_each_class(lqa_confident *cl, const lqa_row_choice *choice,
                                    lqa_class_fn run, void *data, lqa_error *err) {
  lqa_status status = LQA_OK;
  struct placing p = {
      .cl = cl, .choice = choice, .run = run, .data = data, .chunk_count = cl->chunk_count};
  uint32_t *own_count = NULL;
  size_t n = (size_t)cl->n_classes;
  p.index.start = lqa_malloc(n + 1, sizeof *p.index.start);
  if (choice->flags) {
    own_count = lqa_calloc(n, (size_t)cl->n_chunks * sizeof *own_count);
    p.chunk_count = own_count;
  }
  if (!p.index.start || !p.chunk_count) {
    status = lqa_fail_memory(err, "indexing rows by class");
    goto out;
  }
  if (choice->flags) {
    LQA_TRY_OUT(lqa_pool_run(cl->pool, (size_t)cl->n_chunks, count_matching, &p));
  }
  for (int32_t k = 0; k < cl->n_classes; k += p.index.n_classes) {
    LQA_TRY_OUT(lqa_observe_check(cl->observer, err));
    choose_classes(&p, k, row_budget(cl));
    LQA_TRY_OUT(run_group(&p, err));
  }
out:
  free(own_count);
  free(p.index.start);
  return status;
}
