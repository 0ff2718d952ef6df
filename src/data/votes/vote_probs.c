/* data/votes/vote_probs.c - a model's probabilities for every item.
 *
 * They come as columns of the votes' own table, as a .npy with one row per item (in order of first
 * appearance) or per row read, or as a file of its own that is keyed by item. Columns named by
 * class, a common prefix apart, are the class set; others are in class order, and with integer
 * labels a .npy's column k is class k.
 */
#include "data/votes/vote_read.h"

#include "base/json.h"
#include "base/memory.h"

#include <math.h>

/* Real models' outputs reach 1.00001; more than this is no rounding. */
static const double tolerance = 1e-2;

static bool is_npy(const char *path) {
  return lqa_str_ends_with(lqa_str_from(path), LQA_STR(".npy"));
}

/* ---- a file keyed by item ---- */

static lqa_status name_columns(lqa_vote_reader *r, const lqa_vote_side *side, lqa_error *err) {
  size_t n = lqa_source_count_columns(side->source);
  r->prob_names = lqa_arena_alloc(&r->table->arena, n, sizeof *r->prob_names);
  r->n_probs = 0;
  for (size_t c = 0; r->prob_names && c < n; c++) {
    const char *name = lqa_source_column_name(side->source, c);
    if (c != side->item) {
      r->prob_names[r->n_probs] = lqa_arena_copy(&r->table->arena, name, strlen(name));
      r->prob_names = r->prob_names[r->n_probs++] ? r->prob_names : NULL;
    }
  }
  return r->prob_names ? LQA_OK : lqa_fail_memory(err, "reading probabilities");
}

static lqa_status read_row(lqa_vote_reader *r, const lqa_vote_side *side, double *out,
                           lqa_error *err) {
  int64_t row = 0;
  (void)lqa_source_reader_file(side->rows, &row);
  size_t k = 0;
  for (size_t c = 0; c < r->n_probs + 1; c++) {
    if (c == side->item) {
      continue;
    }
    lqa_str text = lqa_str_trim(lqa_source_reader_get(side->rows, c));
    if (text.size == 0 || !lqa_str_to_double(text, &out[k])) {
      return lqa_fail_at(err, LQA_BAD_DATA, side->path, row, r->prob_names[k],
                         "%s, row %lld, column '%s': '%.*s' is no probability", side->path,
                         (long long)row, r->prob_names[k], (int)(text.size < 60 ? text.size : 60),
                         text.data ? text.data : "");
    }
    k++;
  }
  return LQA_OK;
}

static lqa_status load_side(lqa_vote_reader *r, const char *path, lqa_error *err) {
  lqa_vote_side side = {0};
  bool more = true;
  lqa_status status = LQA_OK;
  LQA_TRY_OUT(lqa_vote_side_open(r, "pred-probs", path, &side, err));
  LQA_TRY_OUT(name_columns(r, &side, err));
  size_t n = (size_t)r->table->n_items * r->n_probs;
  status = lqa_vec_reserve(&r->probs, n + 1);
  LQA_TRY_OUT(status == LQA_OK ? LQA_OK : lqa_fail_memory(err, "reading probabilities"));
  r->probs.n = n;
  for (size_t i = 0; i < n; i++) {
    r->probs.data[i] = (double)NAN;
  }
  for (;;) {
    int64_t item = -1;
    LQA_TRY_OUT(lqa_vote_side_next(r, &side, &item, &more, err));
    if (!more) {
      break;
    }
    if (item >= 0) {
      LQA_TRY_OUT(read_row(r, &side, r->probs.data + (size_t)item * r->n_probs, err));
    }
  }
out:
  lqa_vote_side_close(&side);
  return status;
}

lqa_status lqa_vote_probs_open(lqa_vote_reader *r, lqa_error *err) {
  const lqa_text_list *given = &r->options->source.pred_probs;
  if (given->n == 0) {
    return LQA_OK;
  }
  if (r->plan.n_probs > 0) {
    r->n_probs = r->plan.n_probs;
    r->prob_names = (const char **)given->items;
    return LQA_OK;
  }
  return is_npy(given->items[0]) ? lqa_npy_open(given->items[0], &r->npy, err)
                                 : load_side(r, given->items[0], err);
}

/* ---- which class a column is for ---- */

static size_t common_prefix(const char *const *names, size_t n) {
  size_t prefix = strlen(names[0]);
  for (size_t i = 1; i < n; i++) {
    size_t same = 0;
    while (same < prefix && names[i][same] == names[0][same]) {
      same++;
    }
    prefix = same;
  }
  return prefix;
}

/* Whether every label is one of the names. */
static bool covers(const lqa_vote_reader *r, const lqa_str *names, size_t n) {
  lqa_map *known = lqa_map_new(false);
  bool covered = known != NULL;
  uint32_t number = 0;
  for (size_t i = 0; covered && i < n; i++) {
    bool added = false;
    covered = names[i].size > 0 && lqa_map_add(known, names[i], &number, &added) == LQA_OK && added;
  }
  for (uint32_t k = 0; covered && k < lqa_map_count(r->labels); k++) {
    covered = lqa_map_find(known, lqa_map_key(r->labels, k)) >= 0;
  }
  lqa_map_free(known);
  return covered;
}

/* names[i] = what is left of column i; true if that names the classes. */
static bool strip_names(const lqa_vote_reader *r, lqa_str *names) {
  size_t longest = common_prefix(r->prob_names, r->n_probs);
  size_t cut = longest;
  while (cut > 0 && !strchr("_-.: ", r->prob_names[0][cut - 1])) {
    cut--;
  }
  const size_t prefixes[] = {0, cut, longest};
  for (size_t p = 0; p < sizeof prefixes / sizeof *prefixes; p++) {
    for (size_t i = 0; i < r->n_probs; i++) {
      names[i] = lqa_str_from(r->prob_names[i] + prefixes[p]);
    }
    if (covers(r, names, r->n_probs)) {
      return true;
    }
  }
  return false;
}

static lqa_status number_classes(lqa_vote_reader *r, lqa_str **classes, size_t *n, lqa_error *err) {
  const char *path = r->options->source.pred_probs.items[0];
  int64_t n_columns = r->npy.matrix.n_columns;
  long long value = 0;
  for (uint32_t k = 0; k < lqa_map_count(r->labels); k++) {
    lqa_str label = lqa_map_key(r->labels, k);
    if (!lqa_str_to_int64(label, &value)) {
      return LQA_OK;
    }
  }
  for (uint32_t k = 0; k < lqa_map_count(r->labels); k++) {
    lqa_str label = lqa_map_key(r->labels, k);
    if (lqa_str_to_int64(label, &value) && (value < 0 || value >= n_columns)) {
      return lqa_fail_at(
          err, LQA_BAD_DATA, path, -1, NULL,
          "the label '%.*s' has no column in '%s', which has %lld: with integer "
          "labels class k is column k; or name the classes with " LQA_OPTION("classes"),
          (int)label.size, label.data, path, (long long)n_columns);
    }
  }
  *classes = lqa_arena_alloc(&r->table->arena, (size_t)n_columns, sizeof **classes);
  for (int64_t k = 0; *classes && k < n_columns; k++) {
    const char *name = lqa_arena_printf(&r->table->arena, "%lld", (long long)k);
    (*classes)[k] = lqa_str_from(name);
    *classes = name ? *classes : NULL;
  }
  *n = (size_t)n_columns;
  return *classes ? LQA_OK : lqa_fail_memory(err, "naming the classes");
}

lqa_status lqa_vote_probs_classes(lqa_vote_reader *r, lqa_str **classes, size_t *n,
                                  lqa_error *err) {
  *n = 0;
  if (r->npy.map) {
    return number_classes(r, classes, n, err);
  }
  if (r->n_probs == 0) {
    return LQA_OK;
  }
  lqa_str *names = lqa_arena_alloc(&r->table->arena, r->n_probs, sizeof *names);
  if (!names) {
    return lqa_fail_memory(err, "naming the classes");
  }
  if (strip_names(r, names)) {
    *classes = names;
    *n = r->n_probs;
  }
  return LQA_OK;
}

/* column_of[k] = the column of class k. */
static lqa_status match_columns(lqa_vote_reader *r, size_t *column_of, lqa_error *err) {
  const lqa_vote_table *t = r->table;
  const char *path = r->options->source.pred_probs.items[0];
  size_t n = r->npy.map ? (size_t)r->npy.matrix.n_columns : r->n_probs;
  if (n != (size_t)t->n_classes) {
    return lqa_fail_at(
        err, LQA_BAD_DATA, path, -1, NULL,
        LQA_OPTION("pred_probs") ": %zu columns of probabilities, but %d classes (%.*s, ...): "
                                 "there must be one for each class; if some class does not occur, "
                                 "name all "
                                 "of them with " LQA_OPTION("classes"),
        n, (int)t->n_classes, (int)t->classes[0].size, t->classes[0].data);
  }
  lqa_str *names = r->npy.map ? NULL : lqa_arena_alloc(&r->table->arena, n, sizeof *names);
  bool by_name = names && strip_names(r, names);
  for (size_t k = 0; k < n; k++) {
    column_of[k] = k;
    for (size_t c = 0; by_name && c < n; c++) {
      column_of[k] = lqa_str_equal(names[c], t->classes[k]) ? c : column_of[k];
    }
  }
  return LQA_OK;
}

/* ---- the matrix ---- */

static lqa_status fail_value(const lqa_vote_reader *r, int64_t item, int32_t klass, double value,
                             lqa_error *err) {
  const lqa_vote_table *t = r->table;
  const char *path = r->options->source.pred_probs.items[0];
  char scratch[24];
  lqa_str name = lqa_vote_table_item(t, item, scratch);
  const char *why =
      isnan(value) ? "there is none"
      : value < 0 || value > 1
          ? "that is no probability (0 to 1); if these are logits, apply softmax first"
          : "";
  char number[32] = "";
  if (!isnan(value)) {
    lqa_format_double(value, number);
  }
  return lqa_fail_at(err, LQA_BAD_DATA, path, -1, NULL,
                     LQA_OPTION("pred_probs") ": item '%.*s', class '%.*s': %s%s%s", (int)name.size,
                     name.data, (int)t->classes[klass].size, t->classes[klass].data, number,
                     *number ? ": " : "", why);
}

/* Scales the row to sum 1; a sum that is far off is an error. */
static lqa_status scale_row(lqa_vote_reader *r, int64_t item, double *row, lqa_error *err) {
  lqa_vote_table *t = r->table;
  double sum = 0;
  for (int32_t k = 0; k < t->n_classes; k++) {
    if (!(row[k] >= -tolerance && row[k] <= 1 + tolerance)) {
      return fail_value(r, item, k, row[k], err);
    }
    row[k] = row[k] > 0 ? row[k] : 0;
    sum += row[k];
  }
  if (fabs(sum - 1) > tolerance) {
    char scratch[24];
    lqa_str name = lqa_vote_table_item(t, item, scratch);
    return lqa_fail(
        err, LQA_BAD_DATA,
        LQA_OPTION("pred_probs") ": the probabilities of item '%.*s' sum to %.4g, not 1",
        (int)name.size, name.data, sum);
  }
  t->n_probs_scaled += fabs(sum - 1) > 1e-4;
  for (int32_t k = 0; k < t->n_classes; k++) {
    t->probs[item * t->n_classes + k] = (float)(row[k] / sum);
  }
  return LQA_OK;
}

static lqa_status check_rows(const lqa_vote_reader *r, bool *by_row, lqa_error *err) {
  const char *path = r->options->source.pred_probs.items[0];
  int64_t n_items = (int64_t)r->first_row.n, n = r->npy.matrix.n_rows;
  *by_row = n != n_items;
  if (n != n_items && n != r->table->n_rows) {
    return lqa_fail_at(err, LQA_BAD_DATA, path, -1, NULL,
                       "'%s' has %lld rows: one is needed for each of the %lld items (in order of "
                       "first appearance), or for each of the %lld rows",
                       path, (long long)n, (long long)n_items, (long long)r->table->n_rows);
  }
  return LQA_OK;
}

static lqa_status fill(lqa_vote_reader *r, const int32_t *item_of, const size_t *column_of,
                       double *row, lqa_error *err) {
  lqa_vote_table *t = r->table;
  bool by_row = false;
  LQA_TRY(r->npy.map ? check_rows(r, &by_row, err) : LQA_OK);
  for (int64_t i = 0; i < t->n_items; i++) {
    int64_t item = item_of[i];
    int64_t from = by_row ? (int64_t)r->first_row.data[item] : item;
    for (int32_t k = 0; k < t->n_classes; k++) {
      row[k] = r->npy.map ? lqa_matrix_get(&r->npy.matrix, from, (int64_t)column_of[k])
                          : r->probs.data[(size_t)item * r->n_probs + column_of[k]];
    }
    LQA_TRY(scale_row(r, i, row, err));
  }
  return LQA_OK;
}

lqa_status lqa_vote_probs_finish(lqa_vote_reader *r, const int32_t *item_of, lqa_error *err) {
  lqa_vote_table *t = r->table;
  size_t n = (size_t)t->n_classes;
  if (r->options->source.pred_probs.n == 0) {
    return LQA_OK;
  }
  size_t *column_of = lqa_malloc(n, sizeof *column_of);
  double *row = lqa_malloc(n, sizeof *row);
  t->probs = lqa_malloc((size_t)t->n_items, n * sizeof *t->probs);
  lqa_status status = column_of && row && t->probs ? LQA_OK : LQA_NO_MEMORY;
  status = status == LQA_OK ? match_columns(r, column_of, err) : status;
  status = status == LQA_OK ? fill(r, item_of, column_of, row, err) : status;
  free(column_of);
  free(row);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "reading probabilities") : status;
}
