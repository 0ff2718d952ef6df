/* audit/confident_learning/scan_kernel.h - one pass over a row of probabilities, for one float
 * type.
 *
 * No include guard: confident_scan.c includes it once for float and once for double, with REAL (the
 * type), INDEX (the unsigned integer of its width), LANES (values in 32 bytes) and NAME(x).
 *
 * Only comparisons and integer sums: no rounding, so every SIMD level gives the same answer.
 */

typedef REAL NAME(vector) __attribute__((vector_size(32)));
typedef INDEX NAME(lanes) __attribute__((vector_size(32)));

/* What one pass over a row yields. */
typedef struct NAME(summary) {
  REAL max, min;     /* over the values that are not NaN */
  INDEX n_confident; /* values at or above their cut */
  INDEX index_sum;   /* sum of their indices: the index itself when there is one */
  INDEX n_nan;
} NAME(summary);

static inline __attribute__((always_inline)) void NAME(add_value)(NAME(summary) * s, REAL p,
                                                                  REAL cut, INDEX j) {
  s->max = p > s->max ? p : s->max;
  s->min = p < s->min ? p : s->min;
  s->n_nan += p != p;
  s->n_confident += p >= cut;
  s->index_sum += p >= cut ? j : 0;
}

static inline __attribute__((always_inline)) NAME(summary)
    NAME(summarize)(const REAL *row, const REAL *cut, int32_t n) {
  NAME(summary) s = {-(REAL)INFINITY, (REAL)INFINITY, 0, 0, 0};
  int32_t j = 0;
  if (n >= LANES) {
    NAME(vector) max, min;
    NAME(lanes) count = {0}, sum = {0}, nan = {0}, index;
    for (int k = 0; k < LANES; k++) {
      max[k] = s.max;
      min[k] = s.min;
      index[k] = (INDEX)k;
    }
    for (; j <= n - LANES; j += LANES) {
      NAME(vector) p, c;
      memcpy(&p, row + j, sizeof p);
      memcpy(&c, cut + j, sizeof c);
      NAME(lanes) bits = (NAME(lanes))p;
      NAME(lanes) more = (NAME(lanes))(p > max);
      NAME(lanes) less = (NAME(lanes))(p < min);
      max = (NAME(vector))((bits & more) | ((NAME(lanes))max & ~more));
      min = (NAME(vector))((bits & less) | ((NAME(lanes))min & ~less));
      NAME(lanes) above = (NAME(lanes))(p >= c);
      count -= above;
      sum += above & index;
      nan -= (NAME(lanes))(p != p);
      index += LANES;
    }
    for (int k = 0; k < LANES; k++) {
      s.max = max[k] > s.max ? max[k] : s.max;
      s.min = min[k] < s.min ? min[k] : s.min;
      s.n_confident += count[k];
      s.index_sum += sum[k];
      s.n_nan += nan[k];
    }
  }
  for (; j < n; j++) {
    NAME(add_value)(&s, row[j], cut[j], (INDEX)j);
  }
  return s;
}

/* numpy's argmax: the first NaN, else the first maximum. */
static int32_t NAME(argmax)(const REAL *row, int32_t n, const NAME(summary) * s) {
  int32_t j = 0;
  if (s->n_nan) {
    while (row[j] == row[j]) {
      j++;
    }
  } else {
    while (j < n - 1 && row[j] != s->max) {
      j++;
    }
  }
  return j;
}

/* True if the label is not the most probable class even after adding eps to its probability. */
static inline bool NAME(disagrees)(const REAL *row, int32_t label, REAL eps,
                                   const NAME(summary) * s) {
  REAL own = row[label] + eps;
  if (s->n_nan) {
    int32_t j = 0;
    while (row[j] == row[j]) {
      j++;
    }
    return j != label;
  }
  if (s->max != own) {
    return s->max > own;
  }
  for (int32_t j = 0; j < label; j++) {
    if (row[j] == own) {
      return true;
    }
  }
  return false;
}

/* Scans n rows; guess[i] = the class the row is confidently of, or -1. Returns the first row whose
 * values are out of range, or -1. Ignored rows (label < 0) are passed over. */
static inline __attribute__((always_inline)) int64_t NAME(scan_rows)(const REAL *rows,
                                                                     int64_t stride,
                                                                     const struct block *b,
                                                                     const REAL *cut, REAL eps) {
  for (int64_t i = 0; i < b->n; i++, rows += stride) {
    b->guess[i] = -1;
    b->disagrees[i] = 0;
    if (b->label[i] < 0) {
      continue;
    }
    NAME(summary) s = NAME(summarize)(rows, cut, b->n_classes);
    if (!(s.min >= (REAL)b->low && s.max <= (REAL)b->high) && (INDEX)b->n_classes > s.n_nan) {
      return i;
    }
    if (s.n_confident == 1) {
      b->guess[i] = (int32_t)s.index_sum;
    } else if (s.n_confident > 1) {
      b->guess[i] = NAME(argmax)(rows, b->n_classes, &s);
    }
    b->disagrees[i] = NAME(disagrees)(rows, b->label[i], eps, &s);
  }
  return -1;
}
