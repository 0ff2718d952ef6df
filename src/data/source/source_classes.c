/* The class set of a load and where its order comes from: given classes, what occurs, or the
 * columns of the user's own probabilities:
 *
 *   .npy, integer labels     class k is column k, whether or not it occurs
 *   .npy, other labels       columns are in class order, as many as there are classes
 *   columns named by class   by name, a common prefix apart; they are the class set
 *   other columns            in class order
 */
#include "data/source/source_labels.h"

#include "base/memory.h"
#include "data/dataset/class_columns.h"
#include "data/dataset/dataset_build.h"
#include "data/dataset/labels.h"
#include "data/dataset/probabilities.h"
#include "data/dataset/storage.h"

static int64_t find_text(const lqa_str *list, size_t n, lqa_str text) {
  for (size_t i = 0; i < n; i++) {
    if (lqa_str_equal(list[i], text)) {
      return (int64_t)i;
    }
  }
  return -1;
}

static lqa_status given_classes(lqa_loader *l, lqa_str **classes, int32_t *n, lqa_error *err) {
  const lqa_source_options *o = &l->source->options;
  *classes = NULL;
  *n = 0;
  if (o->classes.n > 0 && o->classes_file) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    LQA_OPTION("classes") " and " LQA_OPTION("classes_file") " cannot go together");
  }
  if (o->classes_file) {
    return lqa_classes_load(o->classes_file, &l->dataset->storage->arena, classes, n, err);
  }
  if (o->classes.n > 0) {
    *classes = lqa_storage_alloc(l->dataset->storage, o->classes.n, sizeof **classes);
    if (!*classes) {
      return lqa_fail_memory(err, "reading the classes");
    }
    *n = (int32_t)o->classes.n;
    for (size_t i = 0; i < o->classes.n; i++) {
      (*classes)[i] = lqa_str_from(o->classes.items[i]);
    }
  }
  return LQA_OK;
}

static lqa_status fail_width(const lqa_loader *l, const char *what, int64_t n_columns,
                             lqa_error *err) {
  const lqa_dataset *d = l->dataset;
  return lqa_fail_at(
      err, LQA_BAD_DATA, what, -1, NULL,
      "'" LQA_WORDS "': %lld columns of probabilities, but %d classes (%.*s, ...): there must "
      "be one for each class, in class order; if some class does not occur, name "
      "all of them with " LQA_OPTION("classes"),
      what, (long long)n_columns, (int)d->n_classes, (int)d->classes[0].size, d->classes[0].data);
}

/* Classes where a .npy of probabilities is given. */
static lqa_status classes_from_npy(lqa_loader *l, lqa_str *given, int32_t n_given, lqa_error *err) {
  lqa_dataset *d = l->dataset;
  const char *path = l->source->options.pred_probs.items[0];
  lqa_str *integers = NULL;
  LQA_TRY(lqa_dataset_open_npy(d, path, &d->storage->pred_probs, &d->pred_probs, err));
  int64_t n_columns = d->pred_probs->n_columns;
  if (!given) {
    LQA_TRY(lqa_probabilities_integer_classes(d, path, n_columns, &integers, err));
  }
  LQA_TRY(
      lqa_labels_encode(d, given ? given : integers, given ? n_given : (int32_t)n_columns, err));
  d->classes_given = given != NULL;
  if (d->n_classes != n_columns) {
    return fail_width(l, path, n_columns, err);
  }
  return lqa_probabilities_check(d, d->pred_probs, path, err);
}

/* Keeps the matrix of the probability columns, column k of it being class k. */
static lqa_status keep_probabilities(lqa_loader *l, const int32_t *class_of, lqa_error *err) {
  lqa_dataset *d = l->dataset;
  size_t n = l->n_probs_read;
  double *values = l->probabilities.data, *row = lqa_malloc(n, sizeof *row);
  lqa_matrix *matrix = lqa_storage_alloc(d->storage, 1, sizeof *matrix);
  l->probabilities.data = NULL;
  if (lqa_storage_keep(d->storage, values, 0) != LQA_OK || !row || !matrix) {
    free(row);
    return lqa_fail_memory(err, "loading probabilities");
  }
  for (int64_t i = 0; i < d->n_rows; i++) {
    double *at = values + (size_t)i * n;
    memcpy(row, at, n * sizeof *row);
    for (size_t k = 0; k < n; k++) {
      at[class_of[k]] = row[k];
    }
  }
  free(row);
  *matrix = (lqa_matrix){.data = values,
                         .dtype = LQA_FLOAT64,
                         .n_rows = d->n_rows,
                         .n_columns = (int64_t)n,
                         .row_stride = (int64_t)(n * sizeof(double)),
                         .column_stride = sizeof(double)};
  d->pred_probs = matrix;
  return lqa_probabilities_check(d, matrix, l->source->parts.data[0].name, err);
}

/* One column of probabilities beside two classes: of the class that its name ends in, else of the
 * second, as classifiers give it. Becomes both. */
static lqa_status double_column(lqa_loader *l, lqa_error *err) {
  lqa_dataset *d = l->dataset;
  const char *column = l->source->options.pred_probs.items[0];
  int positive = lqa_class_columns_positive(column, d->classes);
  size_t n = l->probabilities.n;
  double *both = lqa_malloc(2 * n, sizeof *both);
  if (!both) {
    return lqa_fail_memory(err, "loading probabilities");
  }
  for (size_t i = 0; i < n; i++) {
    double p = l->probabilities.data[i];
    both[2 * i + (size_t)positive] = p;
    both[2 * i + (size_t)(1 - positive)] = 1 - p;
  }
  free(l->probabilities.data);
  l->probabilities.data = both;
  l->probabilities.n = l->probabilities.capacity = 2 * n;
  lqa_observe_message(l->source->observer, LQA_MESSAGE_INFO,
                      "'%s' is taken for the probability of class '%.*s', and 1 less it for '%.*s'",
                      column, (int)d->classes[positive].size, d->classes[positive].data,
                      (int)d->classes[1 - positive].size, d->classes[1 - positive].data);
  return LQA_OK;
}

static lqa_status classes_from_one(lqa_loader *l, const lqa_str *given, int32_t n_given,
                                   lqa_error *err) {
  static const int32_t in_order[] = {0, 1};
  LQA_TRY(lqa_labels_encode(l->dataset, given, n_given, err));
  l->dataset->classes_given = given != NULL;
  if (l->dataset->n_classes != 2) {
    return fail_width(l, LQA_OPTION("pred_probs"), 1, err);
  }
  LQA_TRY(double_column(l, err));
  l->n_probs_read = 2;
  return keep_probabilities(l, in_order, err);
}

/* Names the columns by the classes given, else by the labels that occur. */
static lqa_status name_columns(const lqa_loader *l, const lqa_str *given, int32_t n_given,
                               lqa_class_columns *columns, lqa_error *err) {
  lqa_map *labels = NULL;
  lqa_status status;
  if (given) {
    labels = lqa_map_new(false);
    LQA_TRY_OUT(labels ? LQA_OK : LQA_NO_MEMORY);
    for (int32_t k = 0; k < n_given; k++) {
      uint32_t index = 0;
      LQA_TRY_OUT(lqa_map_add(labels, given[k], &index, NULL));
    }
  } else {
    LQA_TRY_OUT(lqa_labels_collect(l->dataset, &labels));
  }
out:
  status = status == LQA_OK ? lqa_class_columns_match(columns, labels, err)
                            : lqa_fail_memory(err, "naming the classes");
  lqa_map_free(labels);
  return status;
}

/* Classes where columns hold probabilities: by the columns' names where they fit, else by order. */
static lqa_status classes_from_columns(lqa_loader *l, const lqa_str *given, int32_t n_given,
                                       lqa_error *err) {
  lqa_dataset *d = l->dataset;
  size_t n = l->n_probs;
  lqa_str *name = lqa_storage_alloc(d->storage, 2 * n, sizeof *name), *sorted = name + n;
  lqa_class_columns columns = {(const char *const *)l->source->options.pred_probs.items, n, name,
                               false};
  int32_t *class_of = lqa_calloc(n, sizeof *class_of);
  lqa_status status = name && class_of ? LQA_OK : lqa_fail_memory(err, "loading probabilities");
  LQA_TRY_OUT(status);
  LQA_TRY_OUT(name_columns(l, given, n_given, &columns, err));
  if (columns.is_named && !given) {
    memcpy(sorted, name, n * sizeof *name);
    lqa_labels_sort(sorted, n);
    given = sorted;
    n_given = (int32_t)n;
  }
  LQA_TRY_OUT(lqa_labels_encode(d, given, n_given, err));
  d->classes_given = given != NULL && given != sorted;
  LQA_TRY_OUT((size_t)d->n_classes == n ? LQA_OK
                                        : fail_width(l, LQA_OPTION("pred_probs"), (int64_t)n, err));
  LQA_TRY_OUT(lqa_class_columns_number(&columns, d->classes, class_of) == LQA_OK
                  ? LQA_OK
                  : lqa_fail_memory(err, "loading probabilities"));
  status = keep_probabilities(l, class_of, err);
out:
  free(class_of);
  return status;
}

static lqa_status check_classes(const lqa_loader *l, lqa_error *err) {
  const lqa_dataset *d = l->dataset;
  const char *file = l->source->parts.data[0].name, *column = d->label_text.name;
  int32_t first = -1;
  bool two = false;
  for (int64_t row = 0; row < d->n_rows && !two; row++) {
    if (d->label[row] >= 0) {
      two = first >= 0 && d->label[row] != first;
      first = d->label[row];
    }
  }
  if (two || l->source->options.one_class_allowed) {
    return LQA_OK;
  }
  if (first < 0) {
    return lqa_fail_at(err, LQA_BAD_DATA, file, -1, column,
                       d->classes_given ? "%s, column '%s': no row has one of the given classes"
                                        : "%s, column '%s': every label is empty",
                       file, column);
  }
  return lqa_fail_at(err, LQA_BAD_DATA, file, -1, column,
                     "%s, column '%s': all labels are '%.*s'; an audit needs at least two classes",
                     file, column, (int)(d->classes[first].size < 60 ? d->classes[first].size : 60),
                     d->classes[first].data);
}

/* Names of codes are classes in the order of the codes: those that occur, or all where a .npy has a
 * column for each; behind them what occurs and has no name. */
static lqa_status named_classes(lqa_loader *l, lqa_str **given, int32_t *n, lqa_error *err) {
  lqa_dataset *d = l->dataset;
  size_t n_names = l->source->class_names.n;
  bool all = l->source->options.pred_probs.n > 0 && !l->has_prob_columns;
  if (n_names == 0) {
    return LQA_OK;
  }
  LQA_TRY(lqa_labels_encode(d, NULL, 0, err)); /* what occurs */
  lqa_str *list = lqa_storage_alloc(d->storage, n_names + (size_t)d->n_classes, sizeof *list);
  if (!list) {
    return lqa_fail_memory(err, "reading the classes");
  }
  size_t n_listed = 0;
  for (size_t i = 0; i < n_names; i++) {
    lqa_str name = lqa_str_from(l->source->class_names.data[i].name);
    bool is_new = find_text(list, n_listed, name) < 0;
    if (is_new && (all || lqa_dataset_find_class(d, name) >= 0)) {
      list[n_listed++] = name;
    }
  }
  size_t n_named = n_listed;
  for (int32_t k = 0; k < d->n_classes; k++) {
    if (find_text(list, n_named, d->classes[k]) < 0) {
      list[n_listed++] = d->classes[k];
    }
  }
  *given = list;
  *n = (int32_t)n_listed;
  return LQA_OK;
}

lqa_status lqa_loader_finish_classes(lqa_loader *l, lqa_error *err) {
  lqa_dataset *d = l->dataset;
  lqa_str *given = NULL;
  int32_t n_given = 0;
  LQA_TRY(given_classes(l, &given, &n_given, err));
  LQA_TRY(lqa_loader_finish_column(l, &l->label, &d->label_text, err));
  if (lqa_column_null_blanks(d->storage, &d->label_text) != LQA_OK) {
    return lqa_fail_memory(err, "loading the labels");
  }
  LQA_TRY(lqa_loader_clean_labels(l, err));
  LQA_TRY(given ? LQA_OK : named_classes(l, &given, &n_given, err));
  bool is_named = l->source->class_names.n > 0 && given && l->source->options.classes.n == 0 &&
                  !l->source->options.classes_file;
  if (l->has_prob_columns) {
    l->n_probs_read = l->n_probs;
    LQA_TRY((l->n_probs == 1 ? classes_from_one : classes_from_columns)(l, given, n_given, err));
  } else if (l->source->options.pred_probs.n > 0) {
    LQA_TRY(classes_from_npy(l, given, n_given, err));
  } else {
    LQA_TRY(lqa_labels_encode(d, given, n_given, err));
  }
  d->classes_given = d->classes_given && !is_named;
  lqa_loader_remark_missing(l);
  LQA_TRY(lqa_loader_remark_probabilities(l, err));
  return check_classes(l, err);
}
