/* confident/numpy_sort.c - argsort in two tie orders, and selection.
 *
 * Without ties the two orders are one, so compat order sorts many values by radix first (faster
 * than an introsort) and sorts again only where it meets a tie.
 *
 * The compat order restates the introsort that numpy 1.24 runs for float64: quicksort while more
 * than 16 values remain (median of first, middle and last; the pivot parked next to last; the
 * larger part deferred), insertion sort below, heapsort when the depth passes 2 log2 n. Only its
 * result matters, and only on ties, so whoever has no ties gets the same answer from any sort.
 *
 * The stable order is a least-significant-digit radix sort on the keys' bits made monotone: 8
 * passes of 8 bits at most, passes whose digit is constant are skipped. Selection is quickselect on
 * a copy of the keys (Hoare's FIND with the median of three), falling back to a full sort after 2
 * log2 n rounds.
 */
#include "confident/numpy_sort.h"

#include "base/memory.h"

#include <string.h>

enum { SMALL = 16, MAX_DEPTH = 64, RADIX = 256, TINY_SORT = 64, SHORT_SORT = 4096 };

const char *lqa_tie_order_name(lqa_tie_order ties) {
  return ties == LQA_TIES_COMPAT ? "compat" : "stable";
}

/* ---- compat: introsort of positions ---- */

static inline void swap_index(int64_t *a, int64_t *b) {
  int64_t t = *a;
  *a = *b;
  *b = t;
}

static void insertion_sort(const double *keys, int64_t *first, int64_t *last) {
  for (int64_t *i = first + 1; i <= last; i++) {
    int64_t moved = *i;
    int64_t *hole = i;
    while (hole > first && lqa_key_less(keys[moved], keys[hole[-1]])) {
      *hole = hole[-1];
      hole--;
    }
    *hole = moved;
  }
}

/* Sinks `moved` from heap position i (1-based heap of n at base[1]). */
static void sift_down(const double *keys, int64_t *base, int64_t i, int64_t n, int64_t moved) {
  for (int64_t child = 2 * i; child <= n; child = 2 * i) {
    if (child < n && lqa_key_less(keys[base[child]], keys[base[child + 1]])) {
      child++;
    }
    if (!lqa_key_less(keys[moved], keys[base[child]])) {
      break;
    }
    base[i] = base[child];
    i = child;
  }
  base[i] = moved;
}

static void heap_sort(const double *keys, int64_t *first, int64_t n) {
  int64_t *base = first - 1;
  for (int64_t i = n / 2; i > 0; i--) {
    sift_down(keys, base, i, n, base[i]);
  }
  while (n > 1) {
    int64_t moved = base[n];
    base[n] = base[1];
    n--;
    sift_down(keys, base, 1, n, moved);
  }
}

/* Partitions [low, high] around the median of three and returns where the pivot came to rest. */
static int64_t *partition(const double *keys, int64_t *low, int64_t *high) {
  int64_t *middle = low + (high - low) / 2;
  if (lqa_key_less(keys[*middle], keys[*low])) {
    swap_index(middle, low);
  }
  if (lqa_key_less(keys[*high], keys[*middle])) {
    swap_index(high, middle);
  }
  if (lqa_key_less(keys[*middle], keys[*low])) {
    swap_index(middle, low);
  }
  double pivot = keys[*middle];
  int64_t *i = low;
  int64_t *j = high - 1;
  swap_index(middle, j);
  for (;;) {
    do {
      i++;
    } while (lqa_key_less(keys[*i], pivot));
    do {
      j--;
    } while (lqa_key_less(pivot, keys[*j]));
    if (i >= j) {
      break;
    }
    swap_index(i, j);
  }
  swap_index(i, high - 1);
  return i;
}

/* A part still to be sorted, and how many more splits it may take. */
struct part {
  int64_t *low, *high;
  int depth;
};

/* Splits `now` until its smaller side is small, deferring each larger side to `stack`. As in numpy,
 * the depth is only looked at when a part is taken up, not while it is being split. */
static int split(const double *keys, struct part *now, struct part *stack, int top) {
  while (now->high - now->low >= SMALL) {
    int64_t *pivot = partition(keys, now->low, now->high);
    struct part left = {now->low, pivot - 1, --now->depth};
    struct part right = {pivot + 1, now->high, now->depth};
    bool left_is_small = pivot - now->low < now->high - pivot;
    stack[top++] = left_is_small ? right : left;
    *now = left_is_small ? left : right;
  }
  insertion_sort(keys, now->low, now->high);
  return top;
}

static void intro_sort(const double *keys, int64_t *order, int64_t n) {
  struct part stack[2 * MAX_DEPTH];
  int top = 0;
  if (n < 2) {
    return;
  }
  stack[top++] = (struct part){order, order + n - 1, 2 * (63 - __builtin_clzll((uint64_t)n))};
  while (top > 0) {
    struct part now = stack[--top];
    if (now.depth < 0) {
      heap_sort(keys, now.low, now.high - now.low + 1);
    } else {
      top = split(keys, &now, stack, top);
    }
  }
}

/* ---- stable: radix sort of monotone bits ---- */

struct keyed {
  uint64_t bits;
  int64_t row;
};

/* Bits that compare as unsigned integers the way the keys compare: -0 equals 0, NaN is the largest.
 */
static inline uint64_t monotone_bits(double key) {
  if (key != key) {
    return UINT64_MAX;
  }
  uint64_t bits;
  key += 0.0;
  memcpy(&bits, &key, sizeof bits);
  return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static void radix_pass(const struct keyed *from, struct keyed *to, int64_t n, int shift,
                       const int64_t *count) {
  int64_t place[RADIX];
  int64_t next = 0;
  for (int digit = 0; digit < RADIX; digit++) {
    place[digit] = next;
    next += count[digit];
  }
  for (int64_t i = 0; i < n; i++) {
    to[place[from[i].bits >> shift & (RADIX - 1)]++] = from[i];
  }
}

static struct keyed *radix_sort(struct keyed *items, struct keyed *spare, int64_t n) {
  for (int shift = 0; shift < 64; shift += 8) {
    int64_t count[RADIX] = {0};
    for (int64_t i = 0; i < n; i++) {
      count[items[i].bits >> shift & (RADIX - 1)]++;
    }
    if (count[items[0].bits >> shift & (RADIX - 1)] == n) {
      continue;
    }
    radix_pass(items, spare, n, shift, count);
    struct keyed *swap = items;
    items = spare;
    spare = swap;
  }
  return items;
}

static lqa_status stable_sort(const double *keys, int64_t n, int64_t *order) {
  for (int64_t i = 0; i < n; i++) {
    order[i] = i;
  }
  if (n <= TINY_SORT) {
    insertion_sort(keys, order, order + n - 1);
    return LQA_OK;
  }
  struct keyed *items = lqa_malloc((size_t)n, 2 * sizeof *items);
  if (!items) {
    return LQA_NO_MEMORY;
  }
  for (int64_t i = 0; i < n; i++) {
    items[i] = (struct keyed){monotone_bits(keys[i]), i};
  }
  const struct keyed *sorted = radix_sort(items, items + n, n);
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

void lqa_argsort_in_place(const double *keys, int64_t n, int64_t *order) {
  for (int64_t i = 0; i < n; i++) {
    order[i] = i;
  }
  intro_sort(keys, order, n);
}

lqa_status lqa_argsort(const double *keys, int64_t n, lqa_tie_order ties, int64_t *order) {
  bool is_short = ties == LQA_TIES_COMPAT && n <= SHORT_SORT;
  if (!is_short) {
    LQA_TRY(stable_sort(keys, n, order));
  }
  if (is_short || (ties == LQA_TIES_COMPAT && has_ties(keys, order, n))) {
    lqa_argsort_in_place(keys, n, order);
  }
  return LQA_OK;
}

/* ---- selection ---- */

static inline void swap_key(double *a, double *b) {
  double t = *a;
  *a = *b;
  *b = t;
}

/* Puts the median of the three ends' keys at `high`, and returns it. */
static double pick_pivot(double *keys, int64_t low, int64_t high) {
  int64_t middle = low + (high - low) / 2;
  if (lqa_key_less(keys[middle], keys[low])) {
    swap_key(&keys[middle], &keys[low]);
  }
  if (lqa_key_less(keys[high], keys[low])) {
    swap_key(&keys[high], &keys[low]);
  }
  if (lqa_key_less(keys[middle], keys[high])) {
    swap_key(&keys[middle], &keys[high]);
  }
  return keys[high];
}

static int compare_keys(const void *a, const void *b) {
  double x = *(const double *)a;
  double y = *(const double *)b;
  return lqa_key_less(x, y) ? -1 : lqa_key_less(y, x);
}

/* The m-th smallest (m from 0); reorders keys. */
static double nth_smallest(double *keys, int64_t n, int64_t m) {
  int64_t low = 0;
  int64_t high = n - 1;
  int rounds = n > 0 ? 4 * (64 - __builtin_clzll((uint64_t)n)) : 0;
  while (low < high) {
    if (rounds-- == 0) {
      qsort(keys + low, (size_t)(high - low + 1), sizeof *keys, compare_keys);
      break;
    }
    double pivot = pick_pivot(keys, low, high);
    int64_t i = low;
    int64_t j = high;
    while (i <= j) {
      while (lqa_key_less(keys[i], pivot)) {
        i++;
      }
      while (lqa_key_less(pivot, keys[j])) {
        j--;
      }
      if (i <= j) {
        swap_key(&keys[i++], &keys[j--]);
      }
    }
    if (m <= j) {
      high = j;
    } else if (m >= i) {
      low = i;
    } else {
      break;
    }
  }
  return keys[m];
}

/* compat order with a tie across the cut: only the real sort knows who comes first. */
static lqa_status select_by_sort(const double *keys, int64_t n, int64_t m, uint8_t *chosen) {
  int64_t *order = lqa_malloc((size_t)n, sizeof *order);
  if (!order) {
    return LQA_NO_MEMORY;
  }
  lqa_status status = lqa_argsort(keys, n, LQA_TIES_COMPAT, order);
  for (int64_t i = 0; status == LQA_OK && i < m; i++) {
    chosen[order[i]] = 1;
  }
  free(order);
  return status;
}

lqa_cut lqa_find_cut(const double *keys, int64_t n, int64_t m, double *scratch) {
  memcpy(scratch, keys, (size_t)n * sizeof *keys);
  lqa_cut cut = {nth_smallest(scratch, n, m - 1), 0, 0};
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
