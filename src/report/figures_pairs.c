/* Given against suggested labels: only rows where they differ are sorted, so hundreds of classes
 * cost no table of classes by classes.
 */
#include "base/memory.h"
#include "report/figures.h"
#include "store/run.h"

static int compare_keys(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static int compare_pairs(const void *a, const void *b) {
  const lqa_figure_pair *x = a, *y = b;
  if (x->n != y->n) {
    return x->n > y->n ? -1 : 1;
  }
  if (x->given != y->given) {
    return x->given < y->given ? -1 : 1;
  }
  return (x->suggested > y->suggested) - (x->suggested < y->suggested);
}

static bool is_changed(const lqa_evidence *e, int64_t row) {
  return e->label[row] >= 0 && e->suggested_label[row] >= 0 &&
         e->label[row] != e->suggested_label[row];
}

static int64_t count_agreed(const lqa_evidence *e, int64_t *agreed) {
  int64_t n_changed = 0;
  for (int64_t row = 0; row < e->n_rows; row++) {
    n_changed += is_changed(e, row);
    if (e->label[row] >= 0 && e->label[row] == e->suggested_label[row]) {
      agreed[e->label[row]]++;
    }
  }
  return n_changed;
}

static void fill_keys(const lqa_evidence *e, uint64_t *keys) {
  for (int64_t row = 0; row < e->n_rows; row++) {
    if (is_changed(e, row)) {
      *keys++ = (uint64_t)e->label[row] << 32 | (uint32_t)e->suggested_label[row];
    }
  }
}

/* Sorted keys to pairs; returns how many. */
static int64_t count_keys(const uint64_t *keys, int64_t n, lqa_figure_pair *pairs) {
  int64_t n_pairs = 0;
  for (int64_t i = 0; i < n; i++) {
    if (i == 0 || keys[i] != keys[i - 1]) {
      pairs[n_pairs++] = (lqa_figure_pair){(int32_t)(keys[i] >> 32), (int32_t)keys[i], 0};
    }
    pairs[n_pairs - 1].n++;
  }
  return n_pairs;
}

lqa_status lqa_figures_pairs(const lqa_run *run, lqa_arena *arena, lqa_report_figures *out) {
  const lqa_evidence *e = &run->evidence;
  int64_t *agreed = lqa_arena_alloc(arena, (size_t)e->n_classes + 1, sizeof *agreed);
  out->n_changed = agreed ? count_agreed(e, agreed) : 0;
  out->agreed = agreed;
  uint64_t *keys = lqa_malloc((size_t)out->n_changed, sizeof *keys);
  lqa_figure_pair *pairs = lqa_malloc((size_t)out->n_changed, sizeof *pairs);
  lqa_figure_pair *kept = NULL;
  if (agreed && keys && pairs) {
    fill_keys(e, keys);
    qsort(keys, (size_t)out->n_changed, sizeof *keys, compare_keys);
    out->n_pairs = count_keys(keys, out->n_changed, pairs);
    qsort(pairs, (size_t)out->n_pairs, sizeof *pairs, compare_pairs);
    kept = lqa_arena_alloc(arena, (size_t)out->n_pairs + 1, sizeof *kept);
  }
  if (kept && out->n_pairs > 0) {
    memcpy(kept, pairs, (size_t)out->n_pairs * sizeof *kept);
  }
  out->pairs = kept;
  free(keys);
  free(pairs);
  return kept ? LQA_OK : LQA_NO_MEMORY;
}
