/* Equal rows of a table: copies, or few possible values?
 *
 * Were a group's rows equal by chance, there would be others that differ from it in one column
 * only, as many as the values of the columns let expect. With p(c) the chance that a row has the
 * group's value in column c, the rows that differ in c alone are to those that do not differ as
 * 1 - p(c) to p(c), given that all else is equal; so
 *
 *     expected by chance = (rows that differ in one column) / sum of (1 - p(c)) / p(c)
 *
 * and what correlations columns have is in the count, where a product of the p(c) would deny them.
 * Copies have no such neighbours: a group is one of copies if fewer than a twentieth of a row is
 * expected (one neighbour more than seen is assumed). p(c) leaves the group itself out and is at
 * least the chance that two rows share a value of the column at all, so that a value that no other
 * row has does not prove anything where values are few.
 *
 * Cost: all columns of up to 50,000 rows, hashed once and sorted once; a table of the groups.
 */
#include "audit/chance_equal.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/sort.h"

enum { MOST_ROWS = 50000, LEAST_ROWS = 1000, MOST_VALUES = 20000000 };

static const double most_expected = 0.05;

typedef struct study {
  const lqa_dataset *dataset;
  const lqa_row_groups *groups;
  size_t n;        /* rows looked at */
  int64_t stride;  /* every stride-th row */
  uint64_t *row;   /* n: sum of the hashes of a row's values */
  uint64_t *group; /* n_groups: the same of a group */
  double *values;  /* n: of a column, sorted */
  double *near;    /* n_groups: rows that differ in one column, of those looked at */
  double *odds;    /* n_groups: the sum above */
} study;

/* Missing values are equal to each other. */
static double value_at(const study *s, int32_t column, int64_t row) {
  double value = s->dataset->features[column].values[row];
  return value == value ? value : -1.7e308;
}

static uint64_t hash_value(double value, int32_t column) {
  return lqa_hash64(&value, sizeof value, (uint64_t)column + 1);
}

static int64_t first_row(const study *s, int32_t group) {
  return s->groups->rows[s->groups->start[group]];
}

/* Rows of the group among those looked at, by share. */
static double size_of(const study *s, int32_t group) {
  return (double)(s->groups->start[group + 1] - s->groups->start[group]) / (double)s->stride;
}

/* Values below `limit` in the sorted column. */
static size_t count_below(const study *s, double limit, bool or_equal) {
  size_t low = 0, high = s->n;
  while (low < high) {
    size_t middle = (low + high) / 2;
    double value = s->values[middle];
    if (value < limit || (or_equal && value == limit)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/* The chance that two rows share a value. */
static double chance_of_sharing(const study *s) {
  double pairs = 1, all = (double)s->n * ((double)s->n - 1) / 2;
  for (size_t i = 0, begin = 0; i <= s->n; i++) {
    if (i == s->n || s->values[i] != s->values[begin]) {
      pairs += (double)(i - begin) * ((double)(i - begin) - 1) / 2;
      begin = i;
    }
  }
  return pairs / all;
}

static void weigh_column(study *s, int32_t column) {
  for (size_t i = 0; i < s->n; i++) {
    s->values[i] = value_at(s, column, (int64_t)i * s->stride);
  }
  qsort(s->values, s->n, sizeof *s->values, lqa_compare_doubles);
  double least = chance_of_sharing(s);
  for (int32_t g = 0; g < s->groups->n_groups; g++) {
    double value = value_at(s, column, first_row(s, g)), k = size_of(s, g);
    double shared = (double)(count_below(s, value, true) - count_below(s, value, false)) - k;
    double rest = (double)s->n - k;
    double p = rest > 0 ? shared / rest : 1;
    p = p < least ? least : p;
    s->odds[g] += p < 1 ? (1 - p) / p : 0;
  }
}

/* Adds to every group the rows that equal it but for this column. */
static lqa_status count_near(study *s, int32_t column, lqa_map *keys, double *count) {
  uint32_t place;
  for (int32_t g = 0; g < s->groups->n_groups; g++) {
    uint64_t key = s->group[g] - hash_value(value_at(s, column, first_row(s, g)), column);
    LQA_TRY(lqa_map_add(keys, (lqa_str){(const char *)&key, sizeof key}, &place, NULL));
    count[place] = 0;
  }
  for (size_t i = 0; i < s->n; i++) {
    uint64_t key = s->row[i] - hash_value(value_at(s, column, (int64_t)i * s->stride), column);
    int64_t found = lqa_map_find(keys, (lqa_str){(const char *)&key, sizeof key});
    count[found < 0 ? s->groups->n_groups : found] += 1;
  }
  for (int32_t g = 0; g < s->groups->n_groups; g++) {
    uint64_t key = s->group[g] - hash_value(value_at(s, column, first_row(s, g)), column);
    int64_t found = lqa_map_find(keys, (lqa_str){(const char *)&key, sizeof key});
    double others = count[found] - size_of(s, g);
    s->near[g] += others > 0 ? others : 0;
  }
  return LQA_OK;
}

static lqa_status weigh_columns(study *s) {
  double *count = lqa_calloc((size_t)s->groups->n_groups + 1, sizeof *count);
  lqa_map *keys = NULL;
  lqa_status status;
  LQA_TRY_OUT(count ? LQA_OK : LQA_NO_MEMORY);
  for (int32_t c = 0; c < s->dataset->n_features; c++) {
    lqa_map_free(keys);
    keys = lqa_map_new(true);
    weigh_column(s, c);
    LQA_TRY_OUT(keys ? count_near(s, c, keys, count) : LQA_NO_MEMORY);
  }
out:
  lqa_map_free(keys);
  free(count);
  return status;
}

static void hash_rows(study *s) {
  for (int32_t c = 0; c < s->dataset->n_features; c++) {
    for (size_t i = 0; i < s->n; i++) {
      s->row[i] += hash_value(value_at(s, c, (int64_t)i * s->stride), c);
    }
    for (int32_t g = 0; g < s->groups->n_groups; g++) {
      s->group[g] += hash_value(value_at(s, c, first_row(s, g)), c);
    }
  }
}

static void choose_rows(study *s) {
  int64_t most = MOST_VALUES / (s->dataset->n_features > 0 ? s->dataset->n_features : 1);
  most = most < LEAST_ROWS ? LEAST_ROWS : most > MOST_ROWS ? MOST_ROWS : most;
  s->stride = (s->dataset->n_rows + most - 1) / most;
  s->n = (size_t)((s->dataset->n_rows + s->stride - 1) / s->stride);
}

lqa_status lqa_chance_equal_rows(const lqa_dataset *dataset, const lqa_row_groups *groups,
                                 uint8_t *by_chance) {
  study s = {.dataset = dataset, .groups = groups};
  size_t n_groups = (size_t)groups->n_groups;
  choose_rows(&s);
  s.row = lqa_calloc(s.n, sizeof *s.row);
  s.values = lqa_malloc(s.n, sizeof *s.values);
  s.group = lqa_calloc(n_groups, sizeof *s.group);
  s.near = lqa_calloc(n_groups, sizeof *s.near);
  s.odds = lqa_calloc(n_groups, sizeof *s.odds);
  lqa_status status;
  LQA_TRY_OUT(s.row && s.values && s.group && s.near && s.odds ? LQA_OK : LQA_NO_MEMORY);
  hash_rows(&s);
  LQA_TRY_OUT(weigh_columns(&s));
  for (size_t g = 0; g < n_groups; g++) {
    double seen = (s.near[g] + 1) * (double)s.stride;
    by_chance[g] = seen >= most_expected * s.odds[g];
  }
out:
  free(s.row);
  free(s.values);
  free(s.group);
  free(s.near);
  free(s.odds);
  return status;
}
