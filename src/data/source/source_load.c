/* From rows of texts to a dataset: one pass over the files fills one builder per column that has a
 * role; labels, features, probabilities and content hashes follow from the finished columns.
 *
 * Reading, decompression and parsing run on the caller's thread, SHA-256 of the files beside it;
 * the content is folded and hashed on a pool at the end. Memory: the texts once, 9 bytes a row and
 * column, 16 bytes a row for hashes. Under a memory limit text beyond a quarter of it is spilled.
 */
#include "data/source/source.h"

#include "base/memory.h"
#include "base/pool.h"
#include "base/unicode.h"
#include "data/dataset/content.h"
#include "data/dataset/dataset_build.h"
#include "data/dataset/feature_columns.h"
#include "data/dataset/probabilities.h"
#include "data/source/source_columns.h"
#include "data/source/source_load.h"
#include "data/dataset/storage.h"

#include <math.h>
#include <stdio.h>

enum { UNIT_SEPARATOR = 0x1F };

static uint64_t spill_limit(const lqa_source_options *options) {
  return options->memory_bytes / 4;
}

static lqa_status init_target(lqa_loader *l, const char *name, lqa_target *t, lqa_error *err) {
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

static lqa_status init_targets(lqa_loader *l, const lqa_text_list *names, lqa_target **out,
                               size_t *n, lqa_error *err) {
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
  return lqa_str_ends_with(first, LQA_STR(".npy")) || lqa_str_ends_with(first, LQA_STR(".npz"));
}

/* Before anything can fail: clear_loader may follow. */
static void prepare_loader(lqa_loader *l) {
  const lqa_source_options *o = &l->source->options;
  lqa_column_builder_init(&l->content, spill_limit(o), o->temporary_folder);
  lqa_column_builder_init(&l->label.builder, 0, NULL);
  for (int r = 0; r < LQA_ROLE_COUNT; r++) {
    lqa_column_builder_init(&l->roles_at[r].builder, 0, NULL);
  }
}

static lqa_status init_loader(lqa_loader *l, lqa_error *err) {
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

static void clear_targets(lqa_target *targets, size_t n) {
  for (size_t i = 0; i < n; i++) {
    lqa_column_builder_clear(&targets[i].builder);
  }
  free(targets);
}

static void clear_loader(lqa_loader *l) {
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

static void find_position(const lqa_source_part *part, lqa_target *t) {
  t->position = -1;
  for (size_t i = 0; i < part->n_columns; i++) {
    if ((int64_t)part->to_column[i] == t->column) {
      t->position = (int64_t)i;
    }
  }
}

/* Where the loaded columns stand in a new file. */
static void enter_part(lqa_loader *l, const lqa_source_part *part) {
  struct {
    lqa_target *targets;
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

static lqa_str get(const lqa_str *values, const lqa_target *t) {
  return t->position < 0 ? (lqa_str){NULL, 0} : values[t->position];
}

/* The text columns joined by a space; NULL parts are left out. */
static lqa_status add_text(lqa_loader *l, const lqa_str *values, lqa_error *err) {
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
static lqa_status add_features(lqa_loader *l, const lqa_str *values, lqa_error *err) {
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

static lqa_status add_probabilities(lqa_loader *l, const lqa_str *values, int64_t row_in_file,
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

static lqa_status add_row(lqa_loader *l, const lqa_str *values, int64_t row_in_file,
                          lqa_error *err) {
  LQA_TRY(l->n_texts > 0 ? add_text(l, values, err) : LQA_OK);
  LQA_TRY(l->n_features > 0 ? add_features(l, values, err) : LQA_OK);
  LQA_TRY(l->n_probs > 0 ? add_probabilities(l, values, row_in_file, err) : LQA_OK);
  LQA_TRY(lqa_column_builder_add(&l->label.builder, get(values, &l->label), err));
  for (int r = 0; r < LQA_ROLE_COUNT; r++) {
    lqa_target *t = &l->roles_at[r];
    LQA_TRY(t->column >= 0 ? lqa_column_builder_add(&t->builder, get(values, t), err) : LQA_OK);
  }
  if (l->source->options.where && lqa_vec_push(&l->row_in_file, row_in_file) != LQA_OK) {
    return lqa_fail_memory(err, "loading the sources");
  }
  l->n_rows++;
  return LQA_OK;
}

static lqa_status read_rows(lqa_loader *l, lqa_error *err) {
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

static lqa_status check_rows(const lqa_loader *l, lqa_error *err) {
  const lqa_source *source = l->source;
  const char *name = source->parts.data[0].name;
  if (l->n_rows > 0) {
    return LQA_OK;
  }
  if (source->options.where) {
    return lqa_fail_at(err, LQA_BAD_DATA, name, -1, NULL,
                       "no row satisfies " LQA_OPTION("where") " \"%s\"", source->options.where);
  }
  return source->parts.n > 1 ? lqa_fail_at(err, LQA_BAD_DATA, name, -1, NULL,
                                           "none of the %zu files has a row", source->parts.n)
                             : lqa_fail_at(err, LQA_BAD_DATA, name, -1, NULL,
                                           "'%s' has a header, but no rows", name);
}

/* --- what follows from the columns --------------------------------------------------------------
 */

static char *copy_name(lqa_loader *l, const char *name) {
  return lqa_arena_copy(&l->dataset->storage->arena, name, strlen(name));
}

/* "title+body" */
static char *join_names(lqa_loader *l, const lqa_text_list *names) {
  lqa_arena *arena = &l->dataset->storage->arena;
  char *joined = lqa_arena_copy(arena, "", 0);
  for (size_t i = 0; joined && i < names->n; i++) {
    joined = lqa_arena_printf(arena, "%s%s%s", joined, i ? "+" : "", names->items[i]);
  }
  return joined;
}

static lqa_status finish_content(lqa_loader *l, lqa_error *err) {
  lqa_dataset *d = l->dataset;
  bool is_table = l->n_features > 0;
  d->kind = is_table                        ? LQA_CONTENT_TABLE
            : l->n_texts > 0                ? LQA_CONTENT_TEXT
            : l->source->options.embeddings ? LQA_CONTENT_EMBEDDING
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
  d->storage->is_content_mapped = l->content.fd >= 0;
  return lqa_column_builder_finish(&l->content, d->storage, name, &d->content, err);
}

lqa_status lqa_loader_finish_column(lqa_loader *l, lqa_target *t, lqa_column *column,
                                    lqa_error *err) {
  char *name = copy_name(l, lqa_source_column_name(l->source, (size_t)t->column));
  return name ? lqa_column_builder_finish(&t->builder, l->dataset->storage, name, column, err)
              : lqa_fail_memory(err, "loading the sources");
}

/* An id guessed from the first rows must be unique, or it is none. */
static lqa_status check_guessed_id(lqa_loader *l, lqa_error *err) {
  lqa_column *id = &l->dataset->roles[LQA_ROLE_ID];
  if (!l->source->is_id_by_type || !id->name) {
    return LQA_OK;
  }
  lqa_map *seen = lqa_map_new(false);
  bool unique = true;
  lqa_status status;
  LQA_TRY_OUT(seen ? LQA_OK : LQA_NO_MEMORY);
  for (int64_t row = 0; unique && row < id->n; row++) {
    lqa_str value = lqa_column_get(id, row);
    uint32_t index;
    LQA_TRY_OUT(lqa_map_add(seen, value, &index, &unique));
    unique = unique && value.size > 0;
  }
out:
  lqa_map_free(seen);
  if (!unique) {
    lqa_observe_message(l->source->observer, LQA_MESSAGE_INFO,
                        "'%s' is not used as the id after all: its values repeat", id->name);
    *id = (lqa_column){0};
  }
  return status == LQA_OK ? LQA_OK : lqa_fail_memory(err, "checking the ids");
}

/* The split of every row, from the names of the files. */
static lqa_status split_by_file(lqa_loader *l, lqa_error *err) {
  lqa_dataset *d = l->dataset;
  lqa_column_builder builder;
  lqa_column_builder_init(&builder, 0, NULL);
  lqa_status status = LQA_OK;
  for (int64_t row = 0; row < d->n_rows; row++) {
    int64_t in_file;
    const char *split = lqa_split_of_file(lqa_dataset_file_of(d, row, &in_file)->path);
    LQA_TRY_OUT(lqa_column_builder_add(&builder, lqa_str_from(split ? split : ""), err));
  }
  char *name = copy_name(l, "(file)");
  LQA_TRY_OUT(name ? LQA_OK : lqa_fail_memory(err, "loading the sources"));
  status = lqa_column_builder_finish(&builder, d->storage, name, &d->roles[LQA_ROLE_SPLIT], err);
out:
  lqa_column_builder_clear(&builder);
  return status;
}

static lqa_status finish_roles(lqa_loader *l, lqa_error *err) {
  for (int r = 0; r < LQA_ROLE_COUNT; r++) {
    if (l->roles_at[r].column >= 0) {
      LQA_TRY(lqa_loader_finish_column(l, &l->roles_at[r], &l->dataset->roles[r], err));
    }
  }
  LQA_TRY(l->source->is_split_by_file ? split_by_file(l, err) : LQA_OK);
  return check_guessed_id(l, err);
}

static lqa_status finish_files(lqa_loader *l, lqa_error *err) {
  lqa_dataset *d = l->dataset;
  size_t n = l->source->parts.n;
  lqa_source_file *files = lqa_storage_alloc(d->storage, n, sizeof *files);
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

/* --- all together -------------------------------------------------------------------------------
 */

static lqa_status hash_content(lqa_loader *l, lqa_error *err) {
  lqa_dataset *d = l->dataset;
  const char *embeddings = l->source->options.embeddings;
  lqa_pool *pool = lqa_pool_new(l->source->options.n_threads);
  lqa_status status;
  LQA_TRY_OUT(pool ? LQA_OK : lqa_fail_memory(err, "hashing the content"));
  if (embeddings) {
    LQA_TRY_OUT(lqa_dataset_open_npy(d, embeddings, &d->storage->embeddings, &d->embeddings, err));
    LQA_TRY_OUT(lqa_embeddings_check(d->embeddings, embeddings, pool, err));
  }
  lqa_observe_progress(l->source->observer, "hashing", -1);
  status = lqa_content_finish(d, pool, err);
out:
  lqa_pool_free(pool);
  return status;
}

static lqa_status finish(lqa_loader *l, lqa_error *err) {
  lqa_dataset *d = l->dataset;
  d->n_rows = l->source->n_rows = l->n_rows;
  LQA_TRY(check_rows(l, err));
  LQA_TRY(finish_files(l, err));
  LQA_TRY(finish_content(l, err));
  LQA_TRY(finish_roles(l, err));
  LQA_TRY(lqa_loader_finish_features(l, err));
  LQA_TRY(lqa_loader_finish_classes(l, err));
  LQA_TRY(hash_content(l, err));
  LQA_TRY(lqa_observe_check(l->source->observer, err));
  return lqa_source_digests_wait(l->digests, (lqa_source_file *)d->files, err);
}

lqa_status lqa_source_load(lqa_source *source, lqa_dataset **out, lqa_error *err) {
  lqa_loader l = {.source = source};
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
