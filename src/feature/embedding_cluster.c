/* feature/embedding_cluster.c - clusters of embeddings that nearly coincide.
 *
 * Two unit vectors at angle t fall on different sides of a random hyperplane with probability t /
 * pi (Goemans and Williamson 1995; Charikar 2002), so near duplicates, a few hundredths apart,
 * agree in most of 20 bits, while strangers agree in one of a million: rows are sorted by each of
 * 12 bands of log2(n) + 4 bits, and within a bucket each row is compared with the rows that matched
 * none before it. What counts as near is measured first, on a sample.
 *
 * Sums run in sixteen lanes in a fixed order, so that the bits do not depend on the processor.
 * Cost: rows x dimensions x bits; memory: the unit vectors as float32 and 16 bytes a row.
 */
#include "feature/embedding_cluster.h"

#include "base/rng.h"
#include "base/sort.h"
#include "base/vec.h"

#include <math.h>
#include <string.h>

enum {
  BANDS = 12,
  MAX_BITS = 28,
  LANES = 16,
  MAX_LEADERS = 32,
  ROWS_PER_TASK = 256,
  SAMPLE_ROWS = 256,    /* whose nearest neighbour is looked for */
  SAMPLE_OTHERS = 4096, /* among so many */
  RNG_STREAM = 0x6563
};

static const uint32_t NO_LEADER = UINT32_MAX;

typedef struct clustering {
  const lqa_matrix *matrix;
  size_t n_rows, n_columns, stride; /* stride: n_columns rounded up to LANES, zero padded */
  float *unit;                      /* n_rows x stride */
  float *plane;                     /* bits x stride, of one band */
  int bits;
  uint8_t *is_usable;
  uint64_t *key; /* band bits << 32 | row */
  uint32_t *parent;
  float limit; /* squared distance */
} clustering;

static float sum_lanes(const float lane[LANES]) {
  float sum = 0;
  for (int i = 0; i < LANES; i++) {
    sum += lane[i];
  }
  return sum;
}

static float dot(const float *a, const float *b, size_t n) {
  float lane[LANES] = {0};
  for (size_t i = 0; i < n; i += LANES) {
    for (size_t k = 0; k < LANES; k++) {
      lane[k] += a[i + k] * b[i + k];
    }
  }
  return sum_lanes(lane);
}

static float squared_distance(const float *a, const float *b, size_t n) {
  float lane[LANES] = {0};
  for (size_t i = 0; i < n; i += LANES) {
    for (size_t k = 0; k < LANES; k++) {
      float d = a[i + k] - b[i + k];
      lane[k] += d * d;
    }
  }
  return sum_lanes(lane);
}

static float *unit_of(const clustering *c, size_t row) {
  return c->unit + row * c->stride;
}

static lqa_status scale_rows(void *data, size_t task, size_t worker) {
  (void)worker;
  clustering *c = data;
  size_t from = task * ROWS_PER_TASK, to = from + ROWS_PER_TASK;
  for (size_t row = from; row < to && row < c->n_rows; row++) {
    float *unit = unit_of(c, row);
    lqa_matrix_row_f32(c->matrix, (int64_t)row, unit);
    float norm = sqrtf(dot(unit, unit, c->stride));
    c->is_usable[row] = norm > 0 && isfinite(norm);
    for (size_t i = 0; i < c->n_columns; i++) {
      unit[i] = c->is_usable[row] ? unit[i] / norm : 0;
    }
  }
  return LQA_OK;
}

/* Evenly spaced usable rows, at most `wanted`. */
static size_t spread_rows(const clustering *c, size_t wanted, size_t offset, uint32_t *rows) {
  size_t step = c->n_rows / wanted > 0 ? c->n_rows / wanted : 1, n = 0;
  for (size_t row = offset % step; row < c->n_rows && n < wanted; row += step) {
    if (c->is_usable[row]) {
      rows[n++] = (uint32_t)row;
    }
  }
  return n;
}

/* The median squared distance of sampled rows to their nearest other, exact copies apart. */
static lqa_status measure_spacing(const clustering *c, float *median) {
  uint32_t rows[SAMPLE_ROWS];
  float nearest[SAMPLE_ROWS];
  uint32_t *others = lqa_malloc(SAMPLE_OTHERS, sizeof *others);
  if (!others) {
    return LQA_NO_MEMORY;
  }
  size_t n = spread_rows(c, SAMPLE_ROWS, 0, rows), kept = 0;
  size_t n_others = spread_rows(c, SAMPLE_OTHERS, 1, others);
  for (size_t i = 0; i < n; i++) {
    float best = INFINITY;
    for (size_t j = 0; j < n_others; j++) {
      float d = squared_distance(unit_of(c, rows[i]), unit_of(c, others[j]), c->stride);
      best = rows[i] != others[j] && d > 0 && d < best ? d : best;
    }
    if (best < INFINITY) {
      nearest[kept++] = best;
    }
  }
  free(others);
  qsort(nearest, kept, sizeof *nearest, lqa_compare_floats);
  *median = kept ? nearest[kept / 2] : 0;
  return LQA_OK;
}

/* Coordinates of random hyperplanes: sums of uniforms are near enough to normal for directions. */
static void draw_planes(clustering *c, uint64_t seed, int band) {
  lqa_rng rng;
  lqa_rng_init(&rng, seed, RNG_STREAM + (uint64_t)band);
  memset(c->plane, 0, (size_t)c->bits * c->stride * sizeof *c->plane);
  for (int bit = 0; bit < c->bits; bit++) {
    for (size_t i = 0; i < c->n_columns; i++) {
      double sum = -2;
      for (int k = 0; k < 4; k++) {
        sum += lqa_rng_uniform(&rng);
      }
      c->plane[(size_t)bit * c->stride + i] = (float)sum;
    }
  }
}

static lqa_status sign_rows(void *data, size_t task, size_t worker) {
  (void)worker;
  clustering *c = data;
  size_t from = task * ROWS_PER_TASK, to = from + ROWS_PER_TASK;
  for (size_t row = from; row < to && row < c->n_rows; row++) {
    uint64_t bits = 0;
    for (int bit = 0; bit < c->bits; bit++) {
      bits = bits << 1 | (dot(unit_of(c, row), c->plane + (size_t)bit * c->stride, c->stride) > 0);
    }
    c->key[row] = bits << 32 | row;
  }
  return LQA_OK;
}

static uint32_t find_root(const uint32_t *parent, uint32_t row) {
  while (parent[row] != row) {
    row = parent[row];
  }
  return row;
}

static void join(uint32_t *parent, uint32_t a, uint32_t b) {
  a = find_root(parent, a);
  b = find_root(parent, b);
  parent[a < b ? b : a] = a < b ? a : b;
}

/* The leaders of a bucket, the latest MAX_LEADERS of them. */
typedef struct leader_ring {
  uint32_t row[MAX_LEADERS];
  size_t n;
} leader_ring;

static void place_row(clustering *c, leader_ring *leaders, uint32_t row) {
  size_t n = leaders->n < MAX_LEADERS ? leaders->n : MAX_LEADERS;
  for (size_t i = 0; i < n; i++) {
    uint32_t leader = leaders->row[i];
    bool is_joined = find_root(c->parent, leader) == find_root(c->parent, row);
    if (is_joined || squared_distance(unit_of(c, leader), unit_of(c, row), c->stride) <= c->limit) {
      join(c->parent, leader, row);
      return;
    }
  }
  leaders->row[leaders->n++ % MAX_LEADERS] = row;
}

static void join_band(clustering *c, size_t n_keys) {
  qsort(c->key, n_keys, sizeof *c->key, lqa_compare_uint64);
  leader_ring leaders = {{NO_LEADER}, 0};
  for (size_t i = 0; i < n_keys; i++) {
    if (i == 0 || c->key[i] >> 32 != c->key[i - 1] >> 32) {
      leaders.n = 0;
    }
    place_row(c, &leaders, (uint32_t)c->key[i]);
  }
  for (size_t row = 0; row < c->n_rows; row++) { /* parents come first: one pass flattens */
    c->parent[row] = c->parent[c->parent[row]];
  }
}

static lqa_status run_bands(clustering *c, const lqa_embedding_options *options, lqa_error *err) {
  size_t n_tasks = (c->n_rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
  for (int band = 0; band < BANDS; band++) {
    lqa_observe_progress(options->observer, "near duplicates", (double)band / BANDS);
    LQA_TRY(lqa_observe_check(options->observer, err));
    draw_planes(c, options->seed, band);
    LQA_TRY(lqa_pool_run(options->pool, n_tasks, sign_rows, c));
    size_t n_keys = 0;
    for (size_t row = 0; row < c->n_rows; row++) {
      c->key[n_keys] = c->key[row];
      n_keys += c->is_usable[row];
    }
    join_band(c, n_keys);
  }
  return LQA_OK;
}

static lqa_status allocate(clustering *c) {
  c->stride = (c->n_columns + LANES - 1) / LANES * LANES;
  while (c->bits < MAX_BITS && (size_t)1 << (c->bits - 4) < c->n_rows) {
    c->bits++;
  }
  c->unit = lqa_calloc(c->n_rows, c->stride * sizeof *c->unit);
  c->plane = lqa_malloc((size_t)c->bits, c->stride * sizeof *c->plane);
  c->is_usable = lqa_calloc(c->n_rows, 1);
  c->key = lqa_malloc(c->n_rows, sizeof *c->key);
  return c->unit && c->plane && c->is_usable && c->key ? LQA_OK : LQA_NO_MEMORY;
}

lqa_status lqa_embedding_cluster(const lqa_matrix *matrix, const lqa_embedding_options *options,
                                 uint32_t *cluster, double *distance, lqa_error *err) {
  clustering c = {.matrix = matrix,
                  .n_rows = (size_t)matrix->n_rows,
                  .n_columns = (size_t)matrix->n_columns,
                  .bits = 8,
                  .parent = cluster};
  for (size_t row = 0; row < c.n_rows; row++) {
    cluster[row] = (uint32_t)row;
  }
  size_t n_tasks = (c.n_rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
  float median = 0;
  lqa_status status = LQA_OK;
  LQA_TRY_OUT(allocate(&c));
  LQA_TRY_OUT(lqa_pool_run(options->pool, n_tasks, scale_rows, &c));
  LQA_TRY_OUT(measure_spacing(&c, &median));
  c.limit = (float)(options->fraction * options->fraction) * median;
  LQA_TRY_OUT(run_bands(&c, options, err));
  if (distance) {
    *distance = sqrt((double)c.limit);
  }
out:
  free(c.unit);
  free(c.plane);
  free(c.is_usable);
  free(c.key);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "looking for near duplicates") : status;
}
