/* Stratified folds over groups.
 *
 * Groups are put in a seeded random order, then sorted by size, largest first (a stable sort, so
 * equal sizes keep the random order): large groups are placed while there is still room to balance
 * them. Each goes to the fold with fewest rows of the group's main class, then with fewest rows in
 * all, then to the lowest. O(rows + groups x folds); memory 4 bytes a row and 4 bytes a class and
 * fold.
 */
#include "data/dataset/folds.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/sort.h"

#include <string.h>

enum { STREAM_FOLDS = 1, NO_FOLD = 255, MAX_FOLDS = 64 };

/* Scorable rows in group order: rows of group g are row[start[g]] .. row[start[g + 1] - 1]. */
typedef struct members {
  uint32_t *row;
  uint32_t *start;
  uint32_t n_groups;
} members;

typedef struct dealing {
  const int32_t *label;
  int32_t n_classes;
  int n_folds;
  uint32_t *class_rows;  /* n_classes x n_folds */
  uint32_t *group_class; /* n_classes scratch, all zero between groups */
  uint64_t fold_rows[MAX_FOLDS];
} dealing;

/* Lists rows by group: sorts keys of group number and row. */
static lqa_status list_by_group(int64_t n, const int32_t *label, const uint32_t *group,
                                members *out) {
  uint64_t *keys = lqa_malloc((size_t)n, sizeof *keys);
  if (!keys) {
    return LQA_NO_MEMORY;
  }
  size_t n_rows = 0;
  bool sorted = true;
  for (int64_t i = 0; i < n; i++) {
    if (label[i] >= 0) {
      keys[n_rows] = (uint64_t)(group ? group[i] : (uint32_t)i) << 32 | (uint32_t)i;
      sorted = sorted && (n_rows == 0 || keys[n_rows - 1] < keys[n_rows]);
      n_rows++;
    }
  }
  if (!sorted) {
    qsort(keys, n_rows, sizeof *keys, lqa_compare_uint64);
  }
  out->n_groups = 0;
  for (size_t i = 0; i < n_rows; i++) {
    if (i == 0 || keys[i] >> 32 != keys[i - 1] >> 32) {
      out->start[out->n_groups++] = (uint32_t)i;
    }
    out->row[i] = (uint32_t)keys[i];
  }
  out->start[out->n_groups] = (uint32_t)n_rows;
  free(keys);
  return LQA_OK;
}

static uint32_t size_of(const members *m, uint32_t group) {
  return m->start[group + 1] - m->start[group];
}

/* Stable counting sort of `order` by group size, largest first. */
static lqa_status sort_by_size(const members *m, uint32_t *order) {
  uint32_t largest = 0;
  for (uint32_t g = 0; g < m->n_groups; g++) {
    largest = size_of(m, g) > largest ? size_of(m, g) : largest;
  }
  if (largest <= 1) {
    return LQA_OK;
  }
  uint32_t *place = lqa_calloc((size_t)largest + 2, sizeof *place);
  uint32_t *sorted = lqa_malloc(m->n_groups, sizeof *sorted);
  if (place && sorted) {
    for (uint32_t g = 0; g < m->n_groups; g++) {
      place[largest - size_of(m, g) + 1]++;
    }
    for (uint32_t s = 1; s <= largest + 1; s++) {
      place[s] += place[s - 1];
    }
    for (uint32_t i = 0; i < m->n_groups; i++) {
      sorted[place[largest - size_of(m, order[i])]++] = order[i];
    }
    memcpy(order, sorted, m->n_groups * sizeof *order);
  }
  lqa_status status = place && sorted ? LQA_OK : LQA_NO_MEMORY;
  free(place);
  free(sorted);
  return status;
}

/* The class most rows of the group have, the lowest of equals. */
static int32_t main_class(dealing *d, const members *m, uint32_t group) {
  int32_t best = -1;
  uint32_t best_rows = 0;
  for (uint32_t i = m->start[group]; i < m->start[group + 1]; i++) {
    int32_t class = d->label[m->row[i]];
    uint32_t rows = ++d->group_class[class];
    if (rows > best_rows || (rows == best_rows && class < best)) {
      best = class;
      best_rows = rows;
    }
  }
  for (uint32_t i = m->start[group]; i < m->start[group + 1]; i++) {
    d->group_class[d->label[m->row[i]]] = 0;
  }
  return best;
}

static int emptiest_fold(const dealing *d, int32_t class) {
  const uint32_t *rows = d->class_rows + (size_t) class * (size_t)d->n_folds;
  int best = 0;
  for (int f = 1; f < d->n_folds; f++) {
    if (rows[f] < rows[best] || (rows[f] == rows[best] && d->fold_rows[f] < d->fold_rows[best])) {
      best = f;
    }
  }
  return best;
}

static void deal(dealing *d, const members *m, const uint32_t *order, uint8_t *fold) {
  for (uint32_t i = 0; i < m->n_groups; i++) {
    int f = emptiest_fold(d, main_class(d, m, order[i]));
    for (uint32_t j = m->start[order[i]]; j < m->start[order[i] + 1]; j++) {
      fold[m->row[j]] = (uint8_t)f;
      d->class_rows[(size_t)d->label[m->row[j]] * (size_t)d->n_folds + (size_t)f]++;
    }
    d->fold_rows[f] += size_of(m, order[i]);
  }
}

static lqa_status check_enough(const members *m, int n_folds, lqa_error *err) {
  uint32_t n_rows = m->start[m->n_groups];
  if (n_rows < (uint32_t)n_folds) {
    return lqa_fail(err, LQA_BAD_DATA,
                    "%u rows have content and a known label, fewer than the %d folds: give more "
                    "rows, or fewer folds with " LQA_OPTION("folds"),
                    n_rows, n_folds);
  }
  if (m->n_groups < 2) {
    return lqa_fail(err, LQA_BAD_DATA,
                    "all %u rows that could train a model have the same content (or group), so "
                    "none can be held out from the others",
                    n_rows);
  }
  return LQA_OK;
}

lqa_status lqa_folds_assign(int64_t n_rows, const int32_t *label, int32_t n_classes,
                            const uint32_t *group, int n_folds, uint64_t seed, uint8_t *fold,
                            lqa_error *err) {
  if (n_folds < 2 || n_folds > MAX_FOLDS || n_rows >= UINT32_MAX) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    "folds must be 2 to %d and rows fewer than 4294967295, not "
                    "%d folds and %lld rows",
                    MAX_FOLDS, n_folds, (long long)n_rows);
  }
  members m = {lqa_malloc((size_t)n_rows, 4), lqa_malloc((size_t)n_rows + 1, 4), 0};
  dealing d = {.label = label, .n_classes = n_classes, .n_folds = n_folds};
  d.class_rows = lqa_calloc((size_t)n_classes * (size_t)n_folds, sizeof *d.class_rows);
  d.group_class = lqa_calloc((size_t)n_classes, sizeof *d.group_class);
  uint32_t *order = lqa_malloc((size_t)n_rows, sizeof *order);
  lqa_status status =
      m.row && m.start && d.class_rows && d.group_class && order ? LQA_OK : LQA_NO_MEMORY;
  LQA_TRY_OUT(status);
  LQA_TRY_OUT(list_by_group(n_rows, label, group, &m));
  LQA_TRY_OUT(check_enough(&m, n_folds, err));
  for (uint32_t g = 0; g < m.n_groups; g++) {
    order[g] = g;
  }
  lqa_rng rng;
  lqa_rng_init(&rng, seed, STREAM_FOLDS);
  lqa_rng_shuffle(&rng, order, m.n_groups);
  LQA_TRY_OUT(sort_by_size(&m, order));
  memset(fold, NO_FOLD, (size_t)n_rows);
  deal(&d, &m, order, fold);
out:
  free(m.row);
  free(m.start);
  free(d.class_rows);
  free(d.group_class);
  free(order);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "assigning folds") : status;
}
