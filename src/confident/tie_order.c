/* confident/tie_order.c - argsort in two tie orders, and the m smallest.
 *
 * Without ties the two orders are one, so compat order sorts many values by digits first (faster
 * than any comparison sort), and sorts again in the reference's way only where it meets a tie.
 */
#include "confident/tie_order.h"

#include "base/memory.h"
#include "confident/compat_order.h"

enum { TINY_SORT = 64, SHORT_SORT = 4096 };

const char *lqa_tie_order_name(lqa_tie_order ties) {
  return ties == LQA_TIES_COMPAT ? "compat" : "stable";
}

static void insertion_sort(const double *keys, int64_t *order, int64_t n) {
  for (int64_t i = 1; i < n; i++) {
    int64_t moved = order[i], hole = i;
    for (; hole > 0 && lqa_key_less(keys[moved], keys[order[hole - 1]]); hole--) {
      order[hole] = order[hole - 1];
    }
    order[hole] = moved;
  }
}

static lqa_status stable_sort(const double *keys, int64_t n, int64_t *order) {
  for (int64_t i = 0; i < n; i++) {
    order[i] = i;
  }
  if (n <= TINY_SORT) {
    insertion_sort(keys, order, n);
    return LQA_OK;
  }
  lqa_keyed *items = lqa_malloc((size_t)n, 2 * sizeof *items);
  if (!items) {
    return LQA_NO_MEMORY;
  }
  for (int64_t i = 0; i < n; i++) {
    items[i] = (lqa_keyed){.key = lqa_key_bits(keys[i]), .row = i};
  }
  const lqa_keyed *sorted = lqa_sort_keyed(items, items + n, (size_t)n, 64);
  for (int64_t i = 0; i < n; i++) {
    order[i] = sorted[i].row;
  }
  free(items);
  return LQA_OK;
}

static bool has_ties(const double *keys, const int64_t *order, int64_t n) {
  for (int64_t i = 1; i < n; i++) {
    if (lqa_key_equal(keys[order[i - 1]], keys[order[i]])) {
      return true;
    }
  }
  return false;
}

lqa_status lqa_argsort(const double *keys, int64_t n, lqa_tie_order ties, int64_t *order) {
  bool is_short = ties == LQA_TIES_COMPAT && n <= SHORT_SORT;
  if (!is_short) {
    LQA_TRY(stable_sort(keys, n, order));
  }
  if (is_short || (ties == LQA_TIES_COMPAT && has_ties(keys, order, n))) {
    lqa_compat_argsort(keys, n, order);
  }
  return LQA_OK;
}

/* compat order with a tie across the cut: only the real sort knows who comes first. */
static lqa_status select_by_sort(const double *keys, int64_t n, int64_t m, uint8_t *chosen) {
  int64_t *order = lqa_malloc((size_t)n, sizeof *order);
  if (!order) {
    return LQA_NO_MEMORY;
  }
  lqa_status status;
  LQA_TRY_OUT(lqa_argsort(keys, n, LQA_TIES_COMPAT, order));
  for (int64_t i = 0; i < m; i++) {
    chosen[order[i]] = 1;
  }
out:
  free(order);
  return status;
}

lqa_cut lqa_find_cut(const double *keys, int64_t n, int64_t m, double *scratch) {
  memcpy(scratch, keys, (size_t)n * sizeof *keys);
  lqa_cut cut = {lqa_select_smallest_key(scratch, n, m - 1), 0, 0};
  for (int64_t i = 0; i < n; i++) {
    cut.n_less += lqa_key_less(keys[i], cut.key);
    cut.n_equal += lqa_key_equal(keys[i], cut.key);
  }
  return cut;
}

lqa_status lqa_select_smallest(const double *keys, int64_t n, int64_t m, lqa_tie_order ties,
                               uint8_t *chosen) {
  if (m <= 0) {
    return LQA_OK;
  }
  double *scratch = lqa_malloc((size_t)n, sizeof *scratch);
  if (!scratch) {
    return LQA_NO_MEMORY;
  }
  lqa_cut cut = lqa_find_cut(keys, n, m, scratch);
  free(scratch);
  int64_t room = m - cut.n_less; /* how many of the tied may be chosen */
  if (ties == LQA_TIES_COMPAT && room < cut.n_equal) {
    return select_by_sort(keys, n, m, chosen);
  }
  for (int64_t i = 0; i < n; i++) {
    if (lqa_key_less(keys[i], cut.key) || (lqa_key_equal(keys[i], cut.key) && room-- > 0)) {
      chosen[i] = 1;
    }
  }
  return LQA_OK;
}
