/* confident/scan_kernel.h - one pass over a row of probabilities, for one float
 * type.
 *
 * No include guard: confident_scan.c includes it once for float and once for double, with REAL (the
 * type), INDEX (the unsigned integer of its width), LANES (values in VECTOR_BYTES) and NAME(x).
 *
 * Only comparisons and integer sums: no rounding, so every SIMD level gives the same answer.
 */

typedef REAL NAME(vector) __attribute__((vector_size(VECTOR_BYTES)));
typedef INDEX NAME(lanes) __attribute__((vector_size(VECTOR_BYTES)));
typedef int32_t NAME(ints) __attribute__((vector_size(4 * LANES)));
typedef uint8_t NAME(bytes) __attribute__((vector_size(LANES)));

#define CHOOSE(mask, yes, no) \
  ((NAME(vector))(((NAME(lanes))(yes) & (mask)) | ((NAME(lanes))(no) & ~(mask))))
#define CHOOSE_LANES(mask, yes, no) (((yes) & (mask)) | ((no) & ~(mask)))

/* What one pass over a row yields. */
typedef struct NAME(summary) {
  REAL max, min;     /* over the values that are not NaN */
  INDEX n_confident; /* values at or above their cut */
  INDEX index_sum;   /* sum of their indices: the index itself when there is one */
  INDEX n_nan;
} NAME(summary);

/* A row's values from `j` on, LANES at a time. */
typedef struct NAME(lane_summary) {
  NAME(vector) max, min;
  NAME(lanes) count, sum, nan;
} NAME(lane_summary);

static inline __attribute__((always_inline)) NAME(summary)
    NAME(fold_lanes)(const NAME(lane_summary) * l) {
  NAME(summary) s = {l->max[0], l->min[0], 0, 0, 0};
  for (int k = 0; k < LANES; k++) {
    s.max = l->max[k] > s.max ? l->max[k] : s.max;
    s.min = l->min[k] < s.min ? l->min[k] : s.min;
    s.n_confident += l->count[k];
    s.index_sum += l->sum[k];
    s.n_nan += l->nan[k];
  }
  return s;
}

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
    const NAME(vector) zero = {0};
    NAME(lane_summary) l = {.max = zero + s.max, .min = zero + s.min};
    NAME(lanes) index = {0};
    for (int k = 0; k < LANES; k++) {
      index[k] = (INDEX)k;
    }
    for (; j <= n - LANES; j += LANES) {
      NAME(vector) p, c;
      memcpy(&p, row + j, sizeof p);
      memcpy(&c, cut + j, sizeof c);
      NAME(lanes) above = (NAME(lanes))(p >= c);
      l.max = CHOOSE((NAME(lanes))(p > l.max), p, l.max);
      l.min = CHOOSE((NAME(lanes))(p < l.min), p, l.min);
      l.count -= above;
      l.sum += above & index;
      l.nan -= (NAME(lanes))(p != p);
      index += LANES;
    }
    s = NAME(fold_lanes)(&l);
  }
  for (; j < n; j++) {
    NAME(add_value)(&s, row[j], cut[j], (INDEX)j);
  }
  return s;
}

/* The first NaN, else the first maximum, as the reference has it. */
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

/* Judges row i of the block by its summary; false where a value is out of range. */
static inline bool NAME(judge)(const REAL *row, const struct block *b, int64_t i, REAL eps,
                               const NAME(summary) * s) {
  if (!(s->min >= (REAL)b->low && s->max <= (REAL)b->high) && (INDEX)b->n_classes > s->n_nan) {
    return false;
  }
  if (s->n_confident == 1) {
    b->guess[i] = (int32_t)s->index_sum;
  } else if (s->n_confident > 1) {
    b->guess[i] = NAME(argmax)(row, b->n_classes, s);
  }
  bool is_off = b->guess[i] >= 0 && b->guess[i] != b->label[i];
  b->flags[i] = (uint8_t)((is_off ? LQA_ROW_OFF_DIAGONAL : 0) |
                          (NAME(disagrees)(row, b->label[i], eps, s) ? LQA_ROW_DISAGREES : 0));
  return true;
}

/* Scans rows [i, n) one by one. */
static inline __attribute__((always_inline)) int64_t
NAME(scan_one_by_one)(const REAL *row, int64_t stride, const struct block *b, const REAL *cut,
                      REAL eps, int64_t i, int64_t n) {
  for (; i < n; i++, row += stride) {
    b->guess[i] = -1;
    b->flags[i] = 0;
    if (b->label[i] >= 0) {
      NAME(summary) s = NAME(summarize)(row, cut, b->n_classes);
      if (!NAME(judge)(row, b, i, eps, &s)) {
        return i;
      }
    }
  }
  return -1;
}

/* LANES rows side by side, the same column of each in one vector; true if all could be judged so.
 * Rows with a NaN, out of range, or with the label's probability exactly EPS below the largest are
 * rare and need a closer look. */
static inline __attribute__((always_inline)) bool
NAME(scan_side_by_side)(const REAL *row, int64_t stride, const struct block *b, const REAL *cut,
                        REAL eps, int64_t i) {
  NAME(vector) max = {0}, own = {0};
  NAME(lanes) label = {0}, count = {0}, sum = {0}, best = {0}, odd = {0}, j = {0};
  for (int k = 0; k < LANES; k++) {
    max[k] = row[k * stride];
    own[k] = max[k];
    label[k] = (INDEX)b->label[i + k];
  }
  for (int32_t column = 0; column < b->n_classes; column++) {
    NAME(vector) p = {0};
    for (int k = 0; k < LANES; k++) {
      p[k] = row[k * stride + column];
    }
    NAME(lanes) more = (NAME(lanes))(p > max);
    NAME(lanes) above = (NAME(lanes))(p >= cut[column]);
    max = CHOOSE(more, p, max);
    best = CHOOSE_LANES(more, j, best);
    own = CHOOSE((NAME(lanes))(j == label), p, own);
    count -= above;
    sum += above & j;
    odd |= (NAME(lanes))(p != p) | (NAME(lanes))(p < (REAL)b->low);
    j += 1;
  }
  own += eps;
  odd |= (NAME(lanes))(max > (REAL)b->high) | (NAME(lanes))(max == own);
  const NAME(lanes) none = (NAME(lanes)){0} - 1; /* -1: no class */
  NAME(lanes) used = (NAME(lanes))(label != none);
  NAME(lanes) guess = CHOOSE_LANES((NAME(lanes))(count == 1), sum, best);
  guess |= (NAME(lanes))(count == 0) | ~used;
  NAME(lanes) is_off = (NAME(lanes))(guess != label) & (NAME(lanes))(guess != none);
  NAME(lanes)
  flags = (is_off & LQA_ROW_OFF_DIAGONAL) | ((NAME(lanes))(max > own) & used & LQA_ROW_DISAGREES);
  NAME(ints) guesses = __builtin_convertvector(guess, NAME(ints));
  NAME(bytes) bytes = __builtin_convertvector(flags, NAME(bytes));
  memcpy(b->guess + i, &guesses, sizeof guesses);
  memcpy(b->flags + i, &bytes, sizeof bytes);
  INDEX any = 0;
  for (int k = 0; k < LANES; k++) {
    any |= odd[k];
  }
  return any == 0;
}

/* Scans n rows; guess[i] = the class the row is confidently of, or -1. Returns the first row whose
 * values are out of range, or -1. Ignored rows (label < 0) are passed over. */
static inline __attribute__((always_inline)) int64_t NAME(scan_rows)(const REAL *rows,
                                                                     int64_t stride,
                                                                     const struct block *b,
                                                                     const REAL *cut, REAL eps) {
  int64_t i = 0, bad = -1;
  if (b->n_classes <= SIDE_BY_SIDE) {
    for (; i + LANES <= b->n && bad < 0; i += LANES) {
      const REAL *row = rows + i * stride;
      if (!NAME(scan_side_by_side)(row, stride, b, cut, eps, i)) {
        bad = NAME(scan_one_by_one)(row, stride, b, cut, eps, i, i + LANES);
      }
    }
  }
  return bad >= 0 ? bad : NAME(scan_one_by_one)(rows + i * stride, stride, b, cut, eps, i, b->n);
}
#undef CHOOSE
#undef CHOOSE_LANES
