/* Runs of up to 64 columns are sorted by counting: a column's place is the number of columns that
 * come before it, n^2 comparisons eight at a time and not one branch on the data. Runs are then
 * merged, again without such a branch.
 */
#include "feature/column_sort.h"

#include "base/lanes.h"

#include <string.h>

enum { RUN_BITS = 6, RUN = 1 << RUN_BITS, N_BLOCKS = RUN / LQA_LANES };

/* In the lanes of a and b: how many of key[0..n) are smaller. */
LQA_INLINE void count_smaller(const int32_t *key, size_t n, lqa_i8 *a, lqa_i8 *b) {
  lqa_i8 in_a = {0}, in_b = {0};
  for (size_t j = 0; j < n; j++) {
    int32_t k = key[j];
    lqa_i8 other = {k, k, k, k, k, k, k, k};
    in_a -= other < *a;
    in_b -= other < *b;
  }
  *a = in_a;
  *b = in_b;
}

/* Equal columns keep their order, so that no two get the same place: a key is column and position.
 * Columns must be below 2^25. */
LQA_EVERY_LEVEL static void sort_run(const uint32_t *columns, size_t n, uint32_t *sorted) {
  int32_t key[RUN];
  lqa_i8 place[N_BLOCKS];
  for (size_t i = 0; i < n; i++) {
    key[i] = (int32_t)(columns[i] << RUN_BITS | (uint32_t)i);
  }
  memset(place, 0, sizeof place);
  memcpy(place, key, n * sizeof *key);
  for (size_t block = 0; block * LQA_LANES < n; block += 2) {
    count_smaller(key, n, &place[block], &place[block + 1]);
  }
  for (size_t i = 0; i < n; i++) {
    sorted[place[i / LQA_LANES][i % LQA_LANES]] = columns[i];
  }
}

/* For columns of any size. */
static void insert_run(const uint32_t *columns, size_t n, uint32_t *sorted) {
  for (size_t i = 0; i < n; i++) {
    size_t at = i;
    for (; at > 0 && sorted[at - 1] > columns[i]; at--) {
      sorted[at] = sorted[at - 1];
    }
    sorted[at] = columns[i];
  }
}

static void merge_runs(const uint32_t *from, size_t middle, size_t n, uint32_t *to) {
  size_t left = 0, right = middle;
  while (left < middle && right < n) {
    bool take_right = from[right] < from[left];
    *to++ = take_right ? from[right] : from[left];
    right += take_right;
    left += !take_right;
  }
  memcpy(to, from + left, (middle - left) * sizeof *to);
  memcpy(to + (middle - left), from + right, (n - right) * sizeof *to);
}

static size_t smaller_of(size_t a, size_t b) {
  return a < b ? a : b;
}

void lqa_sort_columns(uint32_t *columns, uint32_t *scratch, size_t n) {
  uint32_t all = 0, *from = scratch, *to = columns;
  for (size_t i = 0; i < n; i++) {
    all |= columns[i];
  }
  for (size_t at = 0; at < n; at += RUN) {
    size_t run = smaller_of(RUN, n - at);
    (all >> (31 - RUN_BITS) ? insert_run : sort_run)(columns + at, run, scratch + at);
  }
  for (size_t run = RUN; run < n; run *= 2) {
    for (size_t at = 0; at < n; at += 2 * run) {
      merge_runs(from + at, smaller_of(run, n - at), smaller_of(2 * run, n - at), to + at);
    }
    uint32_t *swap = from;
    from = to;
    to = swap;
  }
  if (from == scratch && n > 0) {
    memcpy(columns, scratch, n * sizeof *columns);
  }
}
