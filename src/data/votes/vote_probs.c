/* data/votes/vote_probs.c - a model's probabilities for every item.
 *
 * They come as columns of the votes' own table, as a .npy with one row per item (in order of first
 * appearance) or per row read, or as a file of its own that is keyed by item. Which column is for
 * which class is said by data/dataset/class_columns.h.
 */
#include "data/votes/vote_read.h"

#include "base/json.h"
#include "base/memory.h"
#include "data/dataset/class_columns.h"

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

/* Names the columns by the classes given, else by all labels that occur. */
static lqa_status name_by_class(const lqa_vote_reader *r, lqa_class_columns *columns,
                                lqa_error *err) {
  lqa_map *given = r->n_given > 0 ? lqa_map_new(false) : NULL;
  lqa_status status;
  LQA_TRY_OUT(given || r->n_given == 0 ? LQA_OK : LQA_NO_MEMORY);
  for (int64_t k = 0; k < r->n_given; k++) {
    uint32_t number = 0;
    LQA_TRY_OUT(lqa_map_add(given, lqa_map_key(r->labels, (uint32_t)k), &number, NULL));
  }
out:
  status = status == LQA_OK ? lqa_class_columns_match(columns, given ? given : r->labels, err)
                            : lqa_fail_memory(err, "naming the classes");
  lqa_map_free(given);
  return status;
}

static lqa_status number_classes(lqa_vote_reader *r, lqa_str **classes, size_t *n, lqa_error *err) {
  const char *path = r->options->source.pred_probs.items[0];
  int64_t n_columns = r->npy.matrix.n_columns;
  long long value = 0;
  if (!lqa_class_columns_are_integers(r->labels)) {
    return LQA_OK;
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
  *classes = lqa_class_columns_integers(&r->table->arena, n_columns);
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
  lqa_class_columns columns = {r->prob_names, r->n_probs, names, false};
  LQA_TRY(name_by_class(r, &columns, err));
  if (columns.is_named) {
    *classes = names;
    *n = r->n_probs;
  }
  return LQA_OK;
}

/* class_of[c] = the class of column c. */
static lqa_status match_columns(lqa_vote_reader *r, int32_t *class_of, lqa_error *err) {
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
  lqa_str *names = lqa_arena_alloc(&r->table->arena, n, sizeof *names);
  lqa_class_columns columns = {r->prob_names, n, names, false};
  if (!names) {
    return lqa_fail_memory(err, "naming the classes");
  }
  LQA_TRY(r->npy.map ? LQA_OK : name_by_class(r, &columns, err));
  return lqa_class_columns_number(&columns, t->classes, class_of);
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

static lqa_status fill(lqa_vote_reader *r, const int32_t *item_of, const int32_t *class_of,
                       double *row, lqa_error *err) {
  lqa_vote_table *t = r->table;
  bool by_row = false;
  LQA_TRY(r->npy.map ? check_rows(r, &by_row, err) : LQA_OK);
  for (int64_t i = 0; i < t->n_items; i++) {
    int64_t item = item_of[i];
    int64_t from = by_row ? (int64_t)r->first_row.data[item] : item;
    for (int32_t c = 0; c < t->n_classes; c++) {
      row[class_of[c]] = r->npy.map ? lqa_matrix_get(&r->npy.matrix, from, c)
                                    : r->probs.data[(size_t)item * r->n_probs + (size_t)c];
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
  int32_t *class_of = lqa_malloc(n, sizeof *class_of);
  double *row = lqa_malloc(n, sizeof *row);
  t->probs = lqa_malloc((size_t)t->n_items, n * sizeof *t->probs);
  lqa_status status;
  LQA_TRY_OUT(class_of && row && t->probs ? LQA_OK : LQA_NO_MEMORY);
  LQA_TRY_OUT(match_columns(r, class_of, err));
  status = fill(r, item_of, class_of, row, err);
out:
  free(class_of);
  free(row);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "reading probabilities") : status;
}
