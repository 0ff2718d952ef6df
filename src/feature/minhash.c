/* feature/minhash.c - clusters of near-duplicate texts.
 *
 * The minimum of a random hash over a set is the same for two sets with probability equal to their
 * Jaccard index (Broder 1997). Up to 128 such minima (feature/sketch.c), cut into b bands of r,
 * make a pair of index J share a whole band with probability 1 - (1 - J^r)^b (Leskovec, Rajaraman,
 * Ullman, "Mining of Massive Datasets", ch. 3): .998 at J = .8 with 21 bands of 6. Rows are sorted
 * by each band's hash (feature/band.c); the rows of one bucket are compared on their exact shingle
 * sets and joined in a union-find.
 *
 * Memory: band hashes are kept for as many bands at a time as fit the budget and the text is
 * shingled again for the next ones, so five million rows need no more than some hundred megabytes.
 * Determinism: bands are taken in order. Buckets are worked on by any thread, but each sees the
 * union-find as it was before the band, and joins are applied afterwards in bucket order.
 * Cost: one multiplication a shingle, and one exact comparison per candidate pair.
 */
#include "feature/minhash.h"

#include "base/hash.h"
#include "base/vec.h"
#include "feature/band.h"
#include "feature/sketch.h"

enum {
  ROWS_PER_TASK = 512,
  ROWS_PER_PIECE = ROWS_PER_TASK << 9,
  BUCKETS_PER_TASK = 64,
  MAX_LEADERS = 32, /* rows of a bucket that later rows are compared with */
  MAX_BANDS_AT_ONCE = 16
};

static const double BAND_RECALL = .99;
static const uint64_t DEFAULT_BUDGET = (uint64_t)1 << 30;

void lqa_minhash_bands(double jaccard, int *bands, int *rows) {
  *bands = LQA_MINHASH_PERMUTATIONS;
  *rows = 1;
  for (int r = 2; r <= LQA_MINHASH_PERMUTATIONS; r++) {
    int b = LQA_MINHASH_PERMUTATIONS / r;
    double share = 1, miss = 1;
    for (int i = 0; i < r; i++) {
      share *= jaccard;
    }
    for (int i = 0; i < b; i++) {
      miss *= 1 - share;
    }
    if (1 - miss >= BAND_RECALL) {
      *bands = b;
      *rows = r;
    }
  }
}

typedef struct edge {
  uint32_t a, b;
} edge;
typedef LQA_VEC(edge) edge_list;

/* Scratch of one worker. */
typedef struct worker {
  lqa_shingler *shingler;
  /* One bucket: rows that matched none before them, with their sets (n = 0: not yet made). */
  uint32_t leader[MAX_LEADERS];
  int n_leaders;
  lqa_shingle_set row, leader_set[MAX_LEADERS];
} worker;

typedef struct minhash {
  const lqa_column *texts;
  const lqa_minhash_options *options;
  uint32_t *parent; /* the caller's cluster array */
  uint32_t *active; /* rows that have a text and are the first of their copies */
  size_t n_active;
  lqa_sketcher sketcher;
  int n_bands, band_rows;
  /* The pass: bands first_band .. first_band + pass_bands - 1; band_hash[band][active row]. */
  int first_band, pass_bands;
  uint32_t *band_hash;
  size_t first_item; /* of the piece that is being signed */
  /* The bands that are sorted at once, beginning with band `group` of the pass. */
  int group, bands_at_once;
  lqa_band bands[MAX_BANDS_AT_ONCE];
  const lqa_band *band; /* whose buckets are compared */
  edge_list *edges;     /* one list per task */
  worker *workers;
  size_t n_workers;
} minhash;

static uint32_t find_root(const uint32_t *parent, uint32_t row) {
  while (parent[row] != row) {
    row = parent[row];
  }
  return row;
}

/* Parents come before their children, so one ascending pass flattens every path. */
static void flatten(uint32_t *parent, int64_t n) {
  for (int64_t row = 0; row < n; row++) {
    parent[row] = parent[parent[row]];
  }
}

/* The smaller row becomes the root, so that a cluster is named after its first row. */
static void join(uint32_t *parent, uint32_t a, uint32_t b) {
  a = find_root(parent, a);
  b = find_root(parent, b);
  if (a < b) {
    parent[b] = a;
  } else {
    parent[a] = b;
  }
}

static void release_texts(const minhash *m, int64_t row) {
  if (m->options->owner) {
    lqa_dataset_release_content(m->options->owner, row);
  }
}

/* The band hashes of one active row, for the bands of this pass. */
static lqa_status sign_row(minhash *m, worker *w, size_t item) {
  LQA_TRY(lqa_shingler_cut(w->shingler, lqa_column_get(m->texts, m->active[item]), &w->row));
  uint32_t signature[LQA_SKETCH_MAX_BINS];
  lqa_sketcher_run(&m->sketcher, w->row.hash, w->row.n, signature);
  for (int band = 0; band < m->pass_bands; band++) {
    const uint32_t *minima = signature + (m->first_band + band) * m->band_rows;
    uint64_t hash = lqa_hash64(minima, (size_t)m->band_rows * sizeof *minima, 0);
    m->band_hash[(size_t)band * m->n_active + item] = (uint32_t)(hash >> 32);
  }
  return LQA_OK;
}

static lqa_status sign_rows(void *data, size_t task, size_t worker_number) {
  minhash *m = data;
  size_t from = m->first_item + task * ROWS_PER_TASK, to = from + ROWS_PER_TASK;
  for (size_t item = from; item < to && item < m->n_active; item++) {
    LQA_TRY(sign_row(m, &m->workers[worker_number], item));
  }
  return LQA_OK;
}

/* Signs all rows, in pieces: memory of texts that lie in a file is given back after each. */
static lqa_status sign_all(minhash *m) {
  for (m->first_item = 0; m->first_item < m->n_active; m->first_item += ROWS_PER_PIECE) {
    size_t left = m->n_active - m->first_item, n = left < ROWS_PER_PIECE ? left : ROWS_PER_PIECE;
    size_t n_tasks = (n + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
    LQA_TRY(lqa_pool_run(m->options->pool, n_tasks, sign_rows, m));
    release_texts(m, (int64_t)m->active[m->first_item + n - 1]);
  }
  return LQA_OK;
}

static lqa_status find_buckets(void *data, size_t task, size_t worker_number) {
  (void)worker_number;
  minhash *m = data;
  const uint32_t *hash = m->band_hash + ((size_t)m->group + task) * m->n_active;
  return lqa_band_find_buckets(&m->bands[task], hash, m->active, m->n_active);
}

/* The shingle set of a row of a bucket. Rows stand anywhere, and each read of a mapped file brings
 * in its surroundings, which are given back. */
static lqa_status cut_row(minhash *m, worker *w, uint32_t row, lqa_shingle_set *out) {
  lqa_status status = lqa_shingler_run(w->shingler, lqa_column_get(m->texts, row), out);
  if (m->options->owner) {
    lqa_dataset_release_row(m->options->owner, row);
  }
  return status;
}

/* Compares `row` with the leaders of its bucket: joins the first that is near enough, else leads.
 */
static lqa_status place_row(minhash *m, worker *w, uint32_t row, edge_list *edges) {
  uint32_t root = find_root(m->parent, row);
  for (int i = 0; i < w->n_leaders; i++) {
    if (find_root(m->parent, w->leader[i]) == root) {
      return LQA_OK;
    }
  }
  LQA_TRY(cut_row(m, w, row, &w->row));
  for (int i = 0; i < w->n_leaders; i++) {
    lqa_shingle_set *set = &w->leader_set[i];
    if (set->n == 0) {
      LQA_TRY(cut_row(m, w, w->leader[i], set));
    }
    if (lqa_shingle_jaccard(set, &w->row) >= m->options->jaccard) {
      return lqa_vec_push(edges, ((edge){w->leader[i], row}));
    }
  }
  if (w->n_leaders < MAX_LEADERS) {
    lqa_shingle_set *set = &w->leader_set[w->n_leaders];
    lqa_shingle_set swap = *set;
    *set = w->row;
    w->row = swap;
    w->leader[w->n_leaders++] = row;
  }
  return LQA_OK;
}

static lqa_status compare_bucket(minhash *m, worker *w, const uint32_t *rows, size_t n,
                                 edge_list *edges) {
  w->n_leaders = 1;
  w->leader[0] = rows[0];
  w->leader_set[0].n = 0;
  for (size_t i = 1; i < n; i++) {
    LQA_TRY(place_row(m, w, rows[i], edges));
  }
  return LQA_OK;
}

static lqa_status compare_buckets(void *data, size_t task, size_t worker_number) {
  minhash *m = data;
  const lqa_band *band = m->band;
  size_t from = task * BUCKETS_PER_TASK, to = from + BUCKETS_PER_TASK;
  for (size_t b = from; b < to && b < band->end.n; b++) {
    size_t start = b ? band->end.data[b - 1] : 0;
    LQA_TRY(compare_bucket(m, &m->workers[worker_number], band->row.data + start,
                           band->end.data[b] - start, &m->edges[task]));
  }
  return LQA_OK;
}

static lqa_status join_band(minhash *m, const lqa_band *band) {
  m->band = band;
  size_t n_tasks = (band->end.n + BUCKETS_PER_TASK - 1) / BUCKETS_PER_TASK;
  m->edges = lqa_calloc(n_tasks, sizeof *m->edges);
  if (!m->edges) {
    return LQA_NO_MEMORY;
  }
  lqa_status status = lqa_pool_run(m->options->pool, n_tasks, compare_buckets, m);
  for (size_t task = 0; task < n_tasks; task++) {
    for (size_t i = 0; status == LQA_OK && i < m->edges[task].n; i++) {
      join(m->parent, m->edges[task].data[i].a, m->edges[task].data[i].b);
    }
    lqa_vec_clear(&m->edges[task]);
  }
  free(m->edges);
  m->edges = NULL;
  flatten(m->parent, m->texts->n);
  return status;
}

/* Sorts and joins the bands of a pass, some at a time. */
static lqa_status join_bands(minhash *m, lqa_error *err) {
  for (m->group = 0; m->group < m->pass_bands; m->group += m->bands_at_once) {
    int left = m->pass_bands - m->group, n = left < m->bands_at_once ? left : m->bands_at_once;
    LQA_TRY(lqa_pool_run(m->options->pool, (size_t)n, find_buckets, m));
    for (int i = 0; i < n; i++) {
      lqa_observe_progress(m->options->observer, "near duplicates",
                           (double)(m->first_band + m->group + i) / m->n_bands);
      LQA_TRY(lqa_observe_check(m->options->observer, err));
      LQA_TRY(join_band(m, &m->bands[i]));
      release_texts(m, m->texts->n);
    }
  }
  return LQA_OK;
}

static lqa_status run_passes(minhash *m, int bands_per_pass, lqa_error *err) {
  for (int first = 0; first < m->n_bands; first += bands_per_pass) {
    m->first_band = first;
    m->pass_bands = first + bands_per_pass < m->n_bands ? bands_per_pass : m->n_bands - first;
    LQA_TRY(sign_all(m));
    LQA_TRY(join_bands(m, err));
  }
  return LQA_OK;
}

/* How many bands' hashes (4 bytes a row each) fit into a quarter of the limit: no model is there
 * yet, and all bands at once save signing the rows again. */
static int count_bands_per_pass(const minhash *m) {
  uint64_t limit = m->options->memory_bytes;
  uint64_t budget = limit ? limit / 4 : DEFAULT_BUDGET;
  uint64_t fit = budget / (4 * (uint64_t)(m->n_active ? m->n_active : 1));
  return fit < 1 ? 1 : fit > (uint64_t)m->n_bands ? m->n_bands : (int)fit;
}

/* How many bands are sorted at once, at 16 bytes a row each: one per thread, within a tenth of the
 * limit. */
static int count_bands_at_once(const minhash *m) {
  uint64_t limit = m->options->memory_bytes, wanted = m->n_workers;
  uint64_t fit = limit / 10 / (16 * (uint64_t)(m->n_active ? m->n_active : 1));
  wanted = limit && fit < wanted ? fit : wanted;
  return wanted < 1 ? 1 : wanted > MAX_BANDS_AT_ONCE ? MAX_BANDS_AT_ONCE : (int)wanted;
}

static lqa_status list_active(minhash *m) {
  m->active = lqa_malloc((size_t)m->texts->n, sizeof *m->active);
  for (int64_t row = 0; m->active && row < m->texts->n; row++) {
    if (m->parent[row] == row && lqa_column_get(m->texts, row).data) {
      m->active[m->n_active++] = (uint32_t)row;
    }
  }
  return m->active ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status allocate(minhash *m, int *bands_per_pass) {
  LQA_TRY(list_active(m));
  m->n_workers = lqa_pool_threads(m->options->pool);
  m->bands_at_once = count_bands_at_once(m);
  *bands_per_pass = count_bands_per_pass(m);
  m->band_hash = lqa_malloc(m->n_active, (size_t)*bands_per_pass * sizeof *m->band_hash);
  m->workers = lqa_calloc(m->n_workers, sizeof *m->workers);
  if (!m->band_hash || !m->workers) {
    return LQA_NO_MEMORY;
  }
  for (int i = 0; i < m->bands_at_once; i++) {
    LQA_TRY(lqa_band_init(&m->bands[i], m->n_active));
  }
  for (size_t i = 0; i < m->n_workers; i++) {
    m->workers[i].shingler = lqa_shingler_new(m->options->shingle, m->options->words);
    if (!m->workers[i].shingler) {
      return LQA_NO_MEMORY;
    }
  }
  return LQA_OK;
}

static void release(minhash *m) {
  for (size_t i = 0; m->workers && i < m->n_workers; i++) {
    worker *w = &m->workers[i];
    lqa_shingler_free(w->shingler);
    lqa_shingle_set_clear(&w->row);
    for (int k = 0; k < MAX_LEADERS; k++) {
      lqa_shingle_set_clear(&w->leader_set[k]);
    }
  }
  for (int i = 0; i < MAX_BANDS_AT_ONCE; i++) {
    lqa_band_clear(&m->bands[i]);
  }
  free(m->workers);
  free(m->active);
  free(m->band_hash);
}

lqa_status lqa_minhash_cluster(const lqa_column *texts, const lqa_minhash_options *options,
                               uint32_t *cluster, lqa_error *err) {
  minhash m = {.texts = texts, .options = options, .parent = cluster};
  int bands_per_pass;
  lqa_minhash_bands(options->jaccard, &m.n_bands, &m.band_rows);
  lqa_sketcher_init(&m.sketcher, m.n_bands * m.band_rows, options->seed);
  lqa_status status;
  LQA_TRY_OUT(allocate(&m, &bands_per_pass));
  status = run_passes(&m, bands_per_pass, err);
out:
  release(&m);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "looking for near duplicates") : status;
}
