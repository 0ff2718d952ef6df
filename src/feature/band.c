/* feature/band.c - groups rows by a 32-bit hash.
 *
 * A radix sort on the upper bits of the hash, as many as the rows need to lie nearly alone (two
 * passes), then insertion within the short runs that are left. Hashes are uniform, so a run is long
 * only where rows are equal, which is in order already, or where two such buckets share their upper
 * bits; that one is sorted by the library. Cost: 16 bytes a row, some nanoseconds.
 */
#include "feature/band.h"

#include "base/sort.h"

enum { MAX_DIGIT_BITS = 11, MAX_INSERTION = 64 };

lqa_status lqa_band_init(lqa_band *band, size_t n) {
  *band = (lqa_band){.entries = lqa_malloc(n, sizeof *band->entries),
                     .spare = lqa_malloc(n, sizeof *band->spare)};
  return band->entries && band->spare ? LQA_OK : LQA_NO_MEMORY;
}

void lqa_band_clear(lqa_band *band) {
  lqa_vec_clear(&band->row);
  lqa_vec_clear(&band->end);
  free(band->entries);
  free(band->spare);
  *band = (lqa_band){0};
}

/* One stable counting pass from `from` to `to`. */
static void deal(const uint64_t *from, uint64_t *to, size_t n, int shift, int bits) {
  size_t start[(1 << MAX_DIGIT_BITS) + 1] = {0};
  uint64_t mask = ((uint64_t)1 << bits) - 1;
  for (size_t i = 0; i < n; i++) {
    start[(from[i] >> shift & mask) + 1]++;
  }
  for (int digit = 0; digit < 1 << bits; digit++) {
    start[digit + 1] += start[digit];
  }
  for (size_t i = 0; i < n; i++) {
    to[start[from[i] >> shift & mask]++] = from[i];
  }
}

static void sort_run(uint64_t *entry, size_t n) {
  size_t i = 1;
  while (i < n && entry[i - 1] < entry[i]) {
    i++;
  }
  if (i < n && n > MAX_INSERTION) {
    qsort(entry, n, sizeof *entry, lqa_compare_uint64);
    return;
  }
  for (; i < n; i++) {
    uint64_t value = entry[i];
    size_t at = i;
    for (; at > 0 && entry[at - 1] > value; at--) {
      entry[at] = entry[at - 1];
    }
    entry[at] = value;
  }
}

/* Sorts entries (hash << 32 | row) that ascend by row. */
static void sort_entries(lqa_band *band, size_t n) {
  int bits = n > (size_t)1 << 16 ? MAX_DIGIT_BITS : 8;
  deal(band->entries, band->spare, n, 64 - 2 * bits, bits);
  deal(band->spare, band->entries, n, 64 - bits, bits);
  int shift = 64 - 2 * bits;
  for (size_t from = 0, to; from < n; from = to) {
    for (to = from + 1; to < n && band->entries[to] >> shift == band->entries[from] >> shift;) {
      to++;
    }
    if (to - from > 1) {
      sort_run(band->entries + from, to - from);
    }
  }
}

static lqa_status add_bucket(lqa_band *band, const uint64_t *entry, size_t n) {
  LQA_TRY(lqa_vec_reserve(&band->row, band->row.n + n));
  for (size_t i = 0; i < n; i++) {
    band->row.data[band->row.n++] = (uint32_t)entry[i];
  }
  return lqa_vec_push(&band->end, band->row.n);
}

lqa_status lqa_band_find_buckets(lqa_band *band, const uint32_t *hash, const uint32_t *row,
                                 size_t n) {
  for (size_t i = 0; i < n; i++) {
    band->entries[i] = (uint64_t)hash[i] << 32 | row[i];
  }
  sort_entries(band, n);
  band->row.n = 0;
  band->end.n = 0;
  for (size_t from = 0, to; from < n; from = to) {
    for (to = from + 1; to < n && band->entries[to] >> 32 == band->entries[from] >> 32;) {
      to++;
    }
    if (to - from > 1) {
      LQA_TRY(add_bucket(band, band->entries + from, to - from));
    }
  }
  return LQA_OK;
}
