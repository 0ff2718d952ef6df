/* base/sort.c - sorting by digits, and selection.
 *
 * Why ours: the C library's qsort calls a function for every comparison and is not stable, and C
 * has no selection at all. Keys here are integers or doubles, so digits serve: a stable
 * least-significant-digit radix sort, 11 bits a pass (8 for few, where clearing the counters would
 * cost more than it saves), passes whose digit is the same everywhere skipped.
 *
 * Two things sort by digits on their own: feature/band.c, by some of the bits of 8-byte entries,
 * and confident/rank_rows.c, in place, since it must not need memory.
 */
#include "base/sort.h"

enum { DIGIT_BITS = 11, FEW_DIGIT_BITS = 8, FEW = 4096 };

/* ---- comparisons ---- */

#define COMPARE(name, type)                \
  int name(const void *a, const void *b) { \
    type x = *(const type *)a;             \
    type y = *(const type *)b;             \
    return (x > y) - (x < y);              \
  }

COMPARE(lqa_compare_doubles, double)
COMPARE(lqa_compare_floats, float)
COMPARE(lqa_compare_int64, int64_t)
COMPARE(lqa_compare_uint64, uint64_t)
COMPARE(lqa_compare_uint32, uint32_t)

/* ---- radix sort ---- */

/* One stable pass; false where all elements have the same digit, and nothing moved. */
static bool sort_by_digit(const lqa_keyed *from, lqa_keyed *to, size_t n, unsigned shift,
                          unsigned digit_bits) {
  size_t place[1 << DIGIT_BITS];
  uint64_t mask = ((uint64_t)1 << digit_bits) - 1;
  memset(place, 0, ((size_t)mask + 1) * sizeof *place);
  for (size_t i = 0; i < n; i++) {
    place[from[i].key >> shift & mask]++;
  }
  if (place[from[0].key >> shift & mask] == n) {
    return false;
  }
  for (size_t digit = 0, next = 0; digit <= mask; digit++) {
    size_t size = place[digit];
    place[digit] = next;
    next += size;
  }
  for (size_t i = 0; i < n; i++) {
    to[place[from[i].key >> shift & mask]++] = from[i];
  }
  return true;
}

lqa_keyed *lqa_sort_keyed(lqa_keyed *items, lqa_keyed *scratch, size_t n, unsigned bits) {
  unsigned digit_bits = n < FEW ? FEW_DIGIT_BITS : DIGIT_BITS;
  assert(bits <= 64);
  for (unsigned shift = 0; shift < bits && n > 1; shift += digit_bits) {
    if (sort_by_digit(items, scratch, n, shift, digit_bits)) {
      lqa_keyed *other = items;
      items = scratch;
      scratch = other;
    }
  }
  return items;
}

/* ---- selection ---- */

static inline bool is_less(const double *a, const double *b) {
  return lqa_key_less(*a, *b);
}

static int compare_keys(const void *a, const void *b) {
  return is_less(a, b) ? -1 : is_less(b, a);
}

LQA_DEFINE_SELECT(select_keys, double, is_less, compare_keys)

double lqa_select_smallest_key(double *keys, int64_t n, int64_t m) {
  assert(m >= 0 && m < n);
  select_keys(keys, (size_t)n, (size_t)m + 1);
  return keys[m];
}

/* Narrows the candidates byte by byte from the top: reads the values eight times at most. */
uint64_t lqa_select_largest(const uint64_t *values, size_t n, size_t rank) {
  uint64_t prefix = 0, mask = 0;
  assert(rank >= 1 && rank <= n);
  for (int shift = 56; shift >= 0; shift -= 8) {
    size_t histogram[256] = {0};
    for (size_t i = 0; i < n; i++) {
      histogram[values[i] >> shift & 0xFF] += (values[i] & mask) == prefix;
    }
    unsigned digit = 255;
    while (histogram[digit] < rank) {
      rank -= histogram[digit--];
    }
    prefix |= (uint64_t)digit << shift;
    mask |= (uint64_t)0xFF << shift;
  }
  return prefix;
}
