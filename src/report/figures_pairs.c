/* Given against suggested labels: only rows where they differ are sorted, so hundreds of classes
 * cost no table of classes by classes.
 */
#include "base/memory.h"
#include "base/sort.h"
#include "report/figures.h"
#include "store/run.h"

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

/* The class that a row rather is, negative where it has its own or none is known. */
static int32_t other_class(const lqa_evidence *e, bool by_model, int64_t row) {
  int32_t other = !by_model                ? e->suggested_label[row]
                  : e->is_label_issue[row] ? e->predicted_label[row]
                                           : LQA_CLASS_NONE;
  return e->label[row] >= 0 && other != e->label[row] ? other : LQA_CLASS_NONE;
}

static int64_t count_changed(const lqa_evidence *e, bool by_model) {
  int64_t n = 0;
  for (int64_t row = 0; row < e->n_rows; row++) {
    n += other_class(e, by_model, row) >= 0;
  }
  return n;
}

static void fill_keys(const lqa_evidence *e, bool by_model, uint64_t *keys, int64_t *agreed) {
  for (int64_t row = 0; row < e->n_rows; row++) {
    int32_t other = other_class(e, by_model, row);
    if (other >= 0) {
      *keys++ = (uint64_t)e->label[row] << 32 | (uint32_t)other;
    } else if (e->label[row] >= 0) {
      agreed[e->label[row]]++;
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
  out->n_changed = count_changed(e, false);
  out->pairs_of_model = out->n_changed == 0;
  out->n_changed = out->pairs_of_model ? count_changed(e, true) : out->n_changed;
  out->agreed = agreed;
  uint64_t *keys = lqa_malloc((size_t)out->n_changed, sizeof *keys);
  lqa_figure_pair *pairs = lqa_malloc((size_t)out->n_changed, sizeof *pairs);
  lqa_figure_pair *kept = NULL;
  if (agreed && keys && pairs) {
    fill_keys(e, out->pairs_of_model, keys, agreed);
    qsort(keys, (size_t)out->n_changed, sizeof *keys, lqa_compare_uint64);
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
