/* Union-find over rows. A duplicate that sits in another fold carries its label, right or wrong,
 * into the training data of its twin: the model then "agrees" with a wrong label, and no audit of
 * its probabilities can see it. Roots are the lowest row of their class, so numbering needs no
 * second pass and the result does not depend on the order of joining.
 */
#include "model/problem/row_partition.h"

#include "base/map.h"
#include "base/memory.h"

enum { FETCH_AHEAD = 16 };

static uint32_t find_root(uint32_t *parent, uint32_t row) {
  while (parent[row] != row) {
    parent[row] = parent[parent[row]];
    row = parent[row];
  }
  return row;
}

static void join(uint32_t *parent, uint32_t a, uint32_t b) {
  a = find_root(parent, a);
  b = find_root(parent, b);
  if (a < b) {
    parent[b] = a;
  } else {
    parent[a] = b;
  }
}

/* Joins rows whose key was seen before with the row it was first seen in. */
typedef struct joiner {
  lqa_map *seen;
  uint32_t *first_row; /* per key number */
  uint32_t *parent;
} joiner;

static lqa_status join_by_key(joiner *j, lqa_str key, uint32_t row) {
  uint32_t number;
  bool added;
  LQA_TRY(lqa_map_add(j->seen, key, &number, &added));
  if (added) {
    j->first_row[number] = row;
  } else {
    join(j->parent, j->first_row[number], row);
  }
  return LQA_OK;
}

/* Rows of equal content, by a table of rows addressed by their hash: a map would hold millions of
 * keys that the data set holds already. The first row of a content stands for it. */
static lqa_status join_content(const lqa_dataset *d, const uint8_t *loose, uint32_t *parent) {
  const lqa_hash128 *hash = d->content_hash;
  size_t n = hash ? (size_t)d->n_rows : 0, mask = 15;
  while (mask < 2 * n) {
    mask = 2 * mask + 1;
  }
  uint32_t *first_row = lqa_calloc_table(mask + 1, sizeof *first_row); /* plus 1; 0: free */
  if (!first_row) {
    return LQA_NO_MEMORY;
  }
  for (size_t row = 0; row < n; row++) {
    if (row + FETCH_AHEAD < n) {
      __builtin_prefetch(&first_row[hash[row + FETCH_AHEAD].low & mask]);
    }
    bool has_none = hash[row].high == 0 && hash[row].low == 0;
    if (has_none || (loose && loose[row])) {
      continue;
    }
    size_t at = hash[row].low & mask;
    while (first_row[at] && (hash[first_row[at] - 1].low != hash[row].low ||
                             hash[first_row[at] - 1].high != hash[row].high)) {
      at = (at + 1) & mask;
    }
    if (first_row[at]) {
      join(parent, first_row[at] - 1, (uint32_t)row);
    } else {
      first_row[at] = (uint32_t)row + 1;
    }
  }
  free(first_row);
  return LQA_OK;
}

static lqa_status join_groups(const lqa_dataset *d, joiner *j) {
  for (int64_t row = 0; lqa_dataset_has_role(d, LQA_ROLE_GROUP) && row < d->n_rows; row++) {
    lqa_str key = lqa_column_get(&d->roles[LQA_ROLE_GROUP], row);
    if (!lqa_str_is_null(key)) {
      LQA_TRY(join_by_key(j, key, (uint32_t)row));
    }
  }
  return LQA_OK;
}

/* Equal embeddings beside other content; where they are the content, its hash is theirs. */
static lqa_status join_embeddings(const lqa_dataset *d, joiner *j) {
  const lqa_matrix *m = d->kind == LQA_CONTENT_EMBEDDING ? NULL : d->embeddings;
  size_t size = m ? (size_t)m->n_columns * sizeof(double) : 0;
  double *numbers = lqa_malloc(m ? (size_t)m->n_columns : 0, sizeof *numbers);
  lqa_status status;
  LQA_TRY_OUT(numbers ? LQA_OK : LQA_NO_MEMORY);
  for (int64_t row = 0; m && row < d->n_rows; row++) {
    lqa_matrix_row_f64(m, row, numbers);
    lqa_hash128 hash = lqa_hash128_of((const char *)numbers, size);
    LQA_TRY_OUT(join_by_key(j, (lqa_str){(const char *)&hash, sizeof hash}, (uint32_t)row));
  }
out:
  free(numbers);
  return status;
}

/* Clusters are numbered below n_rows: first_row[number] is the first row met, plus 1. */
static lqa_status join_clusters(const lqa_dataset *d, const lqa_partition_rules *rules,
                                uint32_t *parent) {
  const uint32_t *cluster = rules->cluster;
  if (!cluster) {
    return LQA_OK;
  }
  uint32_t *first_row = lqa_calloc((size_t)d->n_rows, sizeof *first_row);
  if (!first_row) {
    return LQA_NO_MEMORY;
  }
  for (int64_t row = 0; row < d->n_rows; row++) {
    if (rules->alone && rules->alone[row]) {
      continue;
    }
    uint32_t *first = &first_row[cluster[row]];
    if (*first) {
      join(parent, *first - 1, (uint32_t)row);
    } else {
      *first = (uint32_t)row + 1;
    }
  }
  free(first_row);
  return LQA_OK;
}

/* One kind of key with a map of its own. */
static lqa_status join_by(lqa_status (*join_keys)(const lqa_dataset *, joiner *),
                          const lqa_dataset *d, joiner *j) {
  j->seen = lqa_map_new(false);
  if (!j->seen) {
    return LQA_NO_MEMORY;
  }
  lqa_status status = join_keys(d, j);
  lqa_map_free(j->seen);
  return status;
}

static lqa_status join_all(const lqa_dataset *d, const lqa_partition_rules *rules, joiner *j) {
  LQA_TRY(join_content(d, rules->loose, j->parent));
  LQA_TRY(rules->no_groups ? LQA_OK : join_by(join_groups, d, j));
  LQA_TRY(join_by(join_embeddings, d, j));
  return join_clusters(d, rules, j->parent);
}

/* Replaces every row's parent by its root; counts roots of scorable rows. */
static lqa_status number_roots(const lqa_dataset *d, uint32_t *parent, int64_t *n_groups) {
  uint8_t *counted = lqa_calloc((size_t)d->n_rows, sizeof *counted);
  if (!counted) {
    return LQA_NO_MEMORY;
  }
  *n_groups = 0;
  for (int64_t row = 0; row < d->n_rows; row++) {
    parent[row] = find_root(parent, (uint32_t)row);
    if (lqa_dataset_is_scorable(d, row) && !counted[parent[row]]) {
      counted[parent[row]] = 1;
      ++*n_groups;
    }
  }
  free(counted);
  return LQA_OK;
}

lqa_status lqa_row_partition(const lqa_dataset *dataset, const lqa_partition_rules *rules,
                             uint32_t *group, int64_t *n_groups) {
  for (int64_t row = 0; row < dataset->n_rows; row++) {
    group[row] = (uint32_t)row;
  }
  joiner j = {.parent = group};
  j.first_row = lqa_malloc((size_t)dataset->n_rows, sizeof *j.first_row);
  if (!j.first_row) {
    return LQA_NO_MEMORY;
  }
  lqa_status status = join_all(dataset, rules, &j);
  free(j.first_row);
  return status == LQA_OK ? number_roots(dataset, group, n_groups) : status;
}
