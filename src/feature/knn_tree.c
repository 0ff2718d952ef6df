/* feature/knn_tree.c - a k-d tree: boxes in boxes, halved at the median of their widest dimension
 * until few points are left. A query goes into the nearer half first and leaves out every box whose
 * nearest corner is beyond the k-th neighbour so far.
 *
 * Exact to the bit. A box's distance is made by the same operations in the same order as a point's,
 * and each of them rounds monotonically, so that no point of a box is measured as nearer than the
 * box. Equal distances are told by the points' numbers: a box knows the smallest of its points, and
 * is left out at an equal distance where that is no smaller than the last neighbour's. So many
 * equal points cost no more than different ones. Halves are made by (value, number), which no two
 * points share; pivots are drawn with a seed of their own.
 *
 * The tree lies in arrays: node i has the halves 2i + 1 and 2i + 2, and its points lie side by
 * side. Cost: n log n to build, about log n + k a query in 1 to 4 dimensions; 100 bytes a point.
 *
 * Source: Friedman, Bentley, Finkel, "An Algorithm for Finding Best Matches in Logarithmic Expected
 * Time", ACM TOMS 1977. */
#include "feature/knn_tree.h"

#include "base/memory.h"
#include "base/npy.h"
#include "base/observer.h"
#include "base/rng.h"

#include <math.h>

enum { DIMS = LQA_TREE_DIMS, LEAF_POINTS = 12, TILE_QUERIES = 256 };

typedef struct point {
  double at[DIMS]; /* unused dimensions are 0 */
  int64_t number;
} point;

typedef struct box {
  double low[DIMS], high[DIMS];
  int64_t first_number; /* the smallest of its points' */
} box;

typedef struct neighbor {
  double distance;
  int64_t number;
} neighbor;

typedef struct tree {
  const lqa_matrix *matrix, *queries;
  const lqa_neighbors_options *options;
  lqa_neighbors *out;
  point *points; /* in the order of the leaves */
  box *boxes;
  size_t n_points, n_boxes;
  bool is_self; /* queries are the points */
} tree;

/* The k nearest so far: a heap, the farthest on top. */
typedef struct nearest {
  neighbor *items;
  size_t n, k;
} nearest;

/* ---- building ---- */

static bool is_before(const point *a, const point *b, int dim) {
  if (a->at[dim] != b->at[dim]) {
    return a->at[dim] < b->at[dim];
  }
  return a->number < b->number;
}

static void swap(point *a, point *b) {
  point kept = *a;
  *a = *b;
  *b = kept;
}

/* Puts the points before points[middle] in the order of `dim` before it, the others behind. */
static void halve(point *points, size_t n, size_t middle, int dim) {
  size_t from = 0, to = n;
  lqa_rng rng;
  lqa_rng_init(&rng, n, (uint64_t)dim);
  while (to - from > 1) {
    swap(&points[from + lqa_rng_below(&rng, to - from)], &points[to - 1]);
    size_t place = from;
    for (size_t i = from; i + 1 < to; i++) {
      if (is_before(&points[i], &points[to - 1], dim)) {
        swap(&points[i], &points[place++]);
      }
    }
    swap(&points[place], &points[to - 1]);
    if (place == middle) {
      return;
    }
    from = place < middle ? place + 1 : from;
    to = place < middle ? to : place;
  }
}

static void measure_box(const point *points, size_t n, box *out) {
  *out = (box){.first_number = points[0].number};
  for (int d = 0; d < DIMS; d++) {
    out->low[d] = out->high[d] = points[0].at[d];
  }
  for (size_t i = 1; i < n; i++) {
    for (int d = 0; d < DIMS; d++) {
      double value = points[i].at[d];
      out->low[d] = value < out->low[d] ? value : out->low[d];
      out->high[d] = value > out->high[d] ? value : out->high[d];
    }
    out->first_number = points[i].number < out->first_number ? points[i].number : out->first_number;
  }
}

static int widest(const box *b) {
  int dim = 0;
  for (int d = 1; d < DIMS; d++) {
    dim = b->high[d] - b->low[d] > b->high[dim] - b->low[dim] ? d : dim;
  }
  return dim;
}

/* Depth is log2(n / LEAF_POINTS). */
static void build(tree *t, size_t node, size_t from, size_t n) {
  measure_box(t->points + from, n, &t->boxes[node]);
  if (n > LEAF_POINTS) {
    size_t half = n / 2;
    halve(t->points + from, n, half, widest(&t->boxes[node]));
    build(t, 2 * node + 1, from, half);
    build(t, 2 * node + 2, from + half, n - half);
  }
}

/* Nodes of a tree of n points: a child's half is at most (n + 1) / 2. */
static size_t count_boxes(size_t n) {
  size_t n_boxes = 1;
  for (size_t largest = n; largest > LEAF_POINTS; largest = (largest + 1) / 2) {
    n_boxes = 2 * n_boxes + 1;
  }
  return n_boxes;
}

/* ---- searching ---- */

/* The sum in the order of knn.c's lanes. */
static double sum_squares(const double gap[DIMS]) {
  return (gap[0] * gap[0] + gap[1] * gap[1]) + (gap[2] * gap[2] + gap[3] * gap[3]);
}

static double measure(const double *a, const double *b) {
  double gap[DIMS];
  for (int d = 0; d < DIMS; d++) {
    gap[d] = a[d] - b[d];
  }
  return sqrt(sum_squares(gap));
}

static double distance_to_box(const double *query, const box *b) {
  double gap[DIMS];
  for (int d = 0; d < DIMS; d++) {
    gap[d] = query[d] < b->low[d] ? b->low[d] - query[d]
                                  : (query[d] > b->high[d] ? query[d] - b->high[d] : 0);
  }
  return sqrt(sum_squares(gap));
}

static bool is_nearer(neighbor a, neighbor b) {
  return a.distance < b.distance || (a.distance == b.distance && a.number < b.number);
}

static bool may_enter(const nearest *found, neighbor candidate) {
  return found->n < found->k || is_nearer(candidate, found->items[0]);
}

/* Puts `item` at `place` or below, where the heap of n items wants it. */
static void sink(neighbor *items, size_t n, size_t place, neighbor item) {
  for (size_t child = 2 * place + 1; child < n; child = 2 * place + 1) {
    child += child + 1 < n && is_nearer(items[child], items[child + 1]);
    if (!is_nearer(item, items[child])) {
      break;
    }
    items[place] = items[child];
    place = child;
  }
  items[place] = item;
}

static void enter(nearest *found, neighbor candidate) {
  if (found->n == found->k) {
    sink(found->items, found->n, 0, candidate);
    return;
  }
  size_t place = found->n++;
  while (place > 0 && is_nearer(found->items[(place - 1) / 2], candidate)) {
    found->items[place] = found->items[(place - 1) / 2];
    place = (place - 1) / 2;
  }
  found->items[place] = candidate;
}

static void search_leaf(const tree *t, const point *query, size_t from, size_t n, nearest *found) {
  for (size_t i = from; i < from + n; i++) {
    neighbor candidate = {measure(query->at, t->points[i].at), t->points[i].number};
    bool is_itself = t->is_self && candidate.number == query->number;
    if (!is_itself && may_enter(found, candidate)) {
      enter(found, candidate);
    }
  }
}

static neighbor box_as_neighbor(const tree *t, const point *query, size_t node) {
  return (neighbor){distance_to_box(query->at, &t->boxes[node]), t->boxes[node].first_number};
}

static void search_node(const tree *t, const point *query, size_t node, size_t from, size_t n,
                        nearest *found) {
  if (n <= LEAF_POINTS) {
    search_leaf(t, query, from, n, found);
    return;
  }
  size_t half = n / 2;
  neighbor left = box_as_neighbor(t, query, 2 * node + 1);
  neighbor right = box_as_neighbor(t, query, 2 * node + 2);
  bool is_left_first = is_nearer(left, right);
  for (int turn = 0; turn < 2; turn++) {
    bool is_left = is_left_first == (turn == 0);
    if (is_left && may_enter(found, left)) {
      search_node(t, query, 2 * node + 1, from, half, found);
    } else if (!is_left && may_enter(found, right)) {
      search_node(t, query, 2 * node + 2, from + half, n - half, found);
    }
  }
}

/* Nearest first, out of the heap. */
static void answer(const tree *t, int64_t query, nearest *found) {
  int64_t k = t->options->k;
  for (size_t left = found->n; left > 0; left--) {
    neighbor farthest = found->items[0];
    sink(found->items, left - 1, 0, found->items[left - 1]);
    t->out->distance[query * k + (int64_t)left - 1] = farthest.distance;
    if (t->out->index) {
      t->out->index[query * k + (int64_t)left - 1] = farthest.number;
    }
  }
}

static void read_point(const lqa_matrix *matrix, int64_t row, point *out) {
  *out = (point){.number = row};
  lqa_matrix_row_f64(matrix, row, out->at);
}

/* Queries that are the points come in the tree's order: neighbours take the same way. */
static lqa_status search_tile(void *data, size_t task, size_t worker) {
  const tree *t = data;
  size_t n_queries = (size_t)t->queries->n_rows, from = task * TILE_QUERIES;
  size_t to = from + TILE_QUERIES < n_queries ? from + TILE_QUERIES : n_queries;
  nearest found = {.k = (size_t)t->options->k};
  (void)worker;
  if (lqa_observe_cancelled(t->options->observer)) {
    return LQA_INTERRUPTED;
  }
  found.items = lqa_malloc(found.k, sizeof *found.items);
  if (!found.items) {
    return LQA_NO_MEMORY;
  }
  for (size_t q = from; q < to; q++) {
    point query;
    if (t->is_self) {
      query = t->points[q];
    } else {
      read_point(t->queries, (int64_t)q, &query);
    }
    found.n = 0;
    search_node(t, &query, 0, 0, t->n_points, &found);
    answer(t, query.number, &found);
  }
  free(found.items);
  return LQA_OK;
}

lqa_status lqa_tree_neighbors(const lqa_matrix *points, const lqa_matrix *queries,
                              const lqa_neighbors_options *options, lqa_pool *pool,
                              lqa_neighbors *out) {
  tree t = {.matrix = points,
            .queries = queries,
            .options = options,
            .out = out,
            .n_points = (size_t)points->n_rows,
            .is_self = queries == points};
  t.n_boxes = count_boxes(t.n_points);
  t.points = lqa_malloc(t.n_points, sizeof *t.points);
  t.boxes = lqa_malloc(t.n_boxes, sizeof *t.boxes);
  lqa_status status;
  LQA_TRY_OUT(t.points && t.boxes ? LQA_OK : LQA_NO_MEMORY);
  for (size_t i = 0; i < t.n_points; i++) {
    read_point(points, (int64_t)i, &t.points[i]);
  }
  build(&t, 0, 0, t.n_points);
  size_t n_tiles = ((size_t)queries->n_rows + TILE_QUERIES - 1) / TILE_QUERIES;
  status = lqa_pool_run(pool, n_tiles, search_tile, &t);
out:
  free(t.points);
  free(t.boxes);
  return status;
}
