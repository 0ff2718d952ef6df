/* From rows of texts to a dataset: one pass over the files fills one builder per column that has a
 * role; labels, features, probabilities and content hashes follow from the finished columns.
 *
 * Reading, decompression and parsing run on the caller's thread, SHA-256 of the files beside it;
 * the content is folded and hashed on a pool at the end. Memory: the texts once, 9 bytes a row and
 * column, 16 bytes a row for hashes. Under a memory limit text beyond a quarter of it is spilled.
 */
#include "data/source.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/pool.h"
#include "base/unicode.h"
#include "data/column_builder.h"
#include "data/content.h"
#include "data/dataset_build.h"
#include "data/feature_columns.h"
#include "data/labels.h"
#include "data/probabilities.h"
#include "data/source_digest.h"
#include "data/source_reader.h"
#include "data/storage.h"

#include <math.h>
#include <stdio.h>

enum { UNIT_SEPARATOR = 0x1F };

/* A column of the source that is loaded: where it goes, and where it stands in the current file. */
typedef struct target {
  int64_t column;   /* of the source */
  int64_t position; /* in the current part, or -1 */
  lqa_column_builder builder;
} target;

typedef struct loader {
  lqa_source *source;
  const lqa_source_roles *roles;
  lqa_dataset *dataset;
  lqa_source_reader *reader;
  lqa_source_digests *digests;
  const lqa_source_part *part; /* that the positions are for */
  bool *wanted;
  lqa_column_builder content;
  size_t n_texts, n_features, n_probs;
  target *texts, *features, *probs; /* texts' builders are unused: they go to content */
  target label, roles_at[LQA_ROLE_COUNT];
  LQA_VEC(double) probabilities;
  LQA_VEC(int64_t) row_in_file;
  int64_t n_rows;
  int64_t *first_row; /* per part; -1: no row yet */
  bool has_prob_columns;
} loader;

static uint64_t spill_limit(const lqa_source_options *options) {
  return options->memory_bytes / 4;
}

static lqa_status init_target(loader *l, const char *name, target *t, lqa_error *err) {
  t->column = -1;
  lqa_column_builder_init(&t->builder, spill_limit(&l->source->options),
                          l->source->options.temporary_folder);
  if (!name) {
    return LQA_OK;
  }
  t->column = lqa_source_find_column(l->source, name);
  if (t->column < 0) {
    return lqa_fail_at(err, LQA_BAD_USAGE, l->source->parts.data[0].name, -1, name,
                       "'%s' has no column '%s'", l->source->parts.data[0].name, name);
  }
  l->wanted[t->column] = true;
  return LQA_OK;
}

static lqa_status init_targets(loader *l, const lqa_text_list *names, target **out, size_t *n,
                               lqa_error *err) {
  *out = lqa_calloc(names->n, sizeof **out);
  if (!*out) {
    return lqa_fail_memory(err, "loading the sources");
  }
  for (size_t i = 0; i < names->n; i++) {
    *n = i + 1;
    LQA_TRY(init_target(l, names->items[i], &(*out)[i], err));
  }
  return LQA_OK;
}

static bool is_npy_path(const lqa_text_list *pred_probs) {
  lqa_str first = pred_probs->n == 1 ? lqa_str_from(pred_probs->items[0]) : LQA_STR("");
  return lqa_str_ends_with(first, LQA_STR(".npy"));
}

/* Before anything can fail: clear_loader may follow. */
static void prepare_loader(loader *l) {
  const lqa_source_options *o = &l->source->options;
  lqa_column_builder_init(&l->content, spill_limit(o), o->temporary_folder);
  lqa_column_builder_init(&l->label.builder, 0, NULL);
  for (int r = 0; r < LQA_ROLE_COUNT; r++) {
    lqa_column_builder_init(&l->roles_at[r].builder, 0, NULL);
  }
}

static lqa_status init_loader(loader *l, lqa_error *err) {
  const lqa_source_options *o = &l->source->options;
  const lqa_text_list none = {0};
  l->has_prob_columns = o->pred_probs.n > 0 && !is_npy_path(&o->pred_probs);
  l->wanted = lqa_calloc(lqa_source_count_columns(l->source), 1);
  l->first_row = lqa_malloc(l->source->parts.n, sizeof *l->first_row);
  if (!l->wanted || !l->first_row) {
    return lqa_fail_memory(err, "loading the sources");
  }
  for (size_t i = 0; i < l->source->parts.n; i++) {
    l->first_row[i] = -1;
  }
  LQA_TRY(init_targets(l, &l->roles->text, &l->texts, &l->n_texts, err));
  LQA_TRY(init_targets(l, &l->roles->features, &l->features, &l->n_features, err));
  LQA_TRY(
      init_targets(l, l->has_prob_columns ? &o->pred_probs : &none, &l->probs, &l->n_probs, err));
  LQA_TRY(init_target(l, l->roles->label, &l->label, err));
  for (int r = 0; r < LQA_ROLE_COUNT; r++) {
    LQA_TRY(init_target(l, l->roles->column[r], &l->roles_at[r], err));
  }
  return LQA_OK;
}

static void clear_targets(target *targets, size_t n) {
  for (size_t i = 0; i < n; i++) {
    lqa_column_builder_clear(&targets[i].builder);
  }
  free(targets);
}

static void clear_loader(loader *l) {
  lqa_source_reader_close(l->reader);
  lqa_source_digests_free(l->digests);
  lqa_column_builder_clear(&l->content);
  lqa_column_builder_clear(&l->label.builder);
  for (int r = 0; r < LQA_ROLE_COUNT; r++) {
    lqa_column_builder_clear(&l->roles_at[r].builder);
  }
  clear_targets(l->texts, l->n_texts);
  clear_targets(l->features, l->n_features);
  clear_targets(l->probs, l->n_probs);
  lqa_vec_clear(&l->probabilities);
  lqa_vec_clear(&l->row_in_file);
  free(l->first_row);
  free(l->wanted);
}

/* --- rows ------------------------------------------------------------------------------------- */

static void find_position(const lqa_source_part *part, target *t) {
  t->position = -1;
  for (size_t i = 0; i < part->n_columns; i++) {
    if ((int64_t)part->to_column[i] == t->column) {
      t->position = (int64_t)i;
    }
  }
}

/* Where the loaded columns stand in a new file. */
static void enter_part(loader *l, const lqa_source_part *part) {
  struct {
    target *targets;
    size_t n;
  } lists[] = {{l->texts, l->n_texts},
               {l->features, l->n_features},
               {l->probs, l->n_probs},
               {&l->label, 1},
               {l->roles_at, LQA_ROLE_COUNT}};
  for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
    for (size_t i = 0; i < lists[k].n; i++) {
      find_position(part, &lists[k].targets[i]);
    }
  }
  l->part = part;
  if (l->first_row[part->number] < 0) {
    l->first_row[part->number] = l->n_rows;
  }
}

static lqa_str get(const lqa_str *values, const target *t) {
  return t->position < 0 ? (lqa_str){NULL, 0} : values[t->position];
}

/* The text columns joined by a space; NULL parts are left out. */
static lqa_status add_text(loader *l, const lqa_str *values, lqa_error *err) {
  if (l->n_texts == 1) {
    return lqa_column_builder_add(&l->content, get(values, &l->texts[0]), err);
  }
  bool any = false;
  for (size_t i = 0; i < l->n_texts; i++) {
    lqa_str text = get(values, &l->texts[i]);
    if (!lqa_str_is_null(text)) {
      LQA_TRY(any ? lqa_column_builder_append(&l->content, LQA_STR(" "), err) : LQA_OK);
      LQA_TRY(lqa_column_builder_append(&l->content, text, err));
      any = true;
    }
  }
  return lqa_column_builder_end(&l->content, !any, err);
}

/* The feature values joined by U+001F, missing ones empty, for finding duplicates. */
static lqa_status add_features(loader *l, const lqa_str *values, lqa_error *err) {
  const char separator = UNIT_SEPARATOR;
  bool any = false;
  for (size_t i = 0; i < l->n_features; i++) {
    lqa_str value = get(values, &l->features[i]);
    bool missing = lqa_feature_is_missing(value);
    LQA_TRY(lqa_column_builder_add(&l->features[i].builder, value, err));
    LQA_TRY(i ? lqa_column_builder_append(&l->content, (lqa_str){&separator, 1}, err) : LQA_OK);
    LQA_TRY(missing ? LQA_OK : lqa_column_builder_append(&l->content, value, err));
    any = any || !missing;
  }
  return lqa_column_builder_end(&l->content, !any, err);
}

static lqa_status add_probabilities(loader *l, const lqa_str *values, int64_t row_in_file,
                                    lqa_error *err) {
  for (size_t i = 0; i < l->n_probs; i++) {
    lqa_str text = lqa_str_trim(get(values, &l->probs[i]));
    double value = NAN;
    if (!lqa_feature_is_missing(text) && !lqa_str_to_double(text, &value)) {
      const char *column = lqa_source_column_name(l->source, (size_t)l->probs[i].column);
      return lqa_fail_at(err, LQA_BAD_DATA, l->part->name, row_in_file, column,
                         "%s, row %lld, column '%s': '%.*s' is no probability", l->part->name,
                         (long long)row_in_file, column, (int)(text.size < 40 ? text.size : 40),
                         text.data);
    }
    if (lqa_vec_push(&l->probabilities, value) != LQA_OK) {
      return lqa_fail_memory(err, "loading probabilities");
    }
  }
  return LQA_OK;
}

static lqa_status add_row(loader *l, const lqa_str *values, int64_t row_in_file, lqa_error *err) {
  LQA_TRY(l->n_texts > 0 ? add_text(l, values, err) : LQA_OK);
  LQA_TRY(l->n_features > 0 ? add_features(l, values, err) : LQA_OK);
  LQA_TRY(l->n_probs > 0 ? add_probabilities(l, values, row_in_file, err) : LQA_OK);
  LQA_TRY(lqa_column_builder_add(&l->label.builder, get(values, &l->label), err));
  for (int r = 0; r < LQA_ROLE_COUNT; r++) {
    target *t = &l->roles_at[r];
    LQA_TRY(t->column >= 0 ? lqa_column_builder_add(&t->builder, get(values, t), err) : LQA_OK);
  }
  if (l->source->options.where && lqa_vec_push(&l->row_in_file, row_in_file) != LQA_OK) {
    return lqa_fail_memory(err, "loading the sources");
  }
  l->n_rows++;
  return LQA_OK;
}

static lqa_status read_rows(loader *l, lqa_error *err) {
  lqa_scan_rows rows = {0};
  const lqa_source_part *part = NULL;
  do {
    LQA_TRY(lqa_source_reader_batch(l->reader, &rows, &part, err));
    if (rows.n > 0 && part != l->part) {
      enter_part(l, part);
    }
    for (int64_t i = 0; i < rows.n; i++) {
      LQA_TRY(add_row(l, rows.values + (size_t)i * part->n_columns,
                      rows.row_in_file ? rows.row_in_file[i] : rows.first_row + i, err));
    }
    lqa_observe_progress(l->source->observer, "reading", lqa_source_reader_fraction(l->reader));
  } while (rows.n > 0);
  return LQA_OK;
}

static lqa_status check_rows(const loader *l, lqa_error *err) {
  const lqa_source *source = l->source;
  const char *name = source->parts.data[0].name;
  if (l->n_rows > 0) {
    return LQA_OK;
  }
  if (source->options.where) {
    return lqa_fail_at(err, LQA_BAD_DATA, name, -1, NULL, "no row satisfies --where \"%s\"",
                       source->options.where);
  }
  return source->parts.n > 1 ? lqa_fail_at(err, LQA_BAD_DATA, name, -1, NULL,
                                           "none of the %zu files has a row", source->parts.n)
                             : lqa_fail_at(err, LQA_BAD_DATA, name, -1, NULL,
                                           "'%s' has a header, but no rows", name);
}

/* --- what follows from the columns --------------------------------------------------------------
 */

static char *copy_name(loader *l, const char *name) {
  return lqa_arena_copy(&l->dataset->storage->arena, name, strlen(name));
}

/* "title+body" */
static char *join_names(loader *l, const lqa_text_list *names) {
  lqa_arena *arena = &l->dataset->storage->arena;
  char *joined = lqa_arena_copy(arena, "", 0);
  for (size_t i = 0; joined && i < names->n; i++) {
    joined = lqa_arena_printf(arena, "%s%s%s", joined, i ? "+" : "", names->items[i]);
  }
  return joined;
}

static lqa_status finish_content(loader *l, lqa_error *err) {
  lqa_dataset *d = l->dataset;
  bool is_table = l->n_features > 0;
  d->kind = is_table                        ? LQA_CONTENT_TABLE
            : l->source->options.embeddings ? LQA_CONTENT_EMBEDDING
            : l->n_texts > 0                ? LQA_CONTENT_TEXT
                                            : LQA_CONTENT_NONE;
  char *name = join_names(l, is_table ? &l->roles->features : &l->roles->text);
  d->content_name = name;
  if (!name) {
    return lqa_fail_memory(err, "loading the content");
  }
  if (l->n_texts == 0 && !is_table) {
    return lqa_column_all_null(d->storage, name, d->n_rows, &d->content) == LQA_OK
               ? LQA_OK
               : lqa_fail_memory(err, "loading the content");
  }
  return lqa_column_builder_finish(&l->content, d->storage, name, &d->content, err);
}

static lqa_status finish_column(loader *l, target *t, lqa_column *column, lqa_error *err) {
  char *name = copy_name(l, lqa_source_column_name(l->source, (size_t)t->column));
  return name ? lqa_column_builder_finish(&t->builder, l->dataset->storage, name, column, err)
              : lqa_fail_memory(err, "loading the sources");
}

/* An id guessed from the first rows must be unique, or it is none. */
static lqa_status check_guessed_id(loader *l, lqa_error *err) {
  lqa_column *id = &l->dataset->roles[LQA_ROLE_ID];
  if (!l->source->is_id_by_type || !id->name) {
    return LQA_OK;
  }
  lqa_map *seen = lqa_map_new(false);
  bool unique = true;
  lqa_status status = seen ? LQA_OK : LQA_NO_MEMORY;
  for (int64_t row = 0; status == LQA_OK && unique && row < id->n; row++) {
    lqa_str value = lqa_column_get(id, row);
    uint32_t index;
    status = lqa_map_add(seen, value, &index, &unique);
    unique = unique && value.size > 0;
  }
  lqa_map_free(seen);
  if (!unique) {
    lqa_observe_message(l->source->observer, LQA_MESSAGE_INFO,
                        "'%s' is not used as the id after all: its values repeat", id->name);
    *id = (lqa_column){0};
  }
  return status == LQA_OK ? LQA_OK : lqa_fail_memory(err, "checking the ids");
}

static lqa_status finish_roles(loader *l, lqa_error *err) {
  for (int r = 0; r < LQA_ROLE_COUNT; r++) {
    if (l->roles_at[r].column >= 0) {
      LQA_TRY(finish_column(l, &l->roles_at[r], &l->dataset->roles[r], err));
    }
  }
  return check_guessed_id(l, err);
}

static lqa_status finish_features(loader *l, lqa_error *err) {
  lqa_dataset *d = l->dataset;
  lqa_feature_column *features = lqa_storage_take(d->storage, l->n_features + 1, sizeof *features);
  if (!features) {
    return lqa_fail_memory(err, "loading features");
  }
  for (size_t i = 0; i < l->n_features; i++) {
    lqa_column texts;
    LQA_TRY(finish_column(l, &l->features[i], &texts, err));
    if (lqa_feature_column_build(d->storage, &texts, &features[i]) != LQA_OK) {
      return lqa_fail_memory(err, "loading features");
    }
  }
  d->features = l->n_features > 0 ? features : NULL;
  d->n_features = (int32_t)l->n_features;
  return LQA_OK;
}

static lqa_status finish_files(loader *l, lqa_error *err) {
  lqa_dataset *d = l->dataset;
  size_t n = l->source->parts.n;
  lqa_source_file *files = lqa_storage_take(d->storage, n, sizeof *files);
  if (!files) {
    return lqa_fail_memory(err, "loading the sources");
  }
  int64_t next = l->n_rows;
  for (size_t i = n; i-- > 0;) {
    files[i].path = copy_name(l, l->source->parts.data[i].given);
    files[i].first_row = l->first_row[i] < 0 ? next : l->first_row[i];
    files[i].n_rows = next - files[i].first_row;
    next = files[i].first_row;
    if (!files[i].path) {
      return lqa_fail_memory(err, "loading the sources");
    }
    if (files[i].n_rows == 0 && !l->source->options.where && l->source->options.limit == 0) {
      lqa_observe_message(l->source->observer, LQA_MESSAGE_WARN, "%s has no rows", files[i].path);
    }
  }
  d->files = files;
  d->n_files = (int32_t)n;
  d->storage->is_cut = l->source->options.limit > 0 && l->n_rows == l->source->options.limit;
  if (l->source->options.where) {
    d->storage->row_in_file = l->row_in_file.data;
    l->row_in_file.data = NULL;
    if (lqa_storage_keep(d->storage, (void *)d->storage->row_in_file, 0) != LQA_OK) {
      return lqa_fail_memory(err, "loading the sources");
    }
  }
  return LQA_OK;
}

/* --- classes ------------------------------------------------------------------------------------
 */

/* One class a line; the line's text is taken as it is, a carriage return at its end apart. */
static lqa_status load_classes_file(loader *l, lqa_str **classes, int32_t *n, lqa_error *err) {
  const char *path = l->source->options.classes_file;
  lqa_buf bytes;
  lqa_buf_init(&bytes, 1 << 28);
  lqa_status status = lqa_file_load(path, &bytes, err);
  size_t n_lines = 1;
  for (size_t i = 0; i < bytes.size; i++) {
    n_lines += bytes.data[i] == '\n';
  }
  *classes = lqa_storage_take(l->dataset->storage, n_lines, sizeof **classes);
  char *text = bytes.data ? lqa_arena_copy(&l->dataset->storage->arena, bytes.data, bytes.size)
                          : lqa_arena_copy(&l->dataset->storage->arena, "", 0);
  if (status == LQA_OK && (!*classes || !text)) {
    status = lqa_fail_memory(err, "reading the classes");
  }
  *n = 0;
  bool has_mark = bytes.size >= 3 && memcmp(bytes.data, "\xEF\xBB\xBF", 3) == 0;
  const char *p = text, *end = text ? text + bytes.size : text;
  p += status == LQA_OK && has_mark ? 3 : 0;
  while (status == LQA_OK && p < end) {
    const char *stop = memchr(p, '\n', (size_t)(end - p));
    stop = stop ? stop : end;
    size_t size = (size_t)(stop - p);
    size -= size > 0 && p[size - 1] == '\r';
    if (size > 0) {
      (*classes)[(*n)++] = (lqa_str){p, size};
    }
    p = stop + 1;
  }
  lqa_buf_clear(&bytes);
  if (status == LQA_OK && *n == 0) {
    status = lqa_fail_at(err, LQA_BAD_DATA, path, -1, NULL,
                         "'%s' names no class: it needs one a line", path);
  }
  return status;
}

static lqa_status given_classes(loader *l, lqa_str **classes, int32_t *n, lqa_error *err) {
  const lqa_source_options *o = &l->source->options;
  *classes = NULL;
  *n = 0;
  if (o->classes.n > 0 && o->classes_file) {
    return lqa_fail(err, LQA_BAD_USAGE, "--classes and --classes-file cannot go together");
  }
  if (o->classes_file) {
    return load_classes_file(l, classes, n, err);
  }
  if (o->classes.n > 0) {
    *classes = lqa_storage_take(l->dataset->storage, o->classes.n, sizeof **classes);
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

static lqa_status fail_width(const loader *l, const char *what, int64_t n_columns, lqa_error *err) {
  const lqa_dataset *d = l->dataset;
  return lqa_fail_at(err, LQA_BAD_DATA, what, -1, NULL,
                     "'%s': %lld columns of probabilities, but %d classes (%.*s, ...): there must "
                     "be one for each class, in class order; if some class does not occur, name "
                     "all of them with --classes",
                     what, (long long)n_columns, (int)d->n_classes, (int)d->classes[0].size,
                     d->classes[0].data);
}

/* Classes where a .npy of probabilities is given. */
static lqa_status classes_from_npy(loader *l, lqa_str *given, int32_t n_given, lqa_error *err) {
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
static lqa_status keep_probabilities(loader *l, const int32_t *class_of, lqa_error *err) {
  lqa_dataset *d = l->dataset;
  size_t n = l->n_probs;
  double *values = l->probabilities.data, *row = lqa_malloc(n, sizeof *row);
  lqa_matrix *matrix = lqa_storage_take(d->storage, 1, sizeof *matrix);
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

/* Classes where columns hold probabilities: by the columns' names where they fit, else by order. */
static lqa_status classes_from_columns(loader *l, lqa_str *given, int32_t n_given, lqa_error *err) {
  lqa_dataset *d = l->dataset;
  size_t n = l->n_probs;
  const char *const *columns = (const char *const *)l->source->options.pred_probs.items;
  lqa_str *name = lqa_storage_take(d->storage, 2 * n, sizeof *name), *sorted = name + n;
  int32_t *class_of = lqa_calloc(n, sizeof *class_of);
  lqa_status status = name && class_of ? LQA_OK : lqa_fail_memory(err, "loading probabilities");
  LQA_TRY_OUT(status);
  bool by_name = lqa_probabilities_name_classes(d, columns, n, name);
  if (by_name && !given) {
    memcpy(sorted, name, n * sizeof *name);
    lqa_labels_sort(sorted, n);
    given = sorted;
    n_given = (int32_t)n;
  }
  LQA_TRY_OUT(lqa_labels_encode(d, given, n_given, err));
  d->classes_given = given != NULL && given != sorted;
  if ((size_t)d->n_classes != n) {
    status = fail_width(l, "--pred-probs", (int64_t)n, err);
    goto out;
  }
  for (size_t i = 0; i < n; i++) {
    class_of[i] = by_name ? -1 : (int32_t)i;
    for (int32_t k = 0; by_name && k < d->n_classes; k++) {
      class_of[i] = lqa_str_equal(d->classes[k], name[i]) ? k : class_of[i];
    }
    by_name = by_name && class_of[i] >= 0;
  }
  for (size_t i = 0; !by_name && i < n; i++) {
    class_of[i] = (int32_t)i;
  }
  status = keep_probabilities(l, class_of, err);
out:
  free(class_of);
  return status;
}

static lqa_status check_classes(const loader *l, lqa_error *err) {
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

static lqa_status finish_classes(loader *l, lqa_error *err) {
  lqa_dataset *d = l->dataset;
  lqa_str *given = NULL;
  int32_t n_given = 0;
  LQA_TRY(given_classes(l, &given, &n_given, err));
  LQA_TRY(finish_column(l, &l->label, &d->label_text, err));
  if (lqa_column_null_blanks(d->storage, &d->label_text) != LQA_OK) {
    return lqa_fail_memory(err, "loading the labels");
  }
  if (l->has_prob_columns) {
    LQA_TRY(classes_from_columns(l, given, n_given, err));
  } else if (l->source->options.pred_probs.n > 0) {
    LQA_TRY(classes_from_npy(l, given, n_given, err));
  } else {
    LQA_TRY(lqa_labels_encode(d, given, n_given, err));
  }
  return check_classes(l, err);
}

/* --- all together -------------------------------------------------------------------------------
 */

static lqa_status hash_content(loader *l, lqa_error *err) {
  lqa_dataset *d = l->dataset;
  const char *embeddings = l->source->options.embeddings;
  lqa_pool *pool = lqa_pool_new(l->source->options.n_threads);
  lqa_status status = pool ? LQA_OK : lqa_fail_memory(err, "hashing the content");
  if (status == LQA_OK && embeddings) {
    status = lqa_dataset_open_npy(d, embeddings, &d->storage->embeddings, &d->embeddings, err);
  }
  lqa_observe_progress(l->source->observer, "hashing", -1);
  status = status == LQA_OK ? lqa_content_finish(d, pool, err) : status;
  lqa_pool_free(pool);
  return status;
}

static lqa_status finish(loader *l, lqa_error *err) {
  lqa_dataset *d = l->dataset;
  d->n_rows = l->source->n_rows = l->n_rows;
  LQA_TRY(check_rows(l, err));
  LQA_TRY(finish_files(l, err));
  LQA_TRY(finish_content(l, err));
  LQA_TRY(finish_roles(l, err));
  LQA_TRY(finish_features(l, err));
  LQA_TRY(finish_classes(l, err));
  LQA_TRY(hash_content(l, err));
  LQA_TRY(lqa_observe_check(l->source->observer, err));
  return lqa_source_digests_wait(l->digests, (lqa_source_file *)d->files, err);
}

lqa_status lqa_source_load(lqa_source *source, lqa_dataset **out, lqa_error *err) {
  loader l = {.source = source};
  LQA_TRY(lqa_source_resolve(source, &l.roles, err));
  prepare_loader(&l);
  l.dataset = lqa_dataset_new();
  lqa_status status = l.dataset ? LQA_OK : lqa_fail_memory(err, "loading the sources");
  LQA_TRY_OUT(status);
  LQA_TRY_OUT(init_loader(&l, err));
  LQA_TRY_OUT(lqa_source_digests_start(source, &l.digests, err));
  LQA_TRY_OUT(lqa_source_reader_open_wanted(source, l.wanted, &l.reader, err));
  LQA_TRY_OUT(read_rows(&l, err));
  LQA_TRY_OUT(finish(&l, err));
  *out = l.dataset;
  l.dataset = NULL;
out:
  clear_loader(&l);
  lqa_dataset_free(l.dataset);
  return status;
}

lqa_status lqa_dataset_load(const lqa_source_options *options, const lqa_observer *observer,
                            lqa_dataset **out, lqa_error *err) {
  lqa_source *source = NULL;
  LQA_TRY(lqa_source_open(options, observer, &source, err));
  lqa_status status = lqa_source_load(source, out, err);
  lqa_source_close(source);
  return status;
}
