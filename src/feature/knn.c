/* feature/knn.c - exact nearest neighbours by brute force, fast and with the same bits everywhere.
 *
 * 1. Points are moved to their mean and divided by the largest value (euclidean) or scaled to
 * length 1 (cosine, which then is half the squared distance), rounded to float32 and packed
 * (knn_screen.h).
 * 2. For a tile of queries, squared distances |q|^2 + |p|^2 - 2 q.p to every point come from the
 *    float32 kernel, with a bound on their error. A query keeps the points whose distance could be
 *    among the k least: lower bound <= k-th least upper bound so far.
 * 3. What is kept, a few points more than k, is measured in float64 on the given values and sorted.
 *
 * So speed is float32's and the answer float64's, whatever the screening rounded. Tiles run in
 * parallel. Cost: n x m x d multiplications; memory 4 n d bytes. Up to four dimensions a tree gives
 * the same answer faster (knn_tree.h); embeddings have hundreds, where trees do not help.
 */
#include "feature/knn.h"

#include "base/memory.h"
#include "base/npy.h"
#include "base/observer.h"
#include "base/pool.h"
#include "base/sort.h"
#include "feature/knn_screen.h"
#include "feature/knn_tree.h"

#include <math.h>
#include <string.h>

enum { TILE_QUERIES = 64, LANES = 8, SLACK = 64 };

struct search {
  const lqa_matrix *points, *queries;     /* queries == points: none is its own neighbour */
  const uint8_t *point_fold, *query_fold; /* or NULL: whoever is near is a neighbour */
  const lqa_neighbors_options *options;
  lqa_neighbors *out;
  int64_t n_dims, n_points, n_panels;
  double *center;        /* n_dims: subtracted before screening (zero for cosine) */
  double scale;          /* what is left is divided by this (not for cosine), so that it fits */
  lqa_panel_row *panels; /* n_panels x n_dims */
  double *square;        /* n_panels x 16: squared lengths of the float32 points */
  float *half_square;    /* the same, halved */
  double *longest;       /* n_panels: the longest point's length */
  double error;          /* lqa_screen_error */
};

/* A point that may be among the nearest, with bounds on its squared distance. */
struct candidate {
  double lower, upper;
  int64_t point;
};

struct candidates {
  struct candidate *data;
  size_t n, capacity;
  double limit; /* k-th least upper bound, infinity before there are k */
};

/* One worker's tile. */
struct tile {
  uint8_t fold[TILE_QUERIES]; /* where folds matter */
  float *rows;                /* TILE_QUERIES x n_dims, moved and scaled like the points */
  double square[TILE_QUERIES];
  lqa_panel_row dots[TILE_QUERIES];
  struct candidates list[TILE_QUERIES];
  double *uppers; /* scratch */
  double *a, *b;  /* two rows of float64 */
};

/* ---- reading and measuring rows ---- */

static double sum_lanes(const double lane[LANES]) {
  return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

/* Terms j, j + 8, ... go to lane j % 8, whatever the registers' width. */
static double dot(const double *a, const double *b, int64_t n) {
  double lane[LANES] = {0};
  int64_t j = 0;
  for (; j + LANES <= n; j += LANES) {
    for (int k = 0; k < LANES; k++) {
      lane[k] += a[j + k] * b[j + k];
    }
  }
  for (int k = 0; j + k < n; k++) {
    lane[k] += a[j + k] * b[j + k];
  }
  return sum_lanes(lane);
}

static double squared_distance(const double *a, const double *b, int64_t n) {
  double lane[LANES] = {0};
  int64_t j = 0;
  for (; j + LANES <= n; j += LANES) {
    for (int k = 0; k < LANES; k++) {
      lane[k] += (a[j + k] - b[j + k]) * (a[j + k] - b[j + k]);
    }
  }
  for (int k = 0; j + k < n; k++) {
    lane[k] += (a[j + k] - b[j + k]) * (a[j + k] - b[j + k]);
  }
  return sum_lanes(lane);
}

/* The row as the float32 pass sees it; returns the squared length to reckon with. For cosine that
 * is 1 even for a zero vector, whose distance to anything else is 1: half the squared distance
 * again. */
static double prepare_row(const struct search *s, const double *row, float *out, size_t step) {
  bool is_cosine = s->options->metric == LQA_METRIC_COSINE;
  double norm = is_cosine ? sqrt(dot(row, row, s->n_dims)) : s->scale;
  double square = 0;
  for (int64_t j = 0; j < s->n_dims; j++) {
    float value = (float)(norm > 0 ? (row[j] - s->center[j]) / norm : 0);
    out[(size_t)j * step] = value;
    square += (double)value * (double)value;
  }
  return is_cosine ? 1 : square;
}

static double measure(const struct search *s, const double *query, const double *point) {
  if (memcmp(query, point, (size_t)s->n_dims * sizeof *query) == 0) {
    return 0;
  }
  if (s->options->metric == LQA_METRIC_EUCLIDEAN) {
    return sqrt(squared_distance(query, point, s->n_dims));
  }
  double lengths = sqrt(dot(query, query, s->n_dims)) * sqrt(dot(point, point, s->n_dims));
  double distance = lengths > 0 ? 1 - dot(query, point, s->n_dims) / lengths : 1;
  return distance < 0 ? 0 : distance > 2 ? 2 : distance;
}

/* ---- candidates ---- */

/* Drops what cannot be among the k nearest any more; grows where that frees too little. */
static lqa_status tighten(struct candidates *c, size_t k, double **uppers, size_t *n_uppers) {
  if (c->n > *n_uppers) {
    double *larger = lqa_realloc(*uppers, c->n, sizeof *larger);
    if (!larger) {
      return LQA_NO_MEMORY;
    }
    *uppers = larger;
    *n_uppers = c->n;
  }
  for (size_t i = 0; i < c->n; i++) {
    (*uppers)[i] = c->data[i].upper;
  }
  if (c->n >= k) {
    c->limit = lqa_select_smallest_key(*uppers, (int64_t)c->n, (int64_t)k - 1);
  }
  size_t kept = 0;
  for (size_t i = 0; i < c->n; i++) {
    if (c->data[i].lower <= c->limit) {
      c->data[kept++] = c->data[i];
    }
  }
  c->n = kept;
  if (c->n * 2 > c->capacity) {
    struct candidate *larger = lqa_realloc(c->data, c->capacity * 2, sizeof *larger);
    if (!larger) {
      return LQA_NO_MEMORY;
    }
    c->data = larger;
    c->capacity *= 2;
  }
  return LQA_OK;
}

struct worker {
  struct tile tile;
  size_t n_uppers;
};

static bool may_answer(uint8_t point_fold, uint8_t query_fold) {
  return point_fold != query_fold && point_fold != LQA_NO_NEIGHBOR_FOLD &&
         query_fold != LQA_NO_NEIGHBOR_FOLD;
}

static lqa_status offer(const struct search *s, struct worker *w, int64_t slot, int64_t self,
                        const struct candidate *candidate) {
  struct candidates *c = &w->tile.list[slot];
  if (candidate->point >= s->n_points || candidate->point == self) {
    return LQA_OK;
  }
  if (s->point_fold && !may_answer(s->point_fold[candidate->point], w->tile.fold[slot])) {
    return LQA_OK;
  }
  c->data[c->n++] = *candidate;
  if (c->n < c->capacity) {
    return LQA_OK;
  }
  return tighten(c, (size_t)s->options->k, &w->tile.uppers, &w->n_uppers);
}

/* ---- screening ---- */

static int64_t round_up(int64_t n, int64_t step) {
  return (n + step - 1) / step * step;
}

/* The points of a panel that may be near query `slot`; dot is its row of inner products. Most
 * panels hold none, which float32 tells: half the squared distance less the query's share. */
static lqa_status screen_query(const struct search *s, struct worker *w, int64_t panel,
                               int64_t slot, int64_t self) {
  struct tile *t = &w->tile;
  const float *dot = t->dots[slot];
  const float *half = s->half_square + panel * LQA_PANEL_POINTS;
  double reach = sqrt(t->square[slot]) + s->longest[panel];
  double bound = s->error * reach * reach;
  double limit = t->list[slot].limit + bound;
  float least = (float)((limit - t->square[slot]) / 2 + bound);
  int is_near = 0;
  for (int p = 0; p < LQA_PANEL_POINTS; p++) {
    is_near |= half[p] - dot[p] <= least;
  }
  for (int64_t p = 0; is_near && p < LQA_PANEL_POINTS; p++) {
    int64_t point = panel * LQA_PANEL_POINTS + p;
    double distance = t->square[slot] + s->square[point] - 2 * (double)dot[p];
    if (distance <= limit) {
      struct candidate c = {distance - bound, distance + bound, point};
      LQA_TRY(offer(s, w, slot, self, &c));
      limit = t->list[slot].limit + bound;
    }
  }
  return LQA_OK;
}

static lqa_status screen_panel(const struct search *s, struct worker *w, int64_t panel,
                               int64_t first, int64_t n) {
  bool is_self = s->queries == s->points;
  struct lqa_screen screen = {w->tile.rows, round_up(n, LQA_SCREEN_QUERIES),
                              s->panels + panel * s->n_dims, s->n_dims};
  lqa_screen_dots(&screen, w->tile.dots);
  for (int64_t q = 0; q < n; q++) {
    LQA_TRY(screen_query(s, w, panel, q, is_self ? first + q : -1));
  }
  return LQA_OK;
}

/* ---- the answer ---- */

static int compare_candidates(const void *a, const void *b) {
  const struct candidate *x = a;
  const struct candidate *y = b;
  if (x->lower != y->lower) {
    return x->lower < y->lower ? -1 : 1;
  }
  return (x->point > y->point) - (x->point < y->point);
}

static lqa_status answer(const struct search *s, struct worker *w, int64_t query, int64_t slot) {
  struct candidates *c = &w->tile.list[slot];
  int32_t k = s->options->k;
  LQA_TRY(tighten(c, (size_t)k, &w->tile.uppers, &w->n_uppers));
  lqa_matrix_row_f64(s->queries, query, w->tile.a);
  for (size_t i = 0; i < c->n; i++) {
    lqa_matrix_row_f64(s->points, c->data[i].point, w->tile.b);
    c->data[i].lower = measure(s, w->tile.a, w->tile.b);
  }
  qsort(c->data, c->n, sizeof *c->data, compare_candidates);
  for (int32_t i = 0; i < k; i++) {
    bool is_there = (size_t)i < c->n; /* always, unless folds rule others out */
    s->out->distance[query * k + i] = is_there ? c->data[i].lower : (double)INFINITY;
    if (s->out->index) {
      s->out->index[query * k + i] = is_there ? c->data[i].point : -1;
    }
  }
  return LQA_OK;
}

/* ---- tiles ---- */

static void clear_worker(struct worker *w) {
  for (int q = 0; q < TILE_QUERIES; q++) {
    free(w->tile.list[q].data);
  }
  free(w->tile.rows);
  free(w->tile.uppers);
  free(w->tile.a);
  free(w->tile.b);
}

static lqa_status init_worker(const struct search *s, struct worker *w) {
  size_t n_dims = (size_t)s->n_dims;
  size_t capacity = 2 * (size_t)s->options->k + SLACK;
  w->tile.rows = lqa_calloc(n_dims, TILE_QUERIES * sizeof *w->tile.rows);
  w->tile.a = lqa_malloc(n_dims, sizeof *w->tile.a);
  w->tile.b = lqa_malloc(n_dims, sizeof *w->tile.b);
  bool is_full = w->tile.rows && w->tile.a && w->tile.b;
  for (int q = 0; is_full && q < TILE_QUERIES; q++) {
    struct candidates *c = &w->tile.list[q];
    *c = (struct candidates){.data = lqa_malloc(capacity, sizeof *c->data), .capacity = capacity};
    c->limit = (double)INFINITY;
    is_full = c->data != NULL;
  }
  return is_full ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status search_tile(void *data, size_t task, size_t worker) {
  const struct search *s = data;
  struct worker w = {0};
  int64_t first = (int64_t)task * TILE_QUERIES;
  int64_t n = s->queries->n_rows - first < TILE_QUERIES ? s->queries->n_rows - first : TILE_QUERIES;
  lqa_status status = LQA_OK;
  (void)worker;
  LQA_TRY_OUT(init_worker(s, &w));
  for (int64_t q = 0; q < n; q++) {
    w.tile.fold[q] = s->query_fold ? s->query_fold[first + q] : 0;
    lqa_matrix_row_f64(s->queries, first + q, w.tile.a);
    w.tile.square[q] = prepare_row(s, w.tile.a, w.tile.rows + q * s->n_dims, 1);
  }
  for (int64_t panel = 0; panel < s->n_panels; panel++) {
    if (lqa_observe_cancelled(s->options->observer)) {
      status = LQA_INTERRUPTED;
      goto out;
    }
    LQA_TRY_OUT(screen_panel(s, &w, panel, first, n));
  }
  for (int64_t q = 0; q < n; q++) {
    LQA_TRY_OUT(answer(s, &w, first + q, q));
  }
out:
  clear_worker(&w);
  return status;
}

/* ---- preparing the points ---- */

static lqa_status check_finite(const lqa_matrix *matrix, const char *name, lqa_error *err) {
  for (int64_t i = 0; i < matrix->n_rows; i++) {
    for (int64_t j = 0; j < matrix->n_columns; j++) {
      double value = lqa_matrix_get(matrix, i, j);
      if (!isfinite(value)) {
        return lqa_fail_at(err, LQA_BAD_DATA, NULL, i, NULL, "%s[%lld, %lld] is %s", name,
                           (long long)i, (long long)j, isnan(value) ? "NaN" : "infinite");
      }
    }
  }
  return LQA_OK;
}

static lqa_status check(const lqa_matrix *points, const lqa_matrix *queries,
                        const lqa_neighbors_options *options, lqa_error *err) {
  int64_t n_others = points->n_rows - (queries == points);
  if (points->n_columns != queries->n_columns || points->n_columns < 1) {
    return lqa_fail(err, LQA_BAD_DATA, "features have %lld columns, queries %lld",
                    (long long)points->n_columns, (long long)queries->n_columns);
  }
  if (options->k < 1 || options->k > n_others) {
    return lqa_fail(err, LQA_BAD_USAGE, "%d neighbours wanted, but there are only %lld other rows",
                    (int)options->k, (long long)n_others);
  }
  LQA_TRY(check_finite(points, "features", err));
  return queries == points ? LQA_OK : check_finite(queries, "queries", err);
}

/* Row by row: the same sum on any number of threads. */
static void find_center(struct search *s, double *row) {
  for (int64_t i = 0; s->options->metric == LQA_METRIC_EUCLIDEAN && i < s->n_points; i++) {
    lqa_matrix_row_f64(s->points, i, row);
    for (int64_t j = 0; j < s->n_dims; j++) {
      s->center[j] += row[j] / (double)s->n_points;
    }
  }
}

/* The farthest that any value is from the center. */
static double find_reach(const struct search *s, const lqa_matrix *matrix, double *row) {
  double reach = 0;
  for (int64_t i = 0; i < matrix->n_rows; i++) {
    lqa_matrix_row_f64(matrix, i, row);
    for (int64_t j = 0; j < s->n_dims; j++) {
      double value = fabs(row[j] - s->center[j]);
      reach = value > reach ? value : reach;
    }
  }
  return reach;
}

static void find_scale(struct search *s, double *row) {
  double points = find_reach(s, s->points, row);
  double queries = s->queries == s->points ? points : find_reach(s, s->queries, row);
  double reach = points > queries ? points : queries;
  s->scale = reach > 0 && isfinite(reach) ? reach : 1;
}

static void pack(struct search *s, double *row) {
  for (int64_t i = 0; i < s->n_panels * LQA_PANEL_POINTS; i++) {
    int64_t panel = i / LQA_PANEL_POINTS;
    float *out = &s->panels[panel * s->n_dims][i % LQA_PANEL_POINTS];
    s->square[i] = 0;
    if (i < s->n_points) {
      lqa_matrix_row_f64(s->points, i, row);
      s->square[i] = prepare_row(s, row, out, LQA_PANEL_POINTS);
    }
    s->half_square[i] = (float)(s->square[i] / 2);
    double length = sqrt(s->square[i]);
    s->longest[panel] = length > s->longest[panel] ? length : s->longest[panel];
  }
}

static lqa_status prepare(struct search *s, lqa_error *err) {
  size_t n_dims = (size_t)s->n_dims;
  size_t n_panels = (size_t)s->n_panels;
  double *row = lqa_malloc(n_dims, sizeof *row);
  s->center = lqa_calloc(n_dims, sizeof *s->center);
  s->panels = lqa_malloc_aligned(n_panels, n_dims * sizeof *s->panels);
  s->square = lqa_malloc(n_panels, LQA_PANEL_POINTS * sizeof *s->square);
  s->half_square = lqa_malloc(n_panels, LQA_PANEL_POINTS * sizeof *s->half_square);
  s->longest = lqa_calloc(n_panels, sizeof *s->longest);
  bool is_full = row && s->center && s->panels && s->square && s->half_square && s->longest;
  if (is_full) {
    memset(s->panels, 0, n_panels * n_dims * sizeof *s->panels);
    find_center(s, row);
    find_scale(s, row);
    pack(s, row);
  }
  free(row);
  return is_full ? LQA_OK : lqa_fail_memory(err, "preparing the neighbour search");
}

void lqa_neighbors_options_init(lqa_neighbors_options *options) {
  *options = (lqa_neighbors_options){.metric = LQA_METRIC_COSINE, .k = 10};
}

static lqa_status name_failure(lqa_status status, lqa_error *err) {
  if (status == LQA_NO_MEMORY) {
    return lqa_fail_memory(err, "searching neighbours");
  }
  return status == LQA_INTERRUPTED ? lqa_fail(err, status, "stopped on request") : status;
}

static lqa_status run(struct search *s, lqa_pool *pool, lqa_error *err) {
  size_t n_tiles = (size_t)((s->queries->n_rows + TILE_QUERIES - 1) / TILE_QUERIES);
  return name_failure(lqa_pool_run(pool, n_tiles, search_tile, s), err);
}

static lqa_status search_all_pairs(struct search *s, lqa_pool *pool, lqa_error *err) {
  s->n_dims = s->points->n_columns;
  s->n_points = s->points->n_rows;
  s->error = lqa_screen_error(s->n_dims);
  s->n_panels = (s->n_points + LQA_PANEL_POINTS - 1) / LQA_PANEL_POINTS;
  lqa_status status;
  LQA_TRY_OUT(prepare(s, err));
  status = run(s, pool, err);
out:
  free(s->center);
  free(s->panels);
  free(s->square);
  free(s->half_square);
  free(s->longest);
  return status;
}

static lqa_status search(struct search *s, lqa_pool *pool, lqa_error *err) {
  bool is_flat = s->points->n_columns <= LQA_TREE_DIMS && !s->point_fold &&
                 s->options->metric == LQA_METRIC_EUCLIDEAN;
  if (!is_flat) {
    return search_all_pairs(s, pool, err);
  }
  return name_failure(lqa_tree_neighbors(s->points, s->queries, s->options, pool, s->out), err);
}

lqa_status lqa_nearest_neighbors(const lqa_matrix *points, const lqa_matrix *queries,
                                 const lqa_neighbors_options *options, lqa_neighbors *out,
                                 lqa_error *err) {
  queries = queries ? queries : points;
  LQA_TRY(check(points, queries, options, err));
  struct search s = {.points = points, .queries = queries, .options = options, .out = out};
  lqa_pool *pool = NULL;
  if (options->threads != 1) {
    pool = lqa_pool_new((int)options->threads);
    if (!pool) {
      return lqa_fail_memory(err, "starting threads");
    }
  }
  lqa_status status = search(&s, pool, err);
  lqa_pool_free(pool);
  return status;
}

lqa_status lqa_neighbors_out_of_fold(const lqa_case_fold_points *points,
                                     const lqa_case_fold_points *queries,
                                     const lqa_neighbors_options *options, lqa_pool *pool,
                                     lqa_neighbors *out) {
  struct search s = {.points = points->matrix,
                     .queries = queries->matrix,
                     .point_fold = points->fold,
                     .query_fold = queries->fold,
                     .options = options,
                     .out = out};
  return search(&s, pool, NULL);
}
