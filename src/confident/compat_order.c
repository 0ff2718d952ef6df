/* confident/compat_order.c - the order of equal scores in which cleanlab's answers come.
 *
 * cleanlab takes numpy's default argsort, which is not stable, so which of two equal scores comes
 * first depends on how that sort moves them. This file alone knows how: it restates the introsort
 * that numpy 1.24 runs for float64: quicksort while more than 16 values remain (median of first,
 * middle and last; the pivot parked next to last; the larger part deferred), insertion sort below,
 * heapsort when the depth passes 2 log2 n. Only its result matters, and only on ties: without ties
 * any sort gives the same answer, and tie_order.c takes a faster one.
 */
#include "confident/compat_order.h"

#include "base/sort.h"

enum { SMALL = 16, MAX_DEPTH = 64 };

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

void lqa_compat_argsort(const double *keys, int64_t n, int64_t *order) {
  struct part stack[2 * MAX_DEPTH];
  int top = 0;
  for (int64_t i = 0; i < n; i++) {
    order[i] = i;
  }
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
