/* store/audit_reference.c - loads an earlier run, or the old data and its map, into plain arrays.
 *
 * Audits stand below the store and cannot open runs; they get labels, ids and content hashes. The
 * old data is read as the new data is (same columns, same dialect), but with its own classes.
 */
#include "store/audit_reference.h"

#include "base/vec.h"

void lqa_audit_reference_clear(lqa_audit_reference *r) {
  lqa_run_close(r->run);
  lqa_dataset_free(r->old);
  lqa_arena_clear(&r->arena);
  *r = (lqa_audit_reference){0};
}

static lqa_status load_against(lqa_audit_reference *r, const char *path,
                               const lqa_observer *observer, lqa_error *err) {
  LQA_TRY(lqa_run_open(path, false, observer, &r->run, err));
  const lqa_run_rows *rows = &r->run->rows;
  lqa_str *label = lqa_arena_alloc(&r->arena, 2 * ((size_t)rows->n_rows + 1), sizeof *label);
  if (!label) {
    return lqa_fail_memory(err, "reading the earlier run");
  }
  lqa_str *decided = label + rows->n_rows + 1;
  for (int64_t row = 0; row < rows->n_rows; row++) {
    int32_t code = r->run->evidence.decided_label[row];
    label[row] = lqa_run_rows_label(rows, &r->run->manifest, row);
    decided[row] = code >= 0 ? r->run->manifest.classes[code] : (lqa_str){NULL, 0};
  }
  r->against = (lqa_against){.path = path,
                             .n_rows = rows->n_rows,
                             .content_hash = rows->content_hash,
                             .label = label,
                             .decided = decided,
                             .row_id = rows->row_id};
  r->has_against = true;
  return LQA_OK;
}

/* The map's two columns, in file order; rows with an empty cell are refused. */
static lqa_status read_pairs(lqa_audit_reference *r, lqa_source_reader *reader,
                             const size_t column[2], lqa_error *err) {
  LQA_VEC(lqa_str) cells[2] = {{0}, {0}};
  lqa_status status = LQA_OK;
  bool more = true;
  for (int64_t row = 0;; row++) {
    LQA_TRY_OUT(lqa_source_reader_next(reader, &more, err));
    if (!more) {
      break;
    }
    for (int side = 0; side < 2; side++) {
      lqa_str value = lqa_source_reader_get(reader, column[side]);
      char *copy = value.size ? lqa_arena_copy(&r->arena, value.data, value.size) : NULL;
      if (value.size == 0) {
        status = lqa_fail_at(err, LQA_BAD_DATA, r->migration.map_path, row, side ? "new" : "old",
                             "%s, row %lld: column '%s' is empty; each row of the map names an old "
                             "and a new label",
                             r->migration.map_path, (long long)row, side ? "new" : "old");
        goto out;
      }
      status = copy ? lqa_vec_push(&cells[side], ((lqa_str){copy, value.size})) : LQA_NO_MEMORY;
      LQA_TRY_OUT(status);
    }
  }
  if (cells[0].n == 0) {
    status = lqa_fail_at(err, LQA_BAD_DATA, r->migration.map_path, -1, NULL,
                         "%s has no row: the map needs an old and a new label in each",
                         r->migration.map_path);
    goto out;
  }
  r->migration.n_pairs = cells[0].n;
  lqa_str *pairs = lqa_arena_alloc(&r->arena, 2 * cells[0].n + 1, sizeof *pairs);
  status = pairs ? LQA_OK : LQA_NO_MEMORY;
  for (size_t i = 0; pairs && i < cells[0].n; i++) {
    pairs[i] = cells[0].data[i];
    pairs[cells[0].n + i] = cells[1].data[i];
  }
  r->migration.map_old = pairs;
  r->migration.map_new = pairs ? pairs + cells[0].n : NULL;
out:
  lqa_vec_clear(&cells[0]);
  lqa_vec_clear(&cells[1]);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "reading the map of labels") : status;
}

static lqa_status load_map(lqa_audit_reference *r, const char *path, const lqa_observer *observer,
                           lqa_error *err) {
  lqa_source *source = NULL;
  lqa_source_reader *reader = NULL;
  const lqa_source_options options = {.paths = {&path, 1}, .header = "yes"};
  r->migration.map_path = path;
  LQA_TRY(lqa_source_open(&options, observer, &source, err));
  lqa_status status = LQA_OK;
  int64_t old_column = lqa_source_find_column(source, "old");
  int64_t new_column = lqa_source_find_column(source, "new");
  if (old_column < 0 || new_column < 0) {
    status = lqa_fail_at(err, LQA_BAD_DATA, path, -1, old_column < 0 ? "old" : "new",
                         "%s: the map has no column '%s'; it needs the columns old and new, one "
                         "allowed pair of labels a row",
                         path, old_column < 0 ? "old" : "new");
    goto out;
  }
  LQA_TRY_OUT(lqa_source_reader_open(source, &reader, err));
  status = read_pairs(r, reader, (size_t[]){(size_t)old_column, (size_t)new_column}, err);
out:
  lqa_source_reader_close(reader);
  lqa_source_close(source);
  return status;
}

static lqa_status load_old(lqa_audit_reference *r, const char *path,
                           const lqa_source_options *options, const lqa_observer *observer,
                           lqa_error *err) {
  lqa_source_options old = *options;
  old.paths = (lqa_text_list){&path, 1};
  old.classes = (lqa_text_list){0};
  old.classes_file = NULL;
  old.pred_probs = (lqa_text_list){0};
  old.embeddings = NULL;
  old.one_class_allowed = true;
  LQA_TRY(lqa_dataset_load(&old, observer, &r->old, err));
  lqa_str *label = lqa_arena_alloc(&r->arena, (size_t)r->old->n_rows + 1, sizeof *label);
  if (!label) {
    return lqa_fail_memory(err, "reading the old data");
  }
  for (int64_t row = 0; row < r->old->n_rows; row++) {
    bool has_label = r->old->label[row] != LQA_LABEL_NULL;
    label[row] = has_label ? lqa_column_get(&r->old->label_text, row) : (lqa_str){NULL, 0};
  }
  r->migration.path = path;
  r->migration.n_rows = r->old->n_rows;
  r->migration.content_hash = r->old->content_hash;
  r->migration.label = label;
  r->migration.row_id = r->old->roles[LQA_ROLE_ID];
  r->has_migration = true;
  return LQA_OK;
}

lqa_status lqa_audit_reference_load(lqa_audit_reference *r, const lqa_audit_reference_paths *paths,
                                    const lqa_source_options *options, const lqa_observer *observer,
                                    lqa_error *err) {
  *r = (lqa_audit_reference){0};
  lqa_arena_init(&r->arena);
  if (paths->map && !paths->migrated_from) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    LQA_OPTION("map") " needs " LQA_OPTION_AS(
                        "migrated_from", "SOURCE") ", the data with the old labels");
  }
  if (paths->against) {
    LQA_TRY(load_against(r, paths->against, observer, err));
  }
  if (paths->migrated_from) {
    LQA_TRY(load_old(r, paths->migrated_from, options, observer, err));
  }
  return paths->map ? load_map(r, paths->map, observer, err) : LQA_OK;
}
