/* data/dataset/class_columns.c - names of columns against labels.
 *
 * Three prefixes are tried, the shortest first: none, the part that all names share up to its last
 * separator ("p_1" and "p_10" share more than the prefix "p_"), and all that they share ("p0",
 * "p1"). Linear in the number of columns and labels.
 */
#include "data/dataset/class_columns.h"

#include <stdio.h>
#include <string.h>

enum { QUOTE = 60, N_PREFIXES = 3 };

/* How many labels the names cover under one prefix, and the first that they do not. */
typedef struct coverage {
  uint32_t n_covered, missing;
} coverage;

static size_t common_prefix(const char *const *columns, size_t n) {
  size_t prefix = strlen(columns[0]);
  for (size_t i = 1; i < n; i++) {
    size_t same = 0;
    while (same < prefix && columns[i][same] == columns[0][same]) {
      same++;
    }
    prefix = same;
  }
  return prefix;
}

/* Nothing is covered where the names cannot be classes: one is empty or occurs twice. */
static lqa_status cover(const lqa_class_columns *c, const lqa_map *labels, coverage *out) {
  *out = (coverage){0, 0};
  lqa_map *known = lqa_map_new(false);
  lqa_status status;
  LQA_TRY_OUT(known ? LQA_OK : LQA_NO_MEMORY);
  bool are_names = true;
  for (size_t i = 0; are_names && i < c->n; i++) {
    uint32_t number = 0;
    bool is_new = false;
    LQA_TRY_OUT(lqa_map_add(known, c->name[i], &number, &is_new));
    are_names = is_new && c->name[i].size > 0;
  }
  for (uint32_t k = lqa_map_count(labels); are_names && k-- > 0;) {
    bool is_covered = lqa_map_find(known, lqa_map_key(labels, k)) >= 0;
    out->n_covered += is_covered;
    out->missing = is_covered ? out->missing : k;
  }
out:
  lqa_map_free(known);
  return status;
}

static lqa_status fail_partly(const lqa_class_columns *c, const lqa_map *labels, uint32_t missing,
                              lqa_error *err) {
  lqa_str label = lqa_map_key(labels, missing);
  int size = (int)(label.size < QUOTE ? label.size : QUOTE);
  return lqa_fail_at(
      err, LQA_BAD_DATA, NULL, -1, c->columns[0],
      LQA_OPTION("pred_probs") ": the columns '%.*s', '%.*s' ... are named by class, but none is "
                               "named after '%.*s'. Name a column after every class, or no column "
                               "after any; if '%.*s' is no class, name the classes "
                               "with " LQA_OPTION("classes"),
      QUOTE, c->columns[0], QUOTE, c->columns[c->n > 1], size, label.data, size, label.data);
}

lqa_status lqa_class_columns_match(lqa_class_columns *c, const lqa_map *labels, lqa_error *err) {
  size_t longest = common_prefix(c->columns, c->n), cut = longest;
  while (cut > 0 && !strchr("_-.: ", c->columns[0][cut - 1])) {
    cut--;
  }
  const size_t prefixes[N_PREFIXES] = {0, cut, longest};
  coverage best = {0, 0};
  c->is_named = false;
  for (size_t p = 0; p < N_PREFIXES; p++) {
    coverage found;
    for (size_t i = 0; i < c->n; i++) {
      c->name[i] = lqa_str_from(c->columns[i] + prefixes[p]);
    }
    LQA_TRY(cover(c, labels, &found) == LQA_OK ? LQA_OK
                                               : lqa_fail_memory(err, "naming the classes"));
    if (found.n_covered > 0 && found.n_covered == lqa_map_count(labels)) {
      c->is_named = true;
      return LQA_OK;
    }
    best = found.n_covered > best.n_covered ? found : best;
  }
  return best.n_covered == 0 ? LQA_OK : fail_partly(c, labels, best.missing, err);
}

lqa_status lqa_class_columns_number(const lqa_class_columns *c, const lqa_str *classes,
                                    int32_t *class_of) {
  lqa_map *known = c->is_named ? lqa_map_new(false) : NULL;
  lqa_status status;
  LQA_TRY_OUT(known || !c->is_named ? LQA_OK : LQA_NO_MEMORY);
  for (size_t k = 0; known && k < c->n; k++) {
    uint32_t number = 0;
    LQA_TRY_OUT(lqa_map_add(known, classes[k], &number, NULL));
  }
  for (size_t i = 0; i < c->n; i++) {
    class_of[i] = known ? (int32_t)lqa_map_find(known, c->name[i]) : (int32_t)i;
  }
out:
  lqa_map_free(known);
  return status;
}

int lqa_class_columns_positive(const char *column, const lqa_str classes[2]) {
  lqa_str name = lqa_str_from(column);
  bool is_first = lqa_str_ends_with(name, classes[0]);
  bool is_second = lqa_str_ends_with(name, classes[1]);
  return is_first && !(is_second && classes[1].size > classes[0].size) ? 0 : 1;
}

bool lqa_class_columns_are_integers(const lqa_map *labels) {
  for (uint32_t k = 0; k < lqa_map_count(labels); k++) {
    long long value = 0;
    char plain[32];
    lqa_str label = lqa_map_key(labels, k);
    if (!lqa_str_to_int64(label, &value)) {
      return false;
    }
    int n = snprintf(plain, sizeof plain, "%lld", value);
    if (!lqa_str_equal(label, (lqa_str){plain, (size_t)n})) {
      return false;
    }
  }
  return lqa_map_count(labels) > 0;
}

lqa_str *lqa_class_columns_integers(lqa_arena *arena, int64_t n) {
  lqa_str *classes = lqa_arena_alloc(arena, (size_t)n, sizeof *classes);
  for (int64_t k = 0; classes && k < n; k++) {
    const char *name = lqa_arena_printf(arena, "%lld", (long long)k);
    classes[k] = lqa_str_from(name);
    classes = name ? classes : NULL;
  }
  return classes;
}
