/* feature/minhash.c - clusters of near-duplicate texts.
 *
 * The minimum of a random hash over a set is the same for two sets with probability equal to their
 * Jaccard index (Broder 1997). 128 such minima, cut into b bands of r, make a pair of index J share
 * a whole band with probability 1 - (1 - J^r)^b (Leskovec, Rajaraman, Ullman, "Mining of Massive
 * Datasets", ch. 3): .998 at J = .8 with 21 bands of 6. Rows are sorted by each band's hash; the
 * rows of one bucket are compared on their exact shingle sets and joined in a union-find.
 *
 * Memory: band hashes are kept for as many bands at a time as fit the budget and the text is
 * shingled again for the next ones, so five million rows need no more than some hundred megabytes.
 * Determinism: buckets are worked on by any thread, but each sees the union-find as it was before
 * the band, and joins are applied afterwards in bucket order.
 * Cost: shingles x 128 multiply-adds, which vectorise, and one exact comparison per candidate pair.
 */
#include "feature/minhash.h"

#include "base/hash.h"
#include "base/rng.h"
#include "base/vec.h"

enum {
  ROWS_PER_TASK = 512,
  BUCKETS_PER_TASK = 64,
  LANES = 32,         /* permutations worked on at once */
  MAX_LEADERS = 32,   /* rows of a bucket that later rows are compared with */
  RNG_STREAM = 0x6d68 /* "mh" */
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
  uint32_t *short_hash; /* 32-bit shingle hashes of one text */
  size_t short_capacity;
  /* One bucket: rows that matched none before them, with their sets (n = 0: not yet made). */
  uint32_t leader[MAX_LEADERS];
  int n_leaders;
  lqa_shingle_set row, leader_set[MAX_LEADERS];
} worker;

typedef struct minhash {
  const lqa_column *texts;
  const lqa_minhash_options *options;
  uint32_t *parent; /* the caller's cluster array */
  uint8_t *active;  /* has a text, and is the first of its copies */
  uint32_t multiplier[LQA_MINHASH_PERMUTATIONS], offset[LQA_MINHASH_PERMUTATIONS];
  int n_bands, band_rows;
  /* The pass: bands first_band .. first_band + pass_bands - 1; band_hash[band][row]. */
  int first_band, pass_bands;
  uint32_t *band_hash;
  /* The band: (hash << 32 | row) of the rows that take part, sorted; bucket starts. */
  uint64_t *entries, *spare;
  size_t n_entries;
  LQA_VEC(size_t) bucket; /* starts of buckets of two rows or more, pairwise with their ends */
  edge_list *edges;       /* one list per task */
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

/* min over the shingles of x * multiplier + offset, for LANES permutations from `first` on. */
__attribute__((target_clones("default", "avx2", "avx512f"))) static void
take_minima(const minhash *m, int first, const uint32_t *x, size_t n, uint32_t minimum[LANES]) {
  uint32_t multiplier[LANES], offset[LANES], best[LANES];
  for (int lane = 0; lane < LANES; lane++) {
    multiplier[lane] = m->multiplier[first + lane];
    offset[lane] = m->offset[first + lane];
    best[lane] = UINT32_MAX;
  }
  for (size_t i = 0; i < n; i++) {
    uint32_t value = x[i];
    for (int lane = 0; lane < LANES; lane++) {
      uint32_t hash = value * multiplier[lane] + offset[lane];
      best[lane] = hash < best[lane] ? hash : best[lane];
    }
  }
  memcpy(minimum, best, sizeof best);
}

static lqa_status reserve_hashes(worker *w, size_t n) {
  return n <= w->short_capacity
             ? LQA_OK
             : lqa_vec_grow((void **)&w->short_hash, &w->short_capacity, n, sizeof *w->short_hash);
}

/* The band hashes of one row, for the bands of this pass. */
static lqa_status sign_row(minhash *m, worker *w, int64_t row) {
  LQA_TRY(lqa_shingler_cut(w->shingler, lqa_column_get(m->texts, row), &w->row));
  LQA_TRY(reserve_hashes(w, w->row.n));
  for (size_t i = 0; i < w->row.n; i++) {
    w->short_hash[i] = (uint32_t)(w->row.hash[i] >> 32);
  }
  uint32_t signature[LQA_MINHASH_PERMUTATIONS];
  int from = m->first_band * m->band_rows, to = (m->first_band + m->pass_bands) * m->band_rows;
  for (int first = from / LANES * LANES; first < to; first += LANES) {
    take_minima(m, first, w->short_hash, w->row.n, signature + first);
  }
  for (int band = 0; band < m->pass_bands; band++) {
    const uint32_t *minima = signature + (m->first_band + band) * m->band_rows;
    uint64_t hash = lqa_hash64(minima, (size_t)m->band_rows * sizeof *minima, 0);
    m->band_hash[(size_t)band * (size_t)m->texts->n + (size_t)row] = (uint32_t)(hash >> 32);
  }
  return LQA_OK;
}

static lqa_status sign_rows(void *data, size_t task, size_t worker_number) {
  minhash *m = data;
  int64_t from = (int64_t)task * ROWS_PER_TASK, to = from + ROWS_PER_TASK;
  for (int64_t row = from; row < to && row < m->texts->n; row++) {
    if (m->active[row]) {
      LQA_TRY(sign_row(m, &m->workers[worker_number], row));
    }
  }
  return LQA_OK;
}

/* Sorts the entries by their hash, keeping row order: four passes of eight bits. */
static void sort_entries(minhash *m) {
  for (int shift = 32; shift < 64; shift += 8) {
    size_t start[257] = {0};
    for (size_t i = 0; i < m->n_entries; i++) {
      start[(m->entries[i] >> shift & 255) + 1]++;
    }
    for (int digit = 0; digit < 256; digit++) {
      start[digit + 1] += start[digit];
    }
    for (size_t i = 0; i < m->n_entries; i++) {
      m->spare[start[m->entries[i] >> shift & 255]++] = m->entries[i];
    }
    uint64_t *swap = m->entries;
    m->entries = m->spare;
    m->spare = swap;
  }
}

static lqa_status find_buckets(minhash *m, int band) {
  const uint32_t *hash = m->band_hash + (size_t)band * (size_t)m->texts->n;
  m->n_entries = 0;
  for (int64_t row = 0; row < m->texts->n; row++) {
    if (m->active[row]) {
      m->entries[m->n_entries++] = (uint64_t)hash[row] << 32 | (uint32_t)row;
    }
  }
  sort_entries(m);
  m->bucket.n = 0;
  for (size_t from = 0; from < m->n_entries;) {
    size_t to = from + 1;
    while (to < m->n_entries && m->entries[to] >> 32 == m->entries[from] >> 32) {
      to++;
    }
    if (to - from > 1) {
      LQA_TRY(lqa_vec_push(&m->bucket, from));
      LQA_TRY(lqa_vec_push(&m->bucket, to));
    }
    from = to;
  }
  return LQA_OK;
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
  LQA_TRY(lqa_shingler_run(w->shingler, lqa_column_get(m->texts, row), &w->row));
  for (int i = 0; i < w->n_leaders; i++) {
    lqa_shingle_set *set = &w->leader_set[i];
    if (set->n == 0) {
      LQA_TRY(lqa_shingler_run(w->shingler, lqa_column_get(m->texts, w->leader[i]), set));
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

static lqa_status compare_buckets(void *data, size_t task, size_t worker_number) {
  minhash *m = data;
  worker *w = &m->workers[worker_number];
  size_t n_buckets = m->bucket.n / 2, from = task * BUCKETS_PER_TASK;
  size_t to = from + BUCKETS_PER_TASK < n_buckets ? from + BUCKETS_PER_TASK : n_buckets;
  for (size_t b = from; b < to; b++) {
    size_t start = m->bucket.data[2 * b], end = m->bucket.data[2 * b + 1];
    w->n_leaders = 1;
    w->leader[0] = (uint32_t)m->entries[start];
    w->leader_set[0].n = 0;
    for (size_t i = start + 1; i < end; i++) {
      LQA_TRY(place_row(m, w, (uint32_t)m->entries[i], &m->edges[task]));
    }
  }
  return LQA_OK;
}

static lqa_status join_band(minhash *m, int band) {
  LQA_TRY(find_buckets(m, band));
  size_t n_tasks = (m->bucket.n / 2 + BUCKETS_PER_TASK - 1) / BUCKETS_PER_TASK;
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

static lqa_status run_passes(minhash *m, int bands_per_pass, lqa_error *err) {
  size_t n_tasks = ((size_t)m->texts->n + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
  for (int first = 0; first < m->n_bands; first += bands_per_pass) {
    m->first_band = first;
    m->pass_bands = first + bands_per_pass < m->n_bands ? bands_per_pass : m->n_bands - first;
    LQA_TRY(lqa_pool_run(m->options->pool, n_tasks, sign_rows, m));
    for (int band = 0; band < m->pass_bands; band++) {
      lqa_observe_progress(m->options->observer, "near duplicates",
                           (double)(first + band) / m->n_bands);
      LQA_TRY(lqa_observe_check(m->options->observer, err));
      LQA_TRY(join_band(m, band));
    }
  }
  return LQA_OK;
}

static void draw_permutations(minhash *m) {
  lqa_rng rng;
  lqa_rng_init(&rng, m->options->seed, RNG_STREAM);
  for (int i = 0; i < LQA_MINHASH_PERMUTATIONS; i++) {
    m->multiplier[i] = (uint32_t)(lqa_rng_next(&rng) >> 32) | 1;
    m->offset[i] = (uint32_t)(lqa_rng_next(&rng) >> 32);
  }
}

/* How many bands' hashes (4 bytes a row each) fit into a twelfth of the limit, beside 16 bytes a
 * row for sorting. */
static int count_bands_per_pass(const minhash *m) {
  uint64_t limit = m->options->memory_bytes;
  uint64_t budget = limit ? limit / 12 : DEFAULT_BUDGET;
  uint64_t fit = budget / (4 * (uint64_t)(m->texts->n ? m->texts->n : 1));
  return fit < 1 ? 1 : fit > (uint64_t)m->n_bands ? m->n_bands : (int)fit;
}

static lqa_status allocate(minhash *m, int bands_per_pass) {
  size_t n = (size_t)m->texts->n;
  m->n_workers = lqa_pool_threads(m->options->pool);
  m->active = lqa_calloc(n, 1);
  m->entries = lqa_malloc(n, sizeof *m->entries);
  m->spare = lqa_malloc(n, sizeof *m->spare);
  m->band_hash = lqa_malloc(n, (size_t)bands_per_pass * sizeof *m->band_hash);
  m->workers = lqa_calloc(m->n_workers, sizeof *m->workers);
  if (!m->active || !m->entries || !m->spare || !m->band_hash || !m->workers) {
    return LQA_NO_MEMORY;
  }
  for (size_t i = 0; i < m->n_workers; i++) {
    m->workers[i].shingler = lqa_shingler_new(m->options->shingle, m->options->words);
    if (!m->workers[i].shingler) {
      return LQA_NO_MEMORY;
    }
  }
  for (size_t row = 0; row < n; row++) {
    m->active[row] = m->parent[row] == row && lqa_column_get(m->texts, (int64_t)row).data;
  }
  return LQA_OK;
}

static void release(minhash *m) {
  for (size_t i = 0; m->workers && i < m->n_workers; i++) {
    worker *w = &m->workers[i];
    lqa_shingler_free(w->shingler);
    free(w->short_hash);
    lqa_shingle_set_clear(&w->row);
    for (int k = 0; k < MAX_LEADERS; k++) {
      lqa_shingle_set_clear(&w->leader_set[k]);
    }
  }
  free(m->workers);
  free(m->active);
  free(m->entries);
  free(m->spare);
  free(m->band_hash);
  lqa_vec_clear(&m->bucket);
}

lqa_status lqa_minhash_cluster(const lqa_column *texts, const lqa_minhash_options *options,
                               uint32_t *cluster, lqa_error *err) {
  minhash m = {.texts = texts, .options = options, .parent = cluster};
  lqa_minhash_bands(options->jaccard, &m.n_bands, &m.band_rows);
  draw_permutations(&m);
  int bands_per_pass = count_bands_per_pass(&m);
  lqa_status status = allocate(&m, bands_per_pass);
  if (status == LQA_OK) {
    status = run_passes(&m, bands_per_pass, err);
  }
  release(&m);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "looking for near duplicates") : status;
}
