/* Selection and sorting by digits: linear in n, no comparisons, no bad cases.
 *
 * Selecting narrows the candidates byte by byte from the top, so values are read eight times at
 * most and never moved. Sorting is least-significant-digit radix sort with 11-bit digits.
 */
#include "feature/select.h"

#include <string.h>

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

uint64_t lqa_select_largest(const uint64_t *values, size_t n, size_t rank) {
  uint64_t prefix = 0, mask = 0;
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

static void sort_by_digit(const lqa_keyed *from, lqa_keyed *to, size_t n, unsigned shift) {
  size_t place[DIGITS] = {0};
  for (size_t i = 0; i < n; i++) {
    place[from[i].key >> shift & (DIGITS - 1)]++;
  }
  for (size_t digit = 0, next = 0; digit < DIGITS; digit++) {
    size_t size = place[digit];
    place[digit] = next;
    next += size;
  }
  for (size_t i = 0; i < n; i++) {
    to[place[from[i].key >> shift & (DIGITS - 1)]++] = from[i];
  }
}

void lqa_sort_keyed(lqa_keyed *items, lqa_keyed *scratch, size_t n, unsigned bits) {
  lqa_keyed *from = items, *to = scratch;
  for (unsigned shift = 0; shift < bits; shift += DIGIT_BITS) {
    sort_by_digit(from, to, n, shift);
    lqa_keyed *other = from;
    from = to;
    to = other;
  }
  if (from != items && n > 0) {
    memcpy(items, from, n * sizeof *items);
  }
}
